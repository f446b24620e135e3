"""Means and rates over texts with bootstrap intervals: the same texts are drawn for all numbers."""

from dataclasses import dataclass
from math import isfinite

import numpy as np
from jaxtyping import Float

from attnwidget.experiments.resampling import TextNumbers, means_over_texts, with_intervals
from attnwidget.measures.ranks import RESAMPLES, SURE

SAID_INTERVALS = f"intervals of {SURE:.0%} by percentile bootstrap over texts, {RESAMPLES:,} draws"


@dataclass(frozen=True)
class Mark:
    """A number of many texts, and the ends of its interval of 95 %; NaN for an interval of fewer than five texts."""

    mean: float
    low: float
    high: float

    def __repr__(self) -> str:
        if not isfinite(self.mean):
            return "-"
        return f"{self.mean:.2f}" + (f" ({self.low:.2f} to {self.high:.2f})" if isfinite(self.low) else "")


def marks_by(numbers: TextNumbers, texts: int, seed: int = 0) -> list[Mark]:
    """Numbers that are worked out from how often each text counts, with their intervals."""
    return [Mark(*map(float, one)) for one in zip(*with_intervals(numbers, texts, seed), strict=True)]


def mean_marks(values: Float[np.ndarray, "text number"], seed: int = 0) -> list[Mark]:
    """Means over texts with their intervals; NaN does not count.

    >>> mean_marks(np.array([[0.2, 1.0], [0.4, 1.0], [0.6, 1.0], [0.4, 1.0], [0.4, 1.0]]))
    [0.40 (0.28 to 0.52), 1.00 (1.00 to 1.00)]
    >>> mean_marks(np.array([[0.2], [np.nan]]))
    [0.20]
    """
    return marks_by(means_over_texts(values), len(values), seed)
