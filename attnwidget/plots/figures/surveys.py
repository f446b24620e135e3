"""A survey as charts: every head with its interval, and one head over the texts beside its controls."""

from typing import Any

import numpy as np
from bokeh.models import ColumnDataSource, FixedTicker, Range1d, Span

from attnwidget.errors import AttnWidgetError
from attnwidget.experiments.resampling import FEWEST_FOR_INTERVAL, INTERVALS
from attnwidget.experiments.surveys.result import Survey
from attnwidget.experiments.surveys.statistics import one, spread_of
from attnwidget.plots.chart import colour_bar, empty, finished, hover, mapper, tap
from attnwidget.plots.colours import Look, look_of
from attnwidget.plots.figures.grid import blank_grid, draw_cells, draw_missing
from attnwidget.plots.heads import heads_source, missing_note
from attnwidget.plots.labels import number

MOST_POINTS = 400
"""Texts that are drawn as points; of more, evenly spread ones by their size."""

ROW = 58
"""Pixels for one distribution."""


def survey_grid(survey: Any, *, minus: Any = None, theme: str | None = None, title: str | None = None) -> Any:
    """A Bokeh figure of a survey's mean of every head, layers down; the square inside a cell is as wide as it is sure.

    A full square has an interval of no width, an empty one an interval as wide as the largest mean. Hovering tells mean, interval
    and number of texts; heads that are claimed are ringed; a click selects a head for the explorer. `minus` is the name of a
    control, or of a model that was compared: then it is the difference from that, and heads that moved for sure are ringed.
    Raises AttnWidgetError for anything but a survey of heads, and for a name that is not there.

    >>> import attnwidget as aw
    >>> found = aw.survey(aw.load(), ["The cat sat on the mat."] * 2, aw.claim(reads="previous token"), controls=())
    >>> aw.plots.survey_grid(found).select_one("attnwidget.heads").data["name"][2]
    'L0H2'
    """
    look, found = look_of(theme), _survey(survey)
    spread = found.spread if minus is None else found.spread_beside(minus)
    if spread.mean.ndim != 2:
        raise AttnWidgetError("This survey has no number a head. Draw aw.plots.survey_texts(survey).")
    figure = blank_grid(spread.mean.shape, title or found.said.words, tools="save")
    most = float(np.nanmax(np.abs(spread.mean))) or 1.0
    width = np.nan_to_num((spread.high - spread.low) / most, nan=1.0).clip(0, 1)
    source = heads_source(
        spread.mean,
        found.said.unit,
        sure=(1 - 0.7 * width).ravel(),
        between=[_between(low, high) for low, high in zip(spread.low.ravel(), spread.high.ravel(), strict=True)],
        texts=[f"{count:,}" for count in spread.texts.ravel().tolist()],
    )
    below = float(np.nanmin(spread.mean)) < 0
    scale = (
        mapper(spread.mean, look.ramps["differences"], low=-most, high=most)
        if below
        else mapper(spread.mean, look.ramps["heads"], low=0.0)
    )
    cells = draw_cells(figure, look, source, {"field": "value", "transform": scale})
    cells.glyph.width = cells.glyph.height = "sure"
    marks = [cells, *draw_missing(figure, look, source, spread.mean)]
    claimed = () if found.said.one_of else found.said.heads
    if minus is not None:
        claimed = tuple((one.layer, one.head) for one in found.moved(minus))
    if claimed:
        figure.rect(
            x=[head for _, head in claimed],
            y=[layer for layer, _ in claimed],
            width=1,
            height=1,
            fill_color=None,
            line_color=look.text,
            line_width=2,
        )
    hover(figure, look, marks, "<b>@name</b> · @text@between · @texts texts")
    tap(figure, [cells])
    colour_bar(figure, scale, found.said.unit)
    ringed = (
        "ringed: claimed" if minus is None else "ringed: the interval leaves out 0, and p (corrected over heads) < 0.05"
    )
    notes = ["the smaller a square, the wider its interval", ringed if claimed else ""]
    what = found.said.of if minus is None else f"{found.said.of} minus {minus}"
    return finished(
        figure, look, f"{what}, mean over {len(found):,} texts", INTERVALS, *notes, missing_note(spread.mean)
    )


