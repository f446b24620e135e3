"""Where the caret stands in the text -> which tokens it means."""

from attnwidget.engine.tokens import Tokens
from attnwidget.frames.utf16 import to_units


def tokens_at(text: Tokens, start: int, stop: int) -> tuple[int, int]:
    """The query (start, stop) of a caret or selection in UTF-16 units.

    A caret means the token of the character before it; a selection means every token that it touches. Between tokens,
    and past the end, the nearest token before it counts. Special tokens are never meant unless there is nothing else.

    >>> text = Tokens.from_pieces(["The", "river", "bank"])
    >>> tokens_at(text, 9, 9), tokens_at(text, 4, 14), tokens_at(text, 0, 0)
    ((1, 2), (1, 3), (0, 1))
    """
    low, high = min(start, stop), max(start, stop)
    if low == high:
        low = max(0, high - 1)
        high = low + 1
    units = to_units(text.text, text.spans)
    real = [i for i, span in enumerate(units) if span[0] >= 0]
    if not real:
        return 0, 1
    touched = [i for i in real if units[i][0] < high and units[i][1] > low]
    if touched:
        return touched[0], touched[-1] + 1
    before = [i for i in real if units[i][1] <= low]
    nearest = before[-1] if before else real[0]
    return nearest, nearest + 1


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
