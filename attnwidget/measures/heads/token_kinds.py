"""Kinds of tokens, told from the tokens alone: special ones, punctuation, padding, the first."""

import unicodedata

import torch
from jaxtyping import Bool
from torch import Tensor

from attnwidget.engine import Tokens
from attnwidget.errors import AttnWidgetError

TOKEN_KINDS = ("special", "punctuation", "padding", "first")

BLANKS = "Ġ▁Ċ"
"""How byte-level vocabularies and SentencePiece write a blank or a line break before a word, in pieces that were given."""

UNREADABLE = "\N{REPLACEMENT CHARACTER}"
"""Stands for bytes that make no character, and so for anything."""


def kind_of_keys(tokens: Tokens, kind: str) -> Bool[Tensor, " key"]:
    """Which of the tokens are of a kind: "special", "punctuation", "padding", or "first", the first not padding.

    Padding is of no other kind. Raises AttnWidgetError for an unknown kind, with the list.

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
    raise AttnWidgetError(f"There is no kind of token {kind!r}. The kinds are {', '.join(TOKEN_KINDS)}.")


def is_punctuation(piece: str) -> bool:
    """Whether a piece has punctuation or symbols (Unicode P and S), and no letter or digit: "?!", "→", " +".

    Blanks and line breaks alone are none. Emoji are symbols, and so are counted.

    >>> [is_punctuation(piece) for piece in [",", "▁,", "Ġ)", "...", "don't", "3", chr(10), "▁"]]
    [True, True, True, True, False, False, False, False]
    """
    groups = {unicodedata.category(letter)[0] for letter in _plain(piece) if letter != UNREADABLE}
    return bool(groups & {"P", "S"}) and not groups & {"L", "N"}


def _plain(piece: str) -> str:
    # Some vocabularies mark the end of a word with letters.
    return piece.lstrip(BLANKS).removesuffix("</w>")
