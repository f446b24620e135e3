"""What was changed from one text to another, stretch by stretch."""

from dataclasses import dataclass

from attnwidget.engine import Tokens
from attnwidget.measures.comparison.aligned_tokens import AlignedTokens


@dataclass(frozen=True)
class Replacement:
    """A stretch of the first text and what the second has in its place; `first` and `second` are half-open token ranges.

    One of them is empty where something was only added or taken away. `before` and `after` are the words, whole.
    """

    first: tuple[int, int]
    second: tuple[int, int]
    before: str
    after: str

    def __repr__(self) -> str:
        return f"{self.before!r} -> {self.after!r}"


def replacements(first: Tokens, second: Tokens, aligned: AlignedTokens) -> tuple[Replacement, ...]:
    """What the second text has in the place of what the first has, in order; padding is no change.

    A stretch that begins or ends within a word is widened to the whole word, in both texts.

    >>> from attnwidget.measures.comparison.aligned_tokens import aligned_tokens
    >>> one, other = (Tokens.from_pieces(text.split()) for text in ("Paris is big", "Oslo is not big"))
    >>> replacements(one, other, aligned_tokens(one, other))
    ('Paris' -> 'Oslo', '' -> 'not')
    """
    shared = [pair for *pair, same in zip(aligned.first, aligned.second, aligned.same, strict=True) if same]
    partners = {(left, right) for left, right in shared}
    found: list[tuple[int, int, int, int]] = []
    left = right = 0
    for stop, its_stop in [*shared, (len(first), len(second))]:
        own = _without_padding(first, left, stop), _without_padding(second, right, its_stop)
        if any(start < end for start, end in own):
            wide = _widened(first, second, *own, partners)
            if found and wide[0] <= found[-1][1] and wide[2] <= found[-1][3]:
                wide = (found[-1][0], wide[1], found[-1][2], wide[3])
                found.pop()
            found.append(wide)
        left, right = stop + 1, its_stop + 1
    return tuple(Replacement((a, b), (c, d), _text(first, a, b), _text(second, c, d)) for a, b, c, d in found)


def _without_padding(text: Tokens, start: int, stop: int) -> tuple[int, int]:
    while start < stop and text.padding[start]:
        start += 1
    while stop > start and text.padding[stop - 1]:
        stop -= 1
    return start, stop


def _widened(
    first: Tokens, second: Tokens, own: tuple[int, int], its: tuple[int, int], partners: set[tuple[int, int]]
) -> tuple[int, int, int, int]:
    (a, b), (c, d) = own, its
    while (a - 1, c - 1) in partners and (_joined(first, a, own) or _joined(second, c, its)):
        a, c = a - 1, c - 1
    while (b, d) in partners and (_joined(first, b, own) or _joined(second, d, its)):
        b, d = b + 1, d + 1
    return a, b, c, d


def _joined(text: Tokens, at: int, changed: tuple[int, int]) -> bool:
    """Whether a word goes on over the border before a token; where nothing was changed none is cut."""
    inside = 0 < at < len(text) and text.words[at] == text.words[at - 1] != -1
    return inside and changed[0] < changed[1]


def _text(tokens: Tokens, start: int, stop: int) -> str:
    spans = [span for span in tokens.spans[start:stop] if span[0] >= 0]
    if len(spans) < stop - start or not spans:
        return " ".join(piece.strip() for piece in tokens.pieces[start:stop])
    return tokens.text[spans[0][0] : spans[-1][1]].strip()
