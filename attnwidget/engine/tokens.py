"""Text -> Tokens: what the model reads, and where each piece stands in the text."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from attnwidget.errors import AttnWidgetError, EmptyText, TooLarge

LARGEST_TEXT = 200_000
"""Characters. Past this nobody can look at the result, and tokenising alone would stall the kernel."""

NO_SPAN = (-1, -1)


@dataclass(frozen=True, repr=False)
class Tokens:
    """The pieces of one text in the order the model reads them.

    `spans` are half-open ranges of code points in `text`, `(-1, -1)` for special tokens; `words` numbers the words,
    -1 for special tokens; byte pieces that share one character share its span and show it whole.

    >>> tokens = Tokens.from_pieces(["The", "river", "bank"])
    >>> len(tokens), tokens.find("bank"), tokens.text
    (3, 2, 'The river bank')
    """

    ids: tuple[int, ...]
    pieces: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]
    words: tuple[int, ...]
    special: tuple[bool, ...]
    padding: tuple[bool, ...]
    segment: tuple[int, ...]
    text: str

    def __len__(self) -> int:
        return len(self.ids)

    def __repr__(self) -> str:
        shown = " ".join(repr(piece) for piece in self.pieces[:8])
        return f"Tokens({len(self)}: {shown}{' …' if len(self) > 8 else ''})"

    def find(self, piece: str, occurrence: int = 0) -> int:
        """The index of a token by its piece, case ignored; `occurrence` counts from 0, negative from the end.

        Raises AttnWidgetError when no token reads so, naming the pieces there are.

        >>> Tokens.from_pieces(["a", "rose", "is", "a", "rose"]).find("rose", -1)
        4
        """
        wanted = piece.strip().casefold()
        found = [i for i, own in enumerate(self.pieces) if own.strip().casefold() == wanted]
        try:
            return found[occurrence]
        except IndexError:
            raise AttnWidgetError(
                f"No token number {occurrence} reads {piece!r}. The tokens are: {', '.join(self.pieces[:40])}."
            ) from None

    @staticmethod
    def from_pieces(pieces: Sequence[str]) -> "Tokens":
        """Tokens of a model that is not at hand: the pieces joined by blanks are the text.

        Pieces in square or angle brackets, such as `[CLS]` and `<s>`, count as special and are no part of the text.
        """
        special = [_looks_special(piece) for piece in pieces]
        text, spans = "", []
        for piece, mark in zip(pieces, special, strict=True):
            if mark:
                spans.append(NO_SPAN)
                continue
            text += f" {piece}" if text else piece
            spans.append((len(text) - len(piece), len(text)))
        return _given([-1] * len(pieces), list(pieces), spans, special, text)


def read_text(tokenizer: Any, text: str, *, first: int | None = None) -> Tokens:
    """Tokens of a text; with `first` only that many of them, special tokens at the end given up first.

    Raises EmptyText, TooLarge, and AttnWidgetError for a tokenizer that does not say where its tokens stand.
    """
    text = well_formed(text)
    if len(text) > LARGEST_TEXT:
        raise TooLarge(
            f"This text has {len(text):,} characters; at most {LARGEST_TEXT:,} are read. Give a shorter passage of it."
        )
    if not getattr(tokenizer, "is_fast", False):
        raise AttnWidgetError(
            f"{type(tokenizer).__name__} does not say where its tokens stand in the text. "
            "Load the fast tokenizer of this model (AutoTokenizer does so by itself), or give token ids."
        )
    encoded = tokenizer(text, return_offsets_mapping=True, return_special_tokens_mask=True, verbose=False)
    ids = list(encoded["input_ids"])
    if not ids or all(encoded["special_tokens_mask"]):
        raise EmptyText("There is no text to read yet. Type a few words.")
    stop = len(ids) if first is None else min(first, len(ids))
    offsets = encoded["offset_mapping"][:stop]
    special = tuple(bool(mark) for mark in encoded["special_tokens_mask"][:stop])
    spans = tuple(NO_SPAN if mark else _trimmed(text, *span) for mark, span in zip(special, offsets, strict=True))
    names = tokenizer.convert_ids_to_tokens(ids[:stop])
    segment = encoded.get("token_type_ids", [0] * len(ids))[:stop]
    return Tokens(
        ids=tuple(ids[:stop]),
        pieces=tuple(_piece(text, span, name) for span, name in zip(spans, names, strict=True)),
        spans=spans,
        words=tuple(-1 if word is None else word for word in encoded.word_ids()[:stop]),
        special=special,
        padding=tuple([False] * stop),
        segment=tuple(segment),
        text=text,
    )


def private_copy(tokenizer: Any | None) -> Any | None:
    """A tokenizer of our own, which neither cuts nor pads, whatever other threads do with the user's."""
    if tokenizer is None:
        return None
    copied = copy.deepcopy(tokenizer)
    backend = getattr(copied, "backend_tokenizer", None)
    if backend is not None:
        backend.no_truncation()
        backend.no_padding()
    return copied


