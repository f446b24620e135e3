"""One text as a model reads it: the pieces, and where each of them stands in the text."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

from attnwidget.arguments import whole_number
from attnwidget.engine.media.places import NodePlace, PatchPlace, TimePlace, in_rows
from attnwidget.engine.text.spans import NO_SPAN
from attnwidget.errors import AttnWidgetError
from attnwidget.text import Span

PER_TOKEN = ("ids", "pieces", "spans", "words", "special", "padding", "segment")
"""The fields of `Tokens` with one entry per token; `places` has them too, where it is not empty."""


@dataclass(frozen=True, repr=False)
class Tokens:
    """The pieces of one text, in the model's order.

    `spans` are half-open ranges of code points in `text`; they are `(-1, -1)` for special tokens that do not occur in
    the text (`<|im_start|>` in a chat does), and empty for pieces without a place in it. `words` numbers the words, -1
    for special tokens; `segment` tells the two texts of a pair apart. Byte pieces of one character share its span and
    show it whole. `places` says where tokens stand in a picture, a sound or a graph, None for those that do not; it is empty where none does.

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
    places: tuple[PatchPlace | NodePlace | TimePlace | None, ...] = ()

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, chosen: Any) -> "Tokens":
        """Some of the tokens: `tokens[2:5]` or `tokens[[0, 3]]`. Raises AttnWidgetError for a single number."""
        if not isinstance(chosen, slice | list | tuple):
            raise AttnWidgetError(f"tokens[{chosen!r}] is not valid: write tokens[2:5] or tokens[[0, 3]].")

        def of(own: tuple[Any, ...]) -> Any:
            return own[chosen] if isinstance(chosen, slice) else tuple(own[at] for at in chosen)

        places = of(self.places) if self.places else ()
        return replace(self, **{name: of(getattr(self, name)) for name in PER_TOKEN}, places=places)

    def __add__(self, behind: "Tokens") -> "Tokens":
        """These tokens, followed by others of the same text. Raises AttnWidgetError for another text."""
        if not isinstance(behind, Tokens):
            return NotImplemented
        if behind.text != self.text:
            raise AttnWidgetError("These tokens belong to two texts. Join the texts first, and tokenise them together.")
        both = {name: getattr(self, name) + getattr(behind, name) for name in PER_TOKEN}
        placed = bool(self.places or behind.places)
        return replace(self, **both, places=_places_of(self) + _places_of(behind) if placed else ())

    def __repr__(self) -> str:
        shown = " ".join(repr(piece) for piece in self.pieces[:8])
        return f"Tokens({len(self)}: {shown}{' …' if len(self) > 8 else ''})"

    @property
    def pictured(self) -> bool:
        """Whether these are patches of pictures, with special tokens at most; not a text with placeholders among its words.

        >>> Tokens.patches(1, 2, before=["[CLS]"]).pictured, Tokens.from_pieces(["a", "cat"]).pictured
        (True, False)
        """
        plain = [place for place, special in zip(self.places, self.special, strict=False) if not special]
        return bool(plain) and all(isinstance(place, PatchPlace) for place in plain)

    @property
    def sounded(self) -> bool:
        """Whether these are stretches of a sound.

        >>> Tokens.in_sound([TimePlace(0, 0.02)]).sounded, Tokens.from_pieces(["a", "cat"]).sounded
        (True, False)
        """
        return any(isinstance(place, TimePlace) for place in self.places)

    @property
    def notes(self) -> tuple[str, ...]:
        """Warnings about this text, as whole sentences; () if there are none.

        >>> Tokens.from_pieces(["The", "bank"]).notes
        ()
        """
        own, added = self.spans[1:2] != (NO_SPAN,), self.spans[:1] == (NO_SPAN,)
        if len(self) < 2 or not (added and own and self.special[1] and self.ids[0] == self.ids[1]):
            return ()
        twice = (
            f"This text starts with two “{self.pieces[1]}”: its own, and the one that the tokenizer adds. Remove it "
            "from the text, or give chat messages to trace([...])."
        )
        return (twice,)

    def place_in(self, other: "Tokens") -> int | None:
        """How many tokens of another text come before these, if it ends with the same ones; None if it does not.

        Queries are the last of the keys where a prefix came from elsewhere.

        >>> keys = Tokens.from_pieces(["a", "river", "bank"])
        >>> keys[1:].place_in(keys), keys[:1].place_in(keys)
        (1, None)
        """
        before = len(other) - len(self)
        # Pieces that came without a vocabulary have no ids.
        same = before >= 0 and (self.ids, self.pieces) == (other.ids[before:], other.pieces[before:])
        return before if same else None

    def beside(self, text: str) -> "Tokens":
        """The same tokens as special ones of `text`, without a place in it."""
        count = len(self)
        return replace(self, spans=(NO_SPAN,) * count, words=(-1,) * count, special=(True,) * count, text=text)

    def find(self, piece: Any, occurrence: Any = 0) -> int:
        """The index of a token by its piece, case ignored; `occurrence` counts from 0, negative from the end.

        Raises AttnWidgetError if there is no such token, and lists the pieces.

        >>> Tokens.from_pieces(["a", "rose", "is", "a", "rose"]).find("rose", -1)
        4
        """
        number = whole_number(occurrence)
        if not isinstance(piece, str) or number is None:
            raise AttnWidgetError(
                f"find({piece!r}, {occurrence!r}) is not valid: give a piece and the number of its occurrence, for "
                "example find('cat') or find('cat', 1)."
            )
        wanted = piece.strip().casefold()
        found = [i for i, own in enumerate(self.pieces) if own.strip().casefold() == wanted]
        try:
            return found[number]
        except IndexError:
            raise AttnWidgetError(
                f"There is no token {piece!r} number {number}. The tokens are: {', '.join(self.pieces[:40])}."
            ) from None

    @staticmethod
    def from_pieces(pieces: Sequence[str]) -> "Tokens":
        """Tokens without a tokenizer: the text is the pieces joined by spaces.

        Pieces in square or angle brackets, like `[CLS]` and `<s>`, are special tokens and not part of the text.
        """
        return spaced([-1] * len(pieces), pieces, [_looks_special(piece) for piece in pieces])

    @staticmethod
    def patches(rows: int, columns: int, before: Sequence[str] = (), after: Sequence[str] = ()) -> "Tokens":
        """Patches of one picture, row by row, each named by its row and column; `before` and `after` are special tokens.

        Raises AttnWidgetError if there are no patches.

        >>> Tokens.patches(1, 2, before=["[CLS]"]).pieces
        ('[CLS]', '0,0', '0,1')
        """
        if rows < 1 or columns < 1:
            raise AttnWidgetError(
                f"An image needs at least one patch, not {rows} rows x {columns} columns. Give whole numbers of 1 or "
                "more."
            )
        return Tokens.in_picture(in_rows(rows, columns), before, after)

    @staticmethod
    def in_picture(places: Sequence[PatchPlace], before: Sequence[str] = (), after: Sequence[str] = ()) -> "Tokens":
        """Tokens of these places, in this order; `before` and `after` are special tokens, which stand nowhere.

        >>> Tokens.in_picture([PatchPlace(0, 1), PatchPlace(0, 0)]).pieces
        ('0,1', '0,0')
        """
        return Tokens.among_specials([*before, *places, *after])

    @staticmethod
    def among_specials(given: Sequence[PatchPlace | str]) -> "Tokens":
        """Tokens of places in pictures, and special tokens, given by their names.

        >>> Tokens.among_specials(["[CLS]", PatchPlace(0, 1), "[PAD]"]).special
        (True, False, True)
        """
        pieces = [one if isinstance(one, str) else one.name for one in given]
        placed = tuple(None if isinstance(one, str) else one for one in given)
        return replace(spaced([-1] * len(pieces), pieces, [place is None for place in placed]), places=placed)

    @staticmethod
    def in_sound(places: Sequence[TimePlace]) -> "Tokens":
        """Tokens of these stretches of a sound, each named by its beginning.

        >>> Tokens.in_sound([TimePlace(0.0, 0.02), TimePlace(0.02, 0.04)]).pieces
        ('0.00 s', '0.02 s')
        """
        named = spaced([-1] * len(places), [place.name for place in places], [False] * len(places))
        return replace(named, places=tuple(places))

    @staticmethod
    def from_names(names: Sequence[str]) -> "Tokens":
        """Things that have a name each, none of them special, as the nodes of a graph.

        >>> Tokens.from_names(["Ann", "[the mayor]"]).special
        (False, False)
        """
        return spaced([-1] * len(names), names, [False] * len(names))

    @staticmethod
    def frames(count: int) -> "Tokens":
        """Positions that only have a number, for example audio frames. Raises AttnWidgetError if there are none.

        >>> Tokens.frames(3).pieces
        ('0', '1', '2')
        """
        if count < 1:
            raise AttnWidgetError(
                f"A sequence needs at least one position, not {count}. Give a whole number of 1 or more."
            )
        return spaced([-1] * count, [str(i) for i in range(count)], [False] * count)


