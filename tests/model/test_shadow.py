"""The user's model is never switched, hooked or locked, and shares every weight with the one that runs here."""

import gc
import threading
import weakref

import pytest
import torch

import attnwidget as aw
from attnwidget.engine.shadow import shadow_of

from .conftest import VOCABULARY, build


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
        with pytest.raises(Cancelled):
            reader.trace(
                [4, 5, 6], cancelled=lambda done=done, layer=layer: len(done) >= layer - 1, progress=done.append
            )
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
    with pytest.raises(aw.AttnWidgetError, match="not numbers"):
        reader.verify([1, 2, 3])
    with pytest.raises(aw.AttnWidgetError, match="not numbers"):
        compose_frame(reader.trace([1, 2, 3]), Selection(layer=1), str)
