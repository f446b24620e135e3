"""Results: arrays that carry their recipe, and what is computed from them."""

import numpy as np
import pytest

import attnwidget as aw
from attnwidget.measures.results import HeadScores, KeyScores, TokenMap, TokenScores

from .traces import example

A, B = np.array([[0.1, 0.9], [0.5, np.nan]]), np.array([[0.3, 0.2], [0.5, 1.0]])


def test_arithmetic_and_comparison_give_plain_arrays():
    one, other = HeadScores(A, "one"), HeadScores(B, "other")
    for found, expected in (
        (one - other, A - B),
        (one - B, A - B),
        (A - other, A - B),
        (1 - one, 1 - A),
        (-one, -A),
        (one > 0.4, A > 0.4),
        (one == other, A == B),
        (np.isnan(one), np.isnan(A)),
        (np.maximum(one, other), np.maximum(A, B)),
        (np.add.reduce(one), A.sum(0)),
    ):
        assert type(found) is np.ndarray
        np.testing.assert_array_equal(found, expected)


def test_two_entropies_can_be_subtracted():
    assert not (aw.entropy(example()) - aw.entropy(example())).any()


def test_a_result_is_never_written_into():
    one = HeadScores(A.copy(), "one")
    with pytest.raises(TypeError):
        np.add(B, 1, out=one)
    with pytest.raises(AttributeError):
        one.values = B


def test_a_result_is_still_a_key_of_a_dictionary():
    one, other = HeadScores(A, "one"), HeadScores(A, "one")
    assert {one: 1, other: 2}[one] == 1


RESULTS = [
    HeadScores(B, ""),
    TokenScores(B[0], "", ("a", "b")),
    KeyScores(B, "", ("a", "b")),
    TokenMap(B, "", ("a", "b"), ("a", "b")),
]


@pytest.mark.parametrize("result", RESULTS)
@pytest.mark.parametrize("count", ["a", 2.0, None, True, np.array([1, 2])])
def test_how_many_are_wanted_is_a_whole_number(result, count):
    with pytest.raises(aw.AttnWidgetError, match="no whole number"):
        result.top(count)


@pytest.mark.parametrize("result", RESULTS)
def test_none_and_fewer_are_none(result):
    assert result.top(0) == result.top(-1) == ()
    assert len(result.top(np.int64(1))) == 1
