"""The chart of the map of heads: its points are the map's, its colours what was asked for."""

import json
import re

import numpy as np
import pytest
import torch
from bokeh.models import ColorBar, HoverTool, LinearColorMapper, TapTool, Text

import attnwidget as aw
from attnwidget import plots
from attnwidget.measures.results import HeadScores
from attnwidget.measures.similarity.head_clusters import head_clusters
from attnwidget.measures.similarity.head_map import head_map
from attnwidget.plots.colours import LIGHT
from attnwidget.plots.pane import item_of
from attnwidget.plots.theme import CAPTION
from tests.unit.traces import example, random_trace

TRACE = random_trace(3, 4, 9)


def caption(figure):
    return figure.select_one({"name": CAPTION}).text.replace("\n", " ")


def points(figure):
    return {name: list(column) for name, column in figure.select_one("attnwidget.heads").data.items()}


def marks(figure):
    """(how many points, marker, colour) of every kind in the legend."""
    return {
        item.label.value: (
            sum(item.renderers[0].view.filter.booleans),
            item.renderers[0].glyph.marker,
            item.renderers[0].glyph.fill_color,
        )
        for item in figure.legend[0].items
    }


EVERY = {
    "layer": lambda **more: plots.head_map(TRACE, **more),
    "pattern": lambda **more: plots.head_map(TRACE, "pattern", **more),
    "cluster": lambda **more: plots.head_map(TRACE, "cluster", **more),
    "score": lambda **more: plots.head_map(TRACE, aw.entropy(TRACE), **more),
    "signed": lambda **more: plots.head_map(example(), HeadScores(np.array([[-1.0, 2], [0, 1]]), "by hand"), **more),
}


def test_the_points_are_those_of_the_map():
    found = head_map(TRACE)
    for figure in (plots.head_map(TRACE), plots.head_map(found), plots.head_map(aw.head_distances(TRACE))):
        data = points(figure)
        assert np.column_stack([data["x"], data["y"]]) == pytest.approx(found.positions, rel=1e-5, abs=1e-6)
        assert list(zip(data["layer"], data["head"], strict=True)) == list(found.heads)
    assert figure.match_aspect  # else distances would not be what they are
    assert found.recipe.split(",")[0].lower() in caption(figure).lower()


def test_layers_are_a_ramp():
    figure = plots.head_map(TRACE)
    mapper = figure.select_one(LinearColorMapper)
    assert (mapper.low, mapper.high) == (0, 2)
    assert tuple(mapper.palette) == LIGHT.ramps["layers"]
    assert points(figure)["text"][5] == "layer 1"


def test_scores_are_shown_with_their_unit():
    scores = aw.entropy(TRACE)
    data = points(plots.head_map(TRACE, scores))
    assert data["value"] == pytest.approx(scores.values.ravel().tolist())
    assert data["text"][0] == f"{scores[0, 0]:.3f} nats"
    mapper = EVERY["signed"]().select_one(LinearColorMapper)
    assert (mapper.low, mapper.high) == (-2, 2)
    assert tuple(mapper.palette) == LIGHT.ramps["differences"]
    lacking = plots.head_map(example(), HeadScores(np.array([[np.nan, 2], [0, 1]]), "by hand"))
    assert points(lacking)["text"][0] == "no number"
    assert "Hollow: no number." in caption(lacking)


def test_clusters_have_marks_and_those_that_stand_for_them_a_name():
    trace = random_trace(5, 6, 9)
    clusters = head_clusters(trace)
    figure = plots.head_map(trace, "cluster")
    found = marks(figure)
    assert [count for count, _, _ in found.values()] == [len(clusters.members(at)) for at in range(clusters.count)]
    layer, head = clusters.medoids[0]
    assert next(iter(found)).startswith(f"L{layer}H{head} stands for {len(clusters.members(0))} heads")
    names = next(drawn for drawn in figure.renderers if isinstance(drawn.glyph, Text))
    assert sum(names.view.filter.booleans) == sum(len(group) > 1 for group in clusters.groups)
    assert "clusters with a mean silhouette" in caption(figure)
    given = plots.head_map(head_map(trace), clusters)
    assert points(given)["text"] == points(figure)["text"]


@pytest.mark.parametrize("count", [1, 12, 16, 30])
def test_no_two_clusters_look_alike_but_the_smallest(count):
    trace = random_trace(5, 6, 9)
    figure = plots.head_map(trace, head_clusters(trace, count))
    looks = [(shape, colour) for _, shape, colour in marks(figure).values()]
    assert len(set(looks)) == len(looks) == min(count, 17)
    assert sum(size for size, _, _ in marks(figure).values()) == 30
    assert ("smaller clusters" in marks(figure)) == (count > 16)


