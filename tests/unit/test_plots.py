"""Charts: their data are the measures' numbers, they say how they were made, and no token's text gets out of its place."""

import json
import re
import subprocess
import sys
from functools import partial
from types import SimpleNamespace

import bokeh
import numpy as np
import pytest
import torch
from bokeh.layouts import column
from bokeh.models import ColorBar, Div, HoverTool, LinearColorMapper, Span, TapTool
from bokeh.plotting import figure as bokeh_figure
from hypothesis import given, settings
from hypothesis import strategies as st

import attnwidget as aw
from attnwidget import plots
from attnwidget.measures.results import HeadScores, TokenMap, TokenScores
from attnwidget.plots.colours import DARK, LIGHT, LOOKS
from attnwidget.plots.labels import number, piece_label
from attnwidget.plots.metrics import UNITS
from attnwidget.plots.pane import item_of
from attnwidget.plots.theme import CAPTION

from .traces import example, random_trace

HOSTILE = ("</script><script>alert(1)</script>", "{{x}}", "@value", "$$x$$", "\n", "", " ", "\u202e", "<i>x</i>")
RECIPE = "an example in nats, made by hand"


def scores(values, recipe=RECIPE):
    return HeadScores(np.array(values, np.float32), recipe)


def tokens(values, pieces, recipe=RECIPE):
    return TokenScores(np.array(values, np.float32), recipe, tuple(pieces))


def caption(figure):
    return figure.select_one({"name": CAPTION}).text.replace("\n", " ")


def heads(figure):
    return {name: list(column) for name, column in figure.select_one("attnwidget.heads").data.items()}


PAIR = TokenMap(np.array([[0.1, -0.3]]), RECIPE, ("a",), ("a", "b"))
SQUARE = TokenMap(np.eye(2), RECIPE, ("a", "b"), ("a", "b"))

EVERY = {
    "head_grid": partial(plots.head_grid, scores([[1, np.nan], [3, 4]])),
    "pattern_grid": partial(plots.pattern_grid, random_trace(2, 2)),
    "layer_profile": partial(plots.layer_profile, scores([[1, 2], [3, 4]])),
    "token_bars": partial(plots.token_bars, tokens([0.1, 0.9], "ab")),
    "token_bars upright": partial(plots.token_bars, tokens(np.arange(60), ["a"] * 60)),
    "rollout_bars": partial(plots.rollout_bars, example()),
    "token_map": partial(plots.token_map, SQUARE),
    "comparison": partial(plots.comparison, PAIR),
    "histogram": partial(plots.distributions, [scores([[1, 2]]), scores([[1, 3]])]),
    "ecdf": partial(plots.distributions, scores([[1, 2]]), kind="ecdf"),
    "scatter": partial(plots.scatter, scores([[1, 2]]), scores([[3, 4]])),
}


# ------------------------------------------------------------------------------------------------------------- data


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
    labels = np.array([["induction", "offset -3"], ["", "heterogeneous"]], object)
    best = scores([[0.9, 0.6], [np.nan, np.nan]])
    figure = plots.pattern_grid(SimpleNamespace(labels=labels, best=best, recipe="by hand"))
    assert {item.label.value for item in figure.legend[0].items} == {"induction", "offset", "heterogeneous"}
    data = heads(figure)
    assert data["label"] == ["induction", "offset -3", "too short to tell, or no attention", "heterogeneous"]
    assert data["text"] == [" · score 0.900", " · score 0.600", "", ""]
    filters = [drawn.view.filter.booleans for drawn in figure.renderers]
    assert np.sum(filters, axis=0).tolist() == [1, 1, 1, 1]


def test_bars_hold_the_row_and_tell_repeated_tokens_apart():
    figure = plots.token_bars(tokens([0.5, np.nan, 0.2], [" rose", " rose", "[SEP]"]))
    data = figure.select_one("attnwidget.tokens").data
    assert list(data["value"]) == pytest.approx([0.5, np.nan, 0.2], nan_ok=True)
    assert data["name"] == ["#0 “rose”", "#1 “rose”", "#2 “[SEP]”"]
    assert data["text"] == ["0.500", "no number", "0.200"]
    assert data["strength"] == [1.0, 1.0, 0.4]
    assert "Special tokens are dim." in caption(figure)


