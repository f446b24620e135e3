"""One number per pair of tokens as a picture: queries down, keys across."""

import re
from typing import Any

import numpy as np
from bokeh.models import ColumnDataSource, Range1d

from attnwidget.errors import AttnWidgetError
from attnwidget.measures.results import PlaceScores, TokenMap
from attnwidget.plots.chart import NARROWEST, WIDEST_CHART, colour_bar, empty, finished, hover, mapper, token_axis
from attnwidget.plots.colours import Look, look_of
from attnwidget.plots.labels import number, token_name
from attnwidget.tones import full_tone, read_scale

LONGEST_MAP_LABEL = 10
"""Characters of a token: labels on both sides leave a map little room."""

MOST_NAMED = 64 * 64
"""Up to this many cells name their tokens under the pointer: each cell carries its own text. Those of larger maps are numbered."""

BESIDE, ABOVE = 185, 170
"""Pixels of a figure that are not the map: labels, the bar of colours; labels, title and caption."""

LOWEST, HIGHEST, LARGEST = 60, 620, 40
"""Pixels: a map's height within its axes, and the side of a cell."""

USUAL_WIDTH = 448
"""Pixels: the width at which cells are square, that of a page 480 px wide."""

SMALLEST = 400
"""Pixels: how wide a map of few tokens may be, so that there is room for its text."""


def token_map(
    found: Any, *, unit: str = "weight", scale: Any = None, theme: str | None = None, title: str | None = None
) -> Any:
    """A Bokeh figure of a number per query and key, queries down and keys across, in one ramp.

    The colour rises with the square root of the number, as in the explorer, so that small weights can be told from
    none. `scale` is the number of the full tone: by default 1 where none is larger, so that figures can be held against
    each other; "stretch" is the largest. Numbers below 0 are refused, as they are differences. Raises AttnWidgetError
    for anything but a TokenMap.

    >>> import attnwidget as aw
    >>> chart = aw.plots.token_map(aw.rollout(aw.load().trace("The cat sat on the mat.")))
    >>> chart.yaxis[0].major_label_overrides[1]
    'cat'
    """
    look = look_of(theme)
    values = _checked(found)
    if bool((values < 0).any()):
        raise AttnWidgetError(
            "This map has numbers below 0, so it shows differences. Draw it with aw.plots.comparison(map), whose "
            "colours part at 0."
        )
    full = _full(values, scale)
    colours = mapper(values, look.ramps["weights"], low=0.0, high=full)
    note = f"colour: square root, full at {full:.3g}"
    return _picture(found, values, colours, look, title or _name(found), unit, note)


def comparison(
    compared: Any,
    layer: Any = None,
    head: Any = None,
    *,
    unit: str = "difference",
    scale: Any = None,
    theme: str | None = None,
    title: str | None = None,
) -> Any:
    """A Bokeh figure of the differences of one head between two texts or models, from a `Comparison`; or of a TokenMap.

    Green is more, purple is less, and the colours meet at 0: the ramp is equally long on either side, and its tone is the
    square root of the difference. `scale` as in `token_map`. `layer` and `head` as in `Comparison.map`; without them the mean over all heads. How much each head changed is
    `head_grid(compared.mean_difference)`. Raises AttnWidgetError for what is neither, and for a layer or head of a
    TokenMap.

    >>> import numpy as np
    >>> from attnwidget.measures.results import TokenMap
    >>> chart = comparison(TokenMap(np.array([[0.1, -0.3]]), "second minus first", ("a",), ("a", "b")))
    >>> chart.title.text
    'Second minus first'
    """
    look = look_of(theme)
    if isinstance(compared, TokenMap):
        if layer is not None or head is not None:
            raise AttnWidgetError("A TokenMap is a single map. Leave layer and head out.")
        found = compared
    elif callable(getattr(compared, "map", None)) and hasattr(compared, "mean_difference"):
        found = compared.mean_map if layer is None else compared.map(layer, head)
    else:
        raise AttnWidgetError(
            f"This needs a Comparison or a TokenMap, not {type(compared).__name__}. Give aw.compare(one, other) with a "
            "layer and a head, or a TokenMap of differences."
        )
    values = _checked(found)
    full = _full(values, scale)
    colours = mapper(values, look.ramps["changes"], low=-full, high=full)
    note = f"green: more; purple: less; square root, full at {full:.3g}"
    return _picture(found, values, colours, look, title or _name(found), unit, note)


