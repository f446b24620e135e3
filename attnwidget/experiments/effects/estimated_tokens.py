"""Effects of hiding tokens, estimated by one backward pass."""

from dataclasses import dataclass

import numpy as np
import torch

from attnwidget.engine import AttentionModel, Trace, indices, output_gradients, rows_together, weights
from attnwidget.errors import AttnWidgetError
from attnwidget.experiments.effects.answers import Asked
from attnwidget.measures.results import RankedToken, TokenScores

LEAST = 1e-9
"""What remains of a row at least, where all of its weight lies on the hidden token."""


@dataclass(frozen=True, eq=False, repr=False)
class TokenEstimates(TokenScores):
    """Estimated effects of hiding tokens: `values` is (key).

    `checked` are tokens with their exact effects; `agreement` is the rank correlation (Spearman) of both over these
    tokens, None where it was not asked for or cannot be had.
    """

    agreement: float | None = None
    checked: tuple[RankedToken, ...] = ()


def estimated_hiding(model: AttentionModel, trace: Trace, asked: Asked, part: str | None) -> np.ndarray:
    """How much the answer falls when each key is hidden, to first order: (key).

    Without key k, query i gives A_ik / (1 - A_ik) times (v_k - its output) less; that times the gradient of the answer by
    the output is summed over heads, layers and all queries but k itself. Raises AttnWidgetError where no gradient can be
    had, or a layer has no values.
    """
    own = trace.part_blocks(part)[0].part
    _, keys = trace.tokens(part)
    found = torch.zeros(len(keys), dtype=torch.float64, device="cpu")
    for one in output_gradients(model, trace, asked.position, asked.in_graph, "Measure by running the model"):
        if one.part != own:
            continue
        block = trace.block(one.layer, part)
        if block.v is None:
            raise AttnWidgetError(f"{block!r} has no values, so nothing can be estimated.")
        values = block.v[0].detach().double().cpu().repeat_interleave(block.heads // block.kv_heads, 0)
        gradient = one.gradient.double().cpu().transpose(0, 1)  # head query dim
        along = (gradient * one.output.double().cpu().transpose(0, 1)).sum(-1)  # head query
        _, length, width = block.shape
        step = rows_together(width * block.heads)
        for start in range(0, length, step):
            rows = indices(slice(start, start + step), length, "query")
            maps = weights(block, queries=rows).double()
            if own != "cross":  # a hidden token still reads itself
                maps[:, torch.arange(len(rows), device="cpu"), rows + (width - length)] = 0
            slopes = gradient[:, rows] @ values.transpose(1, 2) - along[:, rows, None]
            found += (maps / (1 - maps).clamp_min(LEAST) * slopes).sum((0, 1))
    return found.numpy()
