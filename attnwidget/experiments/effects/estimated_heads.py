"""Effects of silencing heads, estimated by one backward pass, and how far the estimate is to be trusted."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from attnwidget.engine import AttentionModel, Trace, output_gradients
from attnwidget.experiments.effects.answers import Asked
from attnwidget.measures.ranks import spearman
from attnwidget.measures.results import HeadScores, RankedHead

FEWEST_EFFECTS = 3
"""Effects of which a rank agreement says anything."""


@dataclass(frozen=True, eq=False, repr=False)
class HeadEstimates(HeadScores):
    """Estimated effects of heads: `values` is (layer head).

    `checked` are heads with their exact effects; `agreement` is the rank correlation (Spearman) of both over these heads,
    None where it was not asked for or cannot be had.
    """

    agreement: float | None = None
    checked: tuple[RankedHead, ...] = ()


def estimated(model: AttentionModel, trace: Trace, asked: Asked, by: str, part: str | None) -> np.ndarray:
    """Gradient x (output - what replaces it), summed over positions: (layer head), NaN without attention.

    Raises AttnWidgetError where no gradient can be had.
    """
    counts = trace.heads(part)
    own = trace.part_blocks(part)[0].part
    values = np.full((len(counts), max(counts)), np.nan)
    for one in output_gradients(model, trace, asked.position, asked.in_graph, 'Measure instead, with how="exact"'):
        if one.part == own:
            output = one.output.double().cpu()
            lost = output - output.mean(0) if by == "mean" else output
            effect = (one.gradient.double().cpu() * lost).sum((0, 2)).numpy()
            row = values[one.layer, : len(effect)]
            values[one.layer, : len(effect)] = (
                np.where(np.isnan(row), 0.0, row) + effect
            )  # some attend twice in a layer
    return values


def sample_of(counts: tuple[int, ...], size: int, seed: int) -> list[tuple[int, int]]:
    """Heads drawn at random, in their order.

    >>> sample_of((2, 0, 2), 3, seed=0)
    [(0, 1), (2, 0), (2, 1)]
    """
    every = [(layer, head) for layer, count in enumerate(counts) for head in range(count)]
    drawn = np.random.default_rng(seed).choice(len(every), min(size, len(every)), replace=False)
    return [every[number] for number in sorted(drawn)]


def agreement_of(estimates: Sequence[float], exact: Sequence[float]) -> float | None:
    """Spearman's rank correlation of estimated and exact effects; None for too few of them, or if all are alike.

    >>> round(agreement_of([3.0, 2.0, 1.0], [-1.0, -2.0, -3.0]), 6), agreement_of([1.0, 2.0], [1.0, 2.0])
    (1.0, None)
    """
    if len(exact) < FEWEST_EFFECTS:
        return None
    found = float(spearman(np.array([estimates, exact]))[0, 1])
    return None if np.isnan(found) else found
