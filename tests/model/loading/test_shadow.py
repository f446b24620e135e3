"""The user's model is never switched, hooked or locked, and shares every weight with the one that runs here."""

import gc
import sys
import threading
import weakref

import pytest
import torch
from torch import nn

import attnwidget as aw
from attnwidget.engine.capture.shadow import shadow_of
from tests.model.conftest import VOCABULARY, build


def state_of(model):
    return {
        "training": [part.training for part in model.modules()],
        "implementation": model.config._attn_implementation,
        "cache": getattr(model.config, "use_cache", None),
        "hooks": sum(len(part._forward_hooks) + len(part._forward_pre_hooks) for part in model.modules()),
        "tensors": [id(tensor) for tensor in [*model.parameters(), *model.buffers()]],
        "grad": torch.is_grad_enabled(),
    }


def test_nothing_of_the_users_model_changes(family):
    family.train()
    before = state_of(family)
    ids = torch.randint(1, VOCABULARY, (1, 9))
    model = aw.load(family)
    model.trace(ids)
    model.verify(ids)
    assert state_of(family) == before
    assert all(parameter.requires_grad for parameter in family.parameters())


def test_every_tensor_is_shared(family):
    shadow = shadow_of(family).module
    assert [id(t) for t in shadow.parameters()] == [id(t) for t in family.parameters()]
    assert [id(t) for t in shadow.buffers()] == [id(t) for t in family.buffers()]
    assert not shadow.training


def test_a_model_in_train_mode_is_read_without_dropout():
    model = build("gpt2").train()
    ids = torch.randint(1, VOCABULARY, (1, 9))
    first, second = (aw.load(model).trace(ids).weights(2) for _ in range(2))
    assert torch.equal(first, second)


def test_the_user_gets_their_own_attentions_while_ours_runs():
    model = build("gpt2")
    model.set_attn_implementation("eager")
    ids = torch.randint(1, VOCABULARY, (1, 64))
    with torch.no_grad():
        expected = model(ids, output_attentions=True).attentions
    reader = aw.load(model)
    inside, failures = threading.Event(), []

    def read_on_and_on():
        for _ in range(20):
            reader.trace(ids, progress=lambda _done: inside.set())

    worker = threading.Thread(target=read_on_and_on)
    worker.start()
    inside.wait(10)
    rounds = 0
    while worker.is_alive() or rounds == 0:
        with torch.no_grad():
            maps = model(ids, output_attentions=True).attentions
        rounds += 1
        failures += [layer for layer, (a, b) in enumerate(zip(maps, expected, strict=True)) if not torch.equal(a, b)]
    worker.join()
    assert failures == []


def test_one_shadow_per_module_and_a_new_one_when_the_tree_changes():
    model = build("llama-grouped")
    first = shadow_of(model)
    assert shadow_of(model) is first
    model.model.layers[0].self_attn.q_proj = torch.nn.Linear(64, 64, bias=False)
    second = shadow_of(model)
    assert second is not first
    assert second.lock is first.lock
    assert second.module.model.layers[0].self_attn.q_proj.weight is model.model.layers[0].self_attn.q_proj.weight


def test_a_cast_model_is_followed():
    model = build("bert-masked-lm")
    reader = aw.load(model)
    ids = [5, 6, 7, 8]
    exact = reader.trace(ids).weights(0)
    model.to(torch.bfloat16)
    assert reader.trace(ids).blocks[0].q.dtype == torch.bfloat16
    assert torch.allclose(reader.trace(ids).weights(0), exact, atol=2e-2)


def test_a_dropped_model_is_freed():
    model = build("gpt2")
    aw.load(model).trace([1, 2, 3])
    gone = weakref.ref(model)
    del model
    gc.collect()
    assert gone() is None


def test_the_trace_keeps_the_head_but_not_the_body():
    model = build("gpt2")
    body = weakref.ref(model.transformer.h[0].mlp.c_fc.weight)
    trace = aw.load(model).trace([1, 2, 3])
    expected = trace.logits()
    del model
    gc.collect()
    assert body() is None
    assert torch.equal(trace.logits(), expected)


def test_a_cancelled_pass_leaves_everything_usable():
    from attnwidget.errors import Cancelled

    reader = aw.load(build("llama-grouped"))
    expected = reader.trace([1, 2, 3]).weights(2)
    for layer in (1, 2, 3):
        done = []
        with pytest.raises(Cancelled), aw.stopping_when(lambda done=done, layer=layer: len(done) >= layer - 1):
            reader.trace([4, 5, 6], progress=done.append)
        assert torch.equal(reader.trace([1, 2, 3]).weights(2), expected)


def test_hooks_of_the_users_hear_nothing_of_our_passes():
    model, heard = build("gpt2"), []
    model.transformer.h[0].register_forward_hook(lambda *_: heard.append("after"))
    model.transformer.h[0].register_forward_pre_hook(lambda *_: heard.append("before"))
    reader = aw.load(model)
    reader.trace([1, 2, 3])
    reader.verify([1, 2, 3])
    assert heard == []
    model(torch.tensor([[1, 2, 3]]))
    assert heard == ["before", "after"]


