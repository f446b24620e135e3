"""The text of vocabulary pieces: their characters without markers, and bytes joined into characters."""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

MARKER = re.compile(r"^##(?=.)|@@$|</w>$", re.DOTALL)
"""The markers with which WordPiece and BPE say that a word continues or ends."""

BYTE = re.compile(r"<0x([0-9A-Fa-f]{2})>")
LOST = "\ufffd"


@dataclass(frozen=True)
class Piece:
    """The smallest run of tokens that forms whole characters: one token, or the bytes of one character.

    `first` is the first token's index. `folded` is compared with the text, see `fold`; the text of token `first + i` is
    `said[i]`, which is `folded[cuts[i][0]:cuts[i][1]]` there. `literal` is `folded` with its markers, for texts that
    contain such characters themselves. A `wild` piece may stand for anything; a `scrap` is less than a character.
    """

    first: int
    said: tuple[str, ...]
    folded: str
    cuts: tuple[tuple[int, int], ...]
    literal: str
    wild: bool
    scrap: bool = False


@lru_cache(maxsize=1 << 16)
def fold(letter: str) -> str:
    """One character in comparable form: no case, no accents, compatibility forms resolved; "" for spaces and marks.

    >>> fold("É"), fold("ﬁ"), fold("ß"), fold(" ")
    ('e', 'fi', 'ss', '')
    """
    if letter in {"▁", LOST}:  # SentencePiece's space, and the remains of split characters
        return ""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", letter).casefold())
    return "".join(c for c in plain if unicodedata.category(c) not in {"Mn", "Me", "Cc", "Cf"} and not c.isspace())


def folded(text: str) -> str:
    """`fold` of every character, joined.

    >>> folded("Crème  brûlée")
    'cremebrulee'
    """
    return "".join(map(fold, text))


def pieces_of(text: str, surfaces: Sequence[str | None], unknown: str | None) -> list[Piece]:
    """The surfaces of a vocabulary as pieces that can be searched for in the text; None is left out.

    A vocabulary does not say whether it writes characters or bytes, so every interpretation is tried, and the one most
    similar to the text is used.
    """
    wanted = Counter(folded(text))
    fits = {view: _fit(_read(surfaces, unknown, view), wanted) for view in _views(surfaces, text)}
    best = max(fits, key=lambda view: fits[view])
    return list(_pieces(surfaces, unknown, best))


def _fit(said: str, wanted: Counter[str]) -> int:
    # What both share, minus excess and undecodable characters.
    plain = folded(said)
    return 2 * (Counter(plain) & wanted).total() - len(plain) - said.count(LOST)


def _read(surfaces: Sequence[str | None], unknown: str | None, view: "_View") -> str:
    said = []
    for known, run in groupby(surfaces, lambda surface: _bytes_of(surface, unknown, view) is not None):
        if known:
            said.append(b"".join(view(surface) or b"" for surface in run if surface).decode(errors="replace"))
        else:
            said += [surface for surface in run if surface is not None and surface != unknown]
    return "".join(said)


def characters(data: bytes) -> tuple[str, list[int]]:
    """UTF-8 as far as it can be decoded, U+FFFD elsewhere, and for every byte the index of its character.

    >>> characters("é!".encode())
    ('é!', [0, 0, 1])
    """
    letters: list[str] = []
    owner: list[int] = []
    start = 0
    while start < len(data):
        size = _length(data[start])
        try:
            letter = data[start : start + size].decode()
        except UnicodeDecodeError:
            size, letter = 1, LOST
        owner += [len(letters)] * size
        letters.append(letter)
        start += size
    return "".join(letters), owner


def byte_named(name: str) -> int | None:
    """The byte that a piece like `<0xE2>` stands for.

    >>> byte_named("<0xE2>"), byte_named("a")
    (226, None)
    """
    match = BYTE.fullmatch(name)
    return None if match is None else int(match[1], 16)


_View = Callable[[str], bytes | None]


def _views(surfaces: Sequence[str | None], text: str) -> Iterator[_View]:
    """The ways to interpret a surface as bytes (None: as characters), likeliest first."""
    yield _fallback_byte
    if "<0x" in text:
        yield lambda _surface: None
    shown = [surface for surface in surfaces if surface is not None]
    if not text.isascii() and _mostly(surface.isascii() or max(surface) <= "\xff" for surface in shown):
        yield _latin
    if not text.isascii() or any("Ġ" in surface or "Ċ" in surface for surface in shown):
        yield _byte_level


def _mostly(marks: Iterable[bool]) -> bool:
    seen = list(marks)
    return 2 * sum(seen) > len(seen)


def _fallback_byte(surface: str) -> bytes | None:
    number = byte_named(surface)
    return None if number is None else bytes([number])


def _latin(surface: str) -> bytes | None:
    # ByT5 and Perceiver write byte 0xE9 as the character U+00E9.
    return surface.encode("latin-1") if surface and max(surface) <= "\xff" else None


def _byte_level(surface: str) -> bytes | None:
    table = _byte_table()
    return bytes(table[c] for c in surface) if surface and all(c in table for c in surface) else None


@lru_cache(maxsize=1)
def _byte_table() -> dict[str, int]:
    # GPT-2 writes printable Latin-1 bytes as themselves and the others, in order, as U+0100 and on.
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(0x100) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(0x100 + i): byte for i, byte in enumerate(others)}


def _pieces(surfaces: Sequence[str | None], unknown: str | None, view: _View) -> Iterator[Piece]:
    run: list[bytes] = []
    for i, surface in enumerate([*surfaces, None]):
        data = _bytes_of(surface, unknown, view)
        if data is not None:
            run.append(data)
            continue
        if run:
            yield from _of_bytes(i - len(run), run)
            run = []
        if surface is not None:
            yield _of_characters(i, surface, wild=surface == unknown)


def _bytes_of(surface: str | None, unknown: str | None, view: _View) -> bytes | None:
    return None if surface is None or surface == unknown else view(surface)


def _of_characters(first: int, surface: str, *, wild: bool) -> Piece:
    said = MARKER.sub("", surface)
    plain = folded(said)
    scrap = LOST in surface and not plain
    return Piece(first, (said,), plain, ((0, len(plain)),), folded(surface), wild or scrap, scrap)


def _of_bytes(first: int, run: list[bytes]) -> Iterator[Piece]:
    text, owner = characters(b"".join(run))
    tokens: list[tuple[int, int]] = []  # the characters that each token of the piece touches
    start = 0
    for i, data in enumerate(run):
        stop = start + len(data)
        tokens.append((owner[start], owner[stop - 1] + 1))
        if stop == len(owner) or owner[stop - 1] != owner[stop]:  # a character ends here
            yield _of_whole(first + i + 1 - len(tokens), text, tokens)
            tokens = []
        start = stop


def _of_whole(first: int, text: str, tokens: list[tuple[int, int]]) -> Piece:
    begin, end = tokens[0][0], tokens[-1][1]
    ends = [0]
    for letter in text[begin:end]:
        ends.append(ends[-1] + len(fold(letter)))
    plain = folded(text[begin:end])
    cuts = tuple((ends[a - begin], ends[b - begin]) for a, b in tokens)
    scrap = LOST in text[begin:end] and not plain
    return Piece(first, tuple(text[a:b] for a, b in tokens), plain, cuts, plain, scrap, scrap)


def _length(lead: int) -> int:
    return 1 if lead < 0xC0 else 2 if lead < 0xE0 else 3 if lead < 0xF0 else 4
