"""Effective attention on layers made by hand: the output stays, nothing shorter gives it, and scipy finds the same space."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.linalg
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import attnwidget as aw
from attnwidget.engine.trace.projection import Projection
from attnwidget.measures.values.effective import effective
from tests.unit.measures.values.test_norm_weighted import layer, trace_of
from tests.unit.traces import example


def carried(block, head):
    """T = V W_O of one head, (key out)."""
    values = block.v[0, head // (block.heads // block.kv_heads)].double()
    return values if block.projection is None else values @ block.projection.of_heads(block.heads)[:, head].double().T


SIZES = [st.integers(1, 2), st.integers(1, 2), st.integers(1, 16), st.integers(1, 8), st.integers(0, 99)]


@settings(max_examples=40)
@given(*SIZES)
def test_the_output_is_the_same_and_nothing_of_it_is_in_the_left_null_space(shared, group, tokens, out, seed):
    block = layer(shared * group, shared, tokens, out=out, seed=seed)
    trace = trace_of(block)
    for head in range(block.heads):
        every = carried(block, head).numpy()
        found = np.asarray(effective(trace, 0, head), np.float64)
        weights = trace.weights(0, head).double().numpy()
        output = weights @ every
        assert np.abs(found @ every - output).max() <= 1e-5 * np.abs(output).max()
        null = scipy.linalg.null_space(every.T, rcond=1e-6)
        assert np.abs(found @ null).max(initial=0) <= 1e-6
        assert found == pytest.approx(weights - weights @ null @ null.T, rel=1e-5, abs=1e-6)
        if np.linalg.matrix_rank(every, tol=1e-6 * np.linalg.norm(every, 2)) == tokens:
            assert np.array_equal(found, trace.weights(0, head).numpy())


def test_two_equal_values_share_their_weights():
    block = layer(1, tokens=2)
    values = block.v[:, :, :1].expand(-1, -1, 2, -1)
    found = np.asarray(effective(trace_of(replace(block, v=values)), "L0H0"))
    assert found == pytest.approx(np.full((2, 2), 0.5), rel=1e-5, abs=1e-6)  # and so above the diagonal too
    assert trace_of(block).weights(0, 0)[0, 1] == 0


def test_closed_form_of_values_that_are_numbers():
    block = layer(1, tokens=3, dim=1)
    values = torch.tensor([[[[1.0, 0.0], [2.0, 0.0], [2.0, 0.0]]]])
    plain = replace(block, v=values, projection=None)
    weights = trace_of(plain).weights(0, 0).numpy()
    own = np.array([1.0, 2.0, 2.0])
    expected = np.outer(weights @ own, own) / 9
    assert np.asarray(effective(trace_of(plain), 0, 0)) == pytest.approx(expected, rel=1e-5, abs=1e-6)


def test_values_of_zero_leave_nothing():
    block = layer()
    assert not np.asarray(effective(trace_of(replace(block, v=torch.zeros_like(block.v))), 0, 1)).any()


def test_a_projection_of_lower_rank_cancels_more():
    block = layer(1, tokens=4, dim=5, out=2)
    assert "rank 2 for 4 keys" in effective(trace_of(block), 0, 0).recipe
    alone = effective(trace_of(replace(block, projection=None)), 0, 0)
    assert "rank 4 for 4 keys" in alone.recipe
    assert "no output projection is known" in alone.recipe
    assert np.array_equal(alone, trace_of(block).weights(0, 0))


def test_other_keys_than_queries():
    block = layer(2, tokens=3, keys=12)
    found = np.asarray(effective(trace_of(block), 0, 1), np.float64)
    every = carried(block, 1).numpy()
    assert found.shape == (3, 12)
    assert found @ every == pytest.approx(trace_of(block).weights(0, 1).double().numpy() @ every, rel=1e-5, abs=1e-6)


def test_padding_is_left_out():
    block, kept = layer(2, tokens=9), [2, 3, 4, 5, 6, 7, 8]
    mask = torch.ones(1, 1, 9, 9, dtype=torch.bool).tril() & (torch.arange(9) > 1)
    padded = replace(block, mask=mask)
    text = replace(trace_of(block).text, padding=tuple(i < 2 for i in range(9)))
    trace = replace(trace_of(padded), text=text, sequences={"self": (text, text)})
    found = effective(trace, 0, 1)
    alone = replace(block, **{name: getattr(block, name)[:, :, 2:] for name in ("q", "k", "v")})
    assert found.values[2:, 2:] == pytest.approx(np.asarray(effective(trace_of(alone), 0, 1)), rel=1e-5, abs=1e-6)
    assert np.isnan(found.values[:2]).all()
    assert not found.values[2:, :2].any()
    assert "padding left out" in found.recipe
    assert np.asarray(effective(trace, 0, 1, queries=kept)) == pytest.approx(found.values[kept], rel=1e-5, abs=1e-6)


def test_portions_rows_and_names(monkeypatch):
    trace = trace_of(layer(tokens=9))
    whole = effective(trace, 0, 3)
    assert np.array_equal(effective(trace, "L0H3"), whole)
    chosen = effective(trace, -1, -1, queries=[4, -1])
    assert np.asarray(chosen) == pytest.approx(whole.values[[4, 8]], rel=1e-5, abs=1e-6)
    assert {pair.query for pair in chosen.top(18)} == {4, 8}
    monkeypatch.setattr("attnwidget.engine.trace.recompute.TILE", 1)
    assert np.asarray(effective(trace, 0, 3)) == pytest.approx(np.asarray(whole), rel=1e-5, abs=1e-6)
    for said in ("L0H3", "rank 6 for 9 keys", "1e-06", "may be negative", "not normalised"):
        assert said in whole.recipe


def test_one_token_and_half_precision():
    assert np.asarray(effective(trace_of(layer(tokens=1)), 0, 0)).tolist() == [[1.0]]
    block = layer(tokens=8)
    half = replace(
        block,
        **{name: getattr(block, name).bfloat16() for name in ("q", "k", "v")},
        projection=Projection("o_proj", block.projection.weight.bfloat16()),
    )
    every, trace = carried(half, 2).numpy(), trace_of(half)
    expected = trace.weights(0, 2).double().numpy() @ every
    found = np.asarray(effective(trace, 0, 2), np.float64) @ every
    assert np.abs(found - expected).max() <= 1e-5 * np.abs(expected).max()


@pytest.mark.parametrize("trace", [example(), trace_of(replace(layer(), v=None))])
def test_without_values_they_are_named(trace):
    with pytest.raises(aw.AttnWidgetError, match=r"no values \(v\).*aw\.load\(model\)"):
        effective(trace, 0, 0)


@pytest.mark.parametrize("wrong", [{"layer": 3}, {"layer": 0}, {"layer": "L0"}, {"layer": 0, "head": 9}])
def test_what_is_not_there_is_refused(wrong):
    with pytest.raises(aw.AttnWidgetError):
        effective(trace_of(layer()), **wrong)


@pytest.mark.parametrize("name", ["q", "v"])
def test_numbers_that_are_none_are_refused(name):
    block = layer()
    tensor = getattr(block, name).clone()
    tensor[0, 0, 2] = torch.nan
    with pytest.raises(aw.AttnWidgetError, match="NaN or infinite"):
        effective(trace_of(replace(block, **{name: tensor})), 0, 0)
