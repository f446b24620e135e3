"""The heads of a layer fused into one map."""

from collections.abc import Callable
from typing import Any

import torch

from attnwidget.engine.recompute import indices, weights
from attnwidget.engine.trace import Block
from attnwidget.errors import AttnWidgetError
from attnwidget.measures.rows import tiles
from attnwidget.shapes import HeadMap, Indices

_FUSIONS: dict[str, tuple[float, Callable[..., Any]]] = {
    "mean": (0.0, torch.add),
    "max": (-torch.inf, torch.maximum),
    "min": (torch.inf, torch.minimum),
}
"""What a fusion begins with, and how one more head is taken in: never are the maps of all heads there at once."""


def fused(block: Block, fusion: str = "mean", rows: Indices | None = None) -> HeadMap:
    """One (query key) map of all heads of a block, or a few of its rows. Raises AttnWidgetError for another fusion."""
    if fusion not in _FUSIONS:
        raise AttnWidgetError(f"There is no fusion {fusion!r}. Heads are fused by {', '.join(_FUSIONS)}.")
    begin, join = _FUSIONS[fusion]
    _, length, width = block.shape
    chosen = indices(None, length, "query") if rows is None else rows
    found = torch.full((len(chosen), width), begin, dtype=torch.float32, device="cpu")
    for heads, portion in tiles(block, len(chosen)):
        for head in weights(block, heads, queries=chosen[portion]):
            join(found[portion], head, out=found[portion])
    return found / block.heads if fusion == "mean" else found
