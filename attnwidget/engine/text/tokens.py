"""Text, pair, chat or ids -> Tokens: what the model reads, and where each piece stands in the text."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

from attnwidget.arguments import whole_number
from attnwidget.engine.text.chat import chat_text, is_chat
from attnwidget.engine.text.encoding import Encoded, begun, encode, encode_again, encode_ids
from attnwidget.engine.text.spans import NO_SPAN, Span
from attnwidget.engine.text.tokenizer import decoded, marks, names_of, private_copy, vocabulary_of
from attnwidget.engine.text.words import words_of
from attnwidget.errors import AttnWidgetError, EmptyText, TooLarge
from attnwidget.text import LARGEST_TEXT, well_formed

__all__ = [
    "NO_SPAN",
    "Tokens",
    "is_chat",
    "private_copy",
    "read_chat",
    "read_ids",
    "read_target",
    "read_text",
    "vocabulary_of",
]


@dataclass(frozen=True, repr=False)
class Tokens:
    """The pieces of one text in the order the model reads them.

    `spans` are half-open ranges of code points in `text`, `(-1, -1)` for special tokens, unless they stand in the text
    themselves (`<|im_start|>` in a chat), and empty for pieces that have no place in it; `words` numbers the words, -1
    for special tokens; `segment` is what the model is told of the two texts of a pair. Byte pieces that share one
    character share its span and show it whole.

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

    @property
    def notes(self) -> tuple[str, ...]:
        """What to know of this text before its numbers are believed, in whole sentences; () where there is nothing.

        >>> Tokens.from_pieces(["The", "bank"]).notes
        ()
        """
        own, added = self.spans[1:2] != (NO_SPAN,), self.spans[:1] == (NO_SPAN,)
        if len(self) < 2 or not (added and own and self.special[1] and self.ids[0] == self.ids[1]):
            return ()
        twice = (
            f"This text begins twice: it has a “{self.pieces[1]}” of its own, and another one is put before it. Leave it out "
            "of the text, or give the messages of a chat to trace([...])."
        )
        return (twice,)

    def find(self, piece: Any, occurrence: Any = 0) -> int:
        """The index of a token by its piece, case ignored; `occurrence` counts from 0, negative from the end.

        Raises AttnWidgetError when no token reads so, naming the pieces there are.

        >>> Tokens.from_pieces(["a", "rose", "is", "a", "rose"]).find("rose", -1)
        4
        """
        number = whole_number(occurrence)
        if not isinstance(piece, str) or number is None:
            raise AttnWidgetError(
                f"find takes the piece of a token and which of those it is; {piece!r} and {occurrence!r} were given. "
                "Write for example find('cat') or find('cat', 1)."
            )
        wanted = piece.strip().casefold()
        found = [i for i, own in enumerate(self.pieces) if own.strip().casefold() == wanted]
        try:
            return found[number]
        except IndexError:
            raise AttnWidgetError(
                f"No token number {number} reads {piece!r}. The tokens are: {', '.join(self.pieces[:40])}."
            ) from None

    @staticmethod
    def from_pieces(pieces: Sequence[str]) -> "Tokens":
        """Tokens of a model that is not at hand: the pieces joined by blanks are the text.

        Pieces in square or angle brackets, such as `[CLS]` and `<s>`, count as special and are no part of the text.
        """
        return _spaced([-1] * len(pieces), list(pieces), [_looks_special(piece) for piece in pieces])

    @staticmethod
    def patches(rows: int, columns: int, before: Sequence[str] = (), after: Sequence[str] = ()) -> "Tokens":
        """Patches of an image, row by row, each called by its row and column; `before` and `after` are special.

        Raises AttnWidgetError without any patch.

        >>> Tokens.patches(1, 2, before=["[CLS]"]).pieces
        ('[CLS]', '0,0', '0,1')
        """
        if rows < 1 or columns < 1:
            raise AttnWidgetError(f"An image has at least one patch; {rows} rows x {columns} columns were given.")
        names = [f"{row},{column}" for row in range(rows) for column in range(columns)]
        pieces = [*before, *names, *after]
        special = [*[True] * len(before), *[False] * len(names), *[True] * len(after)]
        return _spaced([-1] * len(pieces), pieces, special)

    @staticmethod
    def frames(count: int) -> "Tokens":
        """Positions that only have a number, such as frames of audio. Raises AttnWidgetError without any.

        >>> Tokens.frames(3).pieces
        ('0', '1', '2')
        """
        if count < 1:
            raise AttnWidgetError(f"A sequence has at least one position; {count} were given.")
        return _spaced([-1] * count, [str(i) for i in range(count)], [False] * count)


