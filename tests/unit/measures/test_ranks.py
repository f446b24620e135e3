"""Rank agreement against scipy, which did not write it."""

import numpy as np
import pytest
from scipy import stats

from attnwidget.measures.ranks import RESAMPLES, chance, correlations, shuffled, spearman, top_in_common

DRAWS = np.random.default_rng(5)
COLUMNS = np.stack([DRAWS.normal(size=30), DRAWS.integers(0, 4, 30), DRAWS.integers(0, 9, 30)]).astype(float)


def test_correlations_are_those_of_scipy_with_ties():
    expected = stats.spearmanr(COLUMNS, axis=1).statistic
    assert np.allclose(spearman(COLUMNS), expected, atol=1e-12)
    assert np.allclose(correlations(COLUMNS).rho, expected, atol=1e-12)


def test_intervals_are_those_of_scipys_bootstrap_over_the_same_draws():
    found = correlations(COLUMNS, seed=3)
    for one, other in ((0, 1), (1, 2)):
        expected = stats.bootstrap(
            (COLUMNS[one], COLUMNS[other]),
            lambda a, b: stats.spearmanr(a, b).statistic,
            paired=True,
            vectorized=False,
            method="percentile",
            n_resamples=RESAMPLES,
            rng=np.random.default_rng(3),
        ).confidence_interval
        assert np.allclose((found.low[one, other], found.high[one, other]), expected, atol=1e-9)


def test_a_column_without_ranks_has_no_correlation():
    found = correlations(np.stack([COLUMNS[0], np.ones(30)]))
    assert np.isnan(found.rho[0, 1])
    assert np.isnan(found.low[0, 1])
    assert chance(np.ones(30), COLUMNS[0], 5) is None


def test_the_interval_of_chance_is_that_of_a_permutation_test():
    found = chance(COLUMNS[0], COLUMNS[2], 5)
    assert abs(found.rho) < 0.03
    assert found.high == pytest.approx(1.96 / np.sqrt(29), abs=0.04)  # the normal limit, 1 / sqrt(n - 1)
    assert found.low == pytest.approx(-found.high, abs=0.06)
    assert found.top == pytest.approx(5 / 30, abs=0.03)
    assert all(sorted(order) == sorted(COLUMNS[0]) for order in shuffled(COLUMNS[0])[:3])


@pytest.mark.parametrize(
    ("other", "common"),
    [([4, 3, 2, 1], 1.0), ([1, 2, 3, 4], 0.0), ([1, 1, 1, 1], 0.5), ([9, 1, 1, 1], 0.5 + 1 / 6)],
)
def test_the_largest_in_common_where_equal_ones_are_drawn_by_lot(other, common):
    assert top_in_common(np.array([4.0, 3, 2, 1]), np.array(other, float), 2) == pytest.approx(common)
