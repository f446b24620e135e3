"""Columns of a layer's maps, summed as the rows are read: keys that all queries read, and whether the place moves."""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from attnwidget.engine import rows_together, visible
from attnwidget.measures.heads.sinks import FEWEST_QUERIES
from attnwidget.measures.patterns.marks import Marks, but_itself
from attnwidget.measures.patterns.shapes import own_or_none
from attnwidget.measures.portions import Portion
from attnwidget.measures.rows import read_rows

FEW_COLUMNS = 3
"""Columns that are still few; at most one in eight keys."""

READERS = 0.25
"""Share of the rows that must have had a key to choose from before it can be what the whole head reads."""


@dataclass(frozen=True, eq=False)
class Columns:
    """Sums over the rows of one layer, written into as portions come. A row that sees one key, or reads none, does not count.

    `received` is what each key got from other queries, `chance` what it would have got from uniform attention,
    `readers` how many there were. `peaks` has each row's largest weight beyond chance, at the key that got it, and
    `strays`, in cross-attention, those of them that are off the monotone line.
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
        """Nothing read yet."""
        received, chance, readers, peaks, strays = torch.zeros(5, heads, keys, dtype=torch.float64, device="cpu")
        rows = torch.zeros(heads, dtype=torch.float64, device="cpu")
        reads = torch.zeros(heads, queries, dtype=torch.bool, device="cpu")
        return Columns(received, chance, readers, peaks, strays, rows, reads)

    def add(self, portion: Portion, marks: Marks) -> None:
        """Count these rows."""
        heads, counted = portion.heads, (marks.choices > 1) & portion.reads
        reads, others = portion.reads.double(), marks.others.double()
        choices = marks.choices.double().clamp_min(2)
        self.received[heads] += (portion.maps * marks.others).sum(1)
        self.chance[heads] += (reads / choices) @ others
        self.readers[heads] += reads @ others
        self.rows[heads] += counted.sum(-1)
        self.reads[torch.tensor(heads, dtype=torch.long, device="cpu")[:, None], portion.rows] = portion.reads
        largest, at = portion.maps.max(-1)
        beyond = ((largest - 1 / choices) / (1 - 1 / choices)).masked_fill(~counted, 0.0)
        none = torch.zeros_like(self.peaks[heads])
        self.peaks[heads] += none.scatter_add(1, at, beyond)
        if marks.monotone is not None:
            near = marks.monotone.expand(len(heads), -1, -1).gather(-1, at[..., None])[..., 0]
            self.strays[heads] += none.scatter_add(1, at, beyond.masked_fill(near, 0.0))


def moving(peaks: Float[Tensor, "head key"], rows: Float[Tensor, " head"]) -> Float[Tensor, " head"]:
    """Mean of the largest weights beyond chance, those on the most favoured key left out: 0 for a head that reads one."""
    found = ((peaks.sum(-1) - peaks.amax(-1)) / (rows - 1).clamp_min(1)).clamp(0, 1)
    return found.masked_fill(rows < FEWEST_QUERIES, torch.nan).float()


def fixed_columns(columns: Columns, portion: Portion, first: int) -> Float[Tensor, " head"]:
    """The share beyond chance that the one to three best columns get from the queries that can read them.

    `portion` is any of the layer. The first token, and keys that hardly any query can read, are no such columns.
    """
    allowed = (columns.readers >= FEWEST_QUERIES) & (columns.readers >= READERS * columns.rows[:, None])
    allowed[:, first] = False
    share = (columns.received - columns.chance) / (columns.readers - columns.chance)
    share = share.masked_fill(~allowed, -torch.inf)
    most = max(1, min(FEW_COLUMNS, share.shape[-1] // 8))
    best, at = share.topk(most, dim=-1)
    received, chance = columns.received.gather(-1, at), columns.chance.gather(-1, at)
    found = best[:, :1]
    for count in range(2, most + 1):
        readers = _readers(portion, at[:, :count], columns.reads)
        expected = chance[:, :count].sum(-1)
        together = (received[:, :count].sum(-1) - expected) / (readers - expected)
        together = together.masked_fill(best[:, count - 1].isinf(), -torch.inf)
        found = torch.cat([found, together[:, None]], dim=-1)
    score = found.amax(-1)
    return score.clamp(0, 1).masked_fill(score.isinf(), torch.nan).float()


def _readers(portion: Portion, at: Tensor, reads: Bool[Tensor, "head query"]) -> Tensor:
    """How many other queries that read anything can read any of these keys, for each head."""
    found = torch.zeros(len(at), dtype=torch.float64, device="cpu")
    padding = torch.tensor(portion.keys.padding, dtype=torch.bool, device="cpu")
    for rows in read_rows(portion.queries).split(rows_together(len(padding))):
        seen = visible(portion.block, rows) & ~padding
        several = seen.sum(-1) > 1
        others = but_itself(seen, own_or_none(portion, rows))[several]
        found += (others[:, at].any(-1) & reads[:, rows[several]].T).sum(0)
    return found
