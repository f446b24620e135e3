"""Gradients averaged over the points of a way, several points as one batch."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from attnwidget.engine.batches import in_batches
from attnwidget.engine.trace.trace import Trace

FOLLOWED_TOGETHER = 1024
"""Tokens that are followed back at a time: more of them keep more in memory, and save next to nothing."""


def mean_gradient(
    trace: Trace,
    points: Sequence[tuple[float, float]],
    run: Callable[[Sequence[float]], tuple[Tensor, Tensor]],
    done: Callable[[int], None],
) -> tuple[Tensor, list[float]]:
    """The gradients at the points of a way, (place, share), added up by their shares; and the score at each point.

    `run` gives scores (point) and gradients (point ...) of some places. Texts under edits run one by one. Raises what
    `run` raises, and Cancelled inside `stopping_when`.
    """
    scores: dict[float, float] = {}

    def batch(some: Sequence[tuple[float, float]]) -> Tensor:
        places = [place for place, _ in some]
        found, gradients = run(places)
        scores.update(zip(places, found.tolist(), strict=True))
        shares = torch.tensor([share for _, share in some], dtype=gradients.dtype, device=gradients.device)
        counted = shares != 0  # where all is 0, as at the start, a gradient may be no number: its share of 0 is 0
        return torch.tensordot(shares[counted], gradients[counted], 1)[None]

    at_most = 1 if trace.edits else FOLLOWED_TOGETHER // len(trace.text)
    return in_batches(points, at_most, batch, done).sum(0), [scores[place] for place, _ in points]