def read_text(
    tokenizer: Any,
    text: str,
    pair: str | None = None,
    *,
    first: int | None = None,
    prepend_bos: bool | None = None,
    add_special: bool = True,
    prompt: str = "",
) -> Tokens:
    """Tokens of a text, or of a pair of texts, which are joined by a line break.

    `prompt` is written before the text, and stands in the text of the tokens.
    `first` keeps that many tokens. `prepend_bos` makes sure that the text begins with the tokenizer's own first token
    (bos, or cls where there is none), once, or takes away the one that the tokenizer adds; None leaves it as it is.
    Raises EmptyText, TooLarge, and AttnWidgetError for a tokenizer that fails or that has no such token.
    """
    text, pair = well_formed(text), None if pair is None else well_formed(pair)
    _refuse_large(len(text) + len(pair or ""), "characters")
    prompt = well_formed(prompt)
    said = _not_empty(encode(tokenizer, prompt + text, pair, add_special=add_special), len(prompt))
    return _tokens(begun(tokenizer, said, prepend_bos), first)


def read_target(tokenizer: Any, text: str, *, first: int | None = None) -> Tokens:
    """Tokens of a text that a decoder is to write, with the special tokens that targets get. Raises as `read_text`."""
    text = well_formed(text)
    _refuse_large(len(text), "characters")
    return _tokens(_not_empty(encode(tokenizer, text, target=True)), first)


def read_chat(tokenizer: Any, messages: Any, *, first: int | None = None) -> Tokens:
    """Tokens of chat messages as the tokenizer's template writes them; its special tokens are part of the text.

    Raises EmptyText, TooLarge, and AttnWidgetError for messages or templates that cannot be used.
    """
    text, ids = chat_text(tokenizer, messages)
    text = well_formed(text)
    _refuse_large(len(text), "characters")
    said = encode(tokenizer, text, add_special=False) if ids is None else encode_ids(tokenizer, ids, text)
    return _tokens(_not_empty(said), first)


def read_ids(tokenizer: Any | None, ids: Sequence[int], *, attended: Sequence[bool] | None = None) -> Tokens:
    """Tokens of ids used as given; their text is what the tokenizer decodes, or the numbers when there is none.

    `attended` says which of them the model may attend to; the others are padding. Where the pieces cannot be found in
    the decoded text, the text is put together from the pieces. Raises EmptyText, TooLarge, and AttnWidgetError when
    there are not as many marks as ids.
    """
    if not ids:
        raise EmptyText("No token ids were given. Give at least one.")
    _refuse_large(len(ids), "token ids")
    if attended is not None and len(attended) != len(ids):
        raise AttnWidgetError(f"There are {len(ids)} token ids and {len(attended)} marks for them. Give one each.")
    tokens = _spaced(ids, [str(number) for number in ids], [False] * len(ids))
    if tokenizer is not None:
        tokens = _decoded(tokenizer, ids)
    return tokens if attended is None else replace(tokens, padding=tuple(not mark for mark in attended))


