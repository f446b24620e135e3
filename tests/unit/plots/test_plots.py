"""Charts: their data are the measures' numbers, and they say how they were made."""

from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
from bokeh.models import ColorBar, HoverTool, LinearColorMapper, TapTool
from hypothesis import given, settings
from hypothesis import strategies as st

import attnwidget as aw
from attnwidget import plots
from attnwidget.measures.results import TokenMap
from attnwidget.plots.colours import LIGHT
from attnwidget.plots.metrics import UNITS
from tests.unit.plots.charts import EVERY, RECIPE, caption, heads, scores, translation
from tests.unit.traces import example, random_trace


def test_a_grid_holds_the_numbers_of_the_measure():
    trace = random_trace(3, 4)
    data = heads(plots.head_grid(trace, "entropy"))
    expected = np.asarray(aw.entropy(trace))
    for layer, head, value in zip(data["layer"], data["head"], data["value"], strict=True):
        assert value == pytest.approx(float(expected[layer, head]))
    assert len(data["value"]) == 12


def test_a_metric_may_be_a_name_a_function_or_scores():
    trace = example()
    by_name = heads(plots.head_grid(trace, "entropy"))["value"]
    assert heads(plots.head_grid(trace))["value"] == by_name
    assert heads(plots.head_grid(trace, aw.entropy))["value"] == by_name
    assert heads(plots.head_grid(aw.entropy(trace)))["value"] == by_name
    firsts = lambda trace, part=None: aw.share(trace, "first", part=part)  # noqa: E731 - as the sentence shows it
    assert heads(plots.head_grid(trace, firsts))["value"] == np.asarray(aw.share(trace, "first")).ravel().tolist()
    share = plots.head_grid(trace, partial(aw.entropy, normalised=True))
    assert share.select_one(ColorBar).title == "share"


@pytest.mark.parametrize("metric", sorted(UNITS))
def test_every_measure_that_is_offered_can_be_drawn(metric):
    assert len(heads(plots.head_grid(random_trace(2, 3), metric))["value"]) == 6


def test_heads_without_a_number_are_hatched_and_say_so():
    figure = plots.head_grid(scores([[1, 2], [np.nan, np.nan], [3, np.nan]]))
    assert heads(figure)["text"] == [
        "1.000 nats",
        "2.000 nats",
        "no attention",
        "no attention",
        "3.000 nats",
        "no such head, or no number",
    ]
    hatched = [drawn for drawn in figure.renderers if getattr(drawn.glyph, "hatch_pattern", None) == "/"]
    assert hatched[0].view.filter.booleans == [False, False, True, True, False, True]
    assert "Hatched: no attention." in caption(figure)
    assert "atched" not in caption(plots.head_grid(scores([[1, 2]])))


@settings(max_examples=12)
@given(st.integers(1, 5), st.integers(1, 5), st.sampled_from([0.0, 1.0, np.nan]))
def test_tables_of_any_size_and_of_one_value_have_a_scale(depth, count, value):
    mapper = plots.head_grid(scores(np.full((depth, count), value))).select_one(LinearColorMapper)
    assert mapper.low < mapper.high
    plots.layer_profile(scores(np.full((depth, count), value)))


def test_numbers_on_both_sides_of_nothing_part_there():
    mapper = plots.head_grid(scores([[-1, 3]])).select_one(LinearColorMapper)
    assert (mapper.low, mapper.high) == (-3, 3)
    assert tuple(mapper.palette) == LIGHT.ramps["differences"]


def test_many_heads_have_few_ticks():
    figure = plots.head_grid(scores(np.random.default_rng(0).random((80, 64))))
    assert len(figure.xaxis[0].ticker.ticks) <= 20
    assert len(figure.yaxis[0].ticker.ticks) <= 16
    assert figure.height < 1000
    assert plots.head_grid(scores([[1, 2], [3, 4]])).xaxis[0].ticker.ticks == [0, 1]


