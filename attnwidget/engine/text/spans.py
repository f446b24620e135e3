"""The positions of pieces in their text, for tokenizers that do not report them."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from attnwidget.engine.text.pieces import Piece, fold, pieces_of
from attnwidget.text import Span

NO_SPAN: Span = (-1, -1)

ANCHOR = 12
"""Folded characters, of a piece and those after it, that are searched for together."""
TELLING = 6
"""From this many characters on, the nearest hit is accepted, however far away."""
LOOK_AHEAD = 256
"""Folded characters to search ahead; more after every piece that was not found."""
SHARED = 200
"""Characters that several pieces may share if nothing tells them apart."""


def aligned(text: str, surfaces: Sequence[str | None], unknown: str | None = None) -> tuple[Span, ...]:
    """Half-open ranges of code points in `text`, one per surface, in order; `(-1, -1)` for None.

    Surfaces are pieces as a vocabulary writes them: with ##, @@, ▁, Ġ, </w>, as `<0xE2>` or as bytes in Latin-1 or in
    GPT-2's letters; lower-cased, stripped of accents, NFKC. Bytes of one character get its whole span. Pieces that
    cannot be found, and the piece `unknown`, get what lies between their neighbours, without spaces at the ends, or an
    empty span. Time grows linearly with the text.

    >>> aligned("Crème brûlée!", ["cr", "##eme", "[UNK]", "!"], "[UNK]")
    ((0, 2), (2, 5), (6, 12), (12, 13))
    """
    if "".join(surface or "" for surface in surfaces) == text:  # pieces of the text itself
        ends = [0, *accumulate(len(surface or "") for surface in surfaces)]
        return tuple(NO_SPAN if s is None else (ends[i], ends[i + 1]) for i, s in enumerate(surfaces))
    target = _Target.of(text)
    spans: list[Span | None] = [NO_SPAN if surface is None else None for surface in surfaces]
    said = [""] * len(surfaces)
    lone = [False] * len(surfaces)  # has text, but was not found
    same = [False] * len(surfaces)  # another byte of the character before
    pieces = pieces_of(text, surfaces, unknown)
    for piece, place in zip(pieces, _places(target, pieces), strict=True):
        for i, (start, stop) in enumerate(piece.cuts):
            token = piece.first + i
            said[token] = piece.said[i]
            same[token] = i > 0 and piece.said[i] == piece.said[i - 1]
            lone[token] = place is None and (piece.wild or start < stop)
            if place is not None and len(piece.cuts) == 1:
                spans[token] = target.span(*place)
            elif place is not None and start < stop:
                spans[token] = target.span(place[0] + start, place[0] + stop)
    return tuple(_filled(text, spans, said, lone, same))


@dataclass(frozen=True)
class _Target:
    """The text to search: folded, with the origin of every folded character."""

    text: str
    folded: str
    origin: list[int]

    @staticmethod
    def of(text: str) -> "_Target":
        parts = [fold(letter) for letter in text]
        return _Target(text, "".join(parts), [i for i, part in enumerate(parts) for _ in part])

    def span(self, start: int, stop: int) -> Span:
        return self.origin[start], self.origin[stop - 1] + 1

    def begins_word(self, place: int) -> bool:
        if place == 0:
            return True
        before, here = self.folded[place - 1], self.folded[place]
        apart = any(letter.isspace() for letter in self.text[self.origin[place - 1] : self.origin[place]])
        return apart or not (before.isalnum() and here.isalnum()) or max(before, here) > "\u2e80"  # CJK has no blanks


def _places(target: _Target, pieces: list[Piece]) -> list[Span | None]:
    """The position of each piece in the folded text; None for pieces without text there, or not found."""
    places: list[Span | None] = [None] * len(pieces)
    heavy = [k for k, piece in enumerate(pieces) if piece.literal or piece.wild]
    here = unknown = lost = missed = 0
    for rank, k in enumerate(heavy):
        piece = pieces[k]
        # Markers are tried as characters first: the text may contain them.
        for reading in (piece.literal, "" if piece.wild else piece.folded):
            if not unknown and reading and target.folded.startswith(reading, here):
                places[k] = here, here + len(reading)
                break
        else:
            if piece.wild:
                # Several scraps may form one character; other unknown pieces stand for at least one.
                unknown += not (piece.scrap and rank and pieces[heavy[rank - 1]].scrap)
                continue
            if not piece.folded:
                continue
            ahead = [pieces[n] for n in heavy[rank : rank + ANCHOR]]
            place = _ahead(target, ahead, here, unknown, min(LOOK_AHEAD, 2 + 2 * lost), LOOK_AHEAD << min(missed, 5))
            if place is None:
                lost += len(piece.folded)
                missed += 1
                continue
            places[k] = place, place + len(piece.folded)
        here, unknown, lost, missed = (places[k] or (0, here))[1], 0, 0, 0
    return places


def _ahead(target: _Target, pieces: list[Piece], here: int, unknown: int, near: int, far: int) -> int | None:
    """The position of the first of these pieces, further ahead: the pieces after it must fit as well, or it must be
    near.

    `unknown` pieces before it stand for at least one character each.
    """
    own = pieces[0].folded
    anchors, whole = [own], len(pieces) < ANCHOR
    for piece in pieces[1:]:
        if piece.wild or len(anchors[-1]) >= ANCHOR:
            whole = False
            break
        anchors.append(anchors[-1] + piece.folded)
    start = here + unknown
    for sought in reversed(anchors):
        if len(sought) < TELLING:
            break
        if (place := target.folded.find(sought, start, start + far + len(sought))) >= 0:
            return place
    if whole and (place := len(target.folded) - len(anchors[-1])) >= start and target.folded.endswith(anchors[-1]):
        return place
    if not unknown:
        near_by = own if len(own) > 1 else anchors[:2][-1]  # a single letter is found anywhere
        place = target.folded.find(near_by, start, start + near + 8 * len(own))
        return None if place < 0 else place
    return _after_unknown(target, own, start, unknown)


def _after_unknown(target: _Target, own: str, start: int, unknown: int) -> int | None:
    # An unknown piece is mostly a whole word, so a word begins after it.
    nearest = place = target.folded.find(own, start, start + 16 * LOOK_AHEAD)
    while 0 <= place <= start + 48 * unknown:
        if target.begins_word(place):
            return place
        place = target.folded.find(own, place + 1, start + 16 * LOOK_AHEAD)
    if nearest >= 0:
        return nearest
    # Or it stood for something without any folded character.
    return start - unknown if target.folded.startswith(own, start - unknown) else None


def _filled(text: str, spans: list[Span | None], said: list[str], lone: list[bool], same: list[bool]) -> list[Span]:
    """The spans, with missing ones filled from the text between their neighbours."""
    found: list[Span] = []
    waiting: list[int] = []
    place = 0
    for i, span in enumerate([*spans, (len(text), len(text))]):
        if span is None:
            waiting.append(i)
        if span is None or span == NO_SPAN:
            found.append(NO_SPAN)
            continue
        start = span[0]
        marks = _marks(text, place, start)
        if marks and set(marks).isdisjoint("".join(said[token] for token in waiting)):
            _extend(found, place, len(marks))
            place += len(marks)
        first = [token for token in waiting if not same[token]]
        if start < place:  # both neighbours touch one character
            stretch = [(start, place)] * len(first)
        else:
            stretch = _between(text, place, start, [said[n] for n in first], [lone[n] for n in first])
        each = iter(stretch)
        for token in waiting:
            found[token] = found[token - 1] if same[token] else next(each)
        waiting = []
        found.append(span)
        place = max(place, span[1])
    return found[:-1]


def _marks(text: str, start: int, stop: int) -> str:
    # Combining accents belong to the letter before them.
    end = start
    while end < stop and unicodedata.category(text[end]) in {"Mn", "Me"}:
        end += 1
    return text[start:end]


def _extend(found: list[Span], stop: int, size: int) -> None:
    for i in range(len(found) - 1, -1, -1):
        if found[i][1] not in {stop, -1}:
            return
        if found[i][0] < found[i][1]:
            found[i] = (found[i][0], stop + size)


def _between(text: str, start: int, stop: int, said: list[str], lone: list[bool]) -> list[Span]:
    """Spans of pieces that share this stretch of text: all of it for a lone piece, spaces for the others."""
    core = re.search(r"\S(?:.*\S)?", text[start:stop], re.DOTALL) if any(lone) else None
    if core is None:
        return _blanks(text, start, stop, said)
    begin, end = start + core.start(), start + core.end()
    first, last = lone.index(True), len(lone) - lone[::-1].index(True)
    shares = _shares(text, begin, end, sum(lone))
    inner, now = [], -1
    for mark in lone[first:last]:
        now += mark
        apart = not mark and shares[now] != shares[now + 1]
        inner.append((shares[now][1], shares[now][1]) if apart else shares[now])
    return [*_blanks(text, start, begin, said[:first]), *inner, *_blanks(text, end, stop, said[last:])]


def _shares(text: str, start: int, stop: int, pieces: int) -> list[Span]:
    for unit in (r"\S+", r"\S"):  # a word each, or a character each
        units = [(start + match.start(), start + match.end()) for match in re.finditer(unit, text[start:stop])]
        if len(units) == pieces:
            return units
    # Nothing tells them apart, and a long stretch for each of many pieces would be useless.
    return [(start, stop) if pieces == 1 or stop - start <= SHARED else (start, start)] * pieces


def _blanks(text: str, start: int, stop: int, said: list[str]) -> list[Span]:
    """Spaces, marks and control characters for the pieces that consist of these, or stand for a space."""
    stretch = text[start:stop]
    literal = {words: words in stretch for words in set(said) if words}
    last = max((i for i, words in enumerate(said) if literal.get(words)), default=-1)
    spans: list[Span] = []
    for i, words in enumerate(said):
        hit = text.find(words, start, min(stop, start + len(words) + 64)) if literal.get(words) else -1
        if hit >= 0:
            spans.append((hit, hit + len(words)))
        elif i > last and start < stop and text[start].isspace():
            spans.append((start, start + 1 if i < len(said) - 1 else stop - len(text[start:stop].lstrip())))
        else:
            spans.append((start, start))
        start = spans[-1][1]
    return spans