def test_rollout_bars_are_the_rollout_and_a_ratio_has_a_line_at_one():
    plain = plots.rollout_bars(example(), query=1)
    assert list(plain.select_one("attnwidget.tokens").data["value"]) == pytest.approx(
        np.asarray(aw.rollout(example(), query=1)).tolist()
    )
    assert plain.select_one(Span) is None
    ratio = plots.rollout_bars(example(), null="uniform")
    assert ratio.select_one(Span).location == 1
    assert "#2 “c”" in ratio.title.text
    assert ratio.x_range.end > 1


def test_flow_bars_are_the_flow():
    data = plots.flow_bars(example(), query=2).select_one("attnwidget.tokens").data
    assert list(data["value"]) == pytest.approx(np.asarray(aw.flow(example(), query=2)).tolist())


def test_many_tokens_stand_upright_and_every_one_has_a_label():
    figure = plots.token_bars(tokens(np.ones(200), ["tok"] * 200))
    assert figure.height < 500
    assert figure.select_one("attnwidget.tokens").data["name"][199] == "#199 “tok”"
    assert len(figure.xaxis[0].major_label_overrides) == 200


def test_a_comparison_parts_at_zero():
    found = TokenMap(np.array([[0.1, -0.3], [np.nan, 0]]), RECIPE, ("a", "b"), ("a", "b"))
    mapper = plots.comparison(found).select_one(LinearColorMapper)
    assert mapper.low == -mapper.high == pytest.approx(-0.3)
    assert mapper.palette[127] != LIGHT.ramps["weights"][127]
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


# --------------------------------------------------------------------------------------------------------- every one


@pytest.mark.parametrize("name", EVERY)
def test_every_figure_says_what_it_is(name):
    figure = EVERY[name]()
    assert figure.title.text
    assert figure.xaxis[0].axis_label or figure.yaxis[0].axis_label
    assert len(caption(figure)) > 10
    assert figure.select(HoverTool)
    assert figure.toolbar.logo is None
    assert figure.sizing_mode == "stretch_width"
    assert figure.min_width <= 480


@pytest.mark.parametrize("name", ["head_grid", "layer_profile", "scatter", "pattern_grid"])
def test_heads_can_be_clicked_and_followed(name):
    figure = EVERY[name]()
    source = figure.select_one("attnwidget.heads")
    assert {"layer", "head", "value", "name"} <= set(source.data)
    assert any(drawn.data_source is source for drawn in figure.select_one(TapTool).renderers)


def test_the_recipe_is_in_the_caption():
    assert "heads fused by max" in caption(plots.rollout_bars(example(), fusion="max"))
    assert "An example in nats, made by hand." in caption(plots.head_grid(scores([[1, 2]])))


# ------------------------------------------------------------------------------------------------------------- themes


@pytest.mark.parametrize("name", EVERY)
def test_a_figure_in_another_theme_is_as_if_made_so_and_comes_back(name):
    made_light, made_dark = EVERY[name](theme="light"), EVERY[name](theme="dark")
    assert looks(plots.themed(made_light, "dark")) == looks(made_dark)
    assert looks(plots.themed(made_light, "light")) == looks(EVERY[name]())


def looks(figure):
    """All colours of a figure but white, in the order of its models: Bokeh's own white is not written out."""
    return re.findall(r"#(?!ffffff)[0-9a-f]{6}", json.dumps(item_of(figure)))


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_within_a_look_every_colour_has_one_role(look):
    roles = [value for value in vars(look).values() if isinstance(value, str) and value.startswith("#")]
    single = [*roles, *look.categories]
    assert len(set(single)) == len(single)
    assert len(set(look.ramps.values())) == len(look.ramps)


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_text_is_legible(look):
    assert contrast(look.text, look.ground) >= 7
    assert contrast(look.muted, look.ground) >= 4.5


