"""The mixing ratio: the parts add up to what the models' own modules compute, and the form with a vector for every pair agrees."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch
from einops import einsum, repeat
from torch import nn
from transformers import BertConfig, BertModel

import attnwidget as aw
from attnwidget.measures.results import LayerScores
from attnwidget.measures.values.mixing_ratio import mixing_ratio
from attnwidget.measures.values.sublayer import others_and_own, summed
from tests.model.exact import test_long
from tests.model.families import FAMILIES, build, reference

NAMES = {
    "gpt2": "transformer.h.{}.ln_2",
    "llama-grouped": "model.layers.{}.post_attention_layernorm",
    "gpt-oss-sinks": "model.layers.{}.post_attention_layernorm",
    "bert-masked-lm": "bert.encoder.layer.{}.attention.output.LayerNorm",
    "distilbert": "distilbert.transformer.layer.{}.sa_layer_norm",
}
"""Who reads the sum of a layer; of post-norm models the stream goes on with its answer."""

POST = {"bert-masked-lm", "distilbert"}


@cache
def traced(name):
    return aw.load(build(name)).trace(FAMILIES[name].inputs(20), keep=("inputs",))


@cache
def own_module(name, layer):
    """(module, what it reads, what it answers) on a model that attnwidget never saw."""
    module, found = reference(name).get_submodule(NAMES[name].format(layer)), []
    hook = module.register_forward_hook(lambda _module, given, result: found.extend([given[0][0], result[0]]))
    with torch.no_grad():
        reference(name)(**FAMILIES[name].inputs(20))
    hook.remove()
    return module, *found[:2]


def pairs(trace, block):
    """T_ij: a vector for every pair of tokens, as references compute it."""
    maps = trace.weights(block.layer, part=block.part)
    values = repeat(block.v[0], "shared key dim -> (shared group) key dim", group=block.heads // block.kv_heads)
    weight = block.projection.of_heads(block.heads)
    return einsum(maps, values, weight, "head query key, head key dim, out head dim -> query key out")


def parts_and_output(name, block):
    """(L(T_ij + delta x_i), y_i) of every pair, by the model's own norm and hidden states."""
    parts = pairs(traced(name), block)
    every = torch.arange(len(parts))
    parts[every, every] += block.inputs.residual
    module, total, answer = own_module(name, block.layer)
    if name not in POST:
        return parts, total
    deviations = (total.var(-1, correction=0) + module.eps).sqrt()
    parts = (parts - parts.mean(-1, keepdim=True)) * module.weight.detach() / deviations[:, None, None]
    return parts, answer


@pytest.mark.parametrize("name", NAMES)
def test_the_parts_and_the_biases_add_up_to_the_models_own_hidden_states(name):
    for block in traced(name).blocks:
        parts, output = parts_and_output(name, block)
        bias = torch.zeros(output.shape[1]) if block.projection.bias is None else block.projection.bias
        if name in POST:
            module, total, _ = own_module(name, block.layer)
            deviations = (total.var(-1, keepdim=True, correction=0) + module.eps).sqrt()
            bias = (bias - bias.mean()) * module.weight.detach() / deviations + module.bias.detach()
        found = parts.sum(1) + bias
        assert (found - output).abs().max() <= 1e-5 * output.abs().max()
        _, total, _ = own_module(name, block.layer)
        assert (summed(block) - total).abs().max() <= 1e-5 * total.abs().max()


@pytest.mark.parametrize("name", NAMES)
def test_it_equals_the_form_with_a_vector_for_every_pair(name):
    trace, expected = traced(name), []
    for block in trace.blocks:
        parts, _ = parts_and_output(name, block)
        own = parts.diagonal().T
        mixing, preserving = (parts.sum(1) - own).norm(dim=-1), own.norm(dim=-1)
        expected.append(float((mixing / (mixing + preserving)).mean()))
    found = mixing_ratio(trace)
    assert np.asarray(found) == pytest.approx(expected, rel=1e-5, abs=1e-5)
    assert isinstance(found, LayerScores)
    assert found.top(1)[0].layer == int(np.argmax(expected))
    assert ("post-norm" in found.recipe) == (name in POST)
    assert "biases left out" in found.recipe


def test_each_part_of_an_encoder_decoder_and_the_layers_of_a_hybrid():
    trace = traced("t5")
    for part in ("encoder", "decoder"):
        assert (
            (np.asarray(mixing_ratio(trace, part=part)) > 0) & (np.asarray(mixing_ratio(trace, part=part)) < 1)
        ).all()
    with pytest.raises(aw.AttnWidgetError, match="mixing ratio"):
        mixing_ratio(trace, part="cross")
    with pytest.raises(aw.AttnWidgetError, match="No part was given"):
        mixing_ratio(trace)
    hybrid = traced("jamba")
    found = np.asarray(mixing_ratio(hybrid))
    assert np.isnan(found).tolist() == [not heads for heads in hybrid.heads()]


def bert(dtype=torch.float32):
    torch.manual_seed(2)
    sizes = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4}
    return BertModel(BertConfig(**sizes, vocab_size=60, initializer_range=0.5)).eval().to(dtype)


