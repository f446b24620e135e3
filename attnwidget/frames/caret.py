"""The position of the caret in the text -> the tokens that it means."""

from collections.abc import Sequence

from attnwidget.engine import NO_SPAN, Texts, Trace
from attnwidget.frames.axes import axes_of, is_second, spans_in_fields
from attnwidget.frames.frame import Direction


def query_at(
    trace: Trace, part: str, texts: Texts, caret: tuple[int, int], field: int, direction: Direction
) -> tuple[tuple[int, int], Direction] | None:
    """The query (start, stop) of a caret or selection, in UTF-16 units of one of two text fields, and its direction there.

    A caret means the token of the character before it; a selection means every token that it touches. Between tokens,
    and past the end, the nearest token before counts. Special tokens are only meant if there are no others. In
    cross-attention the field decides: its tokens are queries, or keys. None if the part has no token of that field.
    """
    axes = axes_of(trace, part)
    other: Direction = "read_by" if direction == "reads" else "reads"
    for way in (direction,) if axes.square else (direction, other):
        tokens = axes.asked(way)
        if (tokens.pictured and trace.pictures) or tokens.sounded:
            continue  # no caret stands in a picture or a sound
        spans, fields = spans_in_fields(tokens, texts, second=is_second(trace, part, tokens, texts))
        there = [field == (0 if fields is None else fields[i]) for i in range(len(spans))]
        if any(there):
            own = [span if mark else NO_SPAN for span, mark in zip(spans, there, strict=True)]
            return _spans_at(own, *caret, nothing=there.index(True)), way
    return None


def _spans_at(units: Sequence[tuple[int, int]], start: int, stop: int, nothing: int = 0) -> tuple[int, int]:
    low, high = min(start, stop), max(start, stop)
    if low == high:
        low = max(0, high - 1)
        high = low + 1
    real = [i for i, span in enumerate(units) if span[0] >= 0]
    if not real:
        return nothing, nothing + 1
    touched = [i for i in real if units[i][0] < high and units[i][1] > low]
    if touched:
        return touched[0], touched[-1] + 1
    before = [i for i in real if units[i][1] <= low]
    nearest = before[-1] if before else real[0]
    return nearest, nearest + 1


def fitted(query: tuple[int, int], special: Sequence[bool], *, anew: bool = False) -> tuple[int, int]:
    """A query brought inside a text; `special` says which of its tokens are special.

    A query past the end now ends with the last token that is not special: that one was not asked for. In an `anew`
    text, numbers mean other tokens than before, and no query of words ends beyond the last word.

    >>> fitted((1, 9), [True, False, False, True]), fitted((1, 4), [True, False, False, True])
    ((1, 3), (1, 4))
    >>> fitted((1, 4), [True, False, False, True], anew=True), fitted((3, 4), [True, False, False, True], anew=True)
    ((1, 3), (3, 4))
    """
    start, stop = clamped(query, len(special))
    last = max((i for i, mark in enumerate(special) if not mark), default=len(special) - 1)
    if query[1] > len(special) or (anew and start <= last):
        start, stop = min(start, last), min(stop, last + 1)
    return start, stop


def clamped(query: tuple[int, int], size: int) -> tuple[int, int]:
    """A query range brought inside a text of `size` tokens; negative numbers count from the end.

    >>> clamped((8, 9), 5), clamped((-1, 0), 5), clamped((1, 3), 5)
    ((4, 5), (4, 5), (1, 3))
    """
    start, stop = query
    if start < 0:
        start, stop = start + size, (stop + size if stop <= 0 else stop)
    start = min(max(start, 0), size - 1)
    return start, min(max(stop, start + 1), size)