def contrast(one, other):
    def luminance(colour):
        channels = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
        linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
        return linear @ [0.2126, 0.7152, 0.0722]

    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
@pytest.mark.parametrize("ramp", ["heads", "weights", "layers"])
def test_more_is_always_further_from_the_ground(look, ramp):
    distances = [contrast(colour, look.ground) for colour in look.ramps[ramp]]
    assert np.diff(distances).min() > -0.02
    assert distances[-1] > 2 * distances[0]


def test_figures_of_others_keep_their_colours():
    own = bokeh_figure(background_fill_color="#1f2328")
    own.line([1, 2], [1, 2], line_color="#d4540a")
    before = looks(own)
    assert re.findall("#(?!ffffff)[0-9a-f]{6}", json.dumps(plots.embed(own, "dark").item)) == before
    assert looks(own) == before


# ------------------------------------------------------------------------------------------------- one file, one pane


def test_a_saved_figure_is_one_file_that_asks_for_nothing(tmp_path):
    figure = plots.head_grid(example())
    file = plots.save(figure, tmp_path / "heads", title="<Heads> & more")
    assert file == tmp_path / "heads.html"
    text = file.read_text(encoding="utf-8")
    assert "<title>&lt;Heads&gt; &amp; more</title>" in text
    assert not re.search(r"<(script|link|img|iframe)\b[^>]*\b(src|href)=", text)
    assert "default-src 'none'" in text  # and what BokehJS knows of servers, for TeX, is out of its reach
    assert 1e6 < len(text) < 2e6
    assert sorted(path.name for path in tmp_path.iterdir()) == ["heads.html"]
    assert figure.background_fill_color == LIGHT.ground  # as it was


def test_a_theme_can_be_fixed(tmp_path):
    figure = plots.head_grid(example())
    text = plots.save(figure, tmp_path / "heads.htm", theme="dark").read_text(encoding="utf-8")
    assert 'id="item-dark"' in text
    assert 'id="item-light"' not in text
    both = plots.save(figure, tmp_path / "both").read_text(encoding="utf-8")
    assert 'id="item-dark"' in both
    assert 'id="item-light"' in both


def test_tokens_that_are_html_stay_text(tmp_path):
    size = len(HOSTILE)
    bars = plots.token_bars(tokens(np.arange(size), HOSTILE, "recipe </script>"), title="</title><script>")
    pairs = plots.token_map(TokenMap(np.eye(size), "recipe <!--", HOSTILE, HOSTILE))
    text = plots.save(column(bars, pairs), tmp_path / "page").read_text(encoding="utf-8")
    items = re.findall(r'<script type="application/json"[^>]*>(.*?)</script>', text, re.DOTALL)
    assert len(items) == 2
    for item in items:
        assert "<" not in item
        assert "</script><scr" in json.dumps(json.loads(item)["doc"])
    assert text.count("<script>alert") == 0
    for hover in [*bars.select(HoverTool), *pairs.select(HoverTool)]:
        assert not any(piece in hover.tooltips for piece in HOSTILE if piece.strip())
        assert "safe" not in hover.tooltips
    labels = bars.yaxis[0].major_label_overrides
    assert "$$" not in labels[3]  # Bokeh would set it as TeX
    assert labels[4] == "⏎"


@pytest.mark.parametrize("path", [3, "", "..", "no/such/folder/heads", "a\0b"])
def test_a_path_that_cannot_be_written_is_a_sentence(tmp_path, monkeypatch, path):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(aw.AttnWidgetError, match="Give"):
        plots.save(plots.head_grid(example()), path)
    assert list(tmp_path.iterdir()) == []


def test_an_embedded_figure_is_plain_json_and_bokehjs():
    figure = plots.head_grid(scores([[1, np.nan]]))
    found = plots.embed(figure, "dark")
    item, script = found
    assert (item, script) == (found.item, found.script)
    assert json.loads(json.dumps(item, allow_nan=False))["root_id"] == item["root_id"]
    assert found.version == bokeh.__version__ == item["version"]
    assert 1e6 < len(script) < 1.5e6
    assert "Bokeh" in script
    assert LIGHT.text not in json.dumps(item)
    assert DARK.text in json.dumps(item)
    assert DARK.ground not in [figure.background_fill_color, figure.border_fill_color]
    assert plots.embed(figure, "light").script is found.script


