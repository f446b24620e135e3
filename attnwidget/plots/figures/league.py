"""What methods are worth, one under the other: a dot with its interval for each."""

from typing import Any

import numpy as np
from bokeh.models import ColumnDataSource, FactorRange, LegendItem, Range1d, Span, Whisker
from bokeh.models import Legend as DrawnLegend

from attnwidget.arguments import one_of
from attnwidget.errors import AttnWidgetError
from attnwidget.experiments.league.contenders import METHOD_FAMILIES
from attnwidget.experiments.league.standings import CHANCE, League, Standing, passes_said
from attnwidget.plots.chart import empty, finished, hover, legend_above
from attnwidget.plots.colours import Look, look_of
from attnwidget.plots.labels import without_tex

MARK_AXES = {
    "area": "area under the ROC curve",
    "precision": "share of deciding words among the first k",
    "fall": "fall of the answer's probability without the first k",
}

FAMILY_NAMES = {"gradient": "gradients", "change": "interventions", "control": "controls"}
"""What families of methods are called beside their colour, where that is not their own name."""


def league(found: Any, mark: Any = "area", *, theme: str | None = None, title: str | None = None) -> Any:
    """A Bokeh figure of what `aw.judge_methods` gives: methods from the best to the worst, each with its interval.

    `mark` is "area" (a line stands at chance), "precision", or "fall" (a line stands where the deciding words themselves
    are). The colour says what kind of method it is. Methods without numbers are left out. Raises AttnWidgetError for anything
    but a League, and for another mark.

    >>> import attnwidget as aw
    >>> found = aw.judge_methods(samples=6, methods=["attention", "random"], progress=False)
    >>> list(aw.plots.league(found).y_range.factors)
    ['random', 'attention']
    """
    look = look_of(theme)
    if not isinstance(found, League):
        raise AttnWidgetError(f"This needs the result of aw.judge_methods, not {type(found).__name__}.")
    what = one_of("mark", mark, MARK_AXES)
    shown = sorted((one for one in found.standings if one.scored), key=lambda one: getattr(one, what).mean)
    line = {"area": CHANCE, "fall": found.truth.fall.mean}.get(what)
    figure = empty(
        title or f"Which methods find the words that decide, on {found.model}",
        MARK_AXES[what],
        " ",  # an axis that has a label leaves room for it at the edge
        height=22 * len(shown) + 190,
        title_line=30,
        tools="save",
        x_range=_range(shown, what, line),
        y_range=FactorRange(factors=[without_tex(one.name) for one in shown]),
    )
    figure.yaxis.major_tick_line_alpha = figure.yaxis.axis_line_alpha = 0
    items = []
    for number, family in enumerate(dict.fromkeys(one.family for one in found.standings if one.scored)):
        own = [one for one in shown if one.family == family]
        colour = look.muted if family == "control" else look.categories[number]
        items.append(
            LegendItem(label=FAMILY_NAMES.get(family, family), renderers=[_dots(figure, look, own, what, colour)])
        )
    legend_above(figure, DrawnLegend(items=items), 2)
    if line is not None:
        figure.add_layout(Span(location=line, dimension="height", line_color=look.muted, line_dash=[4, 3]))
    note = {"area": "line: chance", "fall": "line: the deciding words themselves"}.get(what, "")
    return finished(figure, look, found.recipe, note)


def _dots(figure: Any, look: Look, own: list[Standing], what: str, colour: str) -> Any:
    marks = [getattr(one, what) for one in own]
    source = ColumnDataSource(
        data={
            "name": [without_tex(one.name) for one in own],
            "value": [mark.mean for mark in marks],
            "low": [mark.low for mark in marks],
            "high": [mark.high for mark in marks],
            "text": [repr(mark) for mark in marks],
            "does": [one.does for one in own],
            "family": [METHOD_FAMILIES[one.family] for one in own],
            "cost": [f"{passes_said(one.passes)} passes" for one in own],
        }
    )
    ends = Whisker(base="name", lower="low", upper="high", source=source, dimension="width", line_color=colour)
    ends.upper_head.size = ends.lower_head.size = 0
    ends.line_width, ends.level = 2, "glyph"
    figure.add_layout(ends)
    dots = figure.scatter(
        x="value", y="name", source=source, size=8, fill_color=colour, line_color=look.ground, line_width=0.5
    )
    hover(figure, look, [dots], "<b>@name</b> · @text · @cost<br>@does<br>@family", mode="hline")
    return dots


def _range(shown: list[Standing], what: str, line: float | None) -> Range1d:
    ends = [getattr(getattr(one, what), end) for one in shown for end in ("mean", "low", "high")]
    known = np.array([end for end in (*ends, line) if end is not None and np.isfinite(end)])
    low, high = min(0.0, float(known.min())), max(1.0, float(known.max()))
    return Range1d(low - 0.02, high + 0.02)
