"""An empty chart: title, axes, caption, tools: what every figure has in common."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from bokeh.models import BasicTicker, ColorBar, FixedTicker, HoverTool, LinearColorMapper, NoOverlap, TapTool, Title
from bokeh.plotting import figure as new_figure

from attnwidget.plots.colours import Look, Ramp
from attnwidget.plots.labels import (
    LONGEST_PIECE,
    LONGEST_TITLE,
    number_ticks,
    sentence,
    token_labels,
    without_tex,
    wrapped,
)
from attnwidget.plots.theme import CAPTION, themed, tip_style

NARROWEST = 280
WIDEST_CHART = 980

CAPTION_LINE_HEIGHT = 18
"""Pixels of a line of the caption."""

USUAL_LINES = 3
"""Lines of the caption for which the heights of charts have room."""


def empty(
    title: str,
    x: str,
    y: str,
    *,
    height: int,
    tools: str = "pan,wheel_zoom,reset,save",
    widest: int = WIDEST_CHART,
    title_line: int = LONGEST_TITLE,
    **kw: Any,
) -> Any:
    """A figure without marks: it takes the width it is given, between 280 px and `widest`.

    Lines of its title have `title_line` characters: fewer, where a wide axis stands to the left of it.
    """
    made = new_figure(
        title=wrapped(title, title_line),
        x_axis_label=without_tex(x),
        y_axis_label=without_tex(y),
        height=height,
        min_width=NARROWEST,
        max_width=max(NARROWEST, min(WIDEST_CHART, widest)),
        sizing_mode="stretch_width",
        tools=tools,
        **kw,
    )
    made.toolbar.logo = None
    made.toolbar.autohide = True
    # A notebook is scrolled with the wheel: no chart takes it before it is asked to.
    made.toolbar.active_scroll = None
    made.title.text_font_size = "13px"
    made.title.text_font_style = "bold"
    return made


def finished(figure: Any, look: Look, *caption: str) -> Any:
    """The figure with its caption under it, in its colours. A long caption takes nothing from the plot."""
    text = wrapped(" ".join(sentence(part) for part in caption if part))
    if figure.height is not None:
        figure.height += CAPTION_LINE_HEIGHT * max(0, len(text.splitlines()) - USUAL_LINES)
    figure.add_layout(
        Title(
            name=CAPTION,
            text=text,
            text_font_size="11px",
            text_font_style="normal",
            text_line_height=1.35,
            standoff=8,
        ),
        "below",
    )
    return themed(figure, look.name)


def legend_above(figure: Any, legend: Any, columns: int) -> None:
    """A legend over the plot, in so many columns; a click on a line hides it."""
    legend.orientation, legend.ncols, legend.location = "horizontal", columns, "top_left"
    legend.padding, legend.margin, legend.spacing = 2, 2, 12
    legend.glyph_height = legend.label_height = 14
    legend.click_policy = "hide"
    figure.add_layout(legend, "above")


def hover(figure: Any, look: Look, renderers: Sequence[Any], text: str, **options: Any) -> None:
    """The text for the mark under the pointer; `text` has @columns, whose values Bokeh escapes."""
    figure.add_tools(
        HoverTool(
            renderers=list(renderers),
            tooltips=f'<div style="{tip_style(look)}">{text}</div>',
            show_arrow=False,
            **options,
        )
    )


def tap(figure: Any, renderers: Sequence[Any]) -> None:
    """A click on a mark selects it, a click beside them clears the selection."""
    tool = TapTool(renderers=list(renderers))
    figure.add_tools(tool)
    figure.toolbar.active_tap = tool


def colour_bar(figure: Any, mapper: LinearColorMapper, unit: str) -> None:
    """The scale of a colour, at the right."""
    figure.add_layout(
        ColorBar(
            color_mapper=mapper,
            title=without_tex(unit) or None,
            width=10,
            padding=4,
            label_standoff=6,
            title_standoff=4,
            ticker=BasicTicker(desired_num_ticks=5),
        ),
        "right",
    )


def mapper(values: Any, palette: Ramp, *, low: float | None = None, high: float | None = None) -> LinearColorMapper:
    """A linear colour scale over the finite numbers; NaN is left blank."""
    known = np.asarray(values, np.float64)
    known = known[np.isfinite(known)]
    least = float(known.min()) if low is None and known.size else low or 0.0
    most = float(known.max()) if high is None and known.size else high or 1.0
    # All alike: any span does, as long as there is one.
    return LinearColorMapper(
        palette=list(palette), low=least, high=most if most > least else least + 1, nan_color="rgba(0, 0, 0, 0)"
    )


def number_axis(axis: Any, count: int, ticks: int) -> None:
    """An axis of whole numbers from 0, with at most about this many labels."""
    axis.ticker = FixedTicker(ticks=list(number_ticks(count, ticks)))
    axis.major_label_policy = NoOverlap(min_distance=3)


def token_axis(axis: Any, pieces: Sequence[str], size: int, longest: int = LONGEST_PIECE) -> None:
    """An axis of tokens by position: labels that would overlap are left out until there is room for them."""
    axis.ticker = FixedTicker(ticks=list(range(size)))
    axis.major_label_overrides = dict(enumerate(token_labels(pieces, size, longest)))
    axis.major_label_policy = NoOverlap(min_distance=2)
