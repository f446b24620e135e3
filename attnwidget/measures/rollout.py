"""Attention followed through all layers: how much of each input reaches each output."""

from typing import Any

import torch
from torch import Tensor

from attnwidget.engine.recompute import indices, visible
from attnwidget.engine.trace import Block, Trace
from attnwidget.errors import AttnWidgetError
from attnwidget.measures.fusion import fused
from attnwidget.measures.results import TokenMap, TokenScores


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
    start = torch.eye(size, dtype=torch.float32, device="cpu")[rows]  # whatever torch's defaults are
    result = _product(start, [_step(fused(block, fusion), residual) for block in blocks])
    recipe = f"attention rollout, heads fused by {fusion}, residual {residual:g}, not normalised further"
    if null is not None:
        plain = [_step(_uniform(block), residual) for block in blocks]
        result = result / _product(start, plain).clamp_min(torch.finfo(torch.float32).tiny)
        recipe = f"{recipe}, divided by the rollout of uniform attention"
    return TokenMap(result.numpy(), recipe) if query is None else TokenScores(result[0].numpy(), recipe)


def _product(rows: Tensor, steps: list[Tensor]) -> Tensor:
    # Row vectors from the top down: the same product as from the bottom up, and cheap for a single row.
    for step in reversed(steps):
        rows = rows @ step
    return rows


def _step(fused_map: Tensor, residual: float) -> Tensor:
    mixed = (1 - residual) * fused_map
    mixed.diagonal().add_(residual)
    # Rows of padding, and fusions other than the mean, do not sum to 1.
    return mixed / mixed.sum(-1, keepdim=True).clamp_min(torch.finfo(torch.float32).tiny)


def _uniform(block: Block) -> Tensor:
    seen = visible(block).float()
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
