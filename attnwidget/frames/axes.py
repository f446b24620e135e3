"""The two axes of a map: which tokens its queries are, and which its keys."""

from dataclasses import dataclass

from attnwidget.engine import NO_SPAN, Texts, Tokens, Trace
from attnwidget.frames.utf16 import to_units


@dataclass(frozen=True)
class Axes:
    """`square` where a text reads itself: then a span of tokens is one of queries and of keys at once."""

    queries: Tokens
    keys: Tokens
    square: bool

    def asked(self, direction: str) -> Tokens:
        """The tokens that a query is a span of: those that read, or of two texts those that are read."""
        return self.queries if self.square or direction == "reads" else self.keys

    def others(self, direction: str) -> Tokens:
        """The tokens that are read, or that read."""
        return self.keys if self.square or direction == "reads" else self.queries


def axes_of(trace: Trace, part: str) -> Axes:
    """The axes of a part. Raises AttnWidgetError for one that the trace does not have.

    >>> from attnwidget import Trace
    >>> import torch
    >>> axes_of(Trace.from_weights([torch.ones(1, 1, 2) / 2], ["Haus"], ["the", "house"], "cross"), "cross").square
    False
    """
    queries, keys = trace.tokens(part)
    return Axes(queries, keys, queries is keys or queries == keys)


def texts_shown(trace: Trace, part: str) -> tuple[Tokens, Tokens | None]:
    """The texts to show beside a part: what is read, and what reads it where that is another one.

    A part that reads itself is shown beside the other text of a part that crosses, where it is one of its two.
    """
    own = trace.tokens(part)[0]
    for name in (part, *trace.parts):
        axes = axes_of(trace, name)
        if not axes.square and own in (axes.queries, axes.keys):
            return axes.keys, axes.queries
    return own, None


def is_second(trace: Trace, part: str, tokens: Tokens, texts: Texts) -> bool:
    """Whether the tokens of an axis are those of the second text field, all of them."""
    return texts.two and tokens == texts_shown(trace, part)[1]


def spans_in_fields(tokens: Tokens, texts: Texts, *, second: bool) -> tuple[list[tuple[int, int]], list[int] | None]:
    """(UTF-16 spans of tokens, each in the text field where it stands; which field that is: 0 or 1).

    `second` says that they stand in the second one; the fields are None where all are in the first. A special token
    stands in the field of the one before it. Tokens of a prompt stand in no field, as special ones do.

    >>> pair = Tokens.from_pieces(["why", "[SEP]", "so"])
    >>> spans_in_fields(pair, Texts(split=4), second=False)
    ([(0, 3), (-1, -1), (0, 2)], [0, 0, 1])
    >>> spans_in_fields(pair, Texts(before=4), second=False)
    ([(-1, -1), (-1, -1), (0, 2)], None)
    """
    spans = to_units(tokens.text, tokens.spans)
    if second:
        return spans, [1] * len(tokens)
    before = _units_before(tokens.text, texts.before)
    if texts.split is None:
        return [_behind(span, before) for span in spans], None
    border = _units_before(tokens.text, texts.split)
    field, found = 0, []
    for start, _ in spans:
        if start >= 0:
            field = int(start >= border)
        found.append(field)
    begins = (before, border)
    return [_behind(span, begins[field]) for span, field in zip(spans, found, strict=True)], found


def _units_before(text: str, place: int) -> int:
    return len(text[:place].encode("utf-16-le")) // 2


def _behind(span: tuple[int, int], begin: int) -> tuple[int, int]:
    """A span as it is counted from `begin` on; (-1, -1) where all of it stands before."""
    start, stop = span
    return NO_SPAN if start < begin >= stop else (max(start - begin, 0), stop - begin)
