"""Concentration: numpy, closed forms, bad counts."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import attnwidget as aw
from tests.unit.traces import example, random_trace


@given(st.integers(1, 9), st.integers(1, 12), st.booleans())
def test_against_sorting_with_numpy(size, count, causal):
    trace = random_trace(2, 3, size, causal=causal)
    largest = [np.sort(trace.weights(layer).numpy(), -1)[..., -count:].sum(-1).mean(-1) for layer in range(2)]
    assert np.asarray(aw.concentration(trace, count=count)) == pytest.approx(np.array(largest), rel=1e-5, abs=1e-6)


def test_one_largest_weight_is_the_confidence():
    trace = random_trace()
    assert np.asarray(aw.concentration(trace, count=1)) == pytest.approx(
        np.asarray(aw.confidence(trace)), rel=1e-5, abs=1e-6
    )


def test_more_than_there_are_gives_the_sum_of_the_row_which_sinks_make_less_than_one():
    trace = aw.Trace.from_weights([torch.full((2, 4, 4), 0.2)], list("abcd"))
    assert np.asarray(aw.concentration(trace, count=9)) == pytest.approx(np.full((1, 2), 0.8), rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("count", [0, -1, 2.0, True, None, "5"])
def test_bad_counts(count):
    with pytest.raises(aw.AttnWidgetError, match="whole number of 1 or more"):
        aw.concentration(example(), count=count)


def test_numbers_of_numpy_are_counts():
    assert "2 largest" in aw.concentration(example(), count=np.int64(2)).recipe
