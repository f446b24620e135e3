"""Faithfulness of a scorer whose answer is known."""

import numpy as np
import pytest

from attnwidget.experiments.agreement.curves import curve_counts, random_orders, scored, share_counts
from attnwidget.experiments.agreement.faithfulness import curve_numbers

WEIGHTS = np.array([0.4, 0.3, 0.2, 0.1])


def additive(sets):
    return np.array([WEIGHTS.sum() - WEIGHTS[list(one)].sum() for one in sets])


@pytest.mark.parametrize(("values", "comprehensive", "sufficient"), [(WEIGHTS, 0.75, 0.25), (-WEIGHTS, 0.5, 0.5)])
def test_aopc_of_an_additive_scorer_is_what_erasers_code_gives(values, comprehensive, sufficient):
    # (.4, .3, .2, .1) in its own order and in the reverse: run once with rationale_benchmark/metrics.py.
    found = curve_numbers(values, (0.25, 0.5, 0.75, 1.0), random_orders(4, 3, 0), additive)
    assert found[0] == pytest.approx(comprehensive)
    assert found[1] == pytest.approx(sufficient)


def test_curves_begin_with_all_and_end_with_none_and_add_up():
    *_, deletion, insertion, random_deletion, random_insertion = curve_numbers(
        WEIGHTS, (0.5,), random_orders(4, 20, 0), additive
    )
    assert deletion.counts == (0, 1, 2, 3, 4)
    assert np.allclose(deletion.values, [1, 0.6, 0.3, 0.1, 0])
    assert np.allclose(insertion.values, 1 - deletion.values)
    assert np.allclose(random_deletion + random_insertion, 1)
    assert (random_deletion.mean(0) >= deletion.values - 1e-9).all()  # no order falls faster than the right one
    assert deletion.area == pytest.approx(0.375)


def test_shares_count_at_least_one_word_and_equal_ones_count_twice():
    assert share_counts((0.01, 0.05, 0.1, 0.2, 0.5), 7) == (1, 1, 1, 2, 4)
    assert share_counts((1.0,), 3) == (3,)
    assert curve_counts(1) == (0, 1)


def test_equal_sets_are_asked_for_once():
    heard = []

    def scores(sets):
        heard.append(sets)
        return np.arange(len(sets), dtype=float)

    assert scored([(1,), (), (1,)], scores).tolist() == [0, 1, 0]
    assert heard == [[(1,), ()]]
