"""Kinds of tokens, determined from the tokens alone: special, punctuation, padding, the first."""

import unicodedata

import torch
from jaxtyping import Bool
from torch import Tensor

from attnwidget.engine import Tokens
from attnwidget.errors import AttnWidgetError

TOKEN_KINDS = ("special", "punctuation", "padding", "first")

BLANKS = "Ġ▁Ċ"
"""How byte-level vocabularies and SentencePiece write a space or a line break before a word, in given pieces."""

UNREADABLE = "\N{REPLACEMENT CHARACTER}"
"""Stands for bytes that do not form a character, and so for anything."""


def kind_of_keys(tokens: Tokens, kind: str) -> Bool[Tensor, " key"]:
    """Which of the tokens are of a kind: "special", "punctuation", "padding", or "first", the first not padding.

    Padding belongs to no other kind. Raises AttnWidgetError for an unknown kind, and lists the known ones.

    >>> tokens = Tokens.from_pieces(["[CLS]", "well", ",", "yes", "[SEP]"])
    >>> kind_of_keys(tokens, "punctuation").int().tolist(), kind_of_keys(tokens, "special").int().tolist()
    ([0, 0, 1, 0, 0], [1, 0, 0, 0, 1])
    """
    padding = torch.tensor(tokens.padding, dtype=torch.bool, device="cpu")
    if kind == "padding":
        return padding
    if kind == "first":
        return ~padding & ((~padding).cumsum(0) == 1)
    special = torch.tensor(tokens.special, dtype=torch.bool, device="cpu") & ~padding
    if kind == "special":
        return special
    if kind == "punctuation":
        marks = torch.tensor([is_punctuation(piece) for piece in tokens.pieces], dtype=torch.bool, device="cpu")
        return marks & ~special & ~padding
    raise AttnWidgetError(f"There is no kind of token {kind!r}. Give one of {', '.join(TOKEN_KINDS)}.")


def is_punctuation(piece: str) -> bool:
    """Whether a piece has punctuation or symbols (Unicode P and S), and no letter or digit: "?!", "→", " +".

    Spaces and line breaks alone do not count. Emoji are symbols, so they count.

    >>> [is_punctuation(piece) for piece in [",", "▁,", "Ġ)", "...", "don't", "3", chr(10), "▁"]]
    [True, True, True, True, False, False, False, False]
    """
    groups = {unicodedata.category(letter)[0] for letter in _plain(piece) if letter != UNREADABLE}
    return bool(groups & {"P", "S"}) and not groups & {"L", "N"}


def _plain(piece: str) -> str:
    # Some vocabularies mark the end of a word with letters.
    return piece.lstrip(BLANKS).removesuffix("</w>")
