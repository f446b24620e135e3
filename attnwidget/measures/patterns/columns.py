"""Columns of a layer's maps, summed row by row: keys that all queries attend to, and whether their favourite key moves."""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from attnwidget.measures.heads.sinks import FEWEST_QUERIES
from attnwidget.measures.patterns.marks import Marks
from attnwidget.shapes import LayerMaps

FEW_COLUMNS = 3
"""The most columns that still count as few; also at most one in eight keys."""

READERS = 0.25
"""The share of rows that must see a key before it can count as what the whole head attends to."""


@dataclass(frozen=True, eq=False)
class Columns:
    """Sums over the rows of one layer, updated strip by strip. A row that sees one key, or attends to none, does not count.

    `received` is what each key got from other queries, `chance` what it would have got from uniform attention,
    `readers` the number of these queries. `peaks` has each row's largest weight beyond chance, at its key, and
    `strays`, in cross-attention, those of them off the monotone line.
    """

    received: Float[Tensor, "head key"]
    chance: Float[Tensor, "head key"]
    readers: Float[Tensor, "head key"]
    peaks: Float[Tensor, "head key"]
    strays: Float[Tensor, "head key"]
    rows: Float[Tensor, " head"]
    reads: Bool[Tensor, "head query"]

    @staticmethod
    def empty(heads: int, keys: int, queries: int) -> "Columns":
        """Sums before the first row."""
        received, chance, readers, peaks, strays = torch.zeros(5, heads, keys, dtype=torch.float64, device="cpu")
        rows = torch.zeros(heads, dtype=torch.float64, device="cpu")
        reads = torch.zeros(heads, queries, dtype=torch.bool, device="cpu")
        return Columns(received, chance, readers, peaks, strays, rows, reads)

    def add(self, heads: slice, maps: LayerMaps, marks: Marks, *, always: bool) -> Bool[Tensor, "head query"]:
        """Add these rows of some heads, and return which of them attend to anything: all, if `always`."""
        # numpy finds the largest of a row eleven times as fast as torch.
        at = torch.from_numpy(maps.numpy().argmax(-1))
        largest = maps.gather(-1, at[..., None])[..., 0]
        reads = torch.ones_like(largest, dtype=torch.bool) if always else largest > 0
        several, choices = marks.choices > 1, marks.choices.double().clamp_min(2)
        counted = several & reads
        self.received[heads, marks.reach] += _received(maps, marks, several.float())
        others = marks.others.double()
        self.chance[heads, marks.reach] += (reads / choices) @ others
        self.readers[heads, marks.reach] += reads.double() @ others
        self.rows[heads] += counted.sum(-1)
        self.reads[heads, marks.rows] = reads
        beyond = ((largest - 1 / choices) / (1 - 1 / choices)).masked_fill(~counted, 0.0)
        self.peaks[heads].scatter_add_(1, at + marks.reach.start, beyond)
        if marks.monotone is not None:
            near = marks.monotone.expand(len(maps), -1, -1).gather(-1, at[..., None])[..., 0]
            self.strays[heads].scatter_add_(1, at + marks.reach.start, beyond.masked_fill(near, 0.0))
        return reads


def moving(peaks: Float[Tensor, "head key"], rows: Float[Tensor, " head"]) -> Float[Tensor, " head"]:
    """Mean of the largest weights beyond chance, without the most favoured key: 0 for a head with a single key."""
    found = ((peaks.sum(-1) - peaks.amax(-1)) / (rows - 1).clamp_min(1)).clamp(0, 1)
    return found.masked_fill(rows < FEWEST_QUERIES, torch.nan).float()


def fixed_columns(columns: Columns, strips: Iterable[Marks], first: int) -> Float[Tensor, " head"]:
    """The share beyond chance that the one to three best columns get from the queries that can attend to them.

    `strips` are all rows of the layer. The first token, and keys that hardly any query can attend to, do not count.
    """
    allowed = (columns.readers >= FEWEST_QUERIES) & (columns.readers >= READERS * columns.rows[:, None])
    allowed[:, first] = False
    share = (columns.received - columns.chance) / (columns.readers - columns.chance)
    share = share.masked_fill(~allowed, -torch.inf)
    most = max(1, min(FEW_COLUMNS, share.shape[-1] // 8))
    best, at = share.topk(most, dim=-1)
    received, chance = columns.received.gather(-1, at), columns.chance.gather(-1, at)
    readers = _readers(strips, at, columns.reads)
    found = best[:, :1]
    for count in range(2, most + 1):
        expected = chance[:, :count].sum(-1)
        together = (received[:, :count].sum(-1) - expected) / (readers[:, count - 1] - expected)
        together = together.masked_fill(best[:, count - 1].isinf(), -torch.inf)
        found = torch.cat([found, together[:, None]], dim=-1)
    score = found.amax(-1)
    return score.clamp(0, 1).masked_fill(score.isinf(), torch.nan).float()


def _received(maps: LayerMaps, marks: Marks, several: Float[Tensor, " query"]) -> Float[Tensor, "head key"]:
    """What each key gets from other queries that have a choice."""
    found = several.expand(len(maps), 1, -1).bmm(maps)[:, 0]
    if marks.own is not None:
        own = marks.own.expand(len(maps), -1)
        itself = maps.gather(-1, own[..., None])[..., 0] * several
        found.scatter_add_(1, own, -itself)
    return found * marks.real


def _readers(strips: Iterable[Marks], at: Tensor, reads: Bool[Tensor, "head query"]) -> Float[Tensor, "head columns"]:
    """How many other queries (of those that attend to anything) can attend to the first of these keys, to either of the first two, and so on."""
    found = torch.zeros(at.shape, dtype=torch.float64, device="cpu")
    for marks in strips:
        width = marks.others.shape[1]
        places = at - marks.reach.start
        inside = (places >= 0) & (places < width)
        others = marks.others[:, places.clamp(0, width - 1)] & inside
        found += (others.cummax(-1).values & reads[:, marks.rows].T[..., None]).sum(0)
    return found
