"""One number per pair of tokens as a picture: queries down, keys across."""

import re
from typing import Any

import numpy as np
from bokeh.models import ColumnDataSource, CustomJSHover, Range1d

from attnwidget.errors import AttnWidgetError
from attnwidget.measures.results import TokenMap
from attnwidget.plots.chart import colour_bar, empty, finished, hover, mapper, token_axis
from attnwidget.plots.colours import Look, look_of
from attnwidget.plots.labels import token_name

LONGEST_PIECE = 10
"""Characters of a token: labels on both sides leave a map little room."""


def token_map(found: Any, *, unit: str = "weight", theme: str | None = None, title: str | None = None) -> Any:
    """A Bokeh figure of a number per query and key, queries down and keys across, in one ramp.

    The colour rises with the square root of the number, as in the explorer, so that small weights can be told from
    none; numbers below 0 are refused, as they are differences. Raises AttnWidgetError for what is no TokenMap.

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
    scale = mapper(values, look.ramps["weights"], low=0.0)
    return _picture(found, values, scale, look, title or _name(found), unit, "colour: square root")


def comparison(
    compared: Any,
    layer: Any = None,
    head: Any = None,
    *,
    unit: str = "difference",
    theme: str | None = None,
    title: str | None = None,
) -> Any:
    """A Bokeh figure of the differences of one head between two texts or models, from a `Comparison`; or of a TokenMap.

    Green is more, purple is less, and the colours part at 0: the ramp is as long on either side. `layer` and `head`
    as in `Comparison.map`; without them the mean over all heads. How much each head changed is
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
            raise AttnWidgetError("A TokenMap is one map already, so layer and head have nothing to choose.")
        found = compared
    elif callable(getattr(compared, "map", None)) and hasattr(compared, "mean_difference"):
        found = compared.mean_map if layer is None else compared.map(layer, head)
    else:
        raise AttnWidgetError(
            f"A Comparison or a TokenMap is needed, and {type(compared).__name__} was given. Give "
            "aw.compare(one, other) with a layer and a head, or a TokenMap of differences."
        )
    values = _checked(found)
    most = float(np.nanmax(np.abs(values), initial=0.0)) or 1.0
    scale = mapper(values, look.ramps["differences"], low=-most, high=most)
    return _picture(found, values, scale, look, title or _name(found), unit, "green: more; purple: less")


def _checked(found: Any) -> np.ndarray:
    if not isinstance(found, TokenMap):
        raise AttnWidgetError(
            f"A TokenMap is needed, and {type(found).__name__} was given. Give for example aw.rollout(trace), or "
            "TokenMap(values, recipe, query_pieces, key_pieces)."
        )
    values = np.asarray(found.values, np.float32)
    if values.ndim != 2 or not values.size:
        raise AttnWidgetError(f"A map needs a (query, key) table, and one of the shape {found.shape} was given.")
    return values


def _name(found: TokenMap) -> str:
    first = re.split(r"[,:;]", found.recipe, maxsplit=1)[0].strip()
    # "b - a" are names of texts and stay small.
    return first if first[1:2] == " " else f"{first[:1].upper()}{first[1:]}" or "Every query and key"


def _picture(found: TokenMap, values: np.ndarray, scale: Any, look: Look, title: str, unit: str, note: str) -> Any:
    queries, keys = values.shape
    cell = min(22.0, max(1.0, 460 / max(queries, keys)))
    figure = empty(
        title,
        "key →",
        "query ↓",
        height=int(max(queries * cell, 60)) + 190,
        widest=max(480, int(keys * cell * 1.25) + 220),
        tools="pan,wheel_zoom,box_zoom,reset,save",
        x_axis_location="above",
        x_range=Range1d(-0.5, keys - 0.5, bounds=(-0.5, keys - 0.5)),
        y_range=Range1d(queries - 0.5, -0.5, bounds=(-0.5, queries - 0.5)),
    )
    figure.grid.visible = False
    figure.axis.axis_line_alpha = figure.axis.major_tick_line_alpha = 0
    # Slanted labels need more room than they show: many stand upright.
    figure.xaxis.major_label_orientation = np.pi / 3 if keys <= 12 else np.pi / 2
    token_axis(figure.xaxis[0], found.key_pieces, keys, LONGEST_PIECE)
    token_axis(figure.yaxis[0], found.query_pieces, queries, LONGEST_PIECE)
    source = ColumnDataSource(name="attnwidget.pairs", data={"image": [values]})
    image = figure.image(image="image", x=-0.5, y=-0.5, dw=keys, dh=queries, color_mapper=scale, source=source)
    hover(
        figure,
        look,
        [image],
        f"<b>$y{{custom}}</b> → <b>$x{{custom}}</b><br>@image{{0.000}} {unit if unit.isidentifier() else ''}",
        formatters={"$x": _at(found.key_pieces, keys), "$y": _at(found.query_pieces, queries)},
    )
    colour_bar(figure, scale, unit)
    blank = "blank: no number" if np.isnan(values).any() else ""
    return finished(figure, look, found.recipe, note, blank)


def _at(pieces: tuple[str, ...], size: int) -> CustomJSHover:
    """The token under the pointer. A name for each token, not for each cell: a map has the square of those."""
    names = [token_name(pieces, at) for at in range(size)]
    return CustomJSHover(args={"names": names}, code="return names[Math.round(value)] ?? ''")
