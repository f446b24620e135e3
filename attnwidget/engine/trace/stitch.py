"""One layer's rows from consecutive passes over a growing sequence -> one Block, as if from a single pass."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import torch
from torch import Tensor
from torch.nn.functional import pad

from attnwidget.engine.trace.records import Block

Masks: TypeAlias = dict[Any, tuple[Tensor | None, bool]]
"""(mask, causal) by what they were made from: layers that share a mask share the joined one."""


def stitched(rows: Sequence[Block], made: Masks | None = None) -> Block | None:
    """All query rows of one layer, over the keys of the last pass.

    Self-attention: the first pass covers tokens 0 to p, the next ones those that follow, each over all keys so far;
    keys that did not exist yet are masked for a row. Cross-attention (part "cross"): every pass has the same keys. Only
    the shapes of `k` and `v` matter in all blocks but the last, so they may be on the meta device. With the same `made`
    for every layer, layers whose pieces share their masks share the joined mask.

    None if the rows do not form one map: missing keys (a sliding cache that drops them), additive masks over growing
    keys, weights without q and k, and scales, soft caps or sinks that differ.
    """
    last = rows[-1]
    if len(rows) == 1:
        return last
    queries = [block.q for block in rows if block.q is not None]
    if len(queries) != len(rows) or last.k is None or not all(_fits(block, last) for block in rows):
        return None
    counts = [query.shape[-2] for query in queries]
    crossed = last.part == "cross"
    known = [sum(counts[: i + 1]) for i in range(len(counts))]
    if [block.shape[2] for block in rows] != ([last.shape[2]] * len(rows) if crossed else known):
        return None
    made = {} if made is None else made
    name = tuple((None if block.mask is None else block.mask.data_ptr(), block.causal, *block.shape) for block in rows)
    if (crossed, name) not in made:
        made[crossed, name] = _mask(rows, last.k.device, crossed=crossed)
    mask, causal = made[crossed, name]
    biases = [block.bias for block in rows if block.bias is not None]
    bias = _joined(biases, last.shape[2]) if biases else None
    return replace(last, q=torch.cat(queries, -2), mask=mask, bias=bias, causal=causal)


def _mask(rows: Sequence[Block], device: torch.device, *, crossed: bool) -> tuple[Tensor | None, bool]:
    if not crossed and all(_plainly_causal(block) for block in rows):
        return None, True
    if crossed and all(block.mask is None and not block.causal for block in rows):
        return None, False
    mask = _joined([_allowed(block, device) for block in rows], rows[-1].shape[2])
    return mask, not crossed and all(block.causal or block.shape[1] == 1 for block in rows)


def _fits(block: Block, last: Block) -> bool:
    if block.dense is not None or block.k is None or block.q is None:
        return False
    same = (block.part, block.layer, block.path, block.heads, block.kv_heads, block.scale, block.softcap)
    if same != (last.part, last.layer, last.path, last.heads, last.kv_heads, last.scale, last.softcap):
        return False
    size = (block.q.shape[-2], block.k.shape[-2])
    for own, others in ((block.mask, last.mask), (block.bias, last.bias)):
        if own is not None and own.shape[-2:] != size:
            return False
        # Additive masks: if one pass has one and another has none, nothing correct could be filled in.
        if _kind(own) != _kind(others):
            return False
    return _equal(block.sinks, last.sinks) and (block.part == "cross" or not _kind(block.mask))


def _kind(added: Tensor | None) -> torch.dtype | None:
    return None if added is None or added.dtype == torch.bool else added.dtype


def _equal(one: Tensor | None, other: Tensor | None) -> bool:
    if one is None or other is None:
        return one is other
    return one is other or torch.equal(one, other)


def _plainly_causal(block: Block) -> bool:
    _, queries, keys = block.shape
    if block.mask is None:
        return block.causal or queries == 1
    every = torch.ones(queries, keys, dtype=torch.bool, device=block.mask.device)
    return bool((block.mask == every.tril(keys - queries)).all())


def _allowed(block: Block, device: torch.device) -> Tensor:
    if block.mask is not None:
        return block.mask
    _, queries, keys = block.shape
    every = torch.ones(1, 1, queries, keys, dtype=torch.bool, device=device)  # batch head query key
    return every.tril(keys - queries) if block.causal else every


def _joined(pieces: Sequence[Tensor], keys: int) -> Tensor:
    # Later keys did not exist yet: 0 in a bias, False in a mask.
    heads = max(piece.shape[1] for piece in pieces)
    return torch.cat([pad(piece, (0, keys - piece.shape[-1])).expand(1, heads, -1, -1) for piece in pieces], -2)
