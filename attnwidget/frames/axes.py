"""The two axes of a map: the tokens of its queries and of its keys."""

from dataclasses import dataclass

from attnwidget.engine import NO_SPAN, PatchPlace, Texts, TimePlace, Tokens, Trace
from attnwidget.frames.utf16 import to_units


@dataclass(frozen=True)
class Axes:
    """The tokens of queries and keys. `square` means self-attention: a span of tokens is one of queries and of keys."""

    queries: Tokens
    keys: Tokens
    square: bool

    def asked(self, direction: str) -> Tokens:
        """The tokens that the query span refers to: the queries, or in cross-attention also the keys."""
        return self.queries if self.square or direction == "reads" else self.keys

    def others(self, direction: str) -> Tokens:
        """The tokens of the other axis."""
        return self.keys if self.square or direction == "reads" else self.queries


def axes_of(trace: Trace, part: str) -> Axes:
    """The axes of a part. Raises AttnWidgetError for a part that the trace does not have.

    >>> from attnwidget import Trace
    >>> import torch
    >>> axes_of(Trace.from_weights([torch.ones(1, 1, 2) / 2], ["Haus"], ["the", "house"], "cross"), "cross").square
    False
    """
    queries, keys = trace.tokens(part)
    return Axes(queries, keys, queries is keys or queries == keys)


def texts_shown(trace: Trace, part: str) -> tuple[Tokens, Tokens | None]:
    """The texts to show with a part: the attended one, and the attending one if it is different.

    A self-attention part is shown with the other text of a cross-attention part that it belongs to.
    """
    own = trace.tokens(part)[0]
    for name in (part, *trace.parts):
        axes = axes_of(trace, name)
        if not axes.square and own in (axes.queries, axes.keys):
            return axes.keys, axes.queries
    return own, None


def field_text(trace: Trace, tokens: Tokens) -> str:
    """What stands in a text field of given weights: the text, or the name of the picture or sound that its tokens stand in."""
    place = next((place for place in tokens.places if place is not None), None)
    if isinstance(place, TimePlace):
        return trace.sounds[place.sound].reference if place.sound < len(trace.sounds) else tokens.text
    if not tokens.pictured or not isinstance(place, PatchPlace) or place.picture >= len(trace.pictures):
        return tokens.text
    return trace.pictures[place.picture].reference


def is_second(trace: Trace, part: str, tokens: Tokens, texts: Texts) -> bool:
    """Whether all tokens of an axis belong to the second text field."""
    return texts.two and tokens == texts_shown(trace, part)[1]


def spans_in_fields(tokens: Tokens, texts: Texts, *, second: bool) -> tuple[list[tuple[int, int]], list[int] | None]:
    """(UTF-16 spans of tokens, each within its text field; the number of that field: 0 or 1).

    `second` says that they are in the second field; the fields are None if all are in the first. A special token
    belongs to the field of the token before it. Tokens of a prompt have no span, like special ones.

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
    """A span counted from `begin` on; (-1, -1) if all of it comes before."""
    start, stop = span
    return NO_SPAN if start < begin >= stop else (max(start - begin, 0), stop - begin)
