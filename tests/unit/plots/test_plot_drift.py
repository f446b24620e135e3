"""The chart of drift: which heads, by how much, and since when."""

import numpy as np
import pytest
from bokeh.models import Segment

import attnwidget as aw
from attnwidget.measures.comparison.drift import stretches
from attnwidget.plots.heads import NAME
from tests.unit.plots.charts import caption, drifted


def ticks(figure):
    """Where the marks of a change stand: the segments that go upright."""
    drawn = [one.data_source.data for one in figure.renderers if isinstance(one.glyph, Segment)]
    return [(one["x0"][0], round(sum((*one["y0"], *one["y1"])) / 2)) for one in drawn if one["x0"][0] == one["x1"][0]]


def test_only_what_drifted_has_a_tick_and_it_stands_where_it_changed():
    found = drifted()
    figure = aw.plots.drifted_heads(found)
    assert ticks(figure) == [(20, 0)]
    assert found["entropy.L0H1"].since == 20
    assert figure.yaxis[0].major_label_overrides[0] == "L0H1 · entropy"
    assert "1 of 3 numbers drifted" in " ".join(caption(figure).split())


def test_a_click_finds_the_head_and_the_means_of_its_texts():
    found = drifted()
    sources = aw.plots.drifted_heads(found).select({"name": NAME})
    data = next(one.data for one in sources if set(one.data["label"]) == {"L0H1 · entropy"})
    assert (set(data["layer"]), set(data["head"])) == ({0}, {1})
    values = found.samples["entropy.L0H1"][1]
    np.testing.assert_allclose(data["value"], [one.mean() for one in np.array_split(values, 8)])


def test_intervals_are_students():
    from scipy.stats import t

    values = np.random.default_rng(3).normal(size=300)
    values[7] = np.nan
    found = stretches(values, start=-300)
    assert len(found.mean) == 24
    assert (found.first[0], found.last[-1]) == (-300, -1)
    own = np.delete(values[: found.last[0] + 301], 7)
    low, high = t.interval(0.95, len(own) - 1, own.mean(), own.std(ddof=1) / np.sqrt(len(own)))
    assert (found.mean[0], found.low[0], found.high[0]) == pytest.approx((own.mean(), low, high))


def test_rows_without_a_head_are_drawn_where_there_is_nothing_else():
    before, after = ([{"tokens": shift + at, "length": at % 3} for at in range(12)] for shift in (0, 50))
    figure = aw.plots.drifted_heads(aw.drift(before, after), 1)
    assert figure.yaxis[0].major_label_overrides == {0: "tokens"}
    assert "other lengths" in " ".join(caption(figure).split())
    with pytest.raises(aw.AttnWidgetError, match=r"aw\.drift"):
        aw.plots.drifted_heads([])
    with pytest.raises(aw.AttnWidgetError, match="count"):
        aw.plots.drifted_heads(drifted(), 0)
