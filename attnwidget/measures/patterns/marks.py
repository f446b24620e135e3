"""What a few rows of a layer could show, independent of any head: made once for all heads that share them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from attnwidget.engine import Block, reach_of, visible
from attnwidget.measures.patterns import shapes
from attnwidget.measures.patterns.shapes import Ground
from attnwidget.shapes import Indices, LayerMaps

Chance: TypeAlias = Float[Tensor, " query"]
"""How much of a pattern a row would have under uniform attention; NaN for rows that cannot show it: without a key of
the pattern, or without any other key."""

MARKS_KEPT = 2**24
"""Entries of query x key whose marks are kept for the next layers: a byte each."""

ALWAYS = ("first token", "separator", "uniform")
LOOKED_UP = ("duplicate token", "induction")
NEAR = {-1: "previous token", 0: "diagonal", 1: "next token"}
FAR = {k: f"offset {k:+d}" for k in range(-shapes.FARTHEST, shapes.FARTHEST + 1) if k not in NEAR}
DISTANCES = tuple((NEAR | FAR)[k] for k in range(-shapes.FARTHEST, shapes.FARTHEST + 1))


@dataclass(frozen=True, eq=False)
class Pairs:
    """Some of the (query, key) entries of a strip: usually few, where a mask would have to be multiplied with all."""

    query: Indices
    entry: Indices  # in a map that is written as one line

    @staticmethod
    def of(marked: Bool[Tensor, "query key"]) -> "Pairs":
        """The entries that are marked."""
        query, key = marked.nonzero(as_tuple=True)
        return Pairs(query, query * marked.shape[1] + key)

    def mass(self, maps: LayerMaps) -> Float[Tensor, "head query"]:
        """What lies on these entries, for each row."""
        found = maps.flatten(1).index_select(1, self.entry)
        return maps.new_zeros(maps.shape[:2]).scatter_add_(1, self.query.expand(len(maps), -1), found)


@dataclass(frozen=True, eq=False)
class Evenly:
    """The query's own block: the range of `keys` around all blocks of a strip, and which of them belong to each query's own block."""

    keys: slice
    own: Float[Tensor, "query near"]
    most: Float[Tensor, " query"]  # entropy in nats


@dataclass(frozen=True, eq=False)
class Marks:
    """What the rows of a strip could show. Keys are counted from the start of `reach`, outside which none can be attended to.

    `names` are the patterns measured by sums over rows; `expected` is the chance of each, 0 where a row does not count
    for it. `others` are the keys that a query can attend to besides itself, none where there is a single one; `choices`
    counts all that it can attend to. In cross-attention `own`, `block` and `places` are None, else `monotone` is.
    """

    rows: Indices
    reach: slice
    names: tuple[str, ...]
    expected: Float[Tensor, "query kind"]
    counted: Float[Tensor, "query kind"]
    choices: Float[Tensor, " query"]
    others: Bool[Tensor, "query key"]
    real: Float[Tensor, " key"]
    first: int | None
    separators: Float[Tensor, " key"]
    masses: tuple[Pairs, ...]
    own: Indices | None
    block: Evenly | None
    places: Int[Tensor, "query offset"] | None
    monotone: Bool[Tensor, "query key"] | None


def marks_of(block: Block, rows: Indices, ground: Ground, own: Indices | None) -> Marks:
    """The marks of some rows; `own` is the key that each of them is itself, None in cross-attention."""
    reach = reach_of(block, rows)
    if own is not None:  # also where a mask hides every token from itself
        reach = slice(min(reach.start, int(own.min())), max(reach.stop, int(own.max()) + 1))
    seen = (visible(block, rows) & ~ground.padding)[:, reach]
    choices = seen.sum(-1, dtype=torch.float32)
    first = torch.arange(reach.start, reach.stop, device="cpu") == ground.first
    not_itself = seen if own is None else seen & (own != ground.first)[:, None]
    chances = {
        "first token": _chance(first & not_itself, choices),
        "separator": _chance(ground.separators[reach] & seen, choices),
        "uniform": torch.where(choices > 1, 0.0, torch.nan),
    }
    alike = evenly = places = monotone = None
    if own is None:
        monotone = shapes.monotone(rows, *block.shape[1:])[:, reach]
        marked = {"diagonal": monotone & seen}
    else:
        equal = {"duplicate token": shapes.earlier_equal, "induction": shapes.after_earlier_equal}
        marked = {name: shape(ground, own)[:, reach] & seen for name, shape in equal.items()}
    chances |= {name: _chance(keys, choices) for name, keys in marked.items()}
    if own is not None:
        chances["block diagonal"], evenly = _blocks(shapes.same_block(ground, own)[:, reach], seen, choices)
        own = own - reach.start
        places, there = shapes.offsets(own, seen.shape[1])
        single = there & seen.gather(1, places) & (choices > 1)[:, None]
        alike = torch.where(single, 1 / choices[:, None], torch.nan)
        chances |= dict(zip(DISTANCES, alike.unbind(1), strict=True))
    chance = torch.stack(list(chances.values()), 1)
    return Marks(
        rows=rows,
        reach=reach,
        names=tuple(chances),
        expected=chance.nan_to_num(0.0).double(),
        counted=(~chance.isnan()).double(),
        choices=choices,
        others=but_itself(seen, own) & (choices > 1)[:, None],
        real=(~ground.padding[reach]).float(),
        first=ground.first - reach.start if bool(first.any()) else None,
        separators=ground.separators[reach].float(),
        masses=tuple(Pairs.of(keys) for keys in marked.values()),
        own=own,
        block=evenly,
        places=places,
        monotone=monotone,
    )


def remembered(ground: Ground) -> Callable[[Block, Indices, Indices | None], Marks]:
    """`marks_of`, reused if the next layer has the same mask."""
    known: dict[Any, Marks] = {}
    kept = 0

    def marks(block: Block, rows: Indices, own: Indices | None) -> Marks:
        nonlocal kept
        name = int(rows[0]), own is None, block.shape[1:], block.causal, _mask_of(block)
        if name in known:
            return known[name]
        found = marks_of(block, rows, ground, own)
        if kept + found.others.numel() <= MARKS_KEPT:
            kept += found.others.numel()
            known[name] = found
        return found

    return marks


def but_itself(seen: Bool[Tensor, "query key"], own: Indices | None) -> Bool[Tensor, "query key"]:
    """What a query can see besides itself."""
    if own is None:
        return seen
    return seen & (torch.arange(seen.shape[-1], device="cpu") != own[:, None])


def _mask_of(block: Block) -> Any:
    """The same for layers that were given one mask, which lives as long as the trace does."""
    mask = block.mask
    return None if mask is None else (mask.device, mask.data_ptr(), mask.dtype, mask.shape, mask.stride())


def _blocks(
    block: Bool[Tensor, "query key"], seen: Bool[Tensor, "query key"], choices: Float[Tensor, " query"]
) -> tuple[Chance, Evenly | None]:
    """The chance of the query's own block, and its keys; None if there is only one block."""
    inside = block & seen
    found = inside.any(0).nonzero()
    if not len(found):
        return torch.full_like(choices, torch.nan), None
    keys = slice(int(found[0]), int(found[-1]) + 1)
    several = inside.sum(-1, dtype=torch.float32)
    chance = torch.where(several > 1, _chance(inside, choices), torch.nan)
    return chance, Evenly(keys, inside[:, keys].float(), several.log().clamp_min(1e-9))


def _chance(keys: Bool[Tensor, "query key"], choices: Float[Tensor, " query"]) -> Chance:
    """The share of a row that uniform attention would put there; NaN if that is none or all of it."""
    count = keys.sum(-1, dtype=torch.float32)
    return torch.where((count > 0) & (count < choices), count / choices, torch.nan)
