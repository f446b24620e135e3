"""Small maps of all heads: bytes for pixels, never for printed numbers."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import adaptive_max_pool2d

from attnwidget.engine import Block, Trace, kept_whole
from attnwidget.measures.rows import spread_rows
from attnwidget.shapes import Indices, LayerMaps

THUMBNAIL_SIDE = 32
"""The most pixels per side of a thumbnail."""


def thumbnails(trace: Trace, part: str) -> np.ndarray:
    """u8 (layer head row column) of all maps: the maximum over cells, so that a single spike survives.

    Long texts are sampled: evenly spaced query rows, each with its exact softmax, the keys pooled.
    """
    return _small(trace, part, lambda block, rows, sides: as_bytes(_pooled(_maps(trace, block, rows), sides)), np.uint8)


def changed_thumbnails(before: Trace, after: Trace, part: str) -> np.ndarray:
    """f16 (layer head row column): what became of all maps, of each cell the change that is largest in size."""

    def change(block: Block, rows: Indices | None, sides: tuple[int, int]) -> np.ndarray:
        maps = _maps(after, block, rows) - _maps(before, block, rows)
        more, less = _pooled(maps, sides), -_pooled(-maps, sides)
        return torch.where(more >= -less, more, less).half().numpy()

    return _small(after, part, change, np.float16)


def _small(
    trace: Trace,
    part: str,
    make: Callable[[Block, Indices | None, tuple[int, int]], np.ndarray],
    dtype: type[np.uint8 | np.float16],
) -> np.ndarray:
    """(layer head row column) of what is made of each layer."""
    blocks = trace.part_blocks(part)
    _, size, keys = blocks[0].shape
    down, across = min(size, THUMBNAIL_SIDE), min(keys, THUMBNAIL_SIDE)
    rows = None if kept_whole(size, keys) else spread_rows(size, down)
    counts = trace.heads(part)
    out = np.zeros((len(counts), max(counts), down, across), dtype)
    for block in blocks:
        out[block.layer, : block.heads] = make(block, rows, (down, across))
    return out


def _maps(trace: Trace, block: Block, rows: Indices | None) -> LayerMaps:
    return trace.weights(block.layer, part=block.part, queries=rows)


def _pooled(maps: LayerMaps, sides: tuple[int, int]) -> Tensor:
    return adaptive_max_pool2d(maps, sides)


def as_bytes(shares: Tensor) -> np.ndarray:
    """Weights in [0, 1] -> bytes on a square-root scale: weight = (byte / 255)^2, fine where weights are small.

    >>> as_bytes(torch.tensor([0.0, 0.25, 1.0])).tolist()
    [0, 128, 255]
    """
    return (shares.clamp(0, 1).sqrt() * 255).round().to(torch.uint8).numpy()
