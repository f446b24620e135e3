"""The statistics of surveys beside scipy's own calls, one head at a time, and beside closed forms."""

import numpy as np
import pytest
from scipy import stats

from attnwidget.experiments.surveys.statistics import (
    DRAWS_OF_TEXTS,
    corrected,
    difference_of,
    difference_of_groups,
    spread_of,
)

DRAW = np.random.default_rng(3)


def test_mean_and_interval_are_scipys_of_each_head():
    values = DRAW.normal(0.4, 0.1, (60, 2, 3))
    found = spread_of(values)
    own = stats.bootstrap((values[:, 1, 2],), np.mean, n_resamples=4000, method="percentile").confidence_interval
    assert found.mean[1, 2] == pytest.approx(values[:, 1, 2].mean())
    assert found.spread[1, 2] == pytest.approx(values[:, 1, 2].std(ddof=1))
    assert (found.low[1, 2], found.high[1, 2]) == pytest.approx((own.low, own.high), abs=0.004)


def test_the_interval_holds_the_mean_as_often_as_it_says():
    inside = 0
    for _ in range(200):
        found = spread_of(DRAW.normal(0, 1, (40, 1)))
        inside += bool(found.low[0] <= 0 <= found.high[0])
    assert 0.88 <= inside / 200 <= 0.99


def test_texts_without_a_number_do_not_count():
    values = np.array([[0.1, np.nan]] * 3 + [[0.3, 0.5]] * 6)
    found = spread_of(values)
    assert found.texts.tolist() == [9, 6]
    assert found.mean == pytest.approx([(0.3 + 1.8) / 9, 0.5])
    assert (found.low[1], found.high[1]) == pytest.approx((0.5, 0.5))


def test_four_texts_carry_no_interval():
    found = spread_of(np.array([[0.1], [0.2], [0.3], [0.4]]))
    assert found.mean[0] == pytest.approx(0.25)
    assert np.isnan(found.low[0])
    assert np.isnan(difference_of(np.ones((4, 1)), np.zeros((4, 1))).p[0])


def test_differences_are_paired():
    base = DRAW.normal(0, 1, (30, 1, 2))
    shift = DRAW.normal(0.2, 0.1, (30, 1, 2))
    found = difference_of(base + shift, base)
    own = shift[:, 0, 0]
    assert found.effect[0, 0] == pytest.approx(own.mean() / own.std(ddof=1))
    alone = [stats.wilcoxon(shift[:, 0, head]).pvalue for head in range(2)]
    assert found.p[0] == pytest.approx(stats.false_discovery_control(alone, method="by"))


def test_what_is_the_same_under_a_control_is_no_difference():
    values = DRAW.normal(0, 1, (10, 1))
    found = difference_of(values, values)
    assert (found.difference.mean[0], found.p[0]) == (0, 1)


def test_correction_leaves_out_heads_without_a_number():
    assert corrected(np.array([np.nan, 0.04])).tolist()[1] == pytest.approx(0.04)


def test_groups_are_compared_by_cliffs_delta():
    first, second = np.array([1.0, 2, 3, 4, 5, 9]), np.array([0.0, 2, 2, 3, np.nan, 1])
    difference, delta, p = difference_of_groups(first, second)
    other = second[~np.isnan(second)]
    assert delta == pytest.approx(np.sign(first[:, None] - other).mean())
    assert p == pytest.approx(stats.mannwhitneyu(first, other).pvalue)
    assert difference.low < difference.mean == first.mean() - other.mean() < difference.high
    assert DRAWS_OF_TEXTS >= 1000