def test_verify_works_on_a_model_whose_attentions_were_asked_for_before():
    model = build("gpt2")
    model.set_attn_implementation("eager")
    model(torch.tensor([[1, 2, 3]]), output_attentions=True)  # transformers installs hooks of its own on first use
    assert aw.load(model).verify([1, 2, 3]).error < 1e-5


def test_a_model_that_computes_no_numbers_is_not_called_exact():
    from attnwidget.frames.compose import compose_frame
    from attnwidget.frames.frame import Selection

    model = build("gpt2")
    with torch.no_grad():
        model.transformer.h[1].attn.c_attn.weight[0, 0] = float("nan")
    reader = aw.load(model)
    with pytest.raises(aw.AttnWidgetError, match="NaN or infinite"):
        reader.verify([1, 2, 3])
    with pytest.raises(aw.AttnWidgetError, match="NaN or infinite"):
        compose_frame(reader.trace([1, 2, 3]), Selection(layer=1), str)


class Recorder:
    """Keeps what goes by, as people do: activations with a gradient, a lock."""

    def __init__(self):
        self.kept, self.lock = [], threading.Lock()

    def keep(self, _module, *given):
        self.kept.append(given[-1])


def test_what_hangs_on_a_model_neither_stops_a_copy_nor_hears_of_it():
    model, recorder = build("gpt2"), Recorder()
    layer = model.transformer.h[0]
    plain = aw.load(build("gpt2")).trace([1, 2, 3])
    layer.register_forward_hook(recorder.keep)
    layer.register_forward_pre_hook(recorder.keep)
    layer.register_full_backward_hook(recorder.keep)
    layer.register_full_backward_pre_hook(recorder.keep)
    layer.register_state_dict_post_hook(lambda *_given: None)
    layer.register_load_state_dict_post_hook(recorder.keep)
    layer.recorder, layer.lock = recorder, threading.Lock()
    layer.several = {"recorders": [recorder], "file": sys.stdout}
    layer.loader = torch.utils.data.DataLoader(list(range(3)))
    model(torch.tensor([[1, 2, 3]])).logits.sum().backward()
    heard = len(recorder.kept)
    assert heard == 4
    reader = aw.load(model)
    assert torch.equal(reader.trace([1, 2, 3]).weights(1), plain.weights(1))
    assert reader.verify([1, 2, 3]).error < 1e-5
    assert len(recorder.kept) == heard
    inside = shadow_of(model).module.transformer.h[0]
    assert inside.loader is layer.loader
    assert not inside._forward_hooks.keys() & layer._forward_hooks.keys()


def test_weights_that_hooks_of_torch_compute_are_computed_for_the_copy_too():
    model = build("llama-grouped")
    layer = model.model.layers[0].self_attn
    nn.utils.parametrizations.weight_norm(layer.q_proj)
    nn.utils.weight_norm(layer.k_proj)
    layer.v_proj.keeper = Recorder()
    with torch.no_grad():
        layer.k_proj.weight_g.mul_(2)
        layer.q_proj.parametrizations.weight.original0.mul_(2)
    ids = torch.tensor([[1, 2, 3]])
    model.set_attn_implementation("eager")
    with torch.no_grad():
        expected = model(ids, output_attentions=True).attentions[0][0]
    assert torch.allclose(aw.load(model).trace(ids).weights(0), expected, atol=1e-5)


def compiled_models():
    """(name, model) of every way to compile a model or a part of it; `graphs` hears what was compiled."""
    graphs = []

    def backend(graph, _inputs):
        graphs.append(graph)
        return graph.forward

    def each(change):
        model = build("llama-grouped")
        change(model, lambda part: torch.compile(part, backend=backend))
        return model

    def layers(model, compiled):
        model.model.layers = nn.ModuleList(map(compiled, model.model.layers))

    def parts(model, compiled):
        for layer in model.model.layers:
            layer.self_attn, layer.mlp = compiled(layer.self_attn), compiled(layer.mlp)
            layer.self_attn._orig_mod.q_proj = compiled(layer.self_attn._orig_mod.q_proj)

    def body(model, compiled):
        model.model = compiled(model.model)

    def forwards(model, compiled):
        model.forward = compiled(model.forward)
        model.model.layers[0].forward = compiled(model.model.layers[0].forward)

    def in_place(model, _compiled):
        model.compile(backend=backend)
        model.model.layers[0].compile(backend=backend)

    changes = (layers, parts, body, forwards, in_place)
    return graphs, {change.__name__: each(change) for change in changes} | {
        "whole": torch.compile(build("llama-grouped"), backend=backend)
    }


def test_compiled_models_are_read_as_plain_ones():
    graphs, models = compiled_models()
    plain = aw.load(build("llama-grouped")).trace([5, 6, 7])
    for name, model in models.items():
        loaded = aw.load(model)
        trace = loaded.trace([5, 6, 7])
        assert [block.path for block in trace.blocks] == [block.path for block in plain.blocks], name
        assert all(torch.equal(trace.weights(layer), plain.weights(layer)) for layer in range(3)), name
        assert torch.equal(trace.logits(), plain.logits()), name
        assert loaded.verify([5, 6, 7]).error < 1e-5
    assert not graphs
