"""How much of each pattern every head of a trace has, from 0 to 1, in one reading."""

from collections.abc import Iterator
from itertools import groupby
from typing import TypeAlias

import numpy as np
import torch
from einops import rearrange
from jaxtyping import Bool, Float
from torch import Tensor

from attnwidget.engine import Trace, exactly
from attnwidget.measures.heads.entropy import row_entropy
from attnwidget.measures.heads.sinks import FEWEST_QUERIES
from attnwidget.measures.patterns import shapes
from attnwidget.measures.patterns.columns import Columns, fixed_columns, moving
from attnwidget.measures.patterns.marks import KeyMarks, Marks, remembered
from attnwidget.measures.patterns.shapes import Ground, own_or_none
from attnwidget.measures.portions import Portion, portions
from attnwidget.measures.rows import read_rows
from attnwidget.shapes import LayerMaps

Scores: TypeAlias = Float[Tensor, " head"]
PatternRows: TypeAlias = tuple[str, Float[Tensor, "head query"], Float[Tensor, " query"]]
"""A pattern, how much of it each row has, and its chance."""

NEAR = {-1: "previous token", 0: "diagonal", 1: "next token"}
FAR = {k: f"offset {k:+d}" for k in range(-shapes.FARTHEST, shapes.FARTHEST + 1) if k not in NEAR}
DISTANCES = [(NEAR | FAR)[k] for k in range(-shapes.FARTHEST, shapes.FARTHEST + 1)]


@exactly()
def pattern_scores(trace: Trace, part: str | None) -> dict[str, np.ndarray]:
    """Every pattern's score of every head, (layer head), and under "distance" where the best fixed offset leads.

    NaN for layers without attention, heads that a layer lacks, and patterns that fewer than three rows could show.
    Raises AttnWidgetError for an ambiguous part, and NotNumbers for weights that are NaN.
    """
    counts = trace.heads(part)
    queries, keys = trace.tokens(part)
    ground = shapes.ground_of(keys)
    tables: dict[str, np.ndarray] = {}
    if not len(read_rows(queries)):
        return tables
    for layer, read in groupby(portions(trace, part), key=lambda portion: portion.block.layer):
        for name, found in _of_layer(read, ground, counts[layer], len(queries)).items():
            table = tables.setdefault(name, np.full((len(counts), max(counts)), np.nan, np.float32))
            table[layer, : counts[layer]] = found.numpy()
    return tables


def _of_layer(read: Iterator[Portion], ground: Ground, heads: int, queries: int) -> dict[str, Scores]:
    columns = Columns.empty(heads, len(ground.kinds), queries)
    sums = torch.zeros(3, 0, heads, dtype=torch.float64, device="cpu")
    names: list[str] = []
    last: Portion | None = None
    marks_of = remembered(ground)
    for portion in read:
        last, marks = portion, marks_of(portion)
        readings = _readings(portion, ground, marks)
        names = [name for name, _, _ in readings]
        if not sums.shape[1]:
            sums = sums.new_zeros(3, len(names), heads)
        sums[:, :, portion.heads] += _summed(readings, portion.reads)
        columns.add(portion, marks)
    if last is None:
        return {}
    found = dict(zip(names, _beyond_chance(sums), strict=True))
    found |= _best_offset(found, dict(zip(names, sums[2], strict=True)), columns.rows)
    found["vertical"] = fixed_columns(columns, last, ground.first)
    found["peaked"] = moving(columns.peaks, columns.rows)
    if own_or_none(last, last.rows) is None:
        found["off-diagonal"] = moving(columns.strays, columns.rows)
    found["vertical + diagonal"] = _both(found)
    return found


def _readings(portion: Portion, ground: Ground, marks: Marks) -> list[PatternRows]:
    maps, choices = portion.maps, marks.choices
    entropy = row_entropy(maps) - torch.special.entr(maps.sum(-1))
    found = [
        ("first token", maps[..., ground.first], marks.first),
        ("separator", maps @ ground.separators.float(), marks.separator),
        ("uniform", entropy / choices.log().clamp_min(1e-9), torch.where(choices > 1, 0.0, torch.nan)),
    ]
    found += [(name, _mass(maps, keys), chance) for name, keys, chance in marks.masses]
    if marks.places is None or marks.distances is None:
        return found
    found.append(("block diagonal", *_evenly(maps, marks)))
    mass = maps.gather(-1, marks.places.expand(len(maps), -1, -1))
    mass = rearrange(mass, "head query offset -> offset head query")
    return [*found, *zip(DISTANCES, mass, marks.distances, strict=True)]


def _evenly(maps: LayerMaps, marks: Marks) -> tuple[Float[Tensor, "head query"], Float[Tensor, " query"]]:
    """Mass in the query's own block, as far as it is spread evenly there."""
    if marks.block is None:
        nothing = torch.zeros(maps.shape[:2], dtype=torch.float32, device="cpu")
        return nothing, torch.full(maps.shape[1:2], torch.nan, dtype=torch.float32, device="cpu")
    keys, chance, several = marks.block
    inside = maps * keys
    spread = row_entropy(inside) - torch.special.entr(inside.sum(-1))
    return spread / several.log().clamp_min(1e-9), chance


def _summed(readings: list[PatternRows], reads: Bool[Tensor, "head query"]) -> Float[Tensor, "sum kind head"]:
    """Mass, chance and number of rows, over the rows that count: those that could show the pattern, and read anything."""
    chance = torch.stack([chance for _, _, chance in readings])
    counted = ~chance.isnan()
    mass = torch.stack([mass for _, mass, _ in readings]).where(counted[:, None], 0.0).sum(-1, dtype=torch.float64)
    expected, rows = chance.nan_to_num(0.0).double() @ reads.T.double(), counted.double() @ reads.T.double()
    return torch.stack([mass, expected, rows])


def _mass(maps: LayerMaps, keys: KeyMarks) -> Float[Tensor, "head query"]:
    return (maps * keys).sum(-1)


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
    """Twice the lesser of what is read at a fixed place and what at a fixed distance."""
    fixed = [found[name] for name in ("first token", "separator", "vertical")]
    along = [found[name] for name in ("previous token", "next token", "diagonal", "offset") if name in found]
    lesser = torch.minimum(_largest(fixed), _largest(along))
    return (2 * lesser).clamp(0, 1)


def _largest(scores: list[Scores]) -> Scores:
    best = torch.stack(scores).nan_to_num(-1.0).amax(0)
    return best.masked_fill(best < 0, torch.nan)