def test_patterns_have_the_colours_of_their_grid_and_a_shape_in_place_of_its_hatching():
    eye = torch.eye(12)
    maps = torch.stack([eye.roll(-1, 1), eye.roll(1, 1), eye, torch.full((12, 12), 1 / 12)])
    figure = plots.head_map(aw.Trace.from_weights([maps], list("abcdefghijkl")), "pattern")
    assert marks(figure) == {
        "previous token": (1, "circle", LIGHT.patterns["near"]),
        "next token": (1, "square", LIGHT.patterns["near"]),
        "diagonal": (1, "triangle", LIGHT.patterns["near"]),
        "uniform": (1, "circle", LIGHT.patterns["even"]),
    }
    assert points(figure)["text"][0] == "previous token · score 1.000"
    short = plots.head_map(aw.Trace.from_weights([torch.ones(2, 1, 1)], ["a"]), "pattern")
    assert set(marks(short)) == {"too short to tell, or no attention"}


def test_few_heads_are_named_and_many_are_not():
    def named(figure):
        return [sum(drawn.view.filter.booleans) for drawn in figure.renderers if isinstance(drawn.glyph, Text)]

    assert named(plots.head_map(TRACE)) == [12]
    assert named(plots.head_map(random_trace(5, 6, 9))) == []


def test_a_map_can_follow_an_earlier_one():
    earlier = head_map(random_trace(3, 4, 9, seed=5))
    data = points(plots.head_map(TRACE, after=earlier))
    expected = head_map(TRACE, after=earlier).positions
    assert np.column_stack([data["x"], data["y"]]) == pytest.approx(expected, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("colour", ["layer", "cluster"])
def test_one_head_heads_alike_and_layers_without_attention_can_be_drawn(colour):
    single = aw.Trace.from_weights([torch.ones(1, 1, 1)], ["a"])
    assert len(points(plots.head_map(single, colour))["x"]) == 1
    assert plots.head_map(single, colour).select_one(ColorBar) is None
    maps = torch.eye(3).expand(2, 3, 3)
    sparse = plots.head_map(aw.Trace.from_weights([maps, None, maps[:1]], list("abc")), colour)
    assert points(sparse)["name"] == ["L0H0", "L0H1", "L2H0"]
    assert not np.isnan(points(sparse)["value"]).any()


@pytest.mark.parametrize("name", EVERY)
def test_every_colour_can_be_clicked_and_says_what_it_is(name):
    figure = EVERY[name]()
    source = figure.select_one("attnwidget.heads")
    assert {"layer", "head", "value", "name", "text"} <= set(source.data)
    assert len({len(column) for column in source.data.values()}) == 1
    assert all(drawn.data_source is source for drawn in figure.select_one(TapTool).renderers)
    assert "@name" in figure.select_one(HoverTool).tooltips
    assert "square roots of" in caption(figure)
    assert plots.embed(figure).item["doc"]


@pytest.mark.parametrize("name", EVERY)
def test_a_figure_in_another_theme_is_as_if_made_so(name):
    def looks(figure):
        return re.findall(r"#(?!ffffff)[0-9a-f]{6}", json.dumps(item_of(figure)))

    light, dark = EVERY[name](theme="light"), EVERY[name](theme="dark")
    assert looks(light) != looks(dark)
    assert looks(plots.themed(light, "dark")) == looks(dark)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: plots.head_map(None),
        lambda: plots.head_map(aw.entropy(TRACE)),
        lambda: plots.head_map(TRACE, "size"),
        lambda: plots.head_map(TRACE, None),
        lambda: plots.head_map(TRACE, aw.entropy(example())),
        lambda: plots.head_map(TRACE, head_clusters(example())),
        lambda: plots.head_map(TRACE, aw.patterns(example())),
        lambda: plots.head_map(head_map(TRACE), "cluster"),
        lambda: plots.head_map(head_map(TRACE), "pattern"),
        lambda: plots.head_map(aw.head_distances(TRACE), "pattern"),
        lambda: plots.head_map(head_map(TRACE), part="self"),
        lambda: plots.head_map(head_map(TRACE), after=head_map(TRACE)),
        lambda: plots.head_map(TRACE, after="before"),
        lambda: plots.head_map(TRACE, part="cross"),
        lambda: plots.head_map(TRACE, theme="sepia"),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_a_sentence(wrong):
    with pytest.raises(aw.AttnWidgetError, match=r"\.$"):
        wrong()