def test_a_profile_has_the_mean_and_the_quartiles_of_each_layer():
    table = np.random.default_rng(1).random((4, 9)).astype(np.float32)
    table[2] = np.nan
    figure = plots.layer_profile(scores(table))
    summary = figure.renderers[0].data_source.data
    assert summary["mean"][[0, 1, 3]] == pytest.approx(table[[0, 1, 3]].mean(-1))
    assert summary["low"][0] == pytest.approx(np.quantile(table[0], 0.25))
    assert summary["high"][3] == pytest.approx(np.quantile(table[3], 0.75))
    assert np.isnan(summary["mean"][2])
    assert heads(figure)["value"] == pytest.approx(table.ravel().tolist(), nan_ok=True)


def test_patterns_keep_their_colours_and_legend():
    labels = np.array([["induction", "offset -3"], ["", "heterogeneous"]], object)  # as an older result calls it
    best = scores([[0.9, 0.6], [np.nan, np.nan]])
    figure = plots.pattern_grid(SimpleNamespace(labels=labels, best=best, recipe="by hand"))
    assert {item.label.value for item in figure.legend[0].items} == {"induction", "offset", "no single pattern"}
    data = heads(figure)
    assert data["label"] == ["induction", "offset -3", "too short to tell, or no attention", "no single pattern"]
    assert data["text"] == [" · score 0.900", " · score 0.600", "", ""]
    filters = [drawn.view.filter.booleans for drawn in figure.renderers]
    assert np.sum(filters, axis=0).tolist() == [1, 1, 1, 1]


def test_a_comparison_parts_at_zero():
    found = TokenMap(np.array([[0.1, -0.3], [np.nan, 0]]), RECIPE, ("a", "b"), ("a", "b"))
    mapper = plots.comparison(found).select_one(LinearColorMapper)
    assert mapper.low == -mapper.high == -1
    assert mapper.palette[255] == mapper.palette[256] == LIGHT.ground
    stretched = plots.comparison(found, scale="stretch").select_one(LinearColorMapper)
    assert stretched.low == -stretched.high == pytest.approx(-0.3)
    flat = plots.comparison(TokenMap(np.zeros((2, 2)), RECIPE)).select_one(LinearColorMapper)
    assert flat.low < 0 < flat.high


def test_a_comparison_of_traces_is_drawn_for_one_head_and_for_all():
    changed = aw.compare(random_trace(seed=0), random_trace(seed=1))
    drawn = plots.comparison(changed, 1, 2).select_one("attnwidget.pairs").data["image"][0]
    assert drawn == pytest.approx(np.asarray(changed.map(1, 2)))
    assert plots.comparison(changed, "L1H2").select_one("attnwidget.pairs").data["image"][0] == pytest.approx(drawn)
    assert plots.comparison(changed).select_one("attnwidget.pairs").data["image"][0] == pytest.approx(
        np.asarray(changed.mean_map)
    )


def test_a_map_keeps_queries_and_keys():
    values = np.arange(6, dtype=np.float32).reshape(2, 3)
    figure = plots.token_map(TokenMap(values, RECIPE, ("a", "b"), ("x", "y", "z")))
    assert (figure.select_one("attnwidget.pairs").data["image"][0] == values).all()
    assert figure.xaxis[0].major_label_overrides == {0: "x", 1: "y", 2: "z"}
    assert figure.y_range.start > figure.y_range.end  # the first query on top


def test_a_map_has_its_full_tone_at_one_unless_it_is_stretched_or_larger():
    def full(most, **how):
        drawn = plots.token_map(TokenMap(np.array([[0, most]]), RECIPE), **how)
        assert f"full at {drawn.select_one(LinearColorMapper).high:.3g}" in caption(drawn)
        return drawn.select_one(LinearColorMapper).high

    assert [full(0.2), full(3), full(0.2, scale="stretch"), full(0.2, scale=0.5)] == pytest.approx([1, 3, 0.2, 0.5])
    with pytest.raises(aw.AttnWidgetError, match="'stretch'"):
        full(0.2, scale=0)


