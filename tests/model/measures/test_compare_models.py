"""Comparisons and dead heads of real models: the same numbers as their own eager maps and matrices give."""

import copy

import numpy as np
import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel

import attnwidget as aw

RIVER, MONEY = "The bank by the river was closed.", "The bank with the money was closed."


def test_a_trace_of_the_bundled_model_is_that_of_itself(tiny):
    trace = tiny.trace(RIVER)
    found = aw.compare(trace, tiny.trace(RIVER))
    assert found.maximum == 0
    assert len(found.queries) == len(trace.text)


def test_what_changes_around_a_word_when_its_neighbours_do(tiny):
    river, money = tiny.trace(RIVER), tiny.trace(MONEY)
    found = aw.compare(river, money)
    assert [(one.before, one.after) for one in found.replaced] == [("by", "with"), ("river", "money")]
    assert "bank" in found.mean_map.query_pieces
    assert "river → money" in found.mean_map.query_pieces
    # What stands before the first change is read alike: the model is causal.
    same = sum(1 for one, other in zip(river.text.pieces, money.text.pieces, strict=False) if one == other)
    assert same
    assert np.abs(found.map("L1H1").values[0]).max() < 1e-6
    assert found.maximum > 0.05
    assert found.unaligned_mass == (0, 0)
    head = found.largest_difference.top(1)[0]
    rows, columns = [torch.tensor(side) for side in (found.queries.first, found.queries.second)]
    expected = (
        money.weights(head.layer, head.head)[columns][:, columns] - river.weights(head.layer, head.head)[rows][:, rows]
    )
    assert found.map(head.layer, head.head).values == pytest.approx(expected.numpy(), rel=1e-5, abs=1e-6)


def test_two_checkpoints_of_one_model_against_their_eager_maps():
    torch.manual_seed(3)
    config = GPT2Config(n_layer=2, n_head=4, n_embd=32, n_positions=64, vocab_size=50, attn_implementation="eager")
    config.bos_token_id = config.eos_token_id = 0
    before = GPT2LMHeadModel(config).eval()
    after = copy.deepcopy(before)
    with torch.no_grad():
        after.transformer.h[1].attn.c_attn.weight.add_(torch.randn(32, 96))
    ids = torch.randint(1, 50, (1, 20))
    found = aw.compare(aw.load(before).trace(ids[0].tolist()), aw.load(after).trace(ids[0].tolist()))
    with torch.no_grad():
        maps = [torch.cat(model(ids, output_attentions=True).attentions).numpy() for model in (before, after)]
    assert found.mean_difference.values == pytest.approx(np.abs(maps[1] - maps[0]).mean((2, 3)), rel=1e-5, abs=1e-5)
    assert found.largest_difference.values == pytest.approx(np.abs(maps[1] - maps[0]).max((2, 3)), rel=1e-5, abs=1e-5)
    assert found.mean_difference[0].max() < 1e-6
    assert {head.layer for head in found.mean_difference.top(4)} == {1}


def test_a_head_whose_output_is_cut_off_is_silent_as_the_model_itself_computes_it():
    torch.manual_seed(3)
    config = GPT2Config(n_layer=2, n_head=4, n_embd=32, n_positions=64, vocab_size=50)
    config.bos_token_id = config.eos_token_id = 0
    model = GPT2LMHeadModel(config).eval()
    with torch.no_grad():
        model.transformer.h[1].attn.c_proj.weight[8:16] = 0  # the rows of head 1
    ids = torch.randint(1, 50, (12,))
    seen = {}
    for layer, block in enumerate(model.transformer.h):
        block.attn.c_proj.register_forward_pre_hook(lambda _, given, at=layer: seen.__setitem__(at, given[0][0]))
    with torch.no_grad():
        model(ids[None])
    weights = [block.attn.c_proj.weight.detach() for block in model.transformer.h]
    norms = np.array(
        [
            [float((seen[layer][:, cut] @ weights[layer][cut]).norm(dim=-1).mean()) for cut in cuts]
            for layer in range(2)
            for cuts in [[slice(head * 8, head * 8 + 8) for head in range(4)]]
        ]
    )
    found = aw.dead_heads(aw.load(model).trace(ids.tolist()))
    assert [(head.layer, head.head) for head in found.silent] == [(1, 1)]
    assert found.scores["written"].values == pytest.approx(
        norms / np.median(norms, -1, keepdims=True), rel=1e-3, abs=1e-6
    )
    assert "after the output projection" in found.recipe


def test_the_nearest_heads_of_a_trained_encoder(minilm):
    distances = aw.head_distances(minilm.trace("The bank by the river was closed on Monday."))
    assert distances.shape == (72, 72)
    assert distances.values.max() <= np.log(2)
    near = aw.similar_heads(distances, "L5H3", count=3)
    assert near[0].value == pytest.approx(np.delete(distances.values[distances.at("L5H3")], 63).min())
    assert 0 <= np.nanmin(aw.redundancy(distances).values) < np.nanmax(aw.redundancy(distances).values) <= 1
