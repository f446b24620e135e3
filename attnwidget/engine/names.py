"""Layers and heads by number and by name: -1, L5H3."""

import re
from typing import Any

from attnwidget.arguments import whole_number
from attnwidget.errors import AttnWidgetError


def parse_head(name: str, head: Any = None) -> tuple[int, int | None]:
    """A head by its name: L5H3 is (5, 3), L5 alone is (5, None).

    >>> parse_head("L5H3"), parse_head("l2.h0")
    ((5, 3), (2, 0))
    """
    match = re.fullmatch(r"\s*L(-?\d{1,9})[\s.,·]*(?:H(-?\d{1,9}))?\s*", name, re.IGNORECASE)
    if match is None:
        raise AttnWidgetError(
            f"{name!r} is not the name of a head. Write layer and head like 'L5H3', both counted from 0."
        )
    if match[2] is None:
        return int(match[1]), head
    number = int(match[2])
    if head is not None and whole_number(head) != number:
        raise AttnWidgetError(f"{name!r} includes a head, but head={head!r} was given as well. Give one of them.")
    return int(match[1]), number


def head_named(head: Any) -> tuple[int, int]:
    """A single head, by its name or as (layer, head). Raises AttnWidgetError for anything else.

    >>> head_named("L5H3"), head_named((5, -1))
    ((5, 3), (5, -1))
    """
    if isinstance(head, str):
        layer, number = parse_head(head)
        if number is not None:
            return layer, number
    elif isinstance(head, tuple | list) and len(head) == 2 and all(hasattr(part, "__index__") for part in head):
        return head[0].__index__(), head[1].__index__()
    raise AttnWidgetError(f"{head!r} is not a head. Write layer and head like 'L5H3' or (5, 3), counted from 0.")


def fit_index(what: str, value: Any, size: int) -> int:
    """A layer or head counted from 0; negative numbers count from the end. Raises AttnWidgetError for any other.

    >>> fit_index("layer", -1, 12)
    11
    """
    number = whole_number(value)
    if number is None:
        raise AttnWidgetError(f"{value!r} is not a valid {what}. Give a whole number from 0 to {size - 1}.")
    if not -size <= number < size:
        raise AttnWidgetError(f"There is no {what} {number}. Give a whole number from 0 to {size - 1}.")
    return number % size
