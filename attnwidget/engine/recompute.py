"""Exact attention weights for any heads x rows x columns, in fp32 and bounded memory, from q and k alone."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

import torch
from einops import einsum, rearrange
from jaxtyping import Bool, Float
from torch import Tensor

from attnwidget.errors import AttnWidgetError
from attnwidget.shapes import Indices, LayerMaps

if TYPE_CHECKING:
    from attnwidget.engine.trace import Block

Rows: TypeAlias = int | slice | Sequence[int] | Tensor | None

TILE = 2**24
"""Entries of head x query x key that are in the making at once: 64 MiB of fp32, a few times over."""

MASKED = 0.5
"""A float mask entry below this share of its type's minimum means "never": models add finfo.min, never -inf."""


def weights(block: "Block", heads: list[int] | None = None, queries: Rows = None, keys: Rows = None) -> LayerMaps:
    """softmax(q k^T * scale [soft cap] [+ bias] [+ mask]) of the chosen heads, rows and columns, on the CPU.

    The softmax runs over all keys, and over the sink logits where the model has them. Rows that may attend to nothing
    are zero.
    """
    if block.dense is not None:
        return select(block.dense if heads is None else block.dense[heads], queries, keys)
    _, length, width = block.shape
    rows = indices(queries, length, "query")
    columns = None if keys is None else indices(keys, width, "key")
    chosen = list(range(block.heads)) if heads is None else heads
    kept = width if columns is None else len(columns)
    # Whatever the user has made torch's defaults.
    out = torch.empty(len(chosen), len(rows), kept, dtype=torch.float32, device="cpu")
    step = max(1, TILE // (len(chosen) * width))
    for start in range(0, len(rows), step):
        tile = _rows(block, chosen, rows[start : start + step])
        out[:, start : start + step] = tile if columns is None else tile[..., columns.to(tile.device)]
    return out


def visible(block: "Block") -> Bool[Tensor, "query key"]:
    """Which keys each query may read, in any head."""
    _, queries, keys = block.shape
    if block.mask is None:
        every = torch.ones(queries, keys, dtype=torch.bool)
        return every.tril(keys - queries) if block.causal else every
    mask = block.mask[0]
    return (mask if mask.dtype == torch.bool else mask > _never(mask)).any(0).cpu()


def select(maps: LayerMaps, queries: Rows, keys: Rows) -> Float[Tensor, "head row column"]:
    """Rows and columns of maps that are at hand."""
    if queries is not None:
        maps = maps[:, indices(queries, maps.shape[1], "query")]
    if keys is not None:
        maps = maps[:, :, indices(keys, maps.shape[2], "key")]
    return maps


def indices(rows: Rows, size: int, what: str) -> Indices:
    """Any way of naming rows -> indices from 0. Raises AttnWidgetError for one that is not there.

    >>> indices(-1, 5, "query"), indices(slice(1, 3), 5, "key")
    (tensor([4]), tensor([1, 2]))
    """
    if rows is None:
        return torch.arange(size, device="cpu")
    if isinstance(rows, slice):
        return torch.tensor(range(*rows.indices(size)), dtype=torch.long, device="cpu")
    found = torch.as_tensor(rows, device="cpu")
    if found.dtype.is_floating_point or found.dtype == torch.bool or found.ndim > 1:
        raise AttnWidgetError(f"{rows!r} names no {what}. Give an integer, a slice or a sequence of integers.")
    found = found.reshape(-1)
    outside = found[(found < -size) | (found >= size)]
    if len(outside):
        raise AttnWidgetError(f"There is no {what} {int(outside[0])}: there are {size}, counted from 0.")
    return found % size


def _rows(block: "Block", heads: list[int], rows: Tensor) -> LayerMaps:
    if block.q is None or block.k is None:
        raise AttnWidgetError(f"{block!r} carries neither q and k nor weights.")
    device = block.q.device
    rows = rows.to(device)
    head = torch.tensor(heads, device=device)
    query = block.q[0][head][:, rows].float()
    # Grouped-query attention: heads that share a key head stand next to each other.
    key = block.k[0].float()[torch.div(head, block.heads // block.kv_heads, rounding_mode="floor")]
    scores = einsum(query, key, "head query dim, head key dim -> head query key") * block.scale
    if block.softcap is not None:
        scores = block.softcap * torch.tanh(scores / block.softcap)
    if block.bias is not None:
        scores = scores + _of_heads(block.bias[0], head)[:, rows].float()
    scores, blocked = _masked(block, scores, head, rows)
    if block.sinks is not None:
        sink = rearrange(block.sinks.float()[head], "head -> head 1 1").expand(-1, len(rows), 1)
        return torch.cat([scores, sink], dim=-1).softmax(-1)[..., :-1].cpu()
    found = scores.softmax(-1)
    return (found if blocked is None else found.masked_fill(blocked, 0.0)).cpu()


def _masked(block: "Block", scores: Tensor, head: Tensor, rows: Tensor) -> tuple[Tensor, Tensor | None]:
    """Scores with the mask applied, and which rows may attend to nothing (None: no mask, no such row)."""
    if block.mask is None and not block.causal:
        return scores, None
    if block.mask is None:
        # Queries are the last ones of the keys when a prefix came from a cache.
        shift = scores.shape[-1] - block.shape[1]
        allowed = torch.arange(scores.shape[-1], device=scores.device) <= rearrange(rows + shift, "query -> query 1")
        return scores.masked_fill(~allowed, float("-inf")), None
    mask = _of_heads(block.mask[0], head)[:, rows]
    if mask.dtype != torch.bool:
        allowed = mask > _never(mask)
        scores = scores + mask.float().masked_fill(~allowed, 0.0)
    else:
        allowed = mask
    scores = scores.masked_fill(~allowed, float("-inf"))
    blocked = ~allowed.any(-1, keepdim=True)
    return scores.masked_fill(blocked, 0.0), blocked


def _never(mask: Tensor) -> float:
    return torch.finfo(mask.dtype).min * MASKED


def _of_heads(stack: Tensor, head: Tensor) -> Tensor:
    return stack if stack.shape[0] == 1 else stack[head]
