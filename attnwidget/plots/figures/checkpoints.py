"""How a number of heads changes over training."""

import math
from typing import Any

import numpy as np
from bokeh.models import (
    BooleanFilter,
    CDSView,
    ColumnDataSource,
    DataRange1d,
    FixedTicker,
    NoOverlap,
    NumeralTickFormatter,
    Range1d,
)

from attnwidget.arguments import whole_number
from attnwidget.errors import AttnWidgetError
from attnwidget.experiments.training.heads_in_time import Dynamics
from attnwidget.measures.results import HeadScores
from attnwidget.plots.chart import empty, finished, hover, legend_above, tap
from attnwidget.plots.colours import Look, look_of
from attnwidget.plots.heads import NAME
from attnwidget.plots.labels import head_name, number, without_tex

NAMED_HEADS = 5
"""Heads that are named when none are chosen: those that reach the highest values."""

WORDS = {
    "changes": "change (nats)",
    "entropy": "entropy (share of the largest)",
    "previous": "share on the previous token",
    "sink": "weight on the first token",
    "confidence": "largest weight",
}
"""The axis labels of numbers whose name alone does not say enough."""

HeadPlace = tuple[int, int]


def dynamics(
    found: Any,
    name: Any = None,
    heads: Any = None,
    *,
    log_x: bool | None = None,
    theme: str | None = None,
    title: str | None = None,
) -> Any:
    """A Bokeh figure of one number over the checkpoints: a line for every head, some named, the others faint.

    `found` is what `aw.dynamics` gives, `name` one of its numbers (the first when None) or "changes"; `heads` are the
    ones that are named, "L1H0" or (1, 0), up to eight; without it the five that reach the highest values. `log_x` gives decades of
    steps the same room; None does so where half of the checkpoints lie in the first tenth. A step of 0 stands left of
    all others then. A click on a dot selects a head (source "attnwidget.heads"). Raises AttnWidgetError for anything but
    a Dynamics, for a number or a head that is not there, and for `log_x` where steps have names or are negative.

    >>> import attnwidget as aw
    >>> from attnwidget.experiments.training.dynamics import dynamics as run
    >>> chart = aw.plots.dynamics(run([aw.load()] * 2, "The cat sat on the mat."), "induction", ["L1H0"])
    >>> [item.label.value for item in chart.legend[0].items]
    ['L1H0', 'other heads']
    """
    look = look_of(theme)
    if not isinstance(found, Dynamics):
        raise AttnWidgetError(
            f"This needs the result of aw.dynamics, not {type(found).__name__}. Use aw.dynamics(checkpoints, texts)."
        )
    what = found.names[0] if name is None else name
    values, label = found.of(what), WORDS.get(what, what)
    chosen = _chosen(found, values, heads, len(look.categories))
    numbered = not any(isinstance(step, str) for step in found.steps)
    decades = _decades(found.steps, numbered=numbered, asked=log_x)
    figure = empty(
        title or f"{label[:1].upper()}{label[1:]} in training".replace(" (nats)", ""),
        "training step" if numbered else "checkpoint",
        label,
        height=400,
        tools="xpan,xwheel_zoom,box_zoom,reset,save",
        x_axis_type="log" if decades else "linear",
        x_range=DataRange1d(range_padding=0.04),
        y_range=_range(values),
    )
    figure.xgrid.visible = False
    places = _places(found, numbered=numbered, decades=decades)
    _label(figure.xaxis[0], found, places, numbered=numbered, decades=decades)
    _faint(figure, look, found, what, places, chosen)
    _named(figure, look, found, what, places, chosen)
    _arrange(figure)
    lacking = int(np.isnan(values).all(0).sum())
    notes = (
        "logarithmic steps" if decades else "",
        f"left out: {lacking} heads without a number" if lacking else "",
    )
    return finished(figure, look, found.recipes.get(what, what), found.recipe, *notes)


def _chosen(found: Dynamics, values: np.ndarray, heads: Any, most: int) -> list[HeadPlace]:
    if heads is None:
        highest = np.where(np.isnan(values), -np.inf, values).max(0)
        best = HeadScores(np.where(np.isfinite(highest), highest, np.nan), "highest").top(NAMED_HEADS)
        return [(head.layer, head.head) for head in best]
    one = isinstance(heads, str) or (
        isinstance(heads, tuple) and len(heads) == 2 and whole_number(heads[0]) is not None
    )
    listed = [heads] if one else heads
    if not isinstance(listed, list | tuple) or not 1 <= len(listed) <= most:
        raise AttnWidgetError(
            f"heads={heads!r} is not valid: give a list of one to {most} heads, for example ['L1H0', (0, 2)]."
        )
    return list(dict.fromkeys(found.head(head) for head in listed))


def _decades(steps: tuple[Any, ...], *, numbered: bool, asked: bool | None) -> bool:
    possible = numbered and min(steps) >= 0 and max(steps) > 0
    if asked and not possible:
        raise AttnWidgetError("log_x=True needs steps that are numbers of 0 or more. Leave it out for named steps.")
    early = possible and len(steps) > 3 and float(np.median(steps)) < max(steps) / 10
    return early if asked is None else bool(asked)


