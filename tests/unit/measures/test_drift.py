"""Drift between two sets of summaries: scipy's tests, a correction in plain loops, and what is refused."""

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

import attnwidget as aw
from attnwidget.measures.comparison.drift import drift

pytestmark = pytest.mark.filterwarnings("ignore:ks_2samp")  # of the calls that the tests make themselves

SAMPLES = st.lists(st.floats(-9, 9, width=16), min_size=5, max_size=12)


def texts(**columns):
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def normal(count=40, *, names=("a", "b", "c"), seed=0, shift=0.0):
    drawn = np.random.default_rng(seed).normal(size=(len(names), count))
    drawn[0] += shift
    return texts(**dict(zip(names, drawn, strict=True)))


@given(SAMPLES, SAMPLES)
def test_a_single_number_against_scipy(before, after):
    found = drift(texts(x=before), texts(x=after))["x"]
    expected = scipy.stats.ks_2samp(before, after)
    assert found.statistic == expected.statistic
    assert found.p == found.adjusted == expected.pvalue
    assert (found.reference_mean, found.current_mean) == pytest.approx((np.mean(before), np.mean(after)))


@given(SAMPLES, SAMPLES)
def test_the_difference_is_the_t_statistic_without_its_sample_sizes(before, after):
    found = drift(texts(x=before), texts(x=after))["x"].difference
    if min(np.std(before), np.std(after)) > 1e-3:
        t = scipy.stats.ttest_ind(after, before).statistic
        assert found == pytest.approx(t * np.sqrt(1 / len(before) + 1 / len(after)), abs=1e-9)


def test_p_is_adjusted_as_benjamini_and_hochberg_say():
    names = tuple("abcdefgh")
    found = drift(normal(names=names, shift=1.0), normal(names=names, seed=1))
    ranked = sorted(found.numbers, key=lambda number: number.p)
    for rank, number in enumerate(ranked):
        expected = min(1, *(len(names) * other.p / (at + 1) for at, other in enumerate(ranked) if at >= rank), 1)
        assert number.adjusted == pytest.approx(expected)


def test_a_set_has_not_drifted_from_itself():
    found = drift(normal(), normal())
    assert found.alarms(0.99) == ()
    assert all(number.statistic == 0 and number.difference == 0 and number.p == 1 for number in found.numbers)


def test_what_was_shifted_raises_the_alarm_and_comes_first():
    found = drift(normal(), normal(seed=1, shift=2.0))
    assert [number.name for number in found.alarms()] == ["a"]
    assert found.top(1)[0].name == "a"
    assert found["a"].difference > 1
    assert "3 numbers, 1 alarms" in repr(found)
    assert "40 reference and 40 current texts" in found.recipe


def test_numbers_without_spread():
    found = drift(texts(same=[1] * 5, other=[1] * 5), texts(same=[1] * 5, other=[2] * 5))
    assert found["same"].difference == 0
    assert found["other"].difference == np.inf
    assert found["other"].statistic == 1


def test_numbers_that_are_not_everywhere_are_not_compared_and_nan_is_left_out():
    nan = float("nan")
    before = texts(x=[1, 2, 3, 4, 5, nan], few=[1, nan, nan, 2, 3, 4], only=[1] * 6)
    after = texts(x=[1, 2, 3, 4, 5, 6], few=[1, 2, 3, 4, 5, 6])
    found = drift(before, after)
    assert [number.name for number in found.numbers] == ["x"]
    assert found["x"].reference_mean == 3
    assert found.left_out == ("few", "only")
    assert drift(after, before).left_out == ("few", "only")
    with pytest.raises(aw.AttnWidgetError, match="was not compared"):
        found["only"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (normal(4), normal()),
        (normal(), normal(4)),
        (normal(), []),
        (normal(), normal(names=("x", "y"))),
        (normal(), [{"a": "high"}] * 5),
        (normal(), [{"a": None}] * 5),
        (normal(), [{"a": [1, 2]}] * 5),
    ],
)
def test_what_cannot_be_compared_is_refused(before, after):
    with pytest.raises(aw.AttnWidgetError):
        drift(before, after)


WORDS = ["now", "here", "there", "again", "once"]


def summaries(model, begin, per="model"):
    return [aw.summary(model.trace(f"{begin} {word}."), per=per) for word in WORDS]


@pytest.fixture(scope="module")
def tiny():
    return aw.load()


@pytest.mark.parametrize("per", ["model", "layer", "head"])
def test_real_summaries_are_taken_as_they_are(tiny, per):
    before = summaries(tiny, "The cat sat on the mat", per)
    found = drift(before, summaries(tiny, "mat mat mat mat mat mat", per))
    names = {name for text in before for name, fact in text.items() if not isinstance(fact, str)}
    assert {number.name for number in found.numbers} | set(found.left_out) == names
    assert "model" not in {*found.left_out, *(number.name for number in found.numbers)}
    assert found.differing == ()
    assert "differs" not in found.recipe
    assert found["entropy"].reference_mean == pytest.approx(np.mean([text["entropy"] for text in before]))


def test_another_model_or_path_is_said(tiny):
    before = summaries(tiny, "The cat sat")
    eager = [{**text, "path": "eager"} for text in before]
    assert drift(before, eager).differing == ("path",)
    assert "path differs: interface -> eager" in repr(drift(before, eager))
    mixed = [*before[:4], {**before[4], "model": "another"}]
    assert "model differs: tiny-causal -> tiny-causal and another" in drift(before, mixed).recipe


@pytest.mark.parametrize("level", [0, 1, -1, True, "low"])
def test_a_level_that_is_no_probability(level):
    with pytest.raises(aw.AttnWidgetError):
        drift(normal(), normal()).alarms(level)
