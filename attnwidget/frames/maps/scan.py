"""One pass over the rows of the shown map: its pixels, its row and column, and its summary numbers."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from einops import reduce
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import pad

from attnwidget.engine import rows_together
from attnwidget.errors import NotNumbers
from attnwidget.frames.axes import Axes
from attnwidget.frames.frame import Direction
from attnwidget.measures.heads.entropy import row_entropy
from attnwidget.measures.heads.sinks import sink_tokens
from attnwidget.shapes import AttentionMap, Indices

LARGEST_SIDE = 512
"""Cells of a matrix per side: a screen cannot show more, so larger maps are max-pooled."""


@dataclass(frozen=True, eq=False)
class Scan:
    """`matrix` is pooled by `pooling`; `row` and `column` are those of the query span, `sinks` are indices of keys.

    Of a change these have a sign, and `peak` is the largest size; statistics and sums are those of the map after it.

    In cross-attention the span lies in one of the two texts, and only its row, or its column, exists. Statistics
    without a meaning there are None.
    """

    matrix: Float[Tensor, "query_cell key_cell"]
    pooling: int
    row: Float[Tensor, " key"] | None
    column: Float[Tensor, " query"] | None
    sinks: tuple[int, ...]
    peak: float
    stats: dict[str, float | None]
    sums: tuple[float, float]


def scan(
    rows: Callable[[Indices], AttentionMap],
    axes: Axes,
    query: tuple[int, int],
    *,
    causal: bool,
    direction: Direction = "reads",
    readers: Int[Tensor, " token"],
    known_sinks: tuple[int, ...] | None = None,
    before: Callable[[Indices], AttentionMap] | None = None,
) -> Scan:
    """Scan a map row by row through `rows` (indices -> exact rows), in bounded memory.

    `readers` is how many other queries can see each key. `direction` says which axis `query` belongs to, if there are
    two. In a map without its sinks they can no longer be found: `known_sinks` has them. With `before`, the rows of an
    earlier map, what is shown is the change since then.
    """
    size, width = len(axes.queries), len(axes.keys)
    pooling = math.ceil(max(size, width) / LARGEST_SIDE)
    span = slice(*query)
    asks, asked = axes.square or direction == "reads", axes.square or direction == "read_by"
    # Whole pooling cells per portion.
    step = rows_together(width * pooling) * pooling
    tally = _Tally(axes, causal=causal)
    padding = torch.tensor(axes.queries.padding, dtype=torch.bool, device="cpu")
    row = torch.zeros(width, dtype=torch.float32, device="cpu")
    largest = torch.zeros(width, dtype=torch.float32, device="cpu")
    pixels, columns = [], []
    for chunk in torch.arange(size, device="cpu").split(step):
        maps = rows(chunk)
        # A single NaN weight makes the sum of its row NaN.
        if not bool(maps.sum(-1).isfinite().all()):
            raise NotNumbers
        shown = maps if before is None else maps - before(chunk)
        pixels.append(_pooled(maps, pooling) if before is None else _pooled_changes(shown, pooling))
        if asked:
            columns.append(shown[:, span].sum(-1))
        if asks:
            row += shown[(chunk >= span.start) & (chunk < span.stop)].sum(0)
        if before is not None:
            largest = torch.maximum(largest, shown.abs().amax(0))
        tally.add(chunk, maps, padding[chunk])
    highest = tally.highest if before is None else largest
    sinks = (
        sink_tokens(tally.received, axes.keys, readers, crossed=not axes.square) if known_sinks is None else known_sinks
    )
    open_keys = torch.ones(width, dtype=torch.bool, device="cpu")
    open_keys[list(sinks)] = False
    return Scan(
        matrix=torch.cat(pixels),
        pooling=pooling,
        row=row / (span.stop - span.start) if asks else None,
        column=torch.cat(columns) if asked else None,
        sinks=sinks,
        peak=float(highest[open_keys].max()) if bool(open_keys.any()) else float(highest.max()),
        stats=tally.stats(sinks),
        sums=tally.sums if math.isfinite(tally.sums[0]) else (0.0, 0.0),  # of padding alone
    )


class _Tally:
    """Running sums over rows; they end as means over nonempty rows that are not padding."""

    def __init__(self, axes: Axes, *, causal: bool) -> None:
        self.square, self.causal = axes.square, causal
        self.width = len(axes.keys)
        real = ~torch.tensor(axes.keys.padding, dtype=torch.bool, device="cpu")
        self.real, self.upto = real, real.cumsum(0).clamp_min(1)
        self.first = int(real.int().argmax())
        self.received, self.mass, self.highest = torch.zeros(3, self.width, dtype=torch.float32, device="cpu").unbind()
        self.sums = (math.inf, -math.inf)
        self._rows = self._later_rows = 0
        self._entropy = self._limit = self._distance = self._previous = 0.0

    def add(self, chunk: Indices, maps: AttentionMap, padding: Tensor) -> None:
        if bool(padding.all()):
            return
        if bool(padding.any()):
            chunk, maps = chunk[~padding], maps[~padding]
        total = maps.sum(-1)
        self.sums = (min(self.sums[0], float(total.min())), max(self.sums[1], float(total.max())))
        chunk, maps = chunk[total != 0], maps[total != 0]  # empty rows do not enter the mean
        if not len(chunk):
            return
        mass = maps.sum(0)
        self.mass += mass
        self.received += mass
        # The first row of a causal map is always 1; it says nothing about the scale.
        later = maps[1:] if self.causal and self.width > 1 and int(chunk[0]) == self.first else maps
        if len(later):
            self.highest = torch.maximum(self.highest, later.amax(0))
        self._rows += len(chunk)
        self._entropy += float(row_entropy(maps).sum())
        seen = self.upto[chunk.clamp_max(self.width - 1)] if self.causal else self.upto[-1].expand(len(chunk))
        self._limit += float(seen.float().log().sum())
        if self.square:
            self._add_places(chunk, maps)

    def _add_places(self, chunk: Indices, maps: AttentionMap) -> None:
        """Statistics of the key's position relative to the query."""
        own = maps.gather(1, chunk[:, None])[:, 0]
        self.received.index_add_(0, chunk, -own)
        offset = (chunk[:, None].float() - torch.arange(self.width, dtype=torch.float32, device="cpu")).abs_()
        self._distance += float(offset.mul_(maps).sum())
        behind = (chunk > 0) & self.real[chunk - 1]
        self._later_rows += int(behind.sum())
        previous = maps.gather(1, (chunk - 1).clamp_min(0)[:, None])[:, 0]
        self._previous += float(previous[behind].sum())

    def stats(self, sinks: tuple[int, ...]) -> dict[str, float | None]:
        rows, later = max(1, self._rows), max(1, self._later_rows)
        return {
            "entropy": self._entropy / rows,
            "entropy_limit": self._limit / rows,
            "distance": self._distance / rows if self.square else None,
            "previous": self._previous / later if self.square else None,
            "first": float(self.mass[self.first]) / rows,
            "sink": float(self.mass[list(sinks)].sum()) / rows,
        }


def _pooled_changes(changes: AttentionMap, factor: int) -> Float[Tensor, "query_cell key_cell"]:
    """Of each cell the change that is largest in size."""
    more, less = _pooled(changes, factor), -_pooled(-changes, factor)
    return torch.where(more >= -less, more, less)


def _pooled(maps: AttentionMap, factor: int) -> Float[Tensor, "query_cell key_cell"]:
    if factor == 1:
        return maps
    queries, keys = maps.shape
    full = pad(maps, (0, -keys % factor, 0, -queries % factor))
    # Two steps are ten times as fast as one over both axes.
    strips = reduce(full, "(query cell) key -> query key", "max", cell=factor)
    return reduce(strips, "query (key cell) -> query key", "max", cell=factor)