def _places(found: Dynamics, *, numbered: bool, decades: bool) -> np.ndarray:
    """Where the checkpoints stand: at their steps, or one beside the other; 0 has a place among logarithms, too."""
    if not numbered:
        return np.arange(len(found.steps), dtype=np.float64)
    steps = np.array(found.steps, np.float64)
    return np.where(steps > 0, steps, steps[steps > 0].min() / 2) if decades else steps


def _label(axis: Any, found: Dynamics, places: np.ndarray, *, numbered: bool, decades: bool) -> None:
    axis.major_label_policy = NoOverlap(min_distance=4)
    if not numbered:
        axis.ticker = FixedTicker(ticks=places.tolist())
        axis.major_label_overrides = {
            at: without_tex(str(step)) for at, step in zip(places.astype(int).tolist(), found.steps, strict=True)
        }
        return
    axis.formatter = NumeralTickFormatter(format="0,0.[00]")
    if decades:
        axis.ticker, axis.major_label_overrides = _ticks(found.steps, places)


def _ticks(steps: tuple[Any, ...], places: np.ndarray) -> tuple[FixedTicker, dict[float, str]]:
    """1, 2, 5, 10, ... among the steps, and 0 where it is drawn."""
    positive = [step for step in steps if step > 0]
    powers = range(math.floor(math.log10(positive[0])), math.ceil(math.log10(positive[-1])) + 1)
    round_ones = [factor * 10.0**power for power in powers for factor in (1, 2, 5)]
    labels = {tick: f"{tick:,g}" for tick in round_ones if positive[0] <= tick <= positive[-1]}
    if steps[0] == 0:
        labels = {float(places[0]): "0", **labels}
    return FixedTicker(ticks=list(labels)), labels


def _range(values: np.ndarray) -> Range1d:
    known = values[np.isfinite(values)]
    least, most = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
    low, high = min(0.0, least), max(0.0, most)
    room = 0.04 * ((high - low) or 1.0)
    return Range1d(low - (room if low < 0 else 0), high + room)


def _faint(figure: Any, look: Look, found: Dynamics, what: str, places: np.ndarray, chosen: list[HeadPlace]) -> None:
    values = found.of(what)
    others = [
        (layer, head)
        for layer, head in np.ndindex(values.shape[1:])
        if (layer, head) not in chosen and not np.isnan(values[:, layer, head]).all()
    ]
    if not others:
        return
    series = [values[:, layer, head] for layer, head in others]
    highest = [int(np.nanargmax(one)) for one in series]
    data = {
        "x": [places] * len(others),
        "y": series,
        "name": [head_name(layer, head) for layer, head in others],
        "text": [f"at most {number(one[at])}, step {found.steps[at]}" for one, at in zip(series, highest, strict=True)],
    }
    lines = figure.multi_line(
        xs="x",
        ys="y",
        source=ColumnDataSource(data=data),
        line_color=look.dim,
        line_alpha=0.55,
        line_width=1,
        hover_line_color=look.muted,
        hover_line_alpha=1,
        legend_label="other heads",
    )
    hover(figure, look, [lines], "<b>@name</b> · @text")


def _named(figure: Any, look: Look, found: Dynamics, what: str, places: np.ndarray, chosen: list[HeadPlace]) -> None:
    values = found.of(what)
    source = _dots(found, values, places, chosen)
    dots = []
    for at, (layer, head) in enumerate(chosen):
        label, colour = head_name(layer, head), look.categories[at]
        figure.line(x=places, y=values[:, layer, head], line_color=colour, line_width=2, legend_label=label)
        own = (np.array(source.data["layer"]) == layer) & (np.array(source.data["head"]) == head)
        dots.append(
            figure.scatter(
                x="x",
                y="value",
                source=source,
                view=CDSView(filter=BooleanFilter(own.tolist())),
                size=6,
                color=colour,
                nonselection_fill_alpha=1,
                nonselection_line_alpha=1,
                selection_line_color=look.text,
                selection_line_width=2,
                legend_label=label,
            )
        )
    hover(figure, look, dots, "<b>@name</b> · @step · @text")
    tap(figure, dots)


def _arrange(figure: Any) -> None:
    """The legend above the lines, named heads first; there is none where no head has a number."""
    for legend in list(figure.legend):
        legend.items = sorted(legend.items, key=lambda item: item.label.value == "other heads")
        legend_above(figure, legend, 3)


def _dots(found: Dynamics, values: np.ndarray, places: np.ndarray, chosen: list[HeadPlace]) -> ColumnDataSource:
    rows = [
        (layer, head, at, values[at, layer, head])
        for layer, head in chosen
        for at in range(len(places))
        if not np.isnan(values[at, layer, head])
    ]
    data = {
        "layer": np.array([row[0] for row in rows], np.int32),
        "head": np.array([row[1] for row in rows], np.int32),
        "value": np.array([row[3] for row in rows]),
        "x": np.array([places[row[2]] for row in rows]),
        "name": [head_name(row[0], row[1]) for row in rows],
        "step": [f"step {step:,}" if not isinstance(step := found.steps[row[2]], str) else step for row in rows],
        "text": [number(row[3]) for row in rows],
    }
    return ColumnDataSource(name=NAME, data=data)
