"""Heads as points in the plane of two numbers."""

from typing import Any

import numpy as np
from bokeh.models import BoxSelectTool, ColumnDataSource

from attnwidget.errors import AttnWidgetError
from attnwidget.plots.chart import colour_bar, empty, finished, hover, mapper, tap
from attnwidget.plots.colours import look_of
from attnwidget.plots.heads import heads_source
from attnwidget.plots.labels import number
from attnwidget.plots.metrics import Measured, named_after


def scatter(x_scores: Any, y_scores: Any, *, theme: str | None = None, title: str | None = None) -> Any:
    """A Bokeh figure of every head by two of its numbers: light points are early layers, dark ones (in the dark theme: bright ones) late.

    Both are HeadScores of the same heads. A click or a box selects heads (source "attnwidget.heads", whose `value` is
    the second number). Heads that lack one of the two are left out. Raises AttnWidgetError for what is no HeadScores,
    and for two of different shapes.

    >>> import attnwidget as aw
    >>> trace = aw.load().trace("The cat sat on the mat.")
    >>> from attnwidget.measures.heads.entropy import entropy
    >>> chart = aw.plots.scatter(entropy(trace), entropy(trace, normalised=True))
    >>> chart.xaxis[0].axis_label
    'Entropy (nats)'
    """
    look = look_of(theme)
    across, up = named_after(x_scores), named_after(y_scores)
    if across.values.shape != up.values.shape:
        raise AttnWidgetError(
            f"Both scores must be for the same heads, but their shapes (layer, head) are {x_scores.shape} and "
            f"{y_scores.shape}. Give scores of one trace."
        )
    figure = empty(
        title or f"{up.name} against {across.name[:1].lower()}{across.name[1:]}",
        across.label,
        up.label,
        height=420,
        tools="pan,wheel_zoom,box_zoom,reset,save",
        widest=760,
    )
    source = _source(across, up)
    depth = len(up.values)
    scale = mapper([0, depth - 1], look.ramps["layers"])
    dots = figure.scatter(
        x="x",
        y="value",
        source=source,
        size=9 if up.values.size <= 400 else 6,
        fill_color={"field": "layer", "transform": scale},
        fill_alpha=0.9,
        line_color=look.ground,
        line_width=0.5,
        nonselection_fill_alpha=0.3,
        nonselection_line_color=look.ground,
        nonselection_line_alpha=1,
        selection_fill_alpha=1,
        selection_line_color=look.text,
        selection_line_width=1.5,
    )
    hover(figure, look, [dots], "<b>@name</b> · @x_text · @text")
    tap(figure, [dots])
    figure.add_tools(BoxSelectTool(renderers=[dots]))
    if depth > 1:
        colour_bar(figure, scale, "layer")
    lacking = up.values.size - len(source.data["value"])
    note = f"left out: {lacking} heads without both numbers" if lacking else ""
    return finished(figure, look, f"across: {across.scores.recipe}", f"up: {up.scores.recipe}", note)


def _source(across: Measured, up: Measured) -> ColumnDataSource:
    x = across.values.ravel()
    source = heads_source(up.values, up.unit, x=x, x_text=[f"{number(value)} {across.unit}".strip() for value in x])
    kept = np.isfinite(x) & np.isfinite(up.values.ravel())
    columns = {
        name: [one for one, keep in zip(column, kept, strict=True) if keep] for name, column in source.data.items()
    }
    source.data = columns
    return source
