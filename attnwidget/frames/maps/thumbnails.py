"""Small maps of all heads: bytes for pixels, never for printed numbers."""

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import adaptive_max_pool2d

from attnwidget.engine import Trace, kept_whole
from attnwidget.measures.rows import spread_rows

THUMBNAIL_SIDE = 32
"""The most pixels per side of a thumbnail."""


def thumbnails(trace: Trace, part: str) -> np.ndarray:
    """u8 (layer head row column) of all maps: the maximum over cells, so that a single spike survives.

    Long texts are sampled: evenly spaced query rows, each with its exact softmax, the keys pooled.
    """
    blocks = trace.part_blocks(part)
    _, size, keys = blocks[0].shape
    down, across = min(size, THUMBNAIL_SIDE), min(keys, THUMBNAIL_SIDE)
    rows = None if kept_whole(size, keys) else spread_rows(size, down)
    counts = trace.heads(part)
    out = np.zeros((len(counts), max(counts), down, across), np.uint8)
    for block in blocks:
        maps = trace.weights(block.layer, part=part, queries=rows)
        out[block.layer, : block.heads] = as_bytes(adaptive_max_pool2d(maps, (down, across)))
    return out


def as_bytes(shares: Tensor) -> np.ndarray:
    """Weights in [0, 1] -> bytes on a square-root scale: weight = (byte / 255)^2, fine where weights are small.

    >>> as_bytes(torch.tensor([0.0, 0.25, 1.0])).tolist()
    [0, 128, 255]
    """
    return (shares.clamp(0, 1).sqrt() * 255).round().to(torch.uint8).numpy()