def read_ids(tokenizer: Any | None, ids: Sequence[int]) -> Tokens:
    """Tokens of ids used as given; their text is what the tokenizer decodes, or the numbers when there is none.

    Where the decoded text does not give the same ids again, it is put together from the single pieces.
    """
    if not ids:
        raise EmptyText("No token ids were given. Give at least one.")
    if tokenizer is None:
        return _joined(ids, [str(number) for number in ids], [False] * len(ids))
    marks = set(tokenizer.all_special_ids) - {tokenizer.unk_token_id}  # an unknown word is still a word
    special = [number in marks for number in ids]
    words = [number for number, mark in zip(ids, special, strict=True) if not mark]
    text = tokenizer.decode(words, clean_up_tokenization_spaces=False)
    again = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
    if list(again["input_ids"]) != words:
        return _joined(ids, [_name(tokenizer, number) for number in ids], special)
    found = iter(again["offset_mapping"])
    spans = [NO_SPAN if mark else _trimmed(text, *next(found)) for mark in special]
    names = [_name(tokenizer, number) for number in ids]
    return _given(
        ids, [_piece(text, span, name) for span, name in zip(spans, names, strict=True)], spans, special, text
    )


def _name(tokenizer: Any, number: int) -> str:
    name = tokenizer.convert_ids_to_tokens(number)
    return f"#{number}" if name is None else tokenizer.decode([number]) or name


def _joined(ids: Sequence[int], pieces: list[str], special: list[bool]) -> Tokens:
    # One after the other, with a blank between numbers; special tokens are no part of the text.
    text, spans = "", []
    for piece, mark in zip(pieces, special, strict=True):
        start = len(text)
        text += "" if mark else piece.removeprefix("##")
        spans.append(NO_SPAN if mark else _trimmed(text, start, len(text)))
    return _given(ids, [piece.strip() or piece for piece in pieces], spans, special, text)


def _given(
    ids: Sequence[int], pieces: list[str], spans: list[tuple[int, int]], special: list[bool], text: str
) -> Tokens:
    return Tokens(
        ids=tuple(ids),
        pieces=tuple(pieces),
        spans=tuple(spans),
        words=tuple(-1 if mark else i for i, mark in enumerate(special)),
        special=tuple(special),
        padding=tuple([False] * len(ids)),
        segment=tuple([0] * len(ids)),
        text=text,
    )


def well_formed(text: str) -> str:
    """The text with every lone surrogate replaced by U+FFFD: neither tokenizers nor Jupyter can carry one.

    >>> well_formed("a" + chr(0xD800) + "b") == "a" + chr(0xFFFD) + "b"
    True
    """
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _trimmed(text: str, start: int, stop: int) -> tuple[int, int]:
    # Byte-level tokens carry the blank before a word; the mark in the text should not.
    piece = text[start:stop]
    kept = piece.lstrip()
    return (stop - len(kept), stop) if kept else (start, stop)


def _piece(text: str, span: tuple[int, int], name: str) -> str:
    return name if span == NO_SPAN else text[span[0] : span[1]] or name


def _looks_special(piece: str) -> bool:
    return len(piece) > 2 and (piece[0], piece[-1]) in {("[", "]"), ("<", ">")} and " " not in piece
