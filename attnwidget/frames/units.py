"""The units of a shown map's rows and columns: tokens, or words of several tokens."""

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import torch
from jaxtyping import Float, Int
from torch import Tensor

from attnwidget.engine import NO_SPAN, Tokens
from attnwidget.frames.axes import Axes
from attnwidget.measures.places import word_ranges, written_as
from attnwidget.shapes import Indices

Range = tuple[int, int]


@dataclass(frozen=True, eq=False)
class Units:
    """Runs of adjacent tokens, each one row or column: `ranges` are their half-open ranges, `tokens` describes them."""

    ranges: tuple[Range, ...]
    tokens: Tokens

    def __len__(self) -> int:
        return len(self.ranges)

    @cached_property
    def places(self) -> Indices:
        """The number of the unit of every token."""
        return torch.repeat_interleave(
            torch.arange(len(self), device="cpu"),
            torch.tensor([stop - start for start, stop in self.ranges], dtype=torch.long, device="cpu"),
        )

    @property
    def single(self) -> bool:
        """Whether every unit is one token."""
        return len(self.ranges) == self.ranges[-1][1]

    def around(self, span: Range) -> Range:
        """The units that a range of tokens touches.

        >>> word_units(Tokens.from_pieces(["a", "b"])).around((1, 2))
        (1, 2)
        """
        return int(self.places[span[0]]), int(self.places[span[1] - 1]) + 1


@dataclass(frozen=True)
class Sides:
    """The units of the rows and the columns of a map. `square` means self-attention: both are the same."""

    queries: Units
    keys: Units
    square: bool

    @property
    def axes(self) -> Axes:
        """The units, described as tokens."""
        return Axes(self.queries.tokens, self.keys.tokens, self.square)

    def asked(self, direction: str) -> Units:
        """The units that the query span refers to: the queries, or in cross-attention also the keys."""
        return self.queries if self.square or direction == "reads" else self.keys

    def others(self, direction: str) -> Units:
        """The units of the other axis."""
        return self.keys if self.square or direction == "reads" else self.queries


def sides_of(axes: Axes, *, words: bool) -> Sides:
    """Tokens or words along each axis.

    >>> text = Tokens.from_pieces(["a", "b"])
    >>> sides_of(Axes(text, text, square=True), words=False).queries.ranges
    ((0, 1), (1, 2))
    """
    kind = word_units if words else token_units
    queries = kind(axes.queries)
    return Sides(queries, queries if axes.square else kind(axes.keys), axes.square)


def token_units(text: Tokens) -> Units:
    """Every token as its own unit."""
    return Units(tuple((i, i + 1) for i in range(len(text))), text)


@lru_cache(maxsize=8)
def word_units(text: Tokens) -> Units:
    """The words of a text: neighbouring tokens of one word. Special tokens and pieces without a word stay alone.

    >>> text = Tokens.from_pieces(["[CLS]", "un", "happy", "cat"])
    >>> units = word_units(replace(text, words=(-1, 0, 0, 1)))
    >>> units.ranges, units.tokens.pieces
    (((0, 1), (1, 3), (3, 4)), ('[CLS]', 'un happy', 'cat'))
    """
    ranges = word_ranges(text)
    spans = tuple(_span(text, run) for run in ranges)
    pieces = tuple(written_as(text, *run) for run in ranges)
    described = replace(text[[start for start, _ in ranges]], pieces=pieces, spans=spans)
    return Units(ranges, described)


def _span(text: Tokens, run: Range) -> Range:
    spans = [text.spans[token] for token in range(*run) if text.spans[token] != NO_SPAN]
    return (min(start for start, _ in spans), max(stop for _, stop in spans)) if spans else NO_SPAN


def by_words(
    maps: Float[Tensor, "*stack token key_token"], queries: Units, keys: Units, rows: Indices
) -> Float[Tensor, "*stack query key"]:
    """Token maps of the units `rows`, one unit after the other -> maps of these units.

    Attention to a word is the sum over its tokens, attention from a word the mean over them: rows keep their sums.
    Source: Clark et al. 2019 (W19-4828), section 4.1.

    >>> units = word_units(replace(Tokens.from_pieces(["un", "happy", "cat"]), words=(0, 0, 1)))
    >>> maps = torch.tensor([[1, 0, 0], [0.5, 0.5, 0], [0.2, 0.3, 0.5]])
    >>> by_words(maps, units, units, torch.arange(2)).tolist()
    [[1.0, 0.0], [0.5, 0.5]]
    """
    summed = maps.new_zeros(*maps.shape[:-1], len(keys)).index_add_(-1, keys.places, maps)
    if queries.single:
        return summed
    sizes = torch.tensor([stop - start for start, stop in queries.ranges], dtype=torch.long, device="cpu")[rows]
    owners = torch.repeat_interleave(torch.arange(len(rows), device="cpu"), sizes)
    found = maps.new_zeros(*maps.shape[:-2], len(rows), len(keys)).index_add_(-2, owners, summed)
    return found / sizes[:, None]


def tokens_in(units: Units, rows: Indices) -> Int[Tensor, " token"]:
    """The tokens of the units `rows`, one unit after the other."""
    if units.single:
        return rows
    starts = torch.tensor([start for start, _ in units.ranges], dtype=torch.long, device="cpu")[rows]
    sizes = torch.tensor([stop - start for start, stop in units.ranges], dtype=torch.long, device="cpu")[rows]
    before = sizes.cumsum(0) - sizes
    within = torch.arange(int(sizes.sum()), device="cpu") - torch.repeat_interleave(before, sizes)
    return torch.repeat_interleave(starts, sizes) + within
