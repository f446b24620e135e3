"""How strongly every head of a trace shows each pattern, from 0 to 1, in one pass."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeAlias

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from attnwidget.engine import Block, Trace, exactly, strip
from attnwidget.measures.heads.entropy import entropy_terms
from attnwidget.measures.heads.sinks import FEWEST_QUERIES
from attnwidget.measures.patterns import shapes
from attnwidget.measures.patterns.columns import Columns, fixed_columns, moving
from attnwidget.measures.patterns.marks import FAR, Marks, remembered
from attnwidget.measures.patterns.shapes import Ground, own_or_none
from attnwidget.measures.portions import refuse_nan
from attnwidget.measures.rows import read_rows
from attnwidget.shapes import LayerMaps

Scores: TypeAlias = Float[Tensor, " head"]

HEIGHT = 128
"""Rows that are read at once: of a causal map little more than half is then computed."""


@exactly()
def pattern_scores(trace: Trace, part: str | None) -> dict[str, np.ndarray]:
    """Every pattern's score of every head, (layer head), and under "distance" the best fixed offset.

    NaN for layers without attention, heads that a layer lacks, and patterns that fewer than three rows could show.
    Raises AttnWidgetError for an ambiguous part, and NotNumbers for weights that are NaN.
    """
    counts = trace.heads(part)
    queries, keys = trace.tokens(part)
    ground = shapes.ground_of(keys)
    tables: dict[str, np.ndarray] = {}
    rows = read_rows(queries)
    if not len(rows):
        return tables
    marks_of = remembered(ground)
    for block in trace.part_blocks(part):
        own = own_or_none(block, queries, keys)
        # Made again for every layer if the text is too long to keep them.
        strips = [
            partial(marks_of, block, strip_rows, None if own is None else own[strip_rows])
            for strip_rows in rows.split(HEIGHT)
        ]
        for name, found in _of_layer(block, strips, ground, len(queries)).items():
            table = tables.setdefault(name, np.full((len(counts), max(counts)), np.nan, np.float32))
            table[block.layer, : counts[block.layer]] = found.numpy()
    return tables


def _of_layer(block: Block, strips: Sequence[Callable[[], Marks]], ground: Ground, queries: int) -> dict[str, Scores]:
    columns = Columns.empty(block.heads, len(ground.kinds), queries)
    sums = torch.zeros(3, 0, block.heads, dtype=torch.float64, device="cpu")
    names: tuple[str, ...] = ()
    for make in strips:
        marks = make()
        names = marks.names
        if not sums.shape[1]:
            sums = sums.new_zeros(3, len(names), block.heads)
        for heads, maps in strip(block, marks.rows, marks.reach):
            mass = _masses(maps, marks)
            # With a sink outside the text a row may go there entirely, and that still counts as attending.
            reads = columns.add(heads, maps, marks, always=block.sinks is not None)
            sums[:, :, heads] += _summed(mass, reads, marks)
    found = dict(zip(names, _beyond_chance(sums), strict=True))
    found |= _best_offset(found, dict(zip(names, sums[2], strict=True)), columns.rows)
    found["vertical"] = fixed_columns(columns, (make() for make in strips), ground.first)
    found["peaked"] = moving(columns.peaks, columns.rows)
    if "block diagonal" not in names:
        found["off-diagonal"] = moving(columns.strays, columns.rows)
    found["vertical + diagonal"] = _both(found)
    return found


def _masses(maps: LayerMaps, marks: Marks) -> Float[Tensor, "head query kind"]:
    """How much of each of `marks.names` every row has."""
    refuse_nan(maps)
    whole = maps.sum(-1)
    terms = entropy_terms(maps)
    spread = terms.sum(-1) - torch.special.entr(whole)
    found = [
        torch.zeros_like(whole) if marks.first is None else maps[..., marks.first],
        maps @ marks.separators,
        spread / marks.choices.log().clamp_min(1e-9),
        *(pairs.mass(maps) for pairs in marks.masses),
    ]
    if marks.places is None:
        return torch.stack(found, -1)
    found.append(_evenly(maps, terms, marks))
    return torch.cat([torch.stack(found, -1), maps.gather(-1, marks.places.expand(len(maps), -1, -1))], -1)


def _evenly(maps: LayerMaps, terms: LayerMaps, marks: Marks) -> Float[Tensor, "head query"]:
    """Mass in the query's own block, as far as it is spread evenly there."""
    if marks.block is None:
        return torch.zeros_like(maps[..., 0])
    near, own = marks.block.keys, marks.block.own
    spread = (terms[..., near] * own).sum(-1) - torch.special.entr((maps[..., near] * own).sum(-1))
    return spread / marks.block.most


def _summed(
    mass: Float[Tensor, "head query kind"], reads: Bool[Tensor, "head query"], marks: Marks
) -> Float[Tensor, "sum kind head"]:
    """Mass, chance and number of rows, over the rows that count: those that could show the pattern, and attend to anything."""
    found = (mass * marks.counted).sum(1)
    return torch.stack([found.T, (reads.double() @ marks.expected).T, (reads.double() @ marks.counted).T])


def _beyond_chance(sums: Float[Tensor, "sum kind head"]) -> Float[Tensor, "kind head"]:
    """(mass - chance) / (rows - chance), summed over the rows that count: 1 for a perfect head, 0 for a uniform one."""
    mass, chance, rows = sums
    return ((mass - chance) / (rows - chance)).clamp(0, 1).masked_fill(rows < FEWEST_QUERIES, torch.nan).float()


def _best_offset(found: dict[str, Scores], rows: dict[str, Tensor], read: Tensor) -> dict[str, Scores]:
    """The best of the farther offsets instead of all of them; at least half of the rows must have a key there."""
    if FAR[2] not in found:
        return {}
    each = torch.stack([found.pop(name).masked_fill(rows[name] < read / 2, torch.nan) for name in FAR.values()])
    best, at = each.nan_to_num(-1.0).max(0)
    none = best < 0
    distance = torch.tensor(list(FAR), dtype=torch.float32, device="cpu")[at]
    return {"offset": best.masked_fill(none, torch.nan), "distance": distance.masked_fill(none, torch.nan)}


def _both(found: dict[str, Scores]) -> Scores:
    """Twice the smaller of the weight at a fixed place and at a fixed distance."""
    fixed = [found[name] for name in ("first token", "separator", "vertical")]
    along = [found[name] for name in ("previous token", "next token", "diagonal", "offset") if name in found]
    lesser = torch.minimum(_largest(fixed), _largest(along))
    return (2 * lesser).clamp(0, 1)


def _largest(scores: list[Scores]) -> Scores:
    best = torch.stack(scores).nan_to_num(-1.0).amax(0)
    return best.masked_fill(best < 0, torch.nan)
