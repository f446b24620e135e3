"""What a probe finds at every layer, with its control beside it."""

from typing import Any

import numpy as np
from bokeh.models import ColumnDataSource, FixedTicker, NoOverlap, Range1d, Span

from attnwidget.arguments import one_of
from attnwidget.errors import AttnWidgetError
from attnwidget.experiments.probes.probed_layers import ProbedLayers
from attnwidget.plots.chart import empty, finished, hover, legend_above
from attnwidget.plots.colours import Look, look_of
from attnwidget.plots.labels import number

DRAWN = {
    "accuracy": ("accuracy", "control", "share of labels right, held out"),
    "compression": ("compression", "control_compression", "times shorter than log2 K a label"),
}
"""By what is drawn: its numbers, those of the control, and the words of the axis."""


def probed_layers(found: Any, name: Any = "accuracy", *, theme: str | None = None, title: str | None = None) -> Any:
    """A Bokeh figure of what a probe finds over the layers: a line for the labels, one for the control, with intervals.

    `found` is what `aw.probe` gives; `name` is "accuracy" (a dashed line at the commonest class) or "compression" (at 1,
    what a probe that knows nothing reaches; no intervals). Raises AttnWidgetError for anything else, and for a compression
    that was not asked for.

    >>> import numpy as np
    >>> from attnwidget.experiments.probes.probed_layers import ProbedLayers
    >>> row, interval = np.array([0.5, 1.0]), np.array([[0.4, 0.6], [1.0, 1.0]])
    >>> numbers = [row, interval] * 3 + [row] * 3
    >>> chart = probed_layers(ProbedLayers(("embedding", "L0"), ("a", "b"), {}, 0.5, *numbers, (), "an example"))
    >>> [item.label.value for item in chart.legend[0].items]
    ['labels', 'control']
    """
    look = look_of(theme)
    if not isinstance(found, ProbedLayers):
        raise AttnWidgetError(f"This needs the result of aw.probe, not {type(found).__name__}.")
    main, control, words = DRAWN[one_of("name", name, DRAWN)]
    if np.isnan(getattr(found, main)).all():
        raise AttnWidgetError(
            "This probe was made without a description, so it has no compression. Leave out description=False."
        )
    accuracy = main == "accuracy"
    figure = empty(
        title or f"{main[:1].upper()}{main[1:]} of a probe by layer",
        "layer",
        words,
        height=360,
        tools="ypan,ywheel_zoom,reset,save",
        x_range=Range1d(-0.5, len(found) - 0.5),
    )
    figure.xgrid.visible = False
    figure.xaxis[0].ticker = FixedTicker(ticks=list(range(len(found))))
    figure.xaxis[0].major_label_overrides = dict(enumerate(found.names))
    figure.xaxis[0].major_label_policy = NoOverlap(min_distance=4)
    level = found.majority if accuracy else 1.0
    figure.add_layout(Span(location=level, dimension="width", line_color=look.muted, line_dash=[4, 3]))
    tops = [level]
    for label, series, colour in (("labels", main, look.categories[0]), ("control", control, look.categories[1])):
        values = getattr(found, series)
        if not np.isnan(values).all():
            interval = getattr(found, f"{series}_interval") if accuracy else None
            tops += _line(figure, look, found.names, values, interval, label, colour)
    figure.y_range = Range1d(0, max(tops) * 1.06)
    legend_above(figure, figure.legend[0], 2)
    note = (
        f"dashed: the commonest class, {found.majority:.3f}; bands: 95 % intervals"
        if accuracy
        else "dashed: nothing is known"
    )
    return finished(figure, look, found.recipe, note)


def _line(
    figure: Any,
    look: Look,
    names: tuple[str, ...],
    values: np.ndarray,
    interval: np.ndarray | None,
    label: str,
    colour: str,
) -> list[float]:
    """Draw a series; its highest numbers."""
    between = [
        "" if interval is None else f" ({number(low)} to {number(high)})" for low, high in _pairs(interval, values)
    ]
    data = {
        "x": np.arange(len(names)),
        "value": values,
        "low": [low for low, _ in _pairs(interval, values)],
        "high": [high for _, high in _pairs(interval, values)],
        "name": list(names),
        "text": [f"{number(value)}{said}" for value, said in zip(values, between, strict=True)],
    }
    source = ColumnDataSource(data=data)
    if interval is not None:
        figure.varea(x="x", y1="low", y2="high", source=source, fill_color=colour, fill_alpha=0.15, legend_label=label)
    figure.line(x="x", y="value", source=source, line_color=colour, line_width=2, legend_label=label)
    dots = figure.scatter(x="x", y="value", source=source, size=6, color=colour, legend_label=label)
    hover(figure, look, [dots], f"<b>@name</b> · {label} · @text")
    return [max(high for _, high in _pairs(interval, values))]


def _pairs(interval: np.ndarray | None, values: np.ndarray) -> list[tuple[float, float]]:
    rows = zip(values, values, strict=True) if interval is None else map(tuple, interval)
    return [(float(low), float(high)) for low, high in rows]
