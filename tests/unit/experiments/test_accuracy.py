"""How well numbers find words: against scikit-learn, and against lots that are really drawn."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from attnwidget.experiments.league.accuracy import area_under_curve, first_words, precision_at

WORDS = st.lists(st.tuples(st.integers(-3, 3), st.booleans()), min_size=2, max_size=30)


@given(WORDS)
def test_the_area_is_that_of_scikit_learn_ties_included(words: list[tuple[int, bool]]) -> None:
    values, decides = np.array([float(value) for value, _ in words]), np.array([one for _, one in words])
    assume(decides.any() and not decides.all())
    assert area_under_curve(values, decides) == pytest.approx(roc_auc_score(decides, values))


@given(WORDS, st.integers(0, 2**31))
def test_precision_is_what_the_first_words_have_on_average(words: list[tuple[int, bool]], seed: int) -> None:
    values, decides = np.array([float(value) for value, _ in words]), np.array([one for _, one in words])
    assume(decides.any())
    count = int(decides.sum())
    drawn = [np.mean(decides[list(first_words(values, count, (seed, again)))]) for again in range(200)]
    assert precision_at(values, decides) == pytest.approx(np.mean(drawn), abs=0.2)
    least = np.sort(values)[-count]
    assert all(values[at] >= least for at in first_words(values, count, (seed,)))


def test_where_no_word_decides_or_every_one_there_is_no_number() -> None:
    values = np.array([1.0, 2.0])
    assert np.isnan(area_under_curve(values, np.array([True, True])))
    assert np.isnan(area_under_curve(values, np.array([False, False])))
    assert np.isnan(precision_at(values, np.array([False, False])))
