"""How much every head's rows on a text differ from its previous ones."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from attnwidget.engine import Trace, rows_together, weights
from attnwidget.errors import AttnWidgetError, NotNumbers
from attnwidget.measures.similarity.head_distances import NEARLY_NOTHING, SAMPLED_QUERIES, sampled_rows
from attnwidget.shapes import LayerMaps

RECIPE = (
    "Jensen-Shannon divergence in nats between a head's rows and those at the previous checkpoint, mass outside the "
    f"text is one outcome, mean over queries that are not padding (at most {SAMPLED_QUERIES}, evenly spaced) and over "
    "texts"
)


@dataclass(frozen=True, eq=False)
class KeptRows:
    """At most 64 rows of every head on one text, by layer, with the tokens of the text."""

    heads: tuple[int, ...]
    pieces: tuple[str, ...]
    maps: Mapping[int, LayerMaps]


def kept_rows(trace: Trace, part: str | None = None) -> KeptRows:
    """At most 64 evenly spaced rows of every head: what is kept of a trace when its model is released.

    Raises AttnWidgetError for an ambiguous part, and NotNumbers for weights that are NaN.
    """
    chosen, _ = sampled_rows(trace, part, SAMPLED_QUERIES)
    queries, keys = trace.tokens(part)
    pieces = queries.pieces if queries is keys else (*queries.pieces, *keys.pieces)
    maps = {block.layer: weights(block, queries=chosen) for block in trace.part_blocks(part)}
    if not all(bool(torch.isfinite(rows).all()) for rows in maps.values()):
        raise NotNumbers
    return KeptRows(trace.heads(part), pieces, maps)


def head_changes(before: KeptRows, after: KeptRows) -> np.ndarray:
    """Jensen-Shannon divergence of every head's rows from its previous ones, (layer head) in nats: the mean over
    queries.

    Exactly 0 for equal rows, log 2 for rows that share no attended key. If a row sums to less than 1, the rest is one
    more outcome. NaN for layers without attention. Raises AttnWidgetError if layers or heads differ, and if the text
    was tokenised differently.
    Source: Clark et al. 2019 (W19-4828), between heads; here of one head at two times.

    >>> rows = [torch.tensor([[[1.0, 0.0]]]), torch.tensor([[[0.0, 1.0]]])]
    >>> one, other = (KeptRows((1,), ("a", "b"), {0: row}) for row in rows)
    >>> head_changes(one, one).tolist(), head_changes(one, other).round(4).tolist()
    ([[0.0]], [[0.6931]])
    """
    refuse_other_heads(before.heads, after.heads)
    if before.pieces != after.pieces:
        raise AttnWidgetError(
            f"a text has different tokens here ({len(after.pieces)}) than at the previous checkpoint "
            f"({len(before.pieces)}), so rows cannot be compared. Use one tokenizer for all checkpoints, by load=."
        )
    found = np.full((len(after.heads), max(after.heads)), np.nan)
    for layer, rows in after.maps.items():
        found[layer, : len(rows)] = _divergences(before.maps[layer], rows).numpy()
    return found


def refuse_other_heads(before: tuple[int, ...], after: tuple[int, ...]) -> None:
    """Raise AttnWidgetError if two checkpoints have different layers or heads."""
    if before != after:
        raise AttnWidgetError(
            f"this one has {len(after)} layers with {_each(after)} heads, the previous one {len(before)} with "
            f"{_each(before)}. Give checkpoints of one architecture, as every head is followed over time."
        )


def _divergences(before: LayerMaps, after: LayerMaps) -> Float[Tensor, " head"]:
    heads, rows, keys = after.shape
    total = torch.zeros(heads, dtype=torch.float64, device="cpu")
    step = rows_together(heads * keys)
    for start in range(0, rows, step):
        portion = slice(start, start + step)
        p, q = _outcomes(before[:, portion]), _outcomes(after[:, portion])
        middle = ((p + q) / 2).clamp_min(NEARLY_NOTHING)
        # For equal rows every logarithm is that of 1.
        total += (torch.xlogy(p, p / middle) + torch.xlogy(q, q / middle)).sum((1, 2)) / 2
    return (total / (rows or math.nan)).clamp(0, math.log(2))


def _outcomes(maps: LayerMaps) -> Float[Tensor, "head query outcome"]:
    exact = maps.double()
    return torch.cat([exact, (1 - exact.sum(-1, keepdim=True)).clamp_min(0)], -1)


def _each(heads: tuple[int, ...]) -> str:
    return str(heads[0]) if len(set(heads)) == 1 else "/".join(map(str, heads))
