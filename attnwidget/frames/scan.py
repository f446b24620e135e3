"""One pass over the rows of the map that is shown: its pixels, its row and column, and its summary numbers."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from einops import reduce
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import pad

from attnwidget.engine.recompute import TILE
from attnwidget.engine.tokens import Tokens
from attnwidget.errors import NotNumbers
from attnwidget.measures.entropy import row_entropy
from attnwidget.measures.sinks import sink_tokens
from attnwidget.shapes import HeadMap, Indices

LARGEST_SIDE = 512
"""Cells of a matrix per side: more cannot be told apart on a screen, so more is pooled by its maximum."""


@dataclass(frozen=True, eq=False)
class Scan:
    """`matrix` is pooled by `pooling`; `row` and `column` are those of the query span, `sinks` are token indices."""

    matrix: Float[Tensor, "query_cell key_cell"]
    pooling: int
    row: Float[Tensor, " key"]
    column: Float[Tensor, " query"]
    sinks: tuple[int, ...]
    peak: float
    stats: dict[str, float]
    sums: tuple[float, float]


def scan(
    rows: Callable[[Indices], HeadMap],
    text: Tokens,
    query: tuple[int, int],
    *,
    causal: bool,
    readers: Int[Tensor, " token"] | None = None,
    known_sinks: tuple[int, ...] | None = None,
) -> Scan:
    """Read a square map row by row through `rows` (indices -> exact rows), in bounded memory.

    `readers` is how many other queries can see each key, where more than causality and padding hides some. Of a map
    without its sinks they cannot be told any more: `known_sinks` are those.
    """
    size = len(text)
    pooling = math.ceil(size / LARGEST_SIDE)
    span = slice(*query)
    # Whole pooling cells per portion.
    step = max(1, TILE // (size * pooling)) * pooling
    tally = _Tally(size, causal=causal)
    row = torch.zeros(size)
    pixels, columns = [], []
    for chunk in torch.arange(size).split(step):
        maps = rows(chunk)
        # One weight that is no number makes the sum of its row one.
        if not bool(maps.sum(-1).isfinite().all()):
            raise NotNumbers
        pixels.append(_pooled(maps, pooling))
        columns.append(maps[:, span].sum(-1))
        row += maps[(chunk >= span.start) & (chunk < span.stop)].sum(0)
        tally.add(chunk, maps, torch.tensor([text.padding[i] for i in chunk.tolist()]))
    sinks = known_sinks
    if sinks is None:
        sinks = sink_tokens(tally.received, text, causal=causal, readers=readers)
    open_keys = torch.ones(size, dtype=torch.bool)
    open_keys[list(sinks)] = False
    return Scan(
        matrix=torch.cat(pixels),
        pooling=pooling,
        row=row / (span.stop - span.start),
        column=torch.cat(columns),
        sinks=sinks,
        peak=float(tally.highest[open_keys].max()) if bool(open_keys.any()) else float(tally.highest.max()),
        stats=tally.stats(sinks),
        sums=tally.sums,
    )


class _Tally:
    """Running sums over rows; the mean over the rows that are not padding comes out at the end."""

    def __init__(self, size: int, *, causal: bool) -> None:
        self.size, self.causal = size, causal
        self.received, self.mass, self.highest = torch.zeros(3, size, dtype=torch.float32).unbind()
        self.sums = (math.inf, -math.inf)
        self._rows = self._later_rows = 0
        self._entropy = self._limit = self._distance = self._previous = 0.0

    def add(self, chunk: Indices, maps: HeadMap, padding: Tensor) -> None:
        if bool(padding.all()):
            return
        if bool(padding.any()):
            chunk, maps = chunk[~padding], maps[~padding]
        own = maps.gather(1, chunk[:, None])[:, 0]
        mass = maps.sum(0)
        self.mass += mass
        self.received += mass.index_add(0, chunk, -own)
        # The first row of a causal map can only be 1; it says nothing about the scale.
        later = maps[1:] if self.causal and self.size > 1 and int(chunk[0]) == 0 else maps
        if len(later):
            self.highest = torch.maximum(self.highest, later.amax(0))
        total = maps.sum(-1)
        self.sums = (min(self.sums[0], float(total.min())), max(self.sums[1], float(total.max())))
        self._rows += len(chunk)
        self._entropy += float(row_entropy(maps).sum())
        seen = chunk + 1 if self.causal else torch.full_like(chunk, self.size)
        self._limit += float(seen.float().log().sum())
        offset = (chunk[:, None].float() - torch.arange(self.size).float()).abs_()
        self._distance += float(offset.mul_(maps).sum())
        behind = chunk > 0
        self._later_rows += int(behind.sum())
        previous = maps.gather(1, (chunk - 1).clamp_min(0)[:, None])[:, 0]
        self._previous += float(previous[behind].sum())

    def stats(self, sinks: tuple[int, ...]) -> dict[str, float]:
        rows, later = max(1, self._rows), max(1, self._later_rows)
        return {
            "entropy": self._entropy / rows,
            "entropy_limit": self._limit / rows,
            "distance": self._distance / rows,
            "previous": self._previous / later,
            "first": float(self.mass[0]) / rows,
            "sink": float(self.mass[list(sinks)].sum()) / rows,
        }


def _pooled(maps: HeadMap, factor: int) -> Float[Tensor, "query_cell key_cell"]:
    if factor == 1:
        return maps
    queries, keys = maps.shape
    full = pad(maps, (0, -keys % factor, 0, -queries % factor))
    # Two steps are ten times as fast as one over both axes.
    strips = reduce(full, "(query cell) key -> query key", "max", cell=factor)
    return reduce(strips, "query (key cell) -> query key", "max", cell=factor)
