"""One number per token as bars."""

from importlib import import_module
from typing import Any

import numpy as np
from bokeh.models import ColumnDataSource, FixedTicker, LinearAxis, Range1d, Span

from attnwidget.engine import Tokens, Trace, fit_index
from attnwidget.errors import AttnWidgetError
from attnwidget.measures.heads.attention_sinks import Sinks
from attnwidget.measures.paths.influence import Influence
from attnwidget.measures.results import TokenScores
from attnwidget.plots.chart import empty, finished, hover, tap, token_axis
from attnwidget.plots.colours import Look, look_of
from attnwidget.plots.labels import number, sentence, token_name

MOST_ROWS = 40
"""Tokens. Above, the bars stand upright: a page is wider than it is high."""


def token_bars(
    scores: Any,
    *,
    tokens: Tokens | None = None,
    direction: str = "reads",
    unit: str = "",
    reference: float | None = None,
    theme: str | None = None,
    title: str | None = None,
) -> Any:
    """A Bokeh figure of one number per token: a rollout's row, a flow's, an influence, attention received.

    `scores` are TokenScores, or what `aw.trace_influence` (its `row`) or `aw.attention_sinks` (its `received`) gives.
    Up to 40 tokens lie one under the other with their numbers; more stand upright, and zooming in shows their labels.
    Special tokens are dim: those of `tokens`, or else pieces in brackets. `direction` "reads" is orange, "read_by"
    blue. `reference` draws a line at a number; ratios to a null model have theirs at 1. Tokens without a number have
    no bar. Raises AttnWidgetError for what has no number per token, and for unknown options.

    >>> import attnwidget as aw
    >>> trace = aw.load().trace("The cat sat on the mat.")
    >>> chart = aw.plots.token_bars(aw.rollout(trace, query=-1))
    >>> chart.select_one("attnwidget.tokens").data["name"][2]
    '#2 “sat”'
    """
    look = look_of(theme)
    scores = _scores(scores)
    values = np.asarray(scores.values, np.float64)
    if direction not in {"reads", "read_by"}:
        raise AttnWidgetError(f"direction={direction!r} is not valid: give 'reads' or 'read_by'.")
    special = _special(scores, tokens)
    is_ratio = "divided by" in scores.recipe
    level = 1.0 if reference is None and is_ratio else reference
    source = _source(scores, values, special)
    lying = len(values) <= MOST_ROWS
    draw = _lying if lying else _upright
    name = title or sentence(scores.recipe.split(",")[0]).rstrip(".") or "Scores of tokens"
    if is_ratio and title is None:
        name += " ÷ null model"
    figure, bars = draw(
        name, unit or ("ratio: 1 is as in the null model" if is_ratio else "share"), source, look, direction
    )
    _range(figure.x_range if lying else figure.y_range, values, level, room=0.04 if lying else 0.06)
    token_axis(figure.yaxis[0] if lying else figure.xaxis[0], scores.pieces, len(values))
    if level is not None:
        figure.add_layout(
            Span(location=level, dimension="height" if lying else "width", line_color=look.muted, line_dash=[4, 3])
        )
    # Short bars are hard to hit: the whole row or column of a token answers.
    hover(figure, look, bars, "<b>@name</b>@kind · @text", mode="hline" if lying else "vline")
    tap(figure, bars)
    notes = [f"line at {level:g}" + (": as in the null model" if is_ratio else "") if level is not None else ""]
    notes.append("special tokens are dim" if any(special) else "")
    return finished(figure, look, scores.recipe, *notes)


def rollout_bars(
    trace: Any,
    query: Any = -1,
    *,
    part: str | None = None,
    fusion: str = "mean",
    residual: float = 0.5,
    discard: float = 0.0,
    null: str | None = None,
    theme: str | None = None,
    title: str | None = None,
) -> Any:
    """`token_bars` of one token's attention rollout; options as of `aw.rollout`.

    With part "cross" the token is one of the target, and the bars are the source's.
    Source: Abnar & Zuidema 2020, arXiv 2005.00928. Raises AttnWidgetError as `aw.rollout` does, and without a query.

    >>> import attnwidget as aw
    >>> chart = aw.plots.rollout_bars(aw.load().trace("The cat sat on the mat."), query=1)
    >>> chart.title.text
    'Rollout of #1 “cat”'
    """
    options = {"part": part, "fusion": fusion, "residual": residual, "discard": discard, "null": null}
    against = "" if null is None else f" against {null} attention"
    return _bars_of("rollout", trace, query, options, against, theme, title)


def flow_bars(
    trace: Any,
    query: Any = -1,
    *,
    part: str | None = None,
    fusion: str = "mean",
    residual: float = 0.5,
    normalise: bool = True,
    theme: str | None = None,
    title: str | None = None,
) -> Any:
    """`token_bars` of one token's attention flow; options as of `aw.flow`.

    Source: Abnar & Zuidema 2020, arXiv 2005.00928. Raises AttnWidgetError as `aw.flow` does, and without a query.

    >>> import attnwidget as aw
    >>> chart = aw.plots.flow_bars(aw.load().trace("The cat sat on the mat."), query=2)
    >>> chart.title.text
    'Flow of #2 “sat”'
    """
    options = {"part": part, "fusion": fusion, "residual": residual, "normalise": normalise}
    return _bars_of("flow", trace, query, options, "", theme, title)


