"""Code points <-> UTF-16 units: Python counts the first, a browser the second."""

from collections.abc import Sequence
from itertools import accumulate


def unit_offsets(text: str) -> list[int]:
    """The UTF-16 position of every code point, and of the end.

    >>> unit_offsets("a😀b")
    [0, 1, 3, 4]
    """
    return [0, *accumulate(2 if ord(letter) > 0xFFFF else 1 for letter in text)]


def to_units(text: str, spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans of code points -> spans of UTF-16 units; (-1, -1) stays.

    >>> to_units("a😀b", [(2, 3), (-1, -1)])
    [(3, 4), (-1, -1)]
    """
    units = unit_offsets(text)
    return [(-1, -1) if start < 0 else (units[start], units[stop]) for start, stop in spans]


def from_units(text: str, spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans of UTF-16 units -> spans of code points; (-1, -1) stays.

    >>> from_units("a😀b", [(3, 4), (-1, -1)])
    [(2, 3), (-1, -1)]
    """
    points = {unit: point for point, unit in enumerate(unit_offsets(text))}
    return [(-1, -1) if start < 0 else (points[start], points[stop]) for start, stop in spans]
