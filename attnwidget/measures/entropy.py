"""How widely each head spreads its attention."""

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from attnwidget.engine.recompute import weights
from attnwidget.engine.trace import Block, Trace
from attnwidget.measures.results import HeadScores
from attnwidget.measures.rows import read_rows, tiles


def entropy(trace: Trace, *, part: str | None = None) -> HeadScores:
    """Shannon entropy of every head's rows, in nats, unsmoothed: the mean over queries that are not padding.

    0 for a head that reads one key, log n for one that reads n keys alike. Layers without attention are NaN. Weights
    of a model with attention sinks outside the text sum to less than 1 and are taken as they are. Raises
    AttnWidgetError for an ambiguous part.
    Source: Clark et al. 2019 (W19-4828), without their smoothing.

    >>> import torch
    >>> from attnwidget import Trace
    >>> uniform = Trace.from_weights([torch.full((1, 4, 4), 0.25)], ["a", "b", "c", "d"])
    >>> round(float(entropy(uniform)[0, 0]), 4)                # log 4
    1.3863
    """
    blocks = trace.part_blocks(part)
    query_text, _ = trace.tokens(part)
    rows = read_rows(query_text)
    counts = trace.heads(part)
    table = np.full((len(counts), max(counts)), np.nan, np.float32)
    for block in blocks:
        table[block.layer, : block.heads] = _of_block(block, rows).numpy()
    return HeadScores(table, "entropy in nats, unsmoothed, mean over queries that are not padding")


def row_entropy(maps: Float[Tensor, "*stack query key"]) -> Float[Tensor, "*stack query"]:
    """Entropy in nats of every row of a map, or of a stack of maps.

    >>> row_entropy(torch.eye(2)).tolist()
    [0.0, 0.0]
    """
    return torch.special.entr(maps).sum(-1) + 0.0


def _of_block(block: Block, rows: torch.Tensor) -> torch.Tensor:
    sums = torch.zeros(block.heads, dtype=torch.float32, device="cpu")
    for heads, portion in tiles(block, len(rows)):
        sums[heads] += row_entropy(weights(block, heads, queries=rows[portion])).sum(-1)
    return sums / len(rows)