@pytest.mark.parametrize("kept_bias", [True, False])
def test_without_a_projection_nothing_is_mixed(kept_bias):
    model = bert()
    for layer in model.encoder.layer:
        nn.init.zeros_(layer.attention.output.dense.weight)
        nn.init.constant_(layer.attention.output.dense.bias, 0.5 if kept_bias else 0.0)
    assert np.asarray(mixing_ratio(aw.load(model).trace(torch.arange(6), keep=("inputs",)))).tolist() == [0, 0]


def test_one_token_mixes_nothing():
    assert np.asarray(mixing_ratio(aw.load(bert()).trace(torch.tensor([5]), keep=("inputs",)))).tolist() == [0, 0]


def test_padding_does_not_count():
    ids = torch.arange(6)[None] + 5
    model = aw.load(bert())
    padded = {
        "input_ids": torch.cat([torch.ones(1, 3, dtype=torch.long), ids], -1),
        "attention_mask": torch.tensor([[0] * 3 + [1] * 6]),
        "position_ids": torch.tensor([[0] * 3 + list(range(6))]),
    }
    alone = mixing_ratio(model.trace({"input_ids": ids}, keep=("inputs",)))
    assert np.asarray(mixing_ratio(model.trace(padded, keep=("inputs",)))) == pytest.approx(
        np.asarray(alone), rel=1e-5, abs=1e-5
    )


def test_half_precision_is_close():
    full = np.asarray(mixing_ratio(aw.load(bert()).trace(torch.arange(8), keep=("inputs",))))
    half = mixing_ratio(aw.load(bert(torch.bfloat16)).trace(torch.arange(8), keep=("inputs",)))
    assert np.asarray(half).dtype == np.float32
    assert np.asarray(half) == pytest.approx(full, abs=0.03)


@pytest.mark.parametrize("tile", [1, 40])
def test_the_size_of_the_portions_changes_nothing(tile, monkeypatch):
    whole = np.asarray(mixing_ratio(traced("llama-grouped")))
    monkeypatch.setattr("attnwidget.engine.trace.recompute.TILE", tile)
    assert np.asarray(mixing_ratio(traced("llama-grouped"))) == pytest.approx(whole, rel=1e-5, abs=1e-6)


def test_what_is_missing_is_named_with_the_call_that_gives_it(tmp_path):
    trace = traced("gpt2")
    plain = aw.load(build("gpt2")).trace(FAMILIES["gpt2"].inputs(20))
    with pytest.raises(aw.AttnWidgetError, match=r"no residual stream \(inputs\).*keep=\(\"inputs\",\)"):
        mixing_ratio(plain)
    with pytest.raises(aw.AttnWidgetError, match="residual stream"):
        mixing_ratio(aw.Trace.load(trace.save(tmp_path / "t", values=True)))
    with pytest.raises(aw.AttnWidgetError, match="residual stream"):
        mixing_ratio(aw.Trace.from_weights([torch.eye(3)[None]], list("abc")))
    for field in ("v", "projection"):
        blocks = tuple(replace(block, **{field: None}) for block in trace.blocks)
        with pytest.raises(aw.AttnWidgetError, match=f"has no .*{field}"):
            mixing_ratio(replace(trace, blocks=blocks))
    if FAMILIES["gpt-neox"].path == "interface":
        with pytest.raises(aw.AttnWidgetError, match="added together with an MLP's"):
            mixing_ratio(traced("gpt-neox"))


@pytest.mark.parametrize("field", ["q", "v", "residual"])
def test_numbers_that_are_none_are_refused(field):
    trace = traced("gpt2")
    block = trace.blocks[1]
    tensor = (block.inputs.residual if field == "residual" else getattr(block, field)).clone()
    tensor[..., 2, :] = torch.nan
    changed = {"inputs": replace(block.inputs, residual=tensor)} if field == "residual" else {field: tensor}
    blocks = (trace.blocks[0], replace(block, **changed), *trace.blocks[2:])
    with pytest.raises(aw.AttnWidgetError, match="NaN or infinite"):
        mixing_ratio(replace(trace, blocks=blocks, _whole={}))


def test_of_long_texts_no_vector_of_a_pair_and_no_maps_of_all_heads_are_made(monkeypatch):
    torch.manual_seed(0)
    tokens, width = 600, 32
    config = BertConfig(
        hidden_size=width, intermediate_size=32, num_hidden_layers=1, num_attention_heads=4, vocab_size=60
    )
    config.max_position_embeddings = 700
    trace = aw.load(BertModel(config).eval()).trace(torch.randint(3, 60, (tokens,)), keep=("inputs",))
    monkeypatch.setattr(test_long, "SQUARE", 4 * tokens**2)
    with test_long.Largest() as largest:
        mixing_ratio(trace)
    assert not largest.found
    with test_long.Largest() as largest:
        pairs(trace, trace.block(0))
    assert largest.found  # or nothing would have been counted
    others, own = others_and_own(trace.block(0))
    assert others.shape == own.shape == (tokens, width)
