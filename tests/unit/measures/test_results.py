"""Results: arrays that carry their recipe, and what is computed from them."""

import inspect
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch

import attnwidget as aw
from attnwidget.measures.comparison.drift import Drift, DriftedNumber
from attnwidget.measures.comparison.word_times import SpokenWord, WordTimes
from attnwidget.measures.over_texts.smoothing import Smoothing
from attnwidget.measures.results import HeadScores, KeyScores, LayerScores, PlaceScores, TokenMap, TokenScores
from tests.unit.traces import example

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


UNEVEN = np.array([0.5, np.nan, 2.0, 0.5, -1.0])
"""Five numbers: two are equal, one is none."""

ROWS = aw.Trace.from_weights([torch.tensor([[[1.0, 0, 0], [0.5, 0.5, 0], [0.25, 0.25, 0.5]]])], list("abc"))

TOPS = {
    "places": PlaceScores(UNEVEN[None], "", ("L0",), tuple("abcde")),
    "heads": HeadScores(UNEVEN[None], ""),
    "layers": LayerScores(UNEVEN, ""),
    "smoothing": Smoothing(UNEVEN, ""),
    "tokens": TokenScores(UNEVEN, "", tuple("abcde")),
    "keys of heads": KeyScores(UNEVEN[None], "", tuple("abcde")),
    "pairs": TokenMap(UNEVEN[None], "", ("q",), tuple("abcde")),
    "sinks": replace(aw.attention_sinks(ROWS), received=TokenScores(UNEVEN, "", tuple("abcde"))),
    "influence": replace(aw.trace_influence(ROWS, 2), row=TokenScores(UNEVEN, "", tuple("abcde"))),
    "allocation": replace(aw.allocation(ROWS), shares={"picture": HeadScores(UNEVEN[None], "")}),
}
"""One of each result that has a top, made of the same numbers."""

DRIFT = Drift(
    tuple(
        DriftedNumber(name, 0, 1, at, 0.5, p, p)
        for at, (name, p) in enumerate(zip("abc", (0.5, 0.1, 0.5), strict=True))
    ),
    (),
    "",
)

WORDS = WordTimes(
    tuple(
        SpokenWord(word, at, stop, (at, at + 1)) for at, (word, stop) in enumerate(zip("abc", (1, 3, 2.5), strict=True))
    ),
    np.array([1, 3, 2.5]),
    ((0, 0),),
    "",
)
OTHERS = {"drift": DRIFT, "word times": WORDS}


def test_every_result_with_a_top_is_here():
    of_measures = [sys.modules[name] for name in list(sys.modules) if name.startswith("attnwidget.measures.")]
    with_top = {
        own.__name__
        for module in of_measures
        for own in vars(module).values()
        if isinstance(own, type) and own.__module__ == module.__name__ and hasattr(own, "top")
    }
    assert with_top == {type(result).__name__ for result in [*TOPS.values(), *OTHERS.values()]}


@pytest.mark.parametrize("result", [*TOPS.values(), *OTHERS.values()], ids=[*TOPS, *OTHERS])
def test_top_is_asked_in_the_same_way_of_all(result):
    asked = inspect.signature(type(result).top).parameters.values()
    assert [(one.name, one.default, one.kind.name) for one in asked][1:] == [
        ("count", 5, "POSITIONAL_OR_KEYWORD"),
        ("lowest", False, "KEYWORD_ONLY"),
    ]
    for count in ("a", 2.0, None, True, np.array([1, 2])):
        with pytest.raises(aw.AttnWidgetError, match="give a whole number"):
            result.top(count)
    with pytest.raises(aw.AttnWidgetError, match="give True or False"):
        result.top(lowest=1)
    assert result.top(0) == result.top(-1) == ()
    assert len(result.top(np.int64(1))) == 1
    assert result.top(99) == result.top(5)


@pytest.mark.parametrize("result", TOPS.values(), ids=TOPS)
def test_the_best_come_first_of_equals_the_first_and_nan_never(result):
    def place(row):
        return next(getattr(row, name) for name in ("key", "position", "head", "layer") if hasattr(row, name))

    def places(**options):
        if isinstance(result, KeyScores):
            assert {row.head for row in result.top(99, **options)} == {0}
        return [place(row) for row in result.top(99, **options)]

    assert places() == [2, 0, 3, 4]
    assert places(lowest=True) == [4, 0, 3, 2]
    assert [row.value for row in result.top(2)] == [2.0, 0.5]
    assert {type(row).__name__ for row in result.top()} <= {
        f"Ranked{kind}" for kind in ("Head", "Layer", "Token", "Key", "Pair", "Place")
    }
    assert all(row._fields[-1] == "value" for row in result.top())


def test_the_lowest_p_drifted_most():
    assert [number.name for number in DRIFT.top()] == ["b", "c", "a"]  # of equal p the larger difference
    assert [number.name for number in DRIFT.top(lowest=True)] == ["a", "c", "b"]
