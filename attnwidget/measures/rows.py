"""Query rows in portions, so that no measure ever holds the maps of all heads of a long text."""

from collections.abc import Iterator

import torch
from torch import Tensor

from attnwidget.engine.recompute import TILE
from attnwidget.engine.tokens import Tokens
from attnwidget.engine.trace import Block
from attnwidget.shapes import Indices


def read_rows(text: Tokens) -> Indices:
    """The queries that count: those that are not padding."""
    return torch.tensor([i for i, padding in enumerate(text.padding) if not padding])


def chunks(block: Block, rows: Indices) -> Iterator[Tensor]:
    """The rows in portions whose maps over all heads stay within one tile."""
    heads, _, keys = block.shape
    yield from rows.split(max(1, TILE // (heads * keys)))
