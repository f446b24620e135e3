"""How a number is spread over the heads of one trace, or of several."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from bokeh.models import ColumnDataSource, Range1d

from attnwidget.engine import Trace
from attnwidget.errors import AttnWidgetError
from attnwidget.measures.results import HeadScores
from attnwidget.plots.chart import empty, finished, hover
from attnwidget.plots.colours import Look, look_of
from attnwidget.plots.labels import number, piece_label, without_tex
from attnwidget.plots.metrics import Measured, measured

MOST_BINS = 30


def distributions(
    trace_or_traces: Any,
    metric: Any = None,
    *,
    kind: str = "histogram",
    part: str | None = None,
    theme: str | None = None,
    title: str | None = None,
) -> Any:
    """A Bokeh figure of how many heads have which number, over each other for several traces.

    One trace or HeadScores, a list of them, or a mapping of names to them; `metric` as in `head_grid`. `kind` is
    "histogram" (the same bins for all) or "ecdf" (the share of heads at or below a number), which shows every head and
    is the better one for many traces. Heads without a number are left out. Raises AttnWidgetError for no trace, for
    more than eight, for another kind, and as `head_grid` does.

    >>> import attnwidget as aw
    >>> model = aw.load()
    >>> cats = {"cat": model.trace("The cat sat."), "dog": model.trace("The dog ran to the mat.")}
    >>> [item.label.value for item in aw.plots.distributions(cats, "entropy").legend[0].items]
    ['cat', 'dog']
    """
    look = look_of(theme)
    if kind not in {"histogram", "ecdf"}:
        raise AttnWidgetError(f"kind={kind!r} is not valid: give 'histogram' or 'ecdf'.")
    named = _named(trace_or_traces, len(look.categories))
    found = {name: measured(one, metric, part) for name, one in named.items()}
    first = next(iter(found.values()))
    figure = empty(
        title or f"{first.name} over the heads",
        first.label,
        "heads" if kind == "histogram" else "share of heads",
        height=360,
        tools="xpan,xwheel_zoom,reset,save",
    )
    figure.xgrid.visible = False
    draw = _histogram if kind == "histogram" else _steps
    draw(figure, look, found)
    if len(found) > 1:
        legend = figure.legend[0]
        legend.orientation, legend.ncols, legend.padding, legend.margin = "horizontal", 3, 2, 2
        legend.click_policy, legend.location = "hide", "top_left"
        figure.add_layout(legend, "above")
    else:
        figure.legend.visible = False
    lacking = sum(int(np.isnan(own.values).sum()) for own in found.values())
    recipes = dict.fromkeys(own.scores.recipe for own in found.values())
    return finished(figure, look, *recipes, f"left out: {lacking} without a number" if lacking else "")


def _named(given: Any, most: int) -> dict[str, Any]:
    if isinstance(given, Trace | HeadScores):
        return {"": given}
    if isinstance(given, Mapping):
        found = {str(name): one for name, one in given.items()}
    elif isinstance(given, Sequence) and not isinstance(given, str):
        found = {f"{at}: {_text(one)}" if _text(one) else str(at): one for at, one in enumerate(given)}
    else:
        found = {}
    if not 1 <= len(found) <= most:
        raise AttnWidgetError(
            f"A trace, HeadScores, or one to {most} of them in a list or a mapping of names are needed, and "
            f"{type(given).__name__}{f' of {len(found)}' if found else ''} was given."
        )
    return found


def _text(one: Any) -> str:
    return piece_label(one.text.text, 24) if isinstance(one, Trace) else ""


def _known(own: Measured) -> np.ndarray:
    return np.sort(own.values[np.isfinite(own.values)])


def _histogram(figure: Any, look: Look, found: dict[str, Measured]) -> None:
    every = np.concatenate([_known(own) for own in found.values()])
    edges = np.histogram_bin_edges(every, bins=min(MOST_BINS, max(5, int(2 * np.sqrt(every.size)))))
    most = 1
    for colour, (name, own) in zip(_colours(look, len(found)), found.items(), strict=False):
        counts, _ = np.histogram(_known(own), edges)
        most = max(most, int(counts.max()))
        data = {
            "left": edges[:-1],
            "right": edges[1:],
            "count": counts,
            "between": [f"{number(a)} to {number(b)} {own.unit}".strip() for a, b in pairwise(edges)],
            "name": [name and f"{name} · "] * len(counts),
            "heads": ["1 head" if count == 1 else f"{count} heads" for count in counts],
        }
        bars = figure.quad(
            left="left",
            right="right",
            bottom=0,
            top="count",
            source=ColumnDataSource(data=data),
            fill_color=colour,
            fill_alpha=0.85 if len(found) == 1 else 0.3,
            line_color=colour if len(found) > 1 else look.ground,
            line_width=1.5,
            legend_label=without_tex(name) or "all",
        )
        hover(figure, look, [bars], "@name<b>@between</b> · @heads")
    figure.y_range = Range1d(0, most * 1.06)


def _steps(figure: Any, look: Look, found: dict[str, Measured]) -> None:
    for colour, (name, own) in zip(_colours(look, len(found)), found.items(), strict=False):
        values = _known(own)
        order = np.argsort(own.values, axis=None, kind="stable")[: len(values)]
        heads = own.values.shape[1]
        data = {
            "value": values,
            "share": np.arange(1, len(values) + 1) / max(1, len(values)),
            "head": [f"L{at // heads}H{at % heads}" for at in order],
            "name": [name and f"{name} · "] * len(values),
            "text": [f"{number(value)} {own.unit}".strip() for value in values],
        }
        source = ColumnDataSource(data=data)
        label = without_tex(name) or "all"
        figure.step(
            x="value", y="share", source=source, mode="after", line_color=colour, line_width=2, legend_label=label
        )
        dots = figure.scatter(x="value", y="share", source=source, size=4, color=colour, legend_label=label)
        hover(figure, look, [dots], "@name<b>@head</b> · @text")
    figure.y_range = Range1d(0, 1.03)


def _colours(look: Look, count: int) -> tuple[str, ...]:
    return (look.reads_bar,) if count == 1 else look.categories