def survey_texts(survey: Any, head: Any = None, *, theme: str | None = None, title: str | None = None) -> Any:
    """A Bokeh figure of one head over the texts, beside its controls: a point for every text, mean and interval over them.

    `head` is the one that the survey is about, unless given, and "some head" on the texts that did not choose it; of a
    measure, the mean over heads. Hovering tells the text.
    Raises AttnWidgetError for anything but a survey, and for a head that is not there.

    >>> import attnwidget as aw
    >>> found = aw.survey(aw.load(), ["The cat sat on the mat."] * 2, aw.claim("L0H2", reads="previous token"))
    >>> aw.plots.survey_texts(found).yaxis[0].major_label_overrides[0]
    'L0H2'
    """
    look, found = look_of(theme), _survey(survey)
    shown, table, texts = found.numbers_of(head)
    rows = {shown: table(found.values)} | {name: table(values) for name, values in found.controls.items()}
    rows = {name: values[texts] for name, values in rows.items()}
    figure = empty(
        title or found.said.words,
        f"{found.said.of} ({found.said.unit})" if found.said.unit else found.said.of,
        " ",  # an axis that has a label leaves room for it at the edge
        height=ROW * len(rows) + 150,
        tools="xpan,xwheel_zoom,reset,save",
        title_line=34,
        y_range=Range1d(len(rows) - 0.4, -0.6),
    )
    figure.ygrid.visible = False
    figure.yaxis[0].ticker = FixedTicker(ticks=list(range(len(rows))))
    figure.yaxis[0].major_label_overrides = dict(enumerate(rows))
    told = [answer.text if isinstance(answer.text, str) else "" for answer in found.answers[texts]]
    for at, values in enumerate(rows.values()):
        _row(figure, look, at, values, told, look.reads_bar if at == 0 else look.muted, found.seed)
    figure.add_layout(Span(location=0, dimension="height", line_color=look.edge))
    few = "too few texts for an interval" if len(told) < FEWEST_FOR_INTERVAL else INTERVALS
    whose = "" if texts == slice(None) else " that did not choose the head"
    return finished(
        figure, look, f"a point for each of {len(told):,} texts{whose}; line and dot: mean and interval", few
    )


def _row(figure: Any, look: Look, at: int, values: np.ndarray, texts: list[str], colour: str, seed: int) -> None:
    """One distribution: points on two sides of a line as far as there are many alike, and the mean with its interval."""
    known = np.flatnonzero(~np.isnan(values))
    order = known[np.argsort(values[known], kind="stable")]
    if len(order) > MOST_POINTS:
        order = order[np.linspace(0, len(order) - 1, MOST_POINTS).astype(int)]
    if not len(order):
        return
    # The golden ratio spreads neighbours evenly, the same in every drawing.
    aside = ((np.arange(len(order)) * 0.6180339887) % 1 - 0.5) * 0.5
    source = ColumnDataSource(
        data={
            "value": values[order],
            "row": at + aside,
            "text": [texts[one][:120] for one in order],
            "said": [number(float(values[one])) for one in order],
        }
    )
    dots = figure.scatter(x="value", y="row", source=source, size=5, color=colour, alpha=0.45)
    hover(figure, look, [dots], "<b>@said</b> · @text")
    mean = one(spread_of(values[:, None], seed), (0,))
    if mean.sure:
        figure.segment(x0=[mean.low], x1=[mean.high], y0=[at], y1=[at], line_color=look.text, line_width=3)
    figure.scatter(x=[mean.mean], y=[at], size=7, color=look.text, line_color=look.ground)


def _between(low: float, high: float) -> str:
    return "" if np.isnan(low) else f" ({number(low)} to {number(high)})"


def _survey(given: Any) -> Survey:
    if not isinstance(given, Survey):
        raise AttnWidgetError(f"This draws what aw.survey gives, not {type(given).__name__}.")
    return given
