"""How numbers of heads drift from one set of texts to another: which, by how much, and from which text on."""

import re
from typing import Any

import numpy as np
from bokeh.models import ColumnDataSource, FixedTicker, LinearAxis, Range1d, Span

from attnwidget.arguments import whole_from_one
from attnwidget.engine import parse_head
from attnwidget.errors import AttnWidgetError
from attnwidget.measures.comparison.drift import Drift, DriftedNumber, stretches
from attnwidget.plots.chart import empty, finished, hover, tap
from attnwidget.plots.colours import Look, look_of
from attnwidget.plots.heads import NAME
from attnwidget.plots.labels import number, without_tex

NUMBER_ROW = 46
"""Pixels for one number."""

REACH = 0.42
"""How far a row's curve may go from its middle, in rows."""

LEVEL = 0.01
"""Adjusted p up to which a number counts as drifted."""

DRAWN_AS = {
    "entropy": "entropy",
    "concentration": "on 5 largest",
    "share_special": "on special tokens",
    "share_first": "on first token",
}
"""What a log's numbers are called in a chart."""


def drifted_heads(found: Any, count: Any = 10, *, theme: str | None = None, title: str | None = None) -> Any:
    """A Bokeh figure of the numbers that drifted most: means over stretches of texts, with intervals, in the order of the texts.

    `found` is what `aw.drift` gives, of two logs for instance. A row is a number, most drifted first, at most `count`: grey
    the reference, orange the current texts, with 95 % intervals of each mean (Student's t); the line across is the mean of the
    reference, a tick the text from which on the number is another one. Rows have scales of their own; hovering tells the
    numbers. A click selects the head (source "attnwidget.heads"). Numbers of heads come alone where there are any. Raises
    AttnWidgetError for anything but a Drift, and for a count below 1.

    >>> import attnwidget as aw
    >>> before, after = ([{"entropy.L1H2": shift + text / 9} for text in range(20)] for shift in (0, 2))
    >>> aw.plots.drifted_heads(aw.drift(before, after)).yaxis[0].major_label_overrides
    {0: 'L1H2 · entropy'}
    """
    look, most = look_of(theme), whole_from_one("count", count)
    if not isinstance(found, Drift):
        raise AttnWidgetError(f"This draws what aw.drift gives, not {type(found).__name__}.")
    every = found.top(len(found))
    shown = ([one for one in every if _place(one.name)] or list(every))[:most]
    texts = [max(len(found.samples[one.name][side]) for one in shown) for side in range(2)]
    figure = empty(
        title or "What drifted",
        "reference  ←  text  →  current",
        "",
        height=NUMBER_ROW * len(shown) + 150,
        tools="xpan,xwheel_zoom,reset,save",
        x_range=Range1d(-texts[0] - sum(texts) * 0.01, texts[1] + sum(texts) * 0.01),
        y_range=Range1d(len(shown) - 0.4, -0.6),
    )
    figure.ygrid.visible = False
    effects = LinearAxis()
    figure.add_layout(effects, "right")
    named, sizes = [_label(one.name) for one in shown], [f"{one.difference:+.1f} sd" for one in shown]
    for axis, labels in ((figure.yaxis[0], named), (effects, sizes)):
        axis.ticker = FixedTicker(ticks=list(range(len(shown))))
        axis.major_label_overrides = dict(enumerate(labels))
        axis.major_tick_line_alpha = axis.axis_line_alpha = 0
    figure.add_layout(Span(location=0, dimension="height", line_color=look.edge, line_dash="dotted"))
    dots = [_row(figure, look, at, one, found.samples[one.name]) for at, one in enumerate(shown)]
    hover(figure, look, [dot for both in dots for dot in both], "<b>@label</b> · texts @texts · mean @said")
    tap(figure, [both[1] for both, one in zip(dots, shown, strict=True) if _place(one.name)])
    alarms = [one for one in every if one.adjusted <= LEVEL]
    lengths = any(one.name.endswith("tokens") for one in alarms)
    said = (
        f"{len(alarms)} of {len(every)} numbers drifted (adjusted p up to {LEVEL:g})",
        f"shown: the {len(shown)} that drifted most" if len(shown) < len(every) else "",
        "means over stretches of texts, shaded: their 95 % intervals; tick: since when; right: the difference in standard deviations",
        "texts have other lengths than before, which alone moves most numbers" if lengths else "",
        *(f"the {name} is another one" for name in found.differing),
    )
    return finished(figure, look, *said)


def _row(figure: Any, look: Look, at: int, one: DriftedNumber, sides: tuple[np.ndarray, ...]) -> list[Any]:
    """The curves of both sides, scaled to the height of a row, as what a pointer finds: the dots of the reference, and the current ones."""
    parts = [stretches(side, start) for side, start in zip(sides, (-len(sides[0]), 0), strict=True)]
    middle = one.reference_mean
    bounds = np.concatenate([np.concatenate([part.low, part.high]) for part in parts]) - middle
    unit = REACH / (float(np.nanmax(np.abs(bounds), initial=0.0)) or 1.0)

    def height(values: np.ndarray) -> np.ndarray:
        return at - (values - middle) * unit

    figure.segment(
        x0=[-len(sides[0])],
        x1=[len(sides[1])],
        y0=[at],
        y1=[at],
        line_color=look.hairline,
        line_width=1,
        level="underlay",
    )
    dots = []
    for part, colour, line in zip(parts, (look.dim, look.reads), (look.muted, look.reads), strict=True):
        figure.varea(x=part.middle, y1=height(part.low), y2=height(part.high), fill_color=colour, fill_alpha=0.25)
        figure.line(x=part.middle, y=height(part.mean), line_color=line, line_width=2)
        said = [
            f"{number(mean)} ({number(low)} to {number(high)})"
            for mean, low, high in zip(part.mean, part.low, part.high, strict=True)
        ]
        data: dict[str, Any] = {
            "x": part.middle,
            "y": height(part.mean),
            "value": part.mean,
            "said": said,
            "texts": [f"{first} to {last}" for first, last in zip(part.first, part.last, strict=True)],
            "label": [_label(one.name)] * len(said),
        }
        place = _place(one.name)
        if place is not None:
            before, layer, head = place
            data |= {"layer": np.full(len(said), layer, np.int32), "head": np.full(len(said), head, np.int32)}
            data |= {"part": [before] * len(said)} if before else {}
        source = ColumnDataSource(data=data, name=NAME if place is not None and line == look.reads else None)
        drawn = figure.scatter(
            x="x",
            y="y",
            source=source,
            size=5,
            color=line,
            nonselection_fill_alpha=1,
            nonselection_line_alpha=1,
            selection_line_color=look.text,
            selection_line_width=2,
        )
        dots.append(drawn)
    if one.adjusted <= LEVEL:
        figure.segment(
            x0=[one.since], x1=[one.since], y0=[at - REACH], y1=[at + REACH], line_color=look.text, line_width=2
        )
    return dots


def _place(name: str) -> tuple[str, int, int] | None:
    """(part, layer, head) of a number that a head has: "decoder.entropy.L1H2"; the part is "" where there is one."""
    match = re.fullmatch(r"(?:(.+)\.)?[^.]+\.(L\d+H\d+)", name)
    if match is None:
        return None
    layer, head = parse_head(match[2])
    return None if head is None else (match[1] or "", layer, head)


def _label(name: str) -> str:
    if _place(name) is None:
        return without_tex(name)
    *part, measure, head = name.split(".")
    return without_tex(" · ".join([*part, head, DRAWN_AS.get(measure, measure.replace("_", " "))]))
