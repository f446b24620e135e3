"""Confidence: constants, closed forms, numpy."""

import numpy as np
import pytest
import torch

import attnwidget as aw
from tests.unit.traces import example, random_trace


def test_the_reference_constants():
    expected = [[0.666667, 0.833333], [0.833333, 0.733333]]
    assert np.asarray(aw.confidence(example())) == pytest.approx(np.array(expected), rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("n", [1, 2, 40])
def test_uniform_attention_is_as_sure_as_one_in_n(n):
    uniform = aw.Trace.from_weights([torch.full((2, n, n), 1 / n)], [str(i) for i in range(n)])
    assert np.asarray(aw.confidence(uniform)) == pytest.approx(np.full((1, 2), 1 / n), rel=1e-5, abs=1e-6)


def test_against_numpy_over_the_rows_of_the_trace():
    trace = random_trace(2, 3, 9, causal=True)
    expected = [trace.weights(layer).numpy().max(-1).mean(-1) for layer in range(2)]
    assert np.asarray(aw.confidence(trace)) == pytest.approx(np.array(expected), rel=1e-5, abs=1e-6)


def test_the_recipe_says_that_no_token_is_left_out():
    assert "all tokens" in aw.confidence(example()).recipe
