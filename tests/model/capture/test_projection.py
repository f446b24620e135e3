"""The output projection of every layer: found without tables of families, right by the model's own numbers."""

from functools import cache

import pytest
import torch
from einops import einsum, repeat
from torch import nn
from transformers import BertConfig, BertModel

import attnwidget as aw
from attnwidget.engine.capture import projection_search as follow
from attnwidget.engine.capture.shadow import shadow_of
from attnwidget.errors import Cancelled
from tests.model.conftest import build as first_family
from tests.model.families import FAMILIES, build, others_long, reference
from tests.model.families.family import INSTALLED, NEWEST

INTERFACE = [name for name, family in FAMILIES.items() if family.path == "interface" and family.known()]
BETWEEN = {
    "diffllama": "two outputs are subtracted and normed",
    "bitnet": "a norm",
    "jetmoe": "the projection belongs to experts",
    "qwen3-next": "a gate",
    "qwen3-5": "a gate",
}
"""Families in which the heads' outputs go through something else first, and what."""


@cache
def traced(name):
    torch.manual_seed(1)
    return aw.load(build(name)).trace(FAMILIES[name].inputs(20))


def results_of(model, given, paths):
    """What the modules at these paths put out, in the order of their calls, on the user's own model."""
    found = {path: [] for path in paths}
    hooks = [
        model.get_submodule(path).register_forward_hook(lambda _module, _given, out, path=path: found[path].append(out))
        for path in paths
    ]
    torch.manual_seed(1)
    with torch.no_grad():
        model(**given)
    for hook in hooks:
        hook.remove()
    return found


