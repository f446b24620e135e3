"""Query rows in portions, so that no measure ever holds the maps of all heads of a long text."""

from collections.abc import Iterator

import torch

from attnwidget.engine.text.tokens import Tokens
from attnwidget.engine.trace.recompute import TILE
from attnwidget.engine.trace.records import Block
from attnwidget.shapes import Indices


def read_rows(text: Tokens) -> Indices:
    """The queries that count: those that are not padding."""
    return torch.tensor([i for i, padding in enumerate(text.padding) if not padding], dtype=torch.long, device="cpu")


def tiles(block: Block, rows: int) -> Iterator[tuple[list[int], slice]]:
    """(heads, portion of so many rows) whose maps stay within one tile: all heads at once, or else one by one."""
    heads, _, keys = block.shape
    if heads * rows * keys <= TILE:
        yield list(range(heads)), slice(0, rows)
        return
    step = max(1, TILE // keys)
    for head in range(heads):
        for start in range(0, rows, step):
            yield [head], slice(start, min(start + step, rows))
