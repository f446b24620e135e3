"""Rollout: constants of the reference implementation, closed forms, laws."""

import hashlib

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import attnwidget as aw

from .traces import example, random_trace


def test_the_reference_constants():
    whole = np.asarray(aw.rollout(example()))
    assert whole == pytest.approx(np.array([[1, 0, 0], [0.5125, 0.4875, 0], [0.3275, 0.1325, 0.54]]), abs=1e-6)
    assert np.asarray(aw.rollout(example(), residual=0.0, query=-1)) == pytest.approx([0.61, 0.18, 0.21], abs=1e-6)
    assert np.asarray(aw.rollout(example(), fusion="max", query=2)) == pytest.approx(
        [0.411458, 0.119792, 0.46875], abs=1e-6
    )
    assert np.asarray(aw.rollout(example(), fusion="min", query=2)) == pytest.approx(
        [0.191406, 0.152344, 0.65625], abs=1e-6
    )


@pytest.mark.parametrize("layers", [1, 6, 12])
def test_uniform_attention_both_ways(layers):
    n = 6
    trace = aw.Trace.from_weights([torch.full((2, n, n), 1 / n)] * layers, list("abcdef"))
    expected = 2.0**-layers * np.eye(n) + (1 - 2.0**-layers) / n
    assert np.asarray(aw.rollout(trace)) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(("layers", "share"), [(1, 0.083), (6, 0.586), (12, 0.893), (24, 0.996)])
def test_causal_rollout_collapses_on_the_first_token(layers, share):
    uniform = torch.ones(6, 6).tril() / torch.arange(1, 7)[:, None]
    trace = aw.Trace.from_weights([uniform[None]] * layers, list("abcdef"))
    assert float(aw.rollout(trace, query=-1)[0]) == pytest.approx(share, abs=1e-3)
    # and the null model says that nothing was found
    ratio = np.asarray(aw.rollout(trace, query=-1, null="uniform"))
    assert ratio == pytest.approx(np.ones(6), abs=1e-4)


@given(st.integers(1, 4), st.integers(1, 9), st.booleans(), st.sampled_from(["mean", "max", "min"]), st.floats(0, 1))
def test_rows_sum_to_one_and_causality_is_kept(layers, size, causal, fusion, residual):
    trace = random_trace(layers, 3, size, causal=causal)
    whole = np.asarray(aw.rollout(trace, fusion=fusion, residual=residual))
    assert whole.sum(-1) == pytest.approx(np.ones(size), abs=1e-5)
    if causal:
        assert np.abs(np.triu(whole, 1)).max() == 0


@given(st.integers(1, 4), st.integers(1, 8), st.permutations(range(4)))
def test_one_row_is_the_row_of_the_whole_and_heads_may_be_permuted(layers, size, order):
    trace = random_trace(layers, 4, size)
    whole = np.asarray(aw.rollout(trace))
    for query in range(size):
        assert np.asarray(aw.rollout(trace, query=query)) == pytest.approx(whole[query], abs=1e-6)
    shuffled = aw.Trace.from_weights([trace.weights(layer)[order] for layer in range(layers)], trace.text)
    assert np.asarray(aw.rollout(shuffled)) == pytest.approx(whole, abs=1e-6)


def test_the_diagonal_of_a_causal_rollout():
    trace = random_trace(5, 3, 6, causal=True)
    mean = torch.stack([trace.weights(layer).mean(0).diagonal() for layer in range(5)])
    expected = ((1 + mean) / 2).prod(0)
    assert np.asarray(aw.rollout(trace)).diagonal() == pytest.approx(expected.numpy(), abs=1e-6)


def test_no_measure_changes_its_trace():
    trace = random_trace()
    before = _hash(trace)
    aw.rollout(trace)
    aw.rollout(trace, query=0, null="uniform", fusion="max")
    aw.entropy(trace)
    assert _hash(trace) == before


@pytest.mark.parametrize(
    "wrong",
    [
        {"fusion": "median"},
        {"residual": 2.0},
        {"null": "shuffled"},
        {"query": 9},
        {"query": (0, 2)},
        {"query": slice(1)},
        {"part": "cross"},
    ],
)
def test_bad_options(wrong):
    with pytest.raises(aw.AttnWidgetError):
        aw.rollout(example(), **wrong)


def test_maps_that_are_not_square():
    trace = aw.Trace.from_weights([torch.rand(2, 3, 5).softmax(-1)], list("abc"), list("vwxyz"), part="cross")
    with pytest.raises(aw.AttnWidgetError, match="square"):
        aw.rollout(trace)


def test_the_recipe_travels_with_the_numbers():
    result = aw.rollout(example(), query=-1, fusion="max")
    assert "fused by max" in result.recipe
    assert "TokenScores(3;" in repr(result)


def _hash(trace):
    return hashlib.sha256(b"".join(trace.weights(layer).numpy().tobytes() for layer in range(3))).hexdigest()