def _places_of(tokens: Tokens) -> tuple[PatchPlace | NodePlace | TimePlace | None, ...]:
    return tokens.places or (None,) * len(tokens)


def spaced(ids: Sequence[int], pieces: Sequence[str], special: Sequence[bool]) -> Tokens:
    """Tokens without a text: every piece is a word with a space before it; special tokens are not part of the text."""
    text, spans = "", []
    for piece, mark in zip(pieces, special, strict=True):
        if not mark:
            text += f" {piece}" if text else piece
        spans.append(NO_SPAN if mark else (len(text) - len(piece), len(text)))
    numbers = count()
    return placed(text, ids, pieces, spans, [-1 if mark else next(numbers) for mark in special], special)


def placed(
    text: str,
    ids: Sequence[int],
    pieces: Sequence[str],
    spans: Sequence[Span],
    words: Sequence[int],
    special: Sequence[bool] = (),
    segment: Sequence[int] = (),
) -> Tokens:
    """Tokens of a text without padding. By default none is special, and all belong to the first segment."""
    return Tokens(
        ids=tuple(ids),
        pieces=tuple(pieces),
        spans=tuple(spans),
        words=tuple(words),
        special=tuple(special or [False] * len(ids)),
        padding=tuple([False] * len(ids)),
        segment=tuple(segment or [0] * len(ids)),
        text=text,
    )


def _looks_special(piece: str) -> bool:
    return len(piece) > 2 and (piece[0], piece[-1]) in {("[", "]"), ("<", ">")} and " " not in piece