@pytest.mark.parametrize("name", EVERY)
def test_every_chart_needs_only_bokehjs_itself(name):
    assert plots.embed(EVERY[name]()).item["doc"]


def test_a_pane_refuses_what_it_cannot_draw():
    with pytest.raises(aw.AttnWidgetError, match="widgets"):
        plots.embed(column(plots.head_grid(example()), Div(text="x")))
    with pytest.raises(aw.AttnWidgetError, match="Bokeh figure"):
        plots.embed(object())


# ------------------------------------------------------------------------------------------------------------- errors


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: plots.head_grid([[1, 2]]),
        lambda: plots.head_grid(example(), "no such measure"),
        lambda: plots.head_grid(example(), "rollout"),
        lambda: plots.head_grid(example(), "load"),
        lambda: plots.head_grid(example(), part="cross"),
        lambda: plots.head_grid(scores([[1]]), "entropy"),
        lambda: plots.head_grid(scores([1, 2])),
        lambda: plots.head_grid(scores(np.zeros((0, 3)))),
        lambda: plots.head_grid(example(), theme="sepia"),
        lambda: plots.layer_profile(None),
        lambda: plots.pattern_grid(scores([[1]])),
        lambda: plots.token_bars(scores([[1]])),
        lambda: plots.token_bars(tokens([], [])),
        lambda: plots.token_bars(tokens([1], "a"), direction="both"),
        lambda: plots.token_bars(tokens([1], "a"), tokens=example().text),
        lambda: plots.rollout_bars(scores([[1]])),
        lambda: plots.rollout_bars(example(), query=7),
        lambda: plots.token_map(scores([[1]])),
        lambda: plots.token_map(TokenMap(np.array([[-1.0]]), RECIPE)),
        lambda: plots.comparison(example()),
        lambda: plots.comparison(TokenMap(np.eye(1), RECIPE), 0, 0),
        lambda: plots.distributions("entropy"),
        lambda: plots.distributions([]),
        lambda: plots.distributions([example()] * 9),
        lambda: plots.distributions(example(), kind="violin"),
        lambda: plots.scatter(scores([[1]]), example()),
        lambda: plots.scatter(scores([[1]]), scores([[1, 2]])),
        lambda: plots.save("figure", "heads"),
        lambda: plots.themed(None),
        lambda: plots.themed(plots.head_grid(example()), "grey"),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_a_sentence(wrong):
    with pytest.raises(aw.AttnWidgetError) as caught:
        wrong()
    assert re.search(r"\.$", str(caught.value))


def test_one_token_one_layer_and_layers_without_attention():
    single = aw.Trace.from_weights([torch.ones(1, 1, 1)], ["a"])
    plots.rollout_bars(single)
    plots.token_map(aw.rollout(single))
    plots.layer_profile(single)
    plots.scatter(aw.entropy(single), aw.entropy(single))
    sparse = aw.Trace.from_weights([None, torch.eye(3).expand(2, 3, 3)], list("abc"))
    assert "Hatched: layers without attention." in caption(plots.head_grid(sparse))


def test_labels_are_those_of_the_page():
    assert [piece_label(piece) for piece in HOSTILE[4:7]] == ["⏎", "∅", "␣"]
    assert [number(value) for value in (0, 1e-9, -1e-9, 0.5)] == ["0.000", "<0.001", ">-0.001", "0.500"]


def test_a_bare_import_brings_no_bokeh():
    probe = (
        "import sys, attnwidget; print('bokeh' in sys.modules); attnwidget.plots; print(sorted(dir(attnwidget.plots)))"
    )
    answer = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True).stdout
    assert answer.startswith("False")
    assert all(name in answer for name in plots.__all__)
