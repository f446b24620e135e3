"""The heads of a layer fused into one map."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from attnwidget.engine import Block, indices, weights
from attnwidget.errors import AttnWidgetError
from attnwidget.measures.rows import tiles
from attnwidget.shapes import AttentionMap, Indices

_FUSIONS: dict[str, tuple[float, Callable[..., Any]]] = {
    "mean": (0.0, torch.add),
    "max": (-torch.inf, torch.maximum),
    "min": (torch.inf, torch.minimum),
}
"""The start of a fusion, and how one more head is added: the maps of all heads never exist together."""


def fused(block: Block, fusion: str = "mean", rows: Indices | None = None) -> AttentionMap:
    """One (query key) map of all heads of a block, or a few of its rows. Raises AttnWidgetError for others."""
    check_fusion(fusion)
    begin, join = _FUSIONS[fusion]
    _, length, width = block.shape
    chosen = indices(None, length, "query") if rows is None else rows
    found = torch.full((len(chosen), width), begin, dtype=torch.float32, device="cpu")
    for heads, portion in tiles(block, len(chosen)):
        for head in weights(block, heads, queries=chosen[portion]):
            join(found[portion], head, out=found[portion])
    return found / block.heads if fusion == "mean" else found


def check_fusion(fusion: Any) -> None:
    """Raise AttnWidgetError for an unknown fusion."""
    if not isinstance(fusion, str) or fusion not in _FUSIONS:
        raise AttnWidgetError(f"There is no fusion {fusion!r}. Give one of {', '.join(_FUSIONS)}.")


def without_lowest(whole: AttentionMap, share: float) -> AttentionMap:
    """The map with the lowest `share` of its entries set to 0: int(size * share) of them, including those that were 0.

    Entry (0, 0) is counted but kept. Among ties, the entries that come first, row by row, are kept.
    Source: jacobgil/vit-explain, `discard_ratio`.

    >>> without_lowest(torch.tensor([[0.5, 0.5], [0.2, 0.8]]), 0.5).tolist()
    [[0.5, 0.0], [0.0, 0.800000011920929]]
    """
    count = int(whole.numel() * share)
    if count == 0:
        return whole
    flat = whole.flatten().numpy()
    limit = np.partition(flat, count - 1)[count - 1]
    lowest = flat < limit
    equal = np.flatnonzero(flat == limit)
    lowest[equal[len(equal) - (count - int(lowest.sum())) :]] = True
    lowest[0] = False
    return whole.masked_fill(torch.from_numpy(lowest).reshape(whole.shape), 0.0)
