"""How a number of heads changes from layer to layer."""

import warnings
from typing import Any

import numpy as np
from bokeh.models import ColumnDataSource, Range1d

from attnwidget.plots.chart import empty, finished, hover, number_axis, tap
from attnwidget.plots.colours import look_of
from attnwidget.plots.heads import heads_source
from attnwidget.plots.metrics import measured


def layer_profile(
    trace_or_scores: Any,
    metric: Any = None,
    *,
    part: str | None = None,
    theme: str | None = None,
    title: str | None = None,
) -> Any:
    """A Bokeh figure of one number per head over the layers: every head a dot, their mean a line, quartiles a band.

    `metric` as in `head_grid`. Layers without attention have no dots and interrupt the line. A click selects a head
    (source "attnwidget.heads"). Raises AttnWidgetError as `head_grid` does.

    >>> import attnwidget as aw
    >>> chart = aw.plots.layer_profile(aw.load().trace("The cat sat on the mat."), "distance")
    >>> chart.yaxis[0].axis_label
    'Distance (tokens)'
    """
    look = look_of(theme)
    found = measured(trace_or_scores, metric, part)
    values = found.values
    depth, heads = values.shape
    figure = empty(
        title or f"{found.name} by layer",
        "layer",
        found.label,
        height=360,
        tools="ypan,ywheel_zoom,reset,save",
        x_range=Range1d(-0.6, depth - 0.4),
    )
    figure.xgrid.visible = False
    number_axis(figure.xaxis[0], depth, 20)
    summary = _summary(values, found.unit)
    # Boxes side by side: a band that a single layer, and a gap between layers, leave whole.
    band = figure.vbar(
        x="layer", bottom="low", top="high", width=0.84, source=summary, color=look.reads_tint, line_color=None
    )
    source = heads_source(values, found.unit, part=found.part, x=_beside(depth, heads))
    dots = figure.scatter(
        x="x",
        y="value",
        source=source,
        size=6 if values.size <= 400 else 4,
        fill_color=look.reads_bar,
        fill_alpha=0.75,
        line_color=look.ground,
        line_width=0.5,
        nonselection_fill_alpha=0.75,
        nonselection_line_color=look.ground,
        nonselection_line_alpha=1,
        selection_fill_color=look.reads,
        selection_fill_alpha=1,
        selection_line_color=look.text,
        selection_line_width=2,
    )
    mean = figure.line(x="layer", y="mean", source=summary, line_color=look.reads, line_width=2)
    figure.scatter(x="layer", y="mean", source=summary, size=5, color=look.reads)
    hover(figure, look, [dots], "<b>@name</b> · @text")
    hover(figure, look, [mean], "<b>layer @layer</b> · mean @text", mode="mouse")
    tap(figure, [dots])
    band.level = "underlay"
    note = "line: mean over heads; band: the middle half of the heads"
    return finished(figure, look, found.scores.recipe, note, found.of and f"model: {found.of}")


def _summary(values: np.ndarray, unit: str) -> ColumnDataSource:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # layers without a number: NaN is what they have
        low, high = np.nanquantile(values, [0.25, 0.75], axis=-1)
        mean = np.nanmean(values, axis=-1)
    texts = [f"{value:.3f} {unit}".strip() for value in mean]
    layers = np.arange(len(values))
    return ColumnDataSource(data={"layer": layers, "low": low, "high": high, "mean": mean, "text": texts})


def _beside(depth: int, heads: int) -> np.ndarray:
    """Where the dots of a layer stand: side by side in the order of the heads, so that none hides another."""
    offsets = np.zeros(1) if heads == 1 else np.linspace(-0.32, 0.32, heads)
    return (np.arange(depth)[:, None] + offsets).ravel()
