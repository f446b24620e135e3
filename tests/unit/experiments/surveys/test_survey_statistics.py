"""The statistics of surveys beside scipy's own calls, one head at a time, and beside closed forms."""

import numpy as np
import pytest
from bokeh.models import ColumnDataSource
from scipy import stats

import attnwidget as aw
from attnwidget.experiments.surveys.records import Answered, QuestionSaid
from attnwidget.experiments.surveys.result import Survey
from attnwidget.experiments.surveys.statistics import (
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


def some_head_survey():
    """Two heads of 24 texts: the first does it more on the texts that choose, the second more on all."""
    values = np.zeros((24, 1, 2))
    values[::2] = (0.6, 0.5)
    values[1::2] = (0.4, 0.9)
    values += DRAW.normal(0, 0.01, values.shape)
    said = QuestionSaid("some head reads it", "weight", "of its weight", "reads", ((0, 0), (0, 1)), one_of=True)
    uniform = np.full((1, 2), 0.1)
    return Survey(
        said, tuple(Answered(at, f"text {at}", None, {}, one, {"uniform": uniform}) for at, one in enumerate(values))
    )


def test_the_verdict_and_the_charts_are_of_one_head_and_the_same_texts():
    found = some_head_survey()
    assert found.head == (0, 0)
    assert found.overall.mean == pytest.approx(found.values[1::2, 0, 0].mean())
    assert f"L0H0 with {found.overall!r}" in found.verdict.sentence
    assert repr(found.beside("uniform").overall) in found._repr_html_()
    chart = aw.plots.survey_texts(found)
    drawn = [
        sorted(source.data["value"]) for source in chart.select({"type": ColumnDataSource}) if "row" in source.data
    ]
    assert sorted(found.values[1::2, 0, 0]) in drawn
    assert "12 texts" in found._repr_html_()


def test_a_default_control_without_room_is_left_out_and_one_that_was_asked_for_is_not():
    texts, model = ["The cat sat on the mat."] * 5 + ["Cat"], aw.load()
    found = aw.survey(model, texts, aw.entropy, progress=False)
    assert (len(found), found.beside("shuffled words").overall.texts) == (6, 5)
    asked = aw.survey(model, texts, aw.entropy, controls=["shuffled words"], progress=False)
    assert len(asked) == 5
    assert "shuffled" in asked.unanswered[0].reason
