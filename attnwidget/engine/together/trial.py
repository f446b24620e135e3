"""Whether a model computes in a padded batch what it computes of each text alone: tried, never looked up by family."""

from collections.abc import Sequence

import torch
from torch import Tensor

from attnwidget.engine.trace import recompute
from attnwidget.engine.trace.records import Block
from attnwidget.engine.trace.trace import Trace

ROWS = 8
"""Rows of every map that are compared."""

WEIGHTS = 5e-5
"""How much a weight may differ in fp32: trained models stay below a tenth of this, random ones with sharp attention do not."""

ROUNDINGS = 256
"""How many units in the last place other numbers may differ in fp32, of the largest: the same sums in another order."""

ROUNDINGS_OF_HALVES = 16
"""The same in half precision, where they add up to less."""


def agree(found: Trace, alone: Trace) -> bool:
    """Whether a trace out of a batch is that of the text alone, up to rounding."""
    if len(found.blocks) != len(alone.blocks) or found.depths != alone.depths:
        return False
    pairs = [(found.hidden, alone.hidden), (found.scores, alone.scores)]
    for own, other in zip(found.blocks, alone.blocks, strict=True):
        if _facts(own) != _facts(other):
            return False
        pairs += [(own.q, other.q), (own.k, other.k), (own.v, other.v)]
    return all(_near(*pair) for pair in pairs) and all(
        _same_weights(own, other) for own, other in zip(found.blocks, alone.blocks, strict=True)
    )


def _facts(block: Block) -> Sequence[object]:
    return block.part, block.layer, block.path, block.shape, block.kv_heads, block.scale, block.softcap


def _near(found: Tensor | None, alone: Tensor | None) -> bool:
    if found is None or alone is None:
        return found is alone
    if found.shape != alone.shape:
        return False
    steps = ROUNDINGS if alone.dtype.itemsize > 2 else ROUNDINGS_OF_HALVES
    most = steps * torch.finfo(alone.dtype).eps * max(1.0, float(alone.abs().max()))
    return bool(((found - alone).abs() <= most).all())


def _same_weights(found: Block, alone: Block) -> bool:
    length = alone.shape[1]
    rows = torch.linspace(0, length - 1, min(ROWS, length), device="cpu", dtype=torch.float32).long()
    own, other = recompute.weights(found, None, rows), recompute.weights(alone, None, rows)
    dtype = torch.float32 if alone.q is None else alone.q.dtype
    most = WEIGHTS if dtype.itemsize > 2 else ROUNDINGS_OF_HALVES * torch.finfo(dtype).eps
    return bool(((own - other).abs() <= most).all())