def _full(values: np.ndarray, scale: Any) -> float:
    """The number of the full tone."""
    largest = float(np.nanmax(np.abs(values), initial=0.0)) or 1.0
    return max(1.0, largest) if scale is None else full_tone(read_scale(scale), largest)


def _checked(found: Any) -> np.ndarray:
    if not isinstance(found, TokenMap):
        raise AttnWidgetError(
            f"This needs a TokenMap, not {type(found).__name__}. Give for example aw.rollout(trace), or "
            "TokenMap(values, recipe, query_pieces, key_pieces)."
        )
    values = np.asarray(found.values, np.float32)
    if values.ndim != 2 or not values.size:
        raise AttnWidgetError(f"The map has the shape {found.shape}. Give a (query, key) table.")
    return values


def _name(found: TokenMap) -> str:
    first = re.split(r"[,:;]", found.recipe, maxsplit=1)[0].strip()
    # "b - a" are names of texts and stay small.
    return first if first[1:2] == " " else f"{first[:1].upper()}{first[1:]}" or "Every query and key"


def _picture(found: TokenMap, values: np.ndarray, colours: Any, look: Look, title: str, unit: str, note: str) -> Any:
    queries, keys = values.shape
    across, down = ("token →", "layer ↓") if isinstance(found, PlaceScores) else ("key →", "query ↓")
    figure = empty(
        title,
        across,
        down,
        height=_height(USUAL_WIDTH, queries, keys),
        tools="pan,wheel_zoom,box_zoom,reset,save",
        x_axis_location="above",
        x_range=Range1d(-0.5, keys - 0.5, bounds=(-0.5, keys - 0.5)),
        y_range=Range1d(queries - 0.5, -0.5, bounds=(-0.5, queries - 0.5)),
    )
    _square_cells(figure, queries, keys)
    figure.grid.visible = False
    figure.axis.axis_line_alpha = figure.axis.major_tick_line_alpha = 0
    # Slanted labels need more room than they show: many stand upright.
    figure.xaxis.major_label_orientation = np.pi / 3 if keys <= 12 else np.pi / 2
    token_axis(figure.xaxis[0], found.key_pieces, keys, LONGEST_MAP_LABEL)
    token_axis(figure.yaxis[0], found.query_pieces, queries, LONGEST_MAP_LABEL)
    named = values.size <= MOST_NAMED
    data = {"image": [values]} | (_names(found, values) if named else {})
    source = ColumnDataSource(name="attnwidget.pairs", data=data)
    image = figure.image(image="image", x=-0.5, y=-0.5, dw=keys, dh=queries, color_mapper=colours, source=source)
    pair = "<b>@query</b> → <b>@key</b><br>@text" if named else "<b>#$y{0}</b> → <b>#$x{0}</b><br>@image{0.000}"
    hover(figure, look, [image], f"{pair} {unit if unit.isidentifier() else ''}")
    colour_bar(figure, colours, unit)
    blank = "blank: no number" if np.isnan(values).any() else ""
    return finished(figure, look, found.recipe, note, blank)


def _names(found: TokenMap, values: np.ndarray) -> dict[str, list[list[list[str]]]]:
    """The text of every cell, in rows like the map itself: Bokeh looks up nothing by a place between cells."""
    queries, keys = values.shape
    across = [token_name(found.key_pieces, at) for at in range(keys)]
    return {
        "query": [[[token_name(found.query_pieces, at)] * keys for at in range(queries)]],
        "key": [[across] * queries],
        "text": [[["no number" if np.isnan(value) else number(value) for value in row] for row in values.tolist()]],
    }


def _height(width: float, queries: int, keys: int) -> int:
    """The height of a figure of this width when its cells are square, or nearly."""
    return int(min(HIGHEST, max(LOWEST, (width - BESIDE) * queries / keys))) + ABOVE


def _square_cells(figure: Any, queries: int, keys: int) -> None:
    """The height follows the width, between what square cells need at the narrowest and at the widest."""
    room = int(keys * min(LARGEST, HIGHEST / queries))
    figure.max_width = min(WIDEST_CHART, max(SMALLEST, room + BESIDE))
    figure.min_height, figure.max_height = (_height(width, queries, keys) for width in (NARROWEST, figure.max_width))
    figure.sizing_mode, figure.aspect_ratio, figure.height = "scale_width", USUAL_WIDTH / figure.height, None