def written_by(trace, block):
    """sum_h A_h V_h W_O^h + b_O."""
    maps = trace.weights(block.layer, part=block.part)
    values = repeat(block.v[0], "shared key dim -> (shared group) key dim", group=block.heads // block.kv_heads)
    weight = block.projection.of_heads(block.heads)
    whole = einsum(maps, values, weight, "head query key, head key dim, out head dim -> query out")
    return whole if block.projection.bias is None else whole + block.projection.bias


@pytest.mark.parametrize("name", others_long(name for name in INTERFACE if name not in BETWEEN))
def test_the_heads_through_the_projection_are_what_the_models_own_layer_puts_out(name):
    trace = traced(name)
    if INSTALLED >= NEWEST:
        assert all(block.projection is not None for block in trace.blocks)
    blocks = [block for block in trace.blocks if block.projection is not None]
    results = results_of(reference(name), FAMILIES[name].inputs(20), {block.projection.path for block in blocks})
    for block in blocks:  # a module that serves several layers is called in their order
        expected = results[block.projection.path].pop(0)
        error = written_by(trace, block) - expected.reshape(-1, expected.shape[-1])
        assert error.abs().max() <= 1e-5 * expected.abs().max()
    assert not any(results.values())


@pytest.mark.parametrize("name", [name for name in BETWEEN if name in INTERFACE])
def test_where_something_lies_between_there_is_no_projection(name):
    assert all(block.projection is None for block in traced(name).blocks)


@pytest.mark.parametrize("name", ["gptj", "bloom", "blip"])
def test_fallbacks_carry_none(name):
    if not FAMILIES[name].known():
        pytest.skip("this transformers does not have it")
    trace = traced(name)
    if trace.path != "interface":
        assert all(block.projection is None for block in trace.blocks)


def test_given_weights_and_plain_modules_carry_none():
    assert aw.Trace.from_weights([torch.eye(3)[None]], list("abc")).block(0).projection is None
    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    embedded = nn.Sequential(nn.Embedding(9, 8), nn.TransformerEncoder(layer, 2))
    model = aw.load(embedded, tokenize=lambda text: [ord(letter) % 9 for letter in text])
    assert all(block.projection is None for block in model.trace("abcd").blocks)


def test_they_are_references_to_the_users_own_weights(family):
    trace = aw.load(family).trace(torch.arange(9))
    for block in trace.blocks:
        own = family.get_submodule(block.projection.path)
        assert block.projection.weight.data_ptr() == own.weight.data_ptr()
        assert torch.equal(block.projection.bias, own.bias) if own.bias is not None else block.projection.bias is None
        assert not block.projection.weight.requires_grad


def test_one_module_in_all_layers_is_one_projection():
    assert len({id(block.projection) for block in traced("albert").blocks}) == 1


def test_nothing_of_the_users_model_is_touched(family):
    heard = []
    hook = family.register_forward_hook(lambda *_: heard.append(1))
    before = {name: tensor.clone() for name, tensor in family.state_dict().items()}
    hooks = [(len(part._forward_hooks), len(part._forward_pre_hooks)) for part in family.modules()]
    versions = [tensor._version for tensor in family.parameters()]
    model = aw.load(family)
    first, second = model.trace(torch.arange(9)), model.trace(torch.arange(9))
    assert not heard
    hook.remove()
    assert [(len(part._forward_hooks), len(part._forward_pre_hooks)) for part in family.modules()][1:] == hooks[1:]
    assert [tensor._version for tensor in family.parameters()] == versions
    assert all(torch.equal(tensor, before[name]) for name, tensor in family.state_dict().items())
    for one, other in zip(first.blocks, second.blocks, strict=True):  # with and without listening
        assert torch.equal(one.q, other.q)
        assert one.projection is other.projection
    if first.head is not None:
        assert torch.equal(first.logits(slice(None)), second.logits(slice(None)))


def hooks_on(model):
    return [
        hook
        for module in shadow_of(model).module.modules()
        for hook in module._forward_hooks.values()
        if getattr(hook, "__func__", None) is follow.Follower._reads
    ]


def test_later_passes_listen_to_nothing(monkeypatch):
    user = first_family("gpt2")
    model = aw.load(user)
    listened = []
    listen = follow.Follower._listen
    monkeypatch.setattr(follow.Follower, "_listen", lambda self: (listened.append(1), listen(self)))
    for _ in range(3):
        model.trace(torch.arange(9))
        assert hooks_on(user) == []
    assert listened == [1]
    with torch.no_grad():
        user.transformer.h[0].ln_1.weight.mul_(2)  # whatever it is: what lies between may be a parameter
    model.trace(torch.arange(9))
    assert listened == [1, 1]


@pytest.mark.parametrize("stopping", ["cancelled", "failed"])
def test_a_first_pass_that_does_not_end_leaves_nothing_behind(stopping):
    user = first_family("llama-grouped")
    model = aw.load(user)

    def raising(done):
        if done == 2:
            raise KeyError("mine")

    done = []
    if stopping == "cancelled":
        with pytest.raises(Cancelled), aw.stopping_when(lambda: len(done) >= 2):
            model.trace(torch.arange(9), progress=done.append)
    else:
        with pytest.raises(KeyError):
            model.trace(torch.arange(9), progress=raising)
    assert hooks_on(user) == []
    assert shadow_of(user).module not in follow._known
    assert all(block.projection is not None for block in model.trace(torch.arange(9)).blocks)


def test_after_training_in_place_an_old_trace_refuses_and_a_new_one_has_the_new_weights(tmp_path):
    user = first_family("gpt2")
    model = aw.load(user)
    trace = model.trace(torch.arange(9))
    loss = user(torch.arange(9)[None], labels=torch.arange(9)[None]).loss
    loss.backward()
    torch.optim.SGD(user.parameters(), lr=0.1).step()
    for read in (lambda: trace.block(0).projection.weight, lambda: trace.block(0).projection.bias):
        with pytest.raises(aw.AttnWidgetError, match="Trace the text again"):
            read()
    with pytest.raises(aw.AttnWidgetError, match="Trace the text again"):
        trace.save(tmp_path / "old", values=True)
    trace.save(tmp_path / "without")
    again = model.trace(torch.arange(9))
    assert torch.equal(again.block(0).projection.weight.T, user.transformer.h[0].attn.c_proj.weight)


def test_edits_and_generation_carry_it():
    model = aw.load(first_family("gpt2"))
    start = torch.arange(40)
    first = model.trace(start)
    edited = model.trace(torch.cat([start[:-2], torch.tensor([7, 8, 9])]), reuse=first)
    produced = model.generate(start[:5], max_new_tokens=3)
    from_one = aw.load(first_family("llama-grouped")).generate(start[:1], max_new_tokens=3)
    for trace in (edited, produced, from_one):
        assert all(block.projection is not None for block in trace.blocks)
        assert len(trace.blocks) == 3
    fresh = aw.load(first_family("gpt2")).generate(start[:5], max_new_tokens=3)  # generation is its first pass
    assert all(block.projection is not None for block in fresh.blocks)


@pytest.mark.parametrize("name", ["bart", "t5"])
def test_generation_of_encoder_decoders_carries_it_in_all_parts(name):
    trace = aw.load(build(name)).generate(FAMILIES[name].inputs(9), max_new_tokens=3)
    assert set(trace.parts) == {"encoder", "decoder", "cross"}
    assert all(block.projection is not None for block in trace.blocks)


def test_a_part_that_is_heard_later_is_followed_then():
    model = aw.load(build("llava-clip"))
    alone = model.trace(FAMILIES["llava-text-only"].inputs(20))
    assert all(block.projection is not None for block in alone.blocks)
    both = model.trace(FAMILIES["llava-clip"].inputs(20))
    assert set(both.parts) == {"vision", "text"}
    assert all(block.projection is not None for block in both.blocks)


@pytest.mark.parametrize("name", ["gpt2", "deepseek-v3", "bert-masked-lm", "albert", "t5"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_half_precision_is_followed_as_well(name, dtype):
    trace = aw.load(build(name).to(dtype)).trace(FAMILIES[name].inputs(20))
    assert all(block.projection is not None for block in trace.blocks)
    assert trace.blocks[0].projection.weight.dtype == dtype


@pytest.mark.parametrize("name", ["gpt2", "albert", "t5", "deepseek-v3"])
def test_saved_with_the_values_and_loaded_again(name, tmp_path):
    trace = traced(name)
    again = aw.Trace.load(trace.save(tmp_path / "whole", values=True))
    for own, other in zip(trace.blocks, again.blocks, strict=True):
        assert own.projection.path == other.projection.path
        assert torch.equal(own.projection.weight, other.projection.weight)
        assert (own.projection.bias is None) == (other.projection.bias is None)
        assert torch.allclose(written_by(trace, own), written_by(again, other), atol=1e-5)
    assert len({id(block.projection) for block in again.blocks}) == len(
        {id(block.projection) for block in trace.blocks}
    )
    lean = aw.Trace.load(trace.save(tmp_path / "lean"))
    assert all(block.projection is None for block in lean.blocks)


def test_a_projection_shared_by_layers_is_saved_once(tmp_path):
    sizes = {"num_attention_heads": 4, "hidden_size": 256, "intermediate_size": 8, "vocab_size": 60}
    bert = BertModel(BertConfig(num_hidden_layers=4, **sizes))
    for layer in bert.encoder.layer[1:]:
        layer.attention.output.dense = bert.encoder.layer[0].attention.output.dense
    trace = aw.load(bert.eval()).trace(torch.arange(2))
    with_values = trace.save(tmp_path / "values", values=True).stat().st_size
    without = trace.save(tmp_path / "without").stat().st_size
    assert 256 * 256 * 4 < with_values - without < 2 * 256 * 256 * 4
