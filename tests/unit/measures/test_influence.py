"""What one query reads, in the mean over heads and layers."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import attnwidget as aw
from tests.unit.traces import T0, example, random_trace


def test_the_example_by_hand():
    found = aw.trace_influence(example(), 2)
    assert np.asarray(found) == pytest.approx(np.array(T0)[:, :, 2].mean((0, 1)), rel=1e-5, abs=1e-6)
    assert found.positions == (2, 0, 1)
    assert found.pieces == ("c", "a", "b")
    assert found.values == pytest.approx((0.475, 0.35, 0.175), rel=1e-5, abs=1e-6)
    assert aw.trace_influence(example(), -1, threshold=0.2).positions == (2, 0)
    assert aw.trace_influence(example(), 2, 0.9).positions == ()


@given(st.integers(1, 4), st.integers(1, 9), st.data())
def test_against_numpy(layers, size, data):
    query = data.draw(st.integers(-size, size - 1))
    threshold = data.draw(st.floats(0, 1))
    trace = random_trace(layers, 3, size)
    row = np.stack([trace.weights(layer).numpy() for layer in range(layers)])[:, :, query].mean((0, 1))
    found = aw.trace_influence(trace, query, threshold)
    assert np.asarray(found) == pytest.approx(row, rel=1e-5, abs=1e-6)
    assert list(found.values) == sorted(found.values, reverse=True)
    assert set(found.positions) == {i for i, value in enumerate(np.asarray(found).tolist()) if value > threshold}


def test_of_equal_keys_the_first_comes_first():
    trace = aw.Trace.from_weights([torch.full((1, 4, 4), 0.25)], list("abcd"))
    assert aw.trace_influence(trace, 0).positions == (0, 1, 2, 3)
    assert aw.trace_influence(trace, 0, 0.25).positions == ()


def test_every_head_counts_alike_where_layers_differ():
    away = torch.tensor([[0.0, 1.0], [1.0, 0.0]])
    trace = aw.Trace.from_weights([torch.eye(2).expand(3, 2, 2), None, away[None]], ["a", "b"])
    assert np.asarray(aw.trace_influence(trace, 0)) == pytest.approx([0.75, 0.25])


def test_cross_attention():
    maps = torch.rand(2, 3, 5).softmax(-1)
    trace = aw.Trace.from_weights([maps], list("abc"), list("vwxyz"), part="cross")
    found = aw.trace_influence(trace, 1)
    assert np.asarray(found) == pytest.approx(maps[:, 1].mean(0).numpy(), rel=1e-5, abs=1e-6)
    assert found.row.pieces == tuple("vwxyz")


def test_its_length_is_how_many_were_found_so_that_none_is_false():
    found, none = aw.trace_influence(example(), 2, 0.2), aw.trace_influence(example(), 2, 0.9)
    assert (len(found), bool(found)) == (2, True)
    assert (len(none), bool(none)) == (0, False)
    assert np.asarray(none).shape == none.row.shape == (3,)


def test_what_it_reads_like():
    shown = repr(aw.trace_influence(example(), 2, 0.2))
    assert "query 2: 2 'c' 0.475, 0 'a' 0.35; above 0.2" in shown
    assert "mean over all heads and layers" in shown
    assert aw.trace_influence(example(), 2).top(1)[0].piece == "c"


@pytest.mark.parametrize("query", [3, -4, 1.0, True, None, [0, 1], "a"])
def test_queries_that_are_not_there(query):
    with pytest.raises(aw.AttnWidgetError, match="query"):
        aw.trace_influence(example(), query)


@pytest.mark.parametrize("threshold", [-1, 2, float("nan"), "much", True])
def test_thresholds_that_are_no_shares(threshold):
    with pytest.raises(aw.AttnWidgetError, match="number from 0 to 1"):
        aw.trace_influence(example(), 0, threshold)


def test_padding_reads_nothing():
    text = replace(aw.Tokens.from_pieces(["a", "b", "[PAD]"]), padding=(False, False, True))
    with pytest.raises(aw.AttnWidgetError, match="padding"):
        aw.trace_influence(aw.Trace.from_weights([torch.eye(3)[None]], text), 2)
