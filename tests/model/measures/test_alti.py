"""ALTI: the toy of its paper, closed forms, and the form with a vector for every pair on the models' own hidden states."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import layer_norm
from transformers import BertConfig, BertModel, GPT2Config, GPT2LMHeadModel

import attnwidget as aw
from attnwidget.measures.paths.alti import alti, closeness, shares_or_itself
from tests.model.exact import test_long
from tests.model.measures.test_mixing_ratio import NAMES, bert, parts_and_output, traced


def naive(name):
    """The product of all layers, with every vector of every pair at once."""
    trace = traced(name)
    found = torch.eye(len(trace.text))
    for block in trace.blocks:
        parts, output = parts_and_output(name, block)
        distances = (output[:, None] - parts).abs().sum(-1)
        near = (output.abs().sum(-1)[:, None] - distances).clamp_min(0)
        found = near / near.sum(-1, keepdim=True) @ found
    return found.numpy()


@pytest.mark.parametrize("name", NAMES)
def test_it_equals_the_form_with_a_vector_for_every_pair(name):
    expected, found = naive(name), alti(traced(name))
    assert np.asarray(found) == pytest.approx(expected, rel=1e-5, abs=2e-5)
    for query in (0, 7, -1):
        assert np.asarray(alti(traced(name), query=query)) == pytest.approx(expected[query], rel=1e-5, abs=2e-5)
    assert "no residual added" in found.recipe
    assert "MLPs ignored" in found.recipe
    assert ("post-norm" in found.recipe) == (name in {"bert-masked-lm", "distilbert"})


@pytest.mark.parametrize("name", NAMES)
def test_rows_sum_to_one_and_causality_is_kept(name):
    found = np.asarray(alti(traced(name)))
    assert found.sum(-1) == pytest.approx(np.ones(len(found)), rel=1e-5, abs=1e-5)
    assert found.min() >= 0
    if "bert" not in name:
        assert not np.triu(found, 1).any()


def test_the_toy_of_the_paper():
    parts, whole = torch.tensor([[[3.0, 1], [1, 1], [-2, 1]]]), torch.tensor([[2.0, 3]])
    assert shares_or_itself(closeness(parts, whole), torch.tensor([2])).tolist() == [[0.5, 0.5, 0.0]]


def test_a_single_part_that_is_not_zero_has_all():
    parts = torch.zeros(1, 4, 3)
    parts[0, 2] = torch.tensor([1.0, -2, 3])
    assert shares_or_itself(closeness(parts, parts[:, 2]), torch.tensor([0])).tolist() == [[0, 0, 1, 0]]


def test_a_row_in_which_no_part_comes_near_is_the_token_itself():
    parts, whole = torch.tensor([[[-1.0, 0], [0, -1]], [[1, 0], [0, 0]]]), torch.tensor([[1.0, 1], [1, 0]])
    assert shares_or_itself(closeness(parts, whole), torch.tensor([1, 0])).tolist() == [[0, 1], [1, 0]]


def test_where_attention_adds_nothing_each_token_is_its_own():
    model = bert()
    for layer in model.encoder.layer:
        nn.init.zeros_(layer.attention.output.dense.weight)
    found = np.asarray(alti(aw.load(model).trace(torch.arange(6), keep=("inputs",))))
    assert np.array_equal(found, np.eye(6))


def test_one_layer_by_hand_with_a_norm_whose_eps_is_large():
    config = BertConfig(hidden_size=32, intermediate_size=48, num_hidden_layers=1, num_attention_heads=1, vocab_size=60)
    model = BertModel(config).eval()
    norm = model.encoder.layer[0].attention.output.LayerNorm
    norm.eps = 0.5
    trace = aw.load(model).trace(torch.arange(5), keep=("inputs",))
    block = trace.block(0)
    x, bias = block.inputs.residual, block.projection.bias
    parts = trace.weights(0, 0)[:, :, None] * (block.v[0, 0] @ block.projection.weight.T)
    total = parts.sum(1) + x + bias
    output = layer_norm(total, (32,), norm.weight.detach(), norm.bias.detach(), 0.5)
    near = torch.zeros(5, 5)
    for i in range(5):
        for j in range(5):
            part = parts[i, j] + (x[i] if i == j else 0)
            part = (part - part.mean()) / (total[i].var(correction=0) + 0.5).sqrt() * norm.weight.detach()
            near[i, j] = max(0, float(output[i].abs().sum() - (output[i] - part).abs().sum()))
    assert np.asarray(alti(trace)) == pytest.approx((near / near.sum(-1, keepdim=True)).numpy(), rel=1e-5, abs=1e-5)


def test_one_token_and_half_precision():
    for dtype in (torch.float32, torch.bfloat16):
        model = aw.load(bert(dtype))
        assert np.asarray(alti(model.trace(torch.tensor([5]), keep=("inputs",)))).tolist() == [[1.0]]
        found = np.asarray(alti(model.trace(torch.arange(8), keep=("inputs",))))
        assert found.dtype == np.float32
        assert found.sum(-1) == pytest.approx(np.ones(8), rel=1e-5, abs=1e-5)


def gpt2():
    torch.manual_seed(3)
    config = GPT2Config(n_layer=2, n_head=4, n_embd=32, n_positions=700, vocab_size=60, bos_token_id=0, eos_token_id=0)
    config.initializer_range = 0.3
    return GPT2LMHeadModel(config).eval()


@pytest.mark.parametrize("build", [bert, gpt2])
def test_padding_changes_nothing_among_the_other_tokens(build):
    ids, kept, model = [5, 6, 7, 8, 9, 10], slice(3, 9), aw.load(build())
    padded = {
        "input_ids": torch.tensor([[1] * 3 + ids + [1] * 2]),
        "attention_mask": torch.tensor([[0] * 3 + [1] * 6 + [0] * 2]),
        "position_ids": torch.tensor([[0] * 3 + list(range(6)) + [0] * 2]),
    }
    trace = model.trace(padded, keep=("inputs",))
    expected = np.asarray(alti(model.trace({"input_ids": torch.tensor([ids])}, keep=("inputs",))))
    result = alti(trace)
    found = np.asarray(result).copy()
    assert found[kept, kept] == pytest.approx(expected, abs=1e-4)
    assert np.asarray(alti(trace, query=8))[kept] == pytest.approx(expected[5], abs=1e-4)
    with pytest.raises(aw.AttnWidgetError, match="attends to nothing: padding"):
        alti(trace, query=0)
    found[kept, kept] = 0
    assert not found.any()
    assert "padding left out" in result.recipe


@pytest.mark.parametrize(("tile", "name"), [(700, "llama-grouped"), (5000, "bert-masked-lm")])
def test_the_size_of_the_portions_changes_nothing(tile, name, monkeypatch):
    whole = np.asarray(alti(traced(name)))
    monkeypatch.setattr("attnwidget.engine.trace.recompute.TILE", tile)
    assert np.asarray(alti(traced(name))) == pytest.approx(whole, rel=1e-5, abs=1e-5)


def test_of_long_texts_no_vector_of_each_pair_is_made(monkeypatch):
    tokens = 600
    trace = aw.load(gpt2()).trace(torch.randint(3, 60, (tokens,)), keep=("inputs",))
    monkeypatch.setattr(test_long, "SQUARE", 4 * tokens**2)  # of all heads' maps; every pair's vectors are 32
    with test_long.Largest() as largest:
        alti(trace, query=-1)
    assert not largest.found


def test_parts_of_an_encoder_decoder():
    trace = traced("t5")
    assert np.asarray(alti(trace, part="encoder")).sum(-1) == pytest.approx(np.ones(20), rel=1e-5, abs=1e-5)
    for part in ("decoder", "cross"):
        with pytest.raises(aw.AttnWidgetError, match="also attends to a source"):
            alti(trace, part=part)
    with pytest.raises(aw.AttnWidgetError, match="No part was given"):
        alti(trace)


def test_what_is_missing_is_named_with_the_call_that_gives_it():
    trace = traced("gpt2")
    lean = replace(trace, blocks=tuple(replace(block, inputs=None) for block in trace.blocks))
    for wanting in (lean, aw.Trace.from_weights([torch.eye(3)[None]], list("abc"))):
        with pytest.raises(aw.AttnWidgetError, match=r"no residual stream \(inputs\).*keep=\(\"inputs\",\)"):
            alti(wanting)
    for field in ("v", "projection"):
        blocks = tuple(replace(block, **{field: None}) for block in trace.blocks)
        with pytest.raises(aw.AttnWidgetError, match=f"has no .*{field}"):
            alti(replace(trace, blocks=blocks))


@pytest.mark.parametrize("query", [99, (0, 1), "last", True])
def test_what_is_not_one_token_is_refused(query):
    with pytest.raises(aw.AttnWidgetError):
        alti(traced("gpt2"), query=query)


def test_numbers_that_are_none_are_refused():
    trace = traced("gpt2")
    values = trace.blocks[0].v.clone()
    values[0, 0, 2] = torch.nan
    with pytest.raises(aw.AttnWidgetError, match="NaN or infinite"):
        alti(replace(trace, blocks=(replace(trace.blocks[0], v=values), *trace.blocks[1:])))


def test_weights_that_were_trained_since_are_refused():
    model = bert()
    trace = aw.load(model).trace(torch.arange(6), keep=("inputs",))
    with torch.no_grad():
        model.encoder.layer[0].attention.output.LayerNorm.weight.mul_(2)
    with pytest.raises(aw.AttnWidgetError, match="Trace the text again"):
        alti(trace)


def test_the_trace_is_left_alone():
    trace = traced("bert-masked-lm")
    before = [tensor.clone() for block in trace.blocks for tensor in (block.v, block.inputs.residual)]
    alti(trace)
    after = [tensor for block in trace.blocks for tensor in (block.v, block.inputs.residual)]
    assert all(torch.equal(one, other) for one, other in zip(before, after, strict=True))
