"""Query rows in portions, so that no measure holds the maps of all heads of a long text."""

from collections.abc import Iterator

import torch

from attnwidget.engine import Block, Tokens, fit_together, rows_together
from attnwidget.shapes import Indices


def read_rows(text: Tokens) -> Indices:
    """The queries that count: those that are not padding."""
    return torch.tensor([i for i, padding in enumerate(text.padding) if not padding], dtype=torch.long, device="cpu")


def spread_rows(size: int, count: int) -> Indices:
    """`count` evenly spaced numbers below `size`: the rows that stand for all of a long text."""
    return ((torch.arange(count, dtype=torch.float32, device="cpu") + 0.5) * size / count).long()


def tiles(block: Block, rows: int) -> Iterator[tuple[list[int], slice]]:
    """(heads, portion of rows) whose maps stay within one tile: all heads together, or one by one."""
    heads, _, keys = block.shape
    if fit_together(heads * rows * keys):
        yield list(range(heads)), slice(0, rows)
        return
    step = rows_together(keys)
    for head in range(heads):
        for start in range(0, rows, step):
            yield [head], slice(start, min(start + step, rows))
