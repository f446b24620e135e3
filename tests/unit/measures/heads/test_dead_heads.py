"""Dead heads: closed forms, sums taken in plain loops, and the model's own matrices."""

from dataclasses import replace

import numpy as np
import pytest
import torch

import attnwidget as aw
from attnwidget.engine.trace.projection import Projection
from attnwidget.engine.trace.records import ModelFacts
from tests.unit.traces import example, random_trace

HEADS, SIZE, DIM, OUT = 4, 5, 3, 7


def block(*, grouped=False, silenced=(), zeroed=(), seed=0):
    """One layer with values and a projection; of silenced heads the projection, of zeroed ones the values are small."""
    generator = torch.Generator().manual_seed(seed)
    maps = torch.randn(HEADS, SIZE, SIZE, generator=generator).softmax(-1)
    shared = 2 if grouped else HEADS
    values = torch.randn(1, shared, SIZE, DIM, generator=generator)
    weight = torch.randn(OUT, HEADS * DIM, generator=generator)
    for head in silenced:
        weight[:, head * DIM : (head + 1) * DIM] *= 0.001
    for head in zeroed:
        values[0, head] = 0
    projection = Projection("layers.0.o_proj", weight)
    return aw.Block("self", 0, "layers.0", HEADS, shared, v=values, dense=maps, projection=projection)


def trace_of(*blocks):
    blocks = tuple(replace(one, layer=layer) for layer, one in enumerate(blocks))
    return aw.Trace(blocks, aw.Tokens.from_pieces(list("abcde")), "given", ModelFacts())


def written_in_loops(one, *, projected=True):
    norms = np.zeros(HEADS)
    for head in range(HEADS):
        for query in range(SIZE):
            mixed = sum(
                float(one.dense[head, query, key]) * one.v[0, head // (HEADS // one.kv_heads), key].double()
                for key in range(SIZE)
            )
            weight = one.projection.weight[:, head * DIM : (head + 1) * DIM].double()
            norms[head] += float((weight @ mixed if projected else mixed).norm()) / SIZE
    return norms


@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize("projected", [True, False])
def test_what_a_head_writes_against_plain_loops(grouped, projected):
    one = block(grouped=grouped)
    norms = written_in_loops(one, projected=projected)
    found = aw.dead_heads(trace_of(one if projected else replace(one, projection=None)))
    assert found.scores["written"][0] == pytest.approx(norms / np.median(norms), rel=1e-4)
    assert ("after the output projection" in found.recipe) is projected
    assert ("before the output projection" in found.recipe) is not projected


def test_heads_that_the_projection_mutes_are_silent_and_only_they():
    found = aw.dead_heads(trace_of(block(), block(silenced=[2]), block(silenced=[0])))
    assert {(head.layer, head.head) for head in found.silent} == {(1, 2), (2, 0)}
    assert found.silent[0].value <= found.silent[1].value < 0.05
    unprojected = replace(block(silenced=[2]), projection=None)
    assert aw.dead_heads(trace_of(unprojected)).silent == ()


def test_a_layer_that_writes_nothing_at_all_is_silent():
    found = aw.dead_heads(trace_of(block(), block(zeroed=range(HEADS))))
    assert {(head.layer, head.head) for head in found.silent} == {(1, head) for head in range(HEADS)}
    mostly = aw.dead_heads(trace_of(block(zeroed=[0, 1, 2])))
    assert {head.head for head in mostly.silent} == {0, 1, 2}


def test_only_layers_with_values_are_judged_silent_and_the_recipe_says_so():
    some = aw.dead_heads(trace_of(block(silenced=[1]), replace(block(silenced=[1]), v=None)))
    assert [(head.layer, head.head) for head in some.silent] == [(0, 1)]
    assert np.isnan(some.scores["written"][1]).all()
    assert "not judged in layers 1" in some.recipe
    none = aw.dead_heads(example())
    assert none.silent == ()
    assert "not judged, as this trace has no values (v)" in none.recipe
    assert "below" not in none.recipe
    assert set(none.scores) == {"uniform", "written"}  # not "silent": a head that is high there writes much
    assert none.scores["written"].recipe.startswith("not judged")
    assert "share" not in none.scores["written"].recipe


@pytest.mark.parametrize("causal", [True, False])
def test_a_head_that_reads_all_keys_alike_is_uniform(causal):
    alike = torch.ones(6, 6).tril() if causal else torch.ones(6, 6)
    sharp = torch.eye(6)
    heads = torch.stack([sharp, alike / alike.sum(-1, keepdim=True)])
    found = aw.dead_heads(aw.Trace.from_weights([heads, heads[[0, 0]]], list("abcdef")))
    assert [(head.layer, head.head) for head in found.uniform] == [(0, 1)]
    assert found.uniform[0].value == pytest.approx(1, rel=1e-5, abs=1e-6)


def test_the_thresholds_are_those_given():
    trace = random_trace(3, 4, 8)
    scores = np.asarray(aw.entropy(trace, normalised=True))
    found = aw.dead_heads(trace, uniform=0.6)
    assert len(found.uniform) == (scores > 0.6).sum() > 0
    assert [head.value for head in found.uniform] == sorted((head.value for head in found.uniform), reverse=True)
    assert aw.dead_heads(trace, uniform=1).uniform == ()
    one = block()
    shares = aw.dead_heads(trace_of(one)).scores["written"].values
    assert len(aw.dead_heads(trace_of(one), silent=1).silent) == (shares < 1).sum() == 2


def test_one_token_has_no_entropy_to_speak_of():
    found = aw.dead_heads(aw.Trace.from_weights([torch.ones(2, 1, 1)], ["a"]))
    assert found.uniform == ()
    assert np.isnan(found.scores["uniform"].values).all()


def test_layers_without_attention_are_nan_in_both_tables():
    found = aw.dead_heads(aw.Trace.from_weights([None, torch.eye(3).expand(2, 3, 3)], list("abc")))
    assert np.isnan(found.scores["uniform"][0]).all()
    assert np.isnan(found.scores["written"].values).all()


@pytest.mark.parametrize(
    "wrong", [{"uniform": 2}, {"silent": -1}, {"silent": True}, {"uniform": "high"}, {"part": "x"}]
)
def test_bad_options_are_refused(wrong):
    with pytest.raises(aw.AttnWidgetError):
        aw.dead_heads(example(), **wrong)


def test_the_record_prints_the_heads_and_the_recipe():
    text = repr(aw.dead_heads(trace_of(block(silenced=[2]))))
    assert text.startswith("DeadHeads(0 uniform, 1 silent; uniform: normalised entropy above 0.95")
    assert "silent: L0H2" in text
