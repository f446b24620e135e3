"""Intervals of shares, with texts drawn anew: the places of one text are not independent."""

import numpy as np

from attnwidget.experiments.resampling import with_intervals

FEWEST_RESAMPLED = 2
RESAMPLED = 2000


def share_interval(right: np.ndarray, texts: np.ndarray, seed: int) -> tuple[float, float]:
    """The 95 % interval of a mean over examples, by the percentile bootstrap over texts.

    >>> share_interval(np.array([1, 1, 1, 1]), np.array([0, 0, 1, 2]), 0)
    (1.0, 1.0)
    """
    numbers, own = np.unique(texts, return_inverse=True)
    sums = np.bincount(own, weights=right.astype(float))[:, None]
    counts = np.bincount(own).astype(float)[:, None]
    _, low, high = with_intervals(
        lambda often: (often @ sums) / (often @ counts), len(numbers), seed, draws=RESAMPLED, fewest=FEWEST_RESAMPLED
    )
    return float(low[0]), float(high[0])
