"""One number per head as a grid: layers down, heads across."""

from typing import Any

import numpy as np
from bokeh.models import Range1d

from attnwidget.plots.chart import colour_bar, empty, finished, hover, mapper, number_axis, tap
from attnwidget.plots.colours import Look, look_of
from attnwidget.plots.heads import heads_source, missing_note, without_number
from attnwidget.plots.metrics import measured


def head_grid(
    trace_or_scores: Any,
    metric: Any = None,
    *,
    part: str | None = None,
    theme: str | None = None,
    title: str | None = None,
) -> Any:
    """A Bokeh figure of one number per head, layers down from 0 and heads across, in one ramp.

    `metric` is the name of a measure ("entropy" when None, "distance", "confidence", ...) or a function
    f(trace, part=...) that gives HeadScores; HeadScores in place of the trace are drawn as they are. Heads without a
    number are hatched. A click selects a head: the source is called "attnwidget.heads" and has `layer`, `head`,
    `value`. Raises AttnWidgetError for anything else given, for an unknown measure, theme or part.

    >>> import attnwidget as aw
    >>> chart = aw.plots.head_grid(aw.load().trace("The cat sat on the mat."), "entropy")
    >>> source = chart.select_one("attnwidget.heads")
    >>> int(source.data["layer"][5]), int(source.data["head"][5]), source.data["name"][5]
    (1, 1, 'L1H1')
    """
    look = look_of(theme)
    found = measured(trace_or_scores, metric, part)
    values = found.values
    figure = blank_grid(values.shape, title or f"{found.name} of every head", tools="save")
    source = heads_source(values, found.unit, part=found.part)
    scale = _scale(values, look)
    cells = draw_cells(figure, look, source, {"field": "value", "transform": scale})
    marks = [cells, *draw_missing(figure, look, source, values)]
    hover(figure, look, marks, "<b>@name</b> · @text")
    tap(figure, [cells])
    colour_bar(figure, scale, found.unit)
    return finished(figure, look, found.scores.recipe, found.of and f"model: {found.of}", missing_note(values))


def _scale(values: np.ndarray, look: Look) -> Any:
    """One ramp; for numbers on both sides of 0, such as distances back and ahead, two that meet there."""
    known = values[np.isfinite(values)]
    if not known.size or known.min() >= 0 or known.max() <= 0:
        return mapper(values, look.ramps["heads"])
    most = float(np.abs(known).max())
    return mapper(values, look.ramps["differences"], low=-most, high=most)


def blank_grid(shape: tuple[int, ...], title: str, *, tools: str) -> Any:
    """A figure with room for this many layers and heads: large cells for few, small ones for many."""
    layers, heads = shape
    cell = min(44, max(7, 420 / layers))
    figure = empty(
        title,
        "head",
        "layer",
        height=int(layers * cell) + 140,
        widest=max(480, heads * 60 + 150),
        tools=tools,
        x_range=Range1d(-0.5, heads - 0.5),
        y_range=Range1d(layers - 0.5, -0.5),
    )
    figure.grid.visible = False
    figure.axis.major_tick_line_alpha = figure.axis.axis_line_alpha = 0
    number_axis(figure.xaxis[0], heads, 20)
    number_axis(figure.yaxis[0], layers, 16)
    return figure


def draw_cells(figure: Any, look: Look, source: Any, colour: Any) -> Any:
    """One cell per head; the selected one is ringed."""
    many = figure.x_range.end > 24 or figure.y_range.start > 24
    return figure.rect(
        x="head",
        y="layer",
        width=1,
        height=1,
        source=source,
        fill_color=colour,
        line_color=look.ground,
        line_width=0.5 if many else 2,
        nonselection_fill_alpha=1,
        nonselection_line_color=look.ground,
        nonselection_line_alpha=1,
        selection_line_color=look.text,
        selection_line_width=2,
        hover_line_color=look.muted,
        hover_line_width=2,
    )


def draw_missing(figure: Any, look: Look, source: Any, values: np.ndarray) -> list[Any]:
    """Hatched cells for the heads without a number; none where every head has one."""
    if not np.isnan(values).any():
        return []
    hatched = figure.rect(
        x="head",
        y="layer",
        width=1,
        height=1,
        source=source,
        view=without_number(values),
        fill_color=None,
        hatch_pattern="/",
        hatch_color=look.hatch,
        hatch_scale=8,
        hatch_weight=1,
        line_color=look.ground,
        line_width=2,
        nonselection_hatch_alpha=1,
        selection_line_color=look.text,
    )
    return [hatched]
