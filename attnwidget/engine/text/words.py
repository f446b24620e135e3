"""Where the words of a text begin, in any script -> the word of every token."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import accumulate

import regex

from attnwidget.engine.text.spans import NO_SPAN
from attnwidget.text import Span

WORD = regex.compile(r"(?sw).+?\b")
"""Words, punctuation and spaces by the Unicode Standard, annex 29: letters with their marks, numbers and emoji are
never split."""

LETTER = regex.compile(r"\X")
"""What a reader perceives as one letter, by the same annex."""

RUN = regex.compile(r"\p{Hiragana}[\p{Hiragana}\p{M}ー]*|\p{Line_Break=SA}[\p{Line_Break=SA}\p{M}]*")
"""What the annex leaves to a dictionary, which we do not have: kana, and scripts without blanks such as Thai, are one
word up to the next blank, sign or other script. Of Chinese and Japanese, every Han character is a word."""


def words_of(text: str, spans: Sequence[Span]) -> list[int]:
    """The word number of every token, whatever its tokenizer considers a word; -1 for tokens outside the text.

    The text of one token is never split. A space before a word is part of it; other spaces are words of their own.

    >>> words_of("a  river", [(-1, -1), (0, 1), (1, 2), (2, 3), (3, 5), (5, 8)])
    [-1, 0, 1, 2, 2, 2]
    >>> words_of("我爱你", [(0, 1), (1, 3)])
    [0, 1]
    """
    begins = _begins(text)
    bare = [span if span == NO_SPAN else _bare(text, *span) for span in spans]
    within = {
        place for start, stop in bare for place in begins[bisect_right(begins, start) : bisect_left(begins, stop)]
    }
    kept = [place for place in begins if place not in within] if within else begins
    order: dict[int, int] = {}
    return [
        -1 if span == NO_SPAN else order.setdefault(bisect_right(kept, place), len(order))
        for span, (place, _) in zip(spans, bare, strict=True)
    ]


def _bare(text: str, start: int, stop: int) -> Span:
    """A span without the spaces at its ends, unless it contains nothing else."""
    piece = text[start:stop]
    kept = piece.strip()
    if len(kept) in {0, len(piece)}:
        return start, stop
    start += piece.index(kept)
    return start, start + len(kept)


def _begins(text: str) -> list[int]:
    """Positions where a word, punctuation or a space begins, in order."""
    places = [0, *accumulate(map(len, WORD.findall(text)))]
    if not text.isascii():
        letters = {0, *accumulate(map(len, LETTER.findall(text)))}
        joined = {place for match in RUN.finditer(text) for place in range(match.start() + 1, match.end())}
        places = [place for place in places if place in letters and place not in joined]
    begins = [
        place - 1 if text[place - 1 : place] == " " and not text[place : place + 1].isspace() else place
        for place in places[:-1]
    ]
    return list(dict.fromkeys(begins))


def words_in(text: str) -> list[Span]:
    """Where the words of a text stand: without the blanks around them, and without signs alone.

    >>> words_in("Well, the cat didn't."), words_in("我爱你")
    ([(0, 4), (6, 9), (10, 13), (14, 20)], [(0, 1), (1, 2), (2, 3)])
    """
    begins = _begins(text)
    bare = [_bare(text, start, stop) for start, stop in zip(begins, [*begins[1:], len(text)], strict=True)]
    return [(start, stop) for start, stop in bare if any(letter.isalnum() for letter in text[start:stop])]