def _bars_of(
    measure: str, trace: Any, query: Any, options: dict[str, Any], against: str, theme: Any, title: str | None
) -> Any:
    if not isinstance(trace, Trace):
        raise AttnWidgetError(
            f"This needs a Trace, not {type(trace).__name__}. Make one with model.trace(text), or draw existing "
            "TokenScores with aw.plots.token_bars(scores)."
        )
    if query is None:
        raise AttnWidgetError(
            "Bars show one token: give its position as query= (-1 is the last). To see all tokens, use "
            f"aw.plots.token_map(aw.{measure}(trace))."
        )
    queries, keys = trace.tokens(options["part"])
    at = fit_index("query", query, len(queries))
    scores = getattr(import_module("attnwidget"), measure)(trace, query=at, **options)
    name = title or f"{measure.capitalize()} of {token_name(queries.pieces, at)}{against}"
    unit = "raw max-flow" if options.get("normalise") is False else ""
    return token_bars(scores, tokens=keys, unit=unit, theme=theme, title=name)


def _scores(given: Any) -> TokenScores:
    found = given.row if isinstance(given, Influence) else given.received if isinstance(given, Sinks) else given
    if not isinstance(found, TokenScores):
        raise AttnWidgetError(
            f"This needs TokenScores, not {type(given).__name__}. Give for example aw.rollout(trace, query=-1), or a "
            "row of a map as TokenScores(values, recipe, pieces)."
        )
    if found.values.ndim != 1 or not found.values.size:
        raise AttnWidgetError(f"The scores have the shape {found.shape}. Give one number per token.")
    return found


def _special(scores: TokenScores, tokens: Tokens | None) -> tuple[bool, ...]:
    known = Tokens.from_pieces(scores.pieces or [""] * len(scores)) if tokens is None else tokens
    if len(known) != len(scores):
        raise AttnWidgetError(
            f"tokens= has {len(known)} tokens, but there are {len(scores)} scores. Give one score per token."
        )
    return known.special


def _source(scores: TokenScores, values: np.ndarray, special: tuple[bool, ...]) -> ColumnDataSource:
    data = {
        "token": np.arange(len(values), dtype=np.int32),
        "value": values,
        "name": [token_name(scores.pieces, at) for at in range(len(values))],
        "text": ["no number" if np.isnan(value) else number(value) for value in values],
        "written": ["" if np.isnan(value) else number(value) for value in values],
        "kind": [" (special)" if own else "" for own in special],
        "strength": [0.4 if own else 1.0 for own in special],
    }
    return ColumnDataSource(name="attnwidget.tokens", data=data)


def _fill(look: Look, direction: str) -> dict[str, Any]:
    colour = look.reads_bar if direction == "reads" else look.read_by_bar
    return {
        "fill_color": colour,
        "fill_alpha": "strength",
        "line_color": None,
        "nonselection_fill_alpha": "strength",
        "selection_line_color": look.text,
        "selection_line_width": 1.5,
    }


def _lying(name: str, unit: str, source: Any, look: Look, direction: str) -> tuple[Any, list[Any]]:
    size = len(source.data["token"])
    figure = empty(
        name, unit, "", height=size * 20 + 130, tools="save", x_range=Range1d(0, 1), y_range=Range1d(size - 0.5, -0.5)
    )
    figure.ygrid.visible = False
    figure.yaxis.major_tick_line_alpha = figure.yaxis.axis_line_alpha = 0
    bars = figure.hbar(y="token", left=0, right="value", height=0.62, source=source, **_fill(look, direction))
    # Beside the bars: no line runs through them, and the longest bar does not push them out.
    numbers = LinearAxis(
        ticker=FixedTicker(ticks=list(range(size))),
        major_label_overrides=dict(enumerate(source.data["written"])),
        axis_line_alpha=0,
        major_tick_line_alpha=0,
    )
    figure.add_layout(numbers, "right")
    return figure, [bars]


def _upright(name: str, unit: str, source: Any, look: Look, direction: str) -> tuple[Any, list[Any]]:
    size = len(source.data["token"])
    figure = empty(
        name,
        "token",
        unit,
        height=380,
        tools="xpan,xwheel_zoom,xbox_zoom,reset,save",
        x_range=Range1d(-0.7, size - 0.3, bounds=(-0.7, size - 0.3)),
        y_range=Range1d(0, 1),
    )
    figure.xgrid.visible = False
    figure.xaxis.major_label_orientation = "vertical"
    bars = figure.vbar(x="token", bottom=0, top="value", width=0.8, source=source, **_fill(look, direction))
    return figure, [bars]


def _range(axis: Range1d, values: np.ndarray, level: float | None, *, room: float) -> None:
    known = [0.0, *values[np.isfinite(values)], *([] if level is None else [level])]
    low, high = min(known), max(known)
    span = (high - low) or 1.0
    axis.start, axis.end = low - (span * room if low < 0 else 0), high + (span * room if high > 0 or low == 0 else 0)
