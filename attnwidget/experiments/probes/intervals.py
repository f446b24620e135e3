"""Intervals of shares, with texts drawn anew: the places of one text are not independent."""

import numpy as np
from scipy.stats import bootstrap

RESAMPLED = 2000
CONFIDENCE = 0.95


def share_interval(right: np.ndarray, texts: np.ndarray, seed: int) -> tuple[float, float]:
    """The 95 % interval of a mean over examples, by the percentile bootstrap over texts (scipy.stats).

    >>> share_interval(np.array([1, 1, 1, 1]), np.array([0, 0, 1, 2]), 0)
    (1.0, 1.0)
    """
    numbers, own = np.unique(texts, return_inverse=True)
    sums = np.bincount(own, weights=right.astype(float))
    counts = np.bincount(own).astype(float)
    if len(numbers) < 2 or np.isnan(right).any():
        return float("nan"), float("nan")

    def share(some: np.ndarray, many: np.ndarray, axis: int = -1) -> np.ndarray:
        return np.asarray(some.sum(axis) / many.sum(axis))

    found = bootstrap(
        (sums, counts),
        share,
        paired=True,
        vectorized=True,
        n_resamples=RESAMPLED,
        batch=200,
        confidence_level=CONFIDENCE,
        method="percentile",
        random_state=np.random.default_rng(seed),
    ).confidence_interval
    return float(found.low), float(found.high)
