"""The pictures that tokens stand in, as the page hears of them."""

from collections.abc import Mapping
from typing import Any

from attnwidget.engine import Picture, Tokens, Trace


def pictures_told(trace: Trace) -> list[dict[str, Any]]:
    """What the page needs to lay tokens over pictures; the colours are asked for by name, once."""
    return [_told(picture) for picture in trace.pictures]


def _told(picture: Picture) -> dict[str, Any]:
    (height, width), (rows, columns) = picture.size, picture.grid
    told = {"name": picture.name, "width": width, "height": height, "rows": rows, "columns": columns}
    return {**told, "patch": list(picture.patch), "note": picture.note}


def places_told(tokens: Tokens) -> Mapping[str, Any]:
    """Where tokens stand in pictures: [picture, frame, row, column, rows, columns], null for those that stand in none.

    >>> places_told(Tokens.patches(1, 2, before=["[CLS]"]))
    {'places': [None, [0, 0, 0, 0, 1, 1], [0, 0, 0, 1, 1, 1]]}
    """
    if not tokens.places:
        return {}
    return {
        "places": [
            place and [place.picture, place.frame, place.row, place.column, place.rows, place.columns]
            for place in tokens.places
        ]
    }


def picture_named(trace: Trace, name: str) -> Picture | None:
    """A picture of this trace by its name; None if there is none, as when it has been replaced since."""
    return next((picture for picture in trace.pictures if picture.name == name), None)
