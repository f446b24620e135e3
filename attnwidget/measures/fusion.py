"""The heads of a layer fused into one map."""

from collections.abc import Callable

import torch
from torch import Tensor

from attnwidget.engine.recompute import indices, weights
from attnwidget.engine.trace import Block
from attnwidget.errors import AttnWidgetError
from attnwidget.measures.rows import chunks
from attnwidget.shapes import HeadMap, Indices

_FUSIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "mean": lambda maps: maps.mean(0),
    "max": lambda maps: maps.amax(0),
    "min": lambda maps: maps.amin(0),
}


def fused(block: Block, fusion: str = "mean", rows: Indices | None = None) -> HeadMap:
    """One (query key) map of all heads of a block, or a few of its rows. Raises AttnWidgetError for another fusion."""
    if fusion not in _FUSIONS:
        raise AttnWidgetError(f"There is no fusion {fusion!r}. Heads are fused by {', '.join(_FUSIONS)}.")
    chosen = indices(None, block.shape[1], "query") if rows is None else rows
    parts = [_FUSIONS[fusion](weights(block, queries=chunk)) for chunk in chunks(block, chosen)]
    return torch.cat(parts)
