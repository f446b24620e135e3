"""Where the words of a text begin, in any script -> the word of every token."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

import regex

from attnwidget.engine.alignment import NO_SPAN, Span

BORDER = regex.compile(r"(?w)\b")
"""Borders of words by the Unicode Standard, annex 29: a letter and its signs are never parted, nor numbers, nor emoji."""

LETTER = regex.compile(r"\X")
"""What a reader takes for one letter, by the same annex."""

RUN = regex.compile(r"\p{Hiragana}[\p{Hiragana}\p{M}ー]*|\p{Line_Break=SA}[\p{Line_Break=SA}\p{M}]*")
"""What the annex leaves to a dictionary, which we have not: kana, and scripts without blanks such as Thai, are one word
up to the next blank, sign or other script. Of Chinese and Japanese, every Han character is a word."""


def words_of(text: str, spans: Sequence[Span]) -> list[int]:
    """The number of the word of every token, whatever its tokenizer calls a word; -1 for tokens outside the text.

    What one token holds is never parted. A blank before a word is part of it; others are words of their own.

    >>> words_of("a  river", [(-1, -1), (0, 1), (1, 2), (2, 3), (3, 5), (5, 8)])
    [-1, 0, 1, 2, 2, 2]
    >>> words_of("我爱你", [(0, 1), (1, 3)])
    [0, 1]
    """
    begins = _begins(text)
    parted = set(begins)
    for start, stop in spans:
        if stop - start > 1:
            piece = text[start:stop]
            first = start + len(piece) - len(piece.lstrip())
            parted.difference_update(
                begins[bisect_right(begins, first) : bisect_left(begins, start + len(piece.rstrip()))]
            )
    kept = sorted(parted)
    order: dict[int, int] = {}
    places = [_place(text, span) for span in spans]
    return [-1 if place < 0 else order.setdefault(bisect_right(kept, place), len(order)) for place in places]


def _place(text: str, span: Span) -> int:
    """Where a token is looked for: its first letter that is no blank."""
    if span == NO_SPAN:
        return -1
    piece = text[slice(*span)]
    return span[0] + (len(piece) - len(piece.lstrip()) if piece.strip() else 0)


def _begins(text: str) -> list[int]:
    """Places where a word, a sign or a blank begins."""
    letters = {match.start() for match in LETTER.finditer(text)}
    joined = {place for match in RUN.finditer(text) for place in range(match.start() + 1, match.end())}
    places = {match.start() for match in BORDER.finditer(text)} & letters - joined
    for place in [place for place in places if 0 < place < len(text) and text[place - 1] == " "]:
        if not text[place].isspace():
            places.discard(place)
            places.add(place - 1)
    return sorted(places)
