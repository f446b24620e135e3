"""Layers whose maps are small, computed as one: many heads in one product cost little more than a few."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from attnwidget.engine.trace.records import Block

MOST_JOINED = 2**18
"""Entries (head x query x key) up to which layers are put together: beyond, arithmetic takes longer than what surrounds it."""


def joined(blocks: Sequence[Block], rows: int) -> Iterator[tuple[Block, tuple[Block, ...]]]:
    """(one block, the layers it stands for), in their order: its heads are theirs, one layer after the other.

    Neighbours are joined if so many rows of all their heads are small together, and if they differ in nothing but q and k;
    any other layer stands for itself. A joined block has the number of its first layer, and neither values nor projection.
    """
    waiting: list[Block] = []
    for block in blocks:
        if waiting and not (_alike(waiting[0], block) and _entries(block, rows) * (len(waiting) + 1) <= MOST_JOINED):
            yield _one(waiting), tuple(waiting)
            waiting = []
        waiting.append(block)
    if waiting:
        yield _one(waiting), tuple(waiting)


def _one(blocks: Sequence[Block]) -> Block:
    first = blocks[0]
    if len(blocks) == 1:
        return first
    q, k = ([_kept(own) for own in side] for side in ([one.q for one in blocks], [one.k for one in blocks]))
    return replace(
        first,
        path="",
        heads=first.heads * len(blocks),
        kv_heads=first.kv_heads * len(blocks),
        q=torch.cat(q, dim=1),
        k=torch.cat(k, dim=1),
        v=None,
        projection=None,
        inputs=None,
    )


def _entries(block: Block, rows: int) -> int:
    return block.heads * rows * block.shape[2]


def _alike(one: Block, other: Block) -> bool:
    return (
        _plain(one)
        and _plain(other)
        and _settings(one) == _settings(other)
        and _form(one.q) == _form(other.q)
        and _form(one.k) == _form(other.k)
        and _same(one.mask, other.mask)
    )


def _plain(block: Block) -> bool:
    """Whether nothing but q, k and one mask for all heads says what the weights are."""
    own = (block.dense, block.bias, block.sinks, block.changes, block.beyond)
    return all(one is None for one in own) and (block.mask is None or block.mask.shape[1] == 1)


def _settings(block: Block) -> tuple[object, ...]:
    return block.part, block.heads, block.kv_heads, block.scale, block.softcap, block.causal


def _form(own: Tensor | None) -> tuple[object, ...] | None:
    return None if own is None else (own.shape, own.dtype, own.device)


def _same(one: Tensor | None, other: Tensor | None) -> bool:
    """Whether two masks are the same memory: layers of one pass share theirs."""
    if one is None or other is None:
        return one is other
    return one is other or (
        _form(one) == _form(other) and one.data_ptr() == other.data_ptr() and one.stride() == other.stride()
    )


def _kept(own: Tensor | None) -> Tensor:
    assert own is not None  # noqa: S101  for the type checker: `_alike` has seen it
    return own
