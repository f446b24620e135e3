"""The pictures that tokens stand in, as the page hears of them."""

from collections.abc import Mapping
from typing import Any

from attnwidget.engine import NodePlace, PatchPlace, Picture, Tokens, Trace
from attnwidget.frames.graph import is_graph
from attnwidget.frames.sounds import times_told


def pictures_told(trace: Trace) -> list[dict[str, Any]]:
    """What the page needs to lay tokens over pictures; the colours are asked for by name, once."""
    frames = {
        place.picture: [place.frame, place.frames]
        for place in trace.text.places
        if isinstance(place, PatchPlace) and place.frames
    }
    return [_told(picture, frames.get(number)) for number, picture in enumerate(trace.pictures)]


def _told(picture: Picture, frames: list[int] | None) -> dict[str, Any]:
    (height, width), (rows, columns) = picture.size, picture.grid
    told = {"name": picture.name, "width": width, "height": height, "rows": rows, "columns": columns}
    told |= {"patch": list(picture.patch), "note": picture.note}
    return told if frames is None else {**told, "frames": frames}


def places_told(tokens: Tokens) -> Mapping[str, Any]:
    """Where tokens stand in pictures: [picture, frame, row, column, rows, columns], null for those that stand in none; nodes by x and y, stretches of a sound by their times.

    In a text these are `placeholders`: it is shown as a text.

    >>> places_told(Tokens.patches(1, 2, before=["[CLS]"]))
    {'places': [None, [0, 0, 0, 0, 1, 1], [0, 0, 0, 1, 1, 1]]}
    """
    if not tokens.places:
        return {}
    if is_graph(tokens):
        return {"nodes": [[place.x, place.y] for place in tokens.places if isinstance(place, NodePlace)]}
    if tokens.sounded:
        return {"times": times_told(tokens)}
    name = "places" if tokens.pictured else "placeholders"
    return {name: [_patch(place) if isinstance(place, PatchPlace) else None for place in tokens.places]}


def _patch(place: PatchPlace) -> list[int]:
    return [place.picture, place.frame, place.row, place.column, place.rows, place.columns]


def picture_named(trace: Trace, name: str) -> Picture | None:
    """A picture of this trace by its name; None if there is none, as when it has been replaced since."""
    return next((picture for picture in trace.pictures if picture.name == name), None)