def _decoded(tokenizer: Any, ids: Sequence[int]) -> Tokens:
    known = marks(tokenizer)
    special = [number in known for number in ids]
    said = encode_again(tokenizer, [number for number, mark in zip(ids, special, strict=True) if not mark])
    if said is None:
        return _joined(tokenizer, ids, special)
    spans, words = iter(said.spans), iter(said.words)
    return _tokens(
        Encoded(
            list(ids),
            names_of(tokenizer, ids),
            [NO_SPAN if mark else next(spans) for mark in special],
            special,
            [-1 if mark else next(words) for mark in special],
            [0] * len(ids),
            said.text,
        )
    )


def _joined(tokenizer: Any, ids: Sequence[int], special: list[bool]) -> Tokens:
    # One piece after the other; special tokens are no part of the text.
    text, spans, pieces = "", [], []
    for number, name, mark in zip(ids, names_of(tokenizer, ids), special, strict=True):
        # Alone, a piece that begins with SentencePiece's blank would be decoded without it.
        known = "▁" not in name and name != f"#{number}"
        piece = decoded(tokenizer, [number]) or name if known else name.replace("▁", " ")
        start = len(text)
        text += "" if mark else piece.removeprefix("##")
        spans.append(NO_SPAN if mark else _trimmed(text, start, len(text)))
        pieces.append(piece.strip() or piece)
    return _given(ids, pieces, spans, special, words_of(text, spans), text)


def _spaced(ids: Sequence[int], pieces: list[str], special: list[bool]) -> Tokens:
    # Every piece is a word, with a blank before it; special tokens are no part of the text.
    text, spans = "", []
    for piece, mark in zip(pieces, special, strict=True):
        if not mark:
            text += f" {piece}" if text else piece
        spans.append(NO_SPAN if mark else (len(text) - len(piece), len(text)))
    numbers = count()
    words = [-1 if mark else next(numbers) for mark in special]
    return _given(ids, pieces, spans, special, words, text)


def _given(
    ids: Sequence[int], pieces: list[str], spans: list[Span], special: list[bool], words: list[int], text: str
) -> Tokens:
    return Tokens(
        ids=tuple(ids),
        pieces=tuple(pieces),
        spans=tuple(spans),
        words=tuple(words),
        special=tuple(special),
        padding=tuple([False] * len(ids)),
        segment=tuple([0] * len(ids)),
        text=text,
    )


def _tokens(said: Encoded, first: int | None = None) -> Tokens:
    said = said.part(slice(first))
    spans = [
        NO_SPAN if span == NO_SPAN else _trimmed(said.text, *span, special=mark)
        for span, mark in zip(said.spans, said.special, strict=True)
    ]
    return Tokens(
        ids=tuple(said.ids),
        pieces=tuple(_piece(said.text, span, name) for span, name in zip(spans, said.names, strict=True)),
        spans=tuple(spans),
        words=tuple(said.words),
        special=tuple(said.special),
        padding=tuple([False] * len(said.ids)),
        segment=tuple(said.segment),
        text=said.text,
    )


def _not_empty(said: Encoded, before: int = 0) -> Encoded:
    # A prompt alone, the first so many characters, is no text.
    if all(span == NO_SPAN or span[1] <= before > 0 for span in said.spans):
        raise EmptyText("There is no text to read yet. Type a few words.")
    return said


def _refuse_large(size: int, what: str) -> None:
    if size > LARGEST_TEXT:
        raise TooLarge(
            f"This text has {size:,} {what}; at most {LARGEST_TEXT:,} are read. Give a shorter passage of it."
        )


def _trimmed(text: str, start: int, stop: int, *, special: bool = False) -> Span:
    # Byte-level tokens carry the blank before a word, and some special tokens the line break after them; the mark in
    # the text should not.
    piece = text[start:stop]
    kept = piece.lstrip()
    end = stop - (len(piece) - len(piece.rstrip()) if special else 0)
    return (stop - len(kept), end) if kept else (start, stop)


def _piece(text: str, span: tuple[int, int], name: str) -> str:
    return name if span == NO_SPAN else text[span[0] : span[1]] or name


def _looks_special(piece: str) -> bool:
    return len(piece) > 2 and (piece[0], piece[-1]) in {("[", "]"), ("<", ">")} and " " not in piece
