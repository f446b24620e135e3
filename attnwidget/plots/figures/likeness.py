"""Heads as points: similar heads are near each other."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
from bokeh.models import BooleanFilter, BoxSelectTool, CDSView, ColumnDataSource, Legend, LegendItem

from attnwidget.engine import Trace
from attnwidget.errors import AttnWidgetError
from attnwidget.measures.patterns.patterns import Patterns, family, present_name
from attnwidget.measures.results import HeadScores
from attnwidget.measures.similarity.head_clusters import HeadClusters, head_clusters, stands_for
from attnwidget.measures.similarity.head_distances import HeadDistances, head_distances
from attnwidget.measures.similarity.head_map import HeadMap
from attnwidget.measures.similarity.head_map import head_map as map_of
from attnwidget.plots.chart import colour_bar, empty, finished, hover, mapper, tap
from attnwidget.plots.colours import KINDS, Look, look_of
from attnwidget.plots.figures.pattern import NOTHING
from attnwidget.plots.heads import heads_source
from attnwidget.plots.labels import number, without_tex
from attnwidget.plots.metrics import named_after
from attnwidget.plots.theme import CAPTION

COLOURS = ("layer", "pattern", "cluster")
FEW = 24
"""Heads that are named in the chart itself; of more, those that stand for a cluster."""

SHAPES = {"": "circle", "/": "square", ".": "triangle", "x": "diamond"}
"""The shape of a point in place of a hatching, which such a small mark cannot show."""

KEPT_APART = 16
"""Clusters that have a mark of their own: eight colours in two shapes."""


FRAME = 340
CAPTION_LINE = 16
LEGEND_LINE = 22
"""Heights in pixels: a map has a frame as high as wide, or nearly, whatever stands above and below it."""


@dataclass(frozen=True, eq=False)
class _Marked:
    """What the points show: a value, its text, and either a ramp of colours or a kind for each head."""

    values: np.ndarray  # (layer head)
    texts: Sequence[str]  # of the heads of the map
    recipe: str = ""
    unit: str = ""
    ramp: str = ""
    kinds: Sequence[str] = ()  # of the heads of the map
    marks: dict[str, tuple[int | str | None, str]] | None = None  # kind -> category or pattern (None: grey), shape
    named: Sequence[tuple[int, int]] = ()
    note: str = ""


def head_map(
    trace_or_map: Any,
    colour: Any = "layer",
    *,
    part: str | None = None,
    after: Any = None,
    theme: str | None = None,
    title: str | None = None,
) -> Any:
    """A Bokeh figure of every head as a point: heads that attend alike are near each other, directions mean nothing.

    Takes a trace, the distances of `aw.head_distances`, or the map of `aw.head_map`. `colour` is "layer"; "pattern"
    or "cluster", which need the trace (clusters also do with distances); or what `aw.patterns`, `aw.head_clusters` or
    a measure such as `aw.entropy` gives. Patterns and clusters also differ in shape. `after` is an earlier map to
    which this one is aligned. A click or a box selects heads: the source is called "attnwidget.heads". Raises
    AttnWidgetError for anything else, for colours of other heads than the map's, and as `aw.head_map` does.

    >>> import attnwidget as aw
    >>> chart = aw.plots.head_map(aw.load().trace("The cat sat on the mat."), "cluster")
    >>> len(chart.select_one("attnwidget.heads").data["x"])
    16
    """
    look = look_of(theme)
    given = head_distances(trace_or_map, part=part) if isinstance(trace_or_map, Trace) else trace_or_map
    found = _map(given, after, None if isinstance(trace_or_map, Trace) else part)
    marked = _marked(colour, trace_or_map, given, part, found)
    figure = empty(
        title or "Heads by what they read",
        "first direction (√nats)",
        "second direction (√nats)",
        height=FRAME + 90,
        tools="pan,wheel_zoom,box_zoom,reset,save",
        widest=640,
        match_aspect=True,
    )
    # Room for the names of the outermost points.
    figure.x_range.range_padding = figure.y_range.range_padding = 0.2
    source = _source(found, marked)
    drawn = _ramped(figure, look, source, marked) if marked.ramp else _sorted_out(figure, look, source, marked)
    _write_names(figure, look, source, found, marked)
    hover(figure, look, drawn, "<b>@name</b> · @text")
    tap(figure, drawn)
    figure.add_tools(BoxSelectTool(renderers=drawn))
    finished(figure, look, found.recipe, marked.recipe and f"colour: {marked.recipe}", marked.note)
    figure.height += CAPTION_LINE * (1 + figure.select_one({"name": CAPTION}).text.count("\n"))
    return figure


def _map(given: Any, after: Any, part: str | None) -> HeadMap:
    if part is not None:
        raise AttnWidgetError("Distances and maps belong to one part already. Leave part= out.")
    if isinstance(given, HeadDistances):
        return map_of(given, after=after)
    if not isinstance(given, HeadMap):
        raise AttnWidgetError(
            f"This needs a Trace, HeadDistances or a HeadMap, not {type(given).__name__}. Give model.trace(text), or "
            "the result of aw.head_map(trace)."
        )
    if after is not None:
        raise AttnWidgetError("This map is already computed. Pass after= to aw.head_map, or give the trace here.")
    return given


def _marked(colour: Any, trace: Any, given: Any, part: str | None, found: HeadMap) -> _Marked:
    """The requested colouring. Raises AttnWidgetError if it is unknown, or needs what was not given."""
    if isinstance(colour, str) and colour == "layer":
        return _by_layer(found)
    if isinstance(colour, str) and colour == "pattern" and isinstance(trace, Trace):
        colour = import_module("attnwidget").patterns(trace, part=part)
    if isinstance(colour, str) and colour == "cluster" and isinstance(given, HeadDistances):
        colour = head_clusters(given)
    if isinstance(colour, str) and colour in COLOURS:
        raise AttnWidgetError(
            f"colour={colour!r} needs the trace, not {type(given).__name__}. Give the trace, or "
            "colour=aw.patterns(trace), aw.head_clusters(trace)."
        )
    if isinstance(colour, HeadScores):
        return _by_score(colour, found)
    if isinstance(colour, Patterns):
        return _by_pattern(colour, found)
    if isinstance(colour, HeadClusters):
        return _by_cluster(colour, found)
    raise AttnWidgetError(
        f"Heads cannot be coloured by {colour!r}. Give one of {', '.join(COLOURS)}, or what aw.patterns, "
        "aw.head_clusters or a measure such as aw.entropy gives."
    )


def _at(table: np.ndarray, found: HeadMap) -> list[Any]:
    """The entries of the heads of the map. Raises AttnWidgetError for a table of fewer heads."""
    layers, heads = table.shape if table.ndim == 2 else (0, 0)
    if any(layer >= layers or head >= heads for layer, head in found.heads):
        raise AttnWidgetError(
            f"The colours are for {layers} layers x {heads} heads, but the map has heads up to {found.names[-1]}. Give "
            "both from the same part of the same model."
        )
    return [table[head] for head in found.heads]


def _by_layer(found: HeadMap) -> _Marked:
    table = np.repeat(np.arange(found.layers, dtype=np.float64)[:, None], 1 + max(head for _, head in found.heads), 1)
    return _Marked(table, [f"layer {layer}" for layer, _ in found.heads], unit="layer", ramp="layers")


def _by_score(scores: HeadScores, found: HeadMap) -> _Marked:
    named = named_after(scores)
    values = np.array(_at(named.values, found))
    both = bool((values < 0).any() and (values > 0).any())
    texts = [f"{number(value)} {named.unit}".strip() if not np.isnan(value) else "no number" for value in values]
    return _Marked(
        named.values,
        texts,
        scores.recipe,
        named.unit,
        "differences" if both else "heads",
        note="hollow: no number" if np.isnan(values).any() else "",
    )


def _by_pattern(patterns: Patterns, found: HeadMap) -> _Marked:
    labels = [present_name(str(label)) for label in _at(np.asarray(patterns.labels, object), found)]
    best = np.asarray(patterns.best, np.float64)
    texts = [
        label + ("" if np.isnan(score) else f" · score {number(score)}") if label else NOTHING
        for label, score in zip(labels, _at(best, found), strict=True)
    ]
    kinds = [family(label) or NOTHING for label in labels]
    marks: dict[str, tuple[int | str | None, str]] = {
        name: (kind, SHAPES[hatch]) for name, (kind, hatch) in KINDS.items()
    }
    marks |= {NOTHING: (None, "x")}
    return _Marked(best, texts, patterns.recipe, kinds=kinds, marks=marks)


def _by_cluster(clusters: HeadClusters, found: HeadMap) -> _Marked:
    said = [stands_for(group) for group in clusters.groups]
    labels = [int(label) for label in _at(clusters.labels, found)]
    if min(labels) < 0:
        raise AttnWidgetError("Some heads of the map are in no cluster. Give both from the same distances.")
    own = {said[at]: (at % 8, ("circle", "square")[at // 8]) for at in range(min(len(said), KEPT_APART))}
    kinds = [said[label] if label < KEPT_APART else "smaller clusters" for label in labels]
    marks: dict[str, tuple[int | str | None, str]] = {**own, "smaller clusters": (None, "circle")}
    return _Marked(
        clusters.labels.astype(np.float64),
        [f"cluster {label}: {said[label]}" for label in labels],
        f"clusters by {clusters.recipe.split('; distances are')[0]}",
        kinds=kinds,
        marks=marks,
        named=[medoid for medoid, group in zip(clusters.medoids, clusters.groups, strict=True) if len(group) > 1],
    )


def _source(found: HeadMap, marked: _Marked) -> ColumnDataSource:
    source = heads_source(marked.values)
    width = marked.values.shape[1]
    rows = [layer * width + head for layer, head in found.heads]
    columns = {name: [column[row] for row in rows] for name, column in source.data.items()}
    x, y = np.asarray(found.positions, np.float64).T
    source.data = columns | {"text": list(marked.texts), "x": x, "y": y}
    return source


def _style(look: Look, count: int) -> dict[str, Any]:
    return {
        "x": "x",
        "y": "y",
        "size": 10 if count <= 400 else 6,
        "fill_alpha": 0.9,
        "line_width": 0.5,
        "nonselection_fill_alpha": 0.3,
        "nonselection_line_alpha": 1,
        "selection_fill_alpha": 1,
        "selection_line_color": look.text,
        "selection_line_width": 1.5,
    }


def _ramped(figure: Any, look: Look, source: ColumnDataSource, marked: _Marked) -> list[Any]:
    """Points in the colours of a ramp, with its bar; hollow where there is no number."""
    values = marked.values
    most = float(np.nanmax(np.abs(values))) if marked.ramp == "differences" else None
    if marked.ramp == "differences":
        scale = mapper(values, look.ramps[marked.ramp], low=-most if most else None, high=most)
    else:
        scale = mapper(values, look.ramps[marked.ramp])
    fill = {"field": "value", "transform": scale}
    dots = figure.scatter(
        source=source,
        fill_color=fill,
        line_color=look.muted,
        nonselection_line_color=look.muted,
        **_style(look, len(source.data["x"])),
    )
    if len(set(source.data["value"])) > 1:
        colour_bar(figure, scale, marked.unit)
    return [dots]


def _sorted_out(figure: Any, look: Look, source: ColumnDataSource, marked: _Marked) -> list[Any]:
    """Points by kind, each with its colour and shape, and a legend: views of one source, so that they share one selection."""
    marks = marked.marks or {}
    drawn = {}
    for kind, (category, shape) in marks.items():
        if kind not in marked.kinds:
            continue
        colour = _colour(look, category)
        edge = colour if shape == "x" else look.muted if isinstance(category, str) else look.ground
        drawn[kind] = figure.scatter(
            source=source,
            view=CDSView(filter=BooleanFilter([own == kind for own in marked.kinds])),
            marker=shape,
            fill_color=colour,
            line_color=edge,
            nonselection_line_color=edge,
            **_style(look, len(source.data["x"])),
        )
    items = [LegendItem(label=without_tex(kind), renderers=[dots]) for kind, dots in drawn.items()]
    columns = 3 if all(len(kind) <= 16 for kind in drawn) else 2
    legend = Legend(items=items, orientation="horizontal", ncols=columns, padding=0, margin=8, glyph_width=22)
    legend.glyph_height = legend.label_height = 20  # less, and a square looks like a circle
    legend.spacing = 2
    legend.location = "top_left"
    figure.height += LEGEND_LINE * -(-len(items) // columns)
    figure.add_layout(legend, "above")
    return list(drawn.values())


def _colour(look: Look, category: int | str | None) -> str:
    if category is None:
        return look.dim
    return look.patterns[category] if isinstance(category, str) else look.categories[category]


def _write_names(figure: Any, look: Look, source: ColumnDataSource, found: HeadMap, marked: _Marked) -> None:
    """Names beside the points: of all if they are few, else of those that stand for a cluster."""
    few = len(found.heads) <= FEW
    shown = [few or head in marked.named for head in found.heads]
    if any(shown):
        figure.text(
            x="x",
            y="y",
            text="name",
            source=source,
            view=CDSView(filter=BooleanFilter(shown)),
            x_offset=7,
            y_offset=-4,
            text_font_size="11px",
            text_color=look.text,
            nonselection_text_alpha=1,
        )