def test_the_tokens_under_the_pointer_are_named_in_maps_of_up_to_64_and_numbered_in_larger_ones():
    values = np.array([[0.25, np.nan, 0.0001]])
    small = plots.token_map(TokenMap(values, RECIPE, (" a",), ("x", "y")))
    data = small.select_one("attnwidget.pairs").data
    assert data["query"][0] == [["#0 “a”"] * 3]
    assert data["key"][0] == [["#0 “x”", "#1 “y”", "#2"]]
    assert data["text"][0] == [["0.250", "no number", "<0.001"]]
    assert all(f"@{name}" in small.select_one(HoverTool).tooltips for name in ("query", "key", "text"))
    square = plots.token_map(TokenMap(np.eye(64), RECIPE))
    assert np.shape(square.select_one("attnwidget.pairs").data["text"]) == (1, 64, 64)
    large = plots.token_map(TokenMap(np.eye(65), RECIPE))
    assert set(large.select_one("attnwidget.pairs").data) == {"image"}
    assert "@image{0.000}" in large.select_one(HoverTool).tooltips


@pytest.mark.parametrize(("queries", "keys"), [(1, 1), (3, 3), (24, 24), (400, 400), (1, 50), (50, 1)])
def test_the_height_of_a_map_follows_its_width_within_bounds(queries, keys):
    figure = plots.token_map(TokenMap(np.ones((queries, keys)), RECIPE))
    assert figure.sizing_mode == "scale_width"
    assert figure.height is None
    low, usual, high = figure.min_height, min(448, figure.max_width) / figure.aspect_ratio, figure.max_height
    assert 200 < low <= high < 800
    assert queries != keys or low <= usual <= high + 50
    assert 400 <= figure.max_width <= 980


@settings(max_examples=12)
@given(st.lists(st.floats(-5, 5, width=32), min_size=1, max_size=40))
def test_histograms_count_every_head_and_ecdfs_end_at_one(values):
    histogram = plots.distributions(scores([[*values, np.nan]]))
    assert sum(histogram.renderers[0].data_source.data["count"]) == len(values)
    assert "Left out: 1 without a number." in caption(histogram)
    steps = plots.distributions(scores([values]), kind="ecdf").renderers[0].data_source.data
    assert list(steps["value"]) == sorted(np.float32(value) for value in values)
    assert steps["share"][-1] == 1
    assert sorted(steps["head"]) == sorted(f"L0H{head}" for head in range(len(values)))


def test_traces_share_their_bins_and_are_named():
    figure = plots.distributions({"one": example(), "other": random_trace()}, "entropy")
    first, second = (drawn.data_source.data for drawn in figure.renderers)
    assert list(first["left"]) == list(second["left"])
    assert [item.label.value for item in figure.legend[0].items] == ["one", "other"]


def test_a_scatter_leaves_out_heads_that_lack_a_number():
    figure = plots.scatter(scores([[1, np.nan, 3]]), scores([[4, 5, np.nan]]))
    data = heads(figure)
    assert (data["layer"], data["head"], data["x"], data["value"]) == ([0], [0], [1.0], [4.0])
    assert "Left out: 2 heads" in caption(figure)


@pytest.mark.parametrize("name", EVERY)
def test_every_figure_says_what_it_is(name):
    figure = EVERY[name]()
    assert figure.title.text
    assert figure.xaxis[0].axis_label or figure.yaxis[0].axis_label
    assert len(caption(figure)) > 10
    assert figure.select(HoverTool)
    assert figure.toolbar.logo is None
    assert figure.sizing_mode in {"stretch_width", "scale_width"}
    assert figure.min_width <= 480


@pytest.mark.parametrize("name", ["head_grid", "layer_profile", "scatter", "pattern_grid"])
def test_heads_can_be_clicked_and_followed(name):
    figure = EVERY[name]()
    source = figure.select_one("attnwidget.heads")
    assert {"layer", "head", "value", "name"} <= set(source.data)
    assert any(drawn.data_source is source for drawn in figure.select_one(TapTool).renderers)


@pytest.mark.parametrize("draw", [plots.head_grid, plots.layer_profile, plots.pattern_grid])
def test_heads_of_one_part_among_several_say_which(draw):
    trace = translation()
    assert set(heads(draw(trace, part="cross"))["part"]) == {"cross"}
    assert set(heads(draw(trace, part="decoder"))["part"]) == {"decoder"}
    assert "part" not in heads(draw(random_trace(2, 2)))
    assert "part" not in heads(draw(random_trace(2, 2), part="self"))


def test_the_recipe_is_in_the_caption():
    assert "heads fused by max" in caption(plots.rollout_bars(example(), fusion="max"))
    assert "An example in nats, made by hand." in caption(plots.head_grid(scores([[1, 2]])))
