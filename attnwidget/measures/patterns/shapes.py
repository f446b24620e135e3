"""Which keys a query would attend to if its head had this pattern: from the tokens alone, without any weights."""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Int
from torch import Tensor
from torch.nn.functional import pad

from attnwidget.engine import NO_SPAN, Block, Tokens
from attnwidget.errors import AttnWidgetError
from attnwidget.measures.portions import own_keys
from attnwidget.shapes import Indices

FARTHEST = 8
"""Tokens. Fixed offsets are searched for up to this distance, both ways."""

BAND = 0.1
"""Share of the keys that counts as near the monotone line, to either side; at least one key."""

FULL_WIDTH_STOPS = frozenset("。！？")
STOPS = frozenset(".!?…\n") | FULL_WIDTH_STOPS
CLOSERS = "\"')]}»”’"


@dataclass(frozen=True, eq=False)
class Ground:
    """What the tokens of the keys tell: the first one, separators, equal tokens, blocks."""

    first: int
    padding: Bool[Tensor, " key"]
    separators: Bool[Tensor, " key"]
    kinds: Int[Tensor, " key"]  # equal tokens have equal numbers, special ones and padding -1
    blocks: Int[Tensor, " key"]  # number of the segment or sentence, special tokens and padding -1


def ground_of(keys: Tokens) -> Ground:
    """The ground of a sequence of keys. Separators are special tokens and pieces without a letter or digit.

    >>> ground = ground_of(Tokens.from_pieces(["[CLS]", "a", "b", ".", "a", "[SEP]"]))
    >>> ground.separators.int().tolist(), ground.kinds.tolist(), ground.blocks.tolist()
    ([0, 0, 0, 1, 0, 1], [-1, 0, 1, 2, 0, -1], [-1, 0, 0, 0, 1, -1])
    """
    first = next((i for i, padding in enumerate(keys.padding) if not padding), 0)
    plain = [not (special or padding) for special, padding in zip(keys.special, keys.padding, strict=True)]
    separators = [
        i != first and not keys.padding[i] and (keys.special[i] or not any(letter.isalnum() for letter in piece))
        for i, piece in enumerate(keys.pieces)
    ]
    numbers: dict[int | str, int] = {}
    kinds = [
        # Pieces given without a vocabulary have no ids.
        numbers.setdefault(keys.ids[i] if keys.ids[i] >= 0 else keys.pieces[i], len(numbers)) if content else -1
        for i, content in enumerate(plain)
    ]
    blocks = [block if content else -1 for block, content in zip(_blocks(keys, plain), plain, strict=True)]
    return Ground(
        first=first,
        padding=_tensor(list(keys.padding), torch.bool),
        separators=_tensor(separators, torch.bool),
        kinds=_tensor(kinds, torch.long),
        blocks=_tensor(blocks, torch.long),
    )


def own_or_none(block: Block, queries: Tokens, keys: Tokens) -> Indices | None:
    """For each query the key that it is itself; None in cross-attention, where there is none."""
    try:
        return own_keys(block, queries, keys, torch.arange(block.shape[1], device="cpu"))
    except AttnWidgetError:
        return None


def offsets(own: Indices, width: int) -> tuple[Int[Tensor, "query offset"], Bool[Tensor, "query offset"]]:
    """The keys from eight tokens before each query to eight after it, and which of them exist."""
    places = own[:, None] + torch.arange(-FARTHEST, FARTHEST + 1, device="cpu")
    return places.clamp(0, width - 1), (places >= 0) & (places < width)


def earlier_equal(ground: Ground, own: Indices) -> Bool[Tensor, "query key"]:
    """Earlier tokens equal to the query."""
    kinds = ground.kinds
    same = (kinds == kinds[own][:, None]) & (kinds >= 0)
    return same & (torch.arange(len(kinds), device="cpu") < own[:, None])


def after_earlier_equal(ground: Ground, own: Indices) -> Bool[Tensor, "query key"]:
    """Tokens that follow an earlier one equal to the query; never the query itself."""
    followed = pad(earlier_equal(ground, own)[:, :-1], (1, 0))
    return followed & (torch.arange(len(ground.kinds), device="cpu") < own[:, None])


def same_block(ground: Ground, own: Indices) -> Bool[Tensor, "query key"]:
    """Tokens of the query's own segment or sentence; none if there is only one segment or sentence."""
    if len(set(ground.blocks.tolist()) - {-1}) < 2:
        return torch.zeros(len(own), len(ground.blocks), dtype=torch.bool, device="cpu")
    return (ground.blocks == ground.blocks[own][:, None]) & (ground.blocks >= 0)


def monotone(rows: Indices, length: int, width: int) -> Bool[Tensor, "query key"]:
    """Keys near the straight line from the first of both sequences to the last, whatever their lengths.

    >>> monotone(torch.arange(2), 2, 6).int().tolist()
    [[1, 1, 0, 0, 0, 0], [0, 0, 0, 0, 1, 1]]
    """
    line = rows * ((width - 1) / max(1, length - 1))
    far = (torch.arange(width, device="cpu") - line[:, None]).abs()
    return far <= max(1.0, BAND * width)


def _blocks(keys: Tokens, plain: list[bool]) -> list[int]:
    told = {segment for segment, content in zip(keys.segment, plain, strict=True) if content}
    return list(keys.segment) if len(told) > 1 else _sentences(keys)


def _sentences(keys: Tokens) -> list[int]:
    # A sentence ends after a full stop or similar, and any closing quote, if a space follows.
    number, ended, last = 0, False, NO_SPAN
    numbers = []
    for piece, span in zip(keys.pieces, keys.spans, strict=True):
        if span != NO_SPAN:
            between = keys.text[last[1] : span[0]] if last != NO_SPAN else ""
            if last != NO_SPAN and ((ended and (between or _full_width(keys.text, last))) or "\n" in between):
                number += 1
            closes = ended and not between and piece.strip(CLOSERS) == ""
            ended = closes or piece.rstrip(CLOSERS)[-1:] in STOPS
            last = span
        numbers.append(number)
    return numbers


def _full_width(text: str, span: tuple[int, int]) -> bool:
    return text[span[0] : span[1]][-1:] in FULL_WIDTH_STOPS


def _tensor(values: list[bool] | list[int], dtype: torch.dtype) -> Tensor:
    return torch.tensor(values, dtype=dtype, device="cpu")
