"""Attention followed through all layers: how much of each input reaches each output."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from attnwidget.engine.recompute import TILE, indices, visible
from attnwidget.engine.trace import Block, Trace
from attnwidget.errors import AttnWidgetError
from attnwidget.measures.fusion import fused
from attnwidget.measures.results import TokenMap, TokenScores
from attnwidget.shapes import HeadMap, Indices


def rollout(
    trace: Trace,
    *,
    query: Any = None,
    part: str | None = None,
    fusion: str = "mean",
    residual: float = 0.5,
    null: str | None = None,
) -> TokenMap | TokenScores:
    """Attention rollout: the product over layers of rownorm(residual I + (1 - residual) fused heads).

    Without `query` the whole (query key) matrix, whose rows sum to 1; with it that token's row (key), which costs
    O(layers n^2) instead of O(layers n^3). The newest layer stands on the left. `null="uniform"` divides by the same
    rollout of uniform attention over the visible keys: a causal rollout collapses on the first token whatever the
    text says, and the ratio (1 = as in that null model) is what is left. The ratio is ours, not the paper's. MLPs and
    norms are ignored. Raises AttnWidgetError for a map that is not square and for unknown options.
    Source: Abnar & Zuidema 2020, arXiv 2005.00928.

    >>> import torch
    >>> from attnwidget import Trace
    >>> identity = Trace.from_weights([torch.eye(3)[None]] * 4, ["a", "b", "c"])
    >>> bool((torch.tensor(rollout(identity).values) == torch.eye(3)).all())
    True
    """
    blocks = _square(trace, part)
    if not 0 <= residual <= 1:
        raise AttnWidgetError(f"residual={residual} is no share. Give a number from 0 (attention alone) to 1.")
    if null not in {None, "uniform"}:
        raise AttnWidgetError(f"There is no null model {null!r}. Give None or 'uniform'.")
    size = blocks[0].shape[-1]
    if query is not None and (isinstance(query, bool) or not hasattr(query, "__index__")):
        raise AttnWidgetError(f"query={query!r} is not one token. For several, take rows of the whole rollout(trace).")
    rows = indices(None if query is None else query.__index__(), size, "query")
    result = _product(rows, blocks, lambda block, chosen: fused(block, fusion, chosen), residual)
    recipe = f"attention rollout, heads fused by {fusion}, residual {residual:g}, not normalised further"
    if null is not None:
        plain = _product(rows, blocks, _uniform, residual)
        result = result / plain.clamp_min(torch.finfo(torch.float32).tiny)
        recipe = f"{recipe}, divided by the rollout of uniform attention"
    return TokenMap(result.numpy(), recipe) if query is None else TokenScores(result[0].numpy(), recipe)


def _product(
    rows: Indices, blocks: tuple[Block, ...], maps: Callable[[Block, Indices], HeadMap], residual: float
) -> HeadMap:
    """Those rows of the product over all layers, from the top down: cheap for a single row.

    The maps are read a few of their rows at a time, so that one token's rollout never has a whole map in memory.
    """
    size = blocks[0].shape[-1]
    every = indices(None, size, "query")
    found = torch.zeros(len(rows), size, dtype=torch.float32, device="cpu")  # whatever torch's defaults are
    found[torch.arange(len(rows), device="cpu"), rows] = 1
    for block in reversed(blocks):
        below = torch.zeros_like(found)
        for chosen in every.split(max(1, TILE // size)):
            reaching = found[:, chosen]
            if bool(reaching.any()):
                below.addmm_(reaching, _step(maps(block, chosen), chosen, residual))
        found = below
    return found


def _step(fused_rows: HeadMap, chosen: Tensor, residual: float) -> Tensor:
    mixed = (1 - residual) * fused_rows
    mixed[torch.arange(len(chosen), device="cpu"), chosen] += residual
    # Rows of padding, and fusions other than the mean, do not sum to 1.
    return mixed / mixed.sum(-1, keepdim=True).clamp_min(torch.finfo(torch.float32).tiny)


def _uniform(block: Block, chosen: Indices) -> HeadMap:
    seen = visible(block, chosen).float()
    return seen / seen.sum(-1, keepdim=True).clamp_min(1)


def _square(trace: Trace, part: str | None) -> tuple[Block, ...]:
    blocks = trace.part_blocks(part)
    for block in blocks:
        _, queries, keys = block.shape
        if queries != keys:
            raise AttnWidgetError(
                f"Rollout needs square maps; {block!r} is {queries} x {keys}. Choose a self-attention part."
            )
    return blocks
