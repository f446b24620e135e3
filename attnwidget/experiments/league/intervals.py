"""Means and rates over texts with bootstrap intervals: the same texts are drawn for all numbers."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite
from typing import TypeAlias

import numpy as np
from jaxtyping import Float

from attnwidget.measures.ranks import RESAMPLES, SURE

FEWEST_DRAWN = 5
"""Texts from which on an interval is given."""

SAID_INTERVALS = f"intervals of {SURE:.0%} by percentile bootstrap over texts, {RESAMPLES:,} draws"

Often: TypeAlias = Float[np.ndarray, "draw text"]
"""How often each text was drawn."""


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


def marks_by(numbers: Callable[[Often], Float[np.ndarray, "draw number"]], texts: int, seed: int = 0) -> list[Mark]:
    """Numbers that are worked out from how often each text counts, with their intervals."""
    from scipy.stats import bootstrap  # half a second to import

    def drawn(places: np.ndarray, axis: int = -1) -> np.ndarray:
        del axis
        # A product of matrices is faster than gathering all numbers.
        often = np.stack([np.bincount(row, minlength=texts) for row in np.atleast_2d(places)]).astype(np.float64)
        with np.errstate(invalid="ignore", divide="ignore"):
            found = numbers(often)
        return found.T if places.ndim > 1 else found[0]

    every = np.arange(texts)
    whole = drawn(every)
    low = high = np.full(len(whole), np.nan)
    if texts >= FEWEST_DRAWN:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a number that never changes has an interval of no width
            low, high = bootstrap(
                (every,), drawn, n_resamples=RESAMPLES, batch=100, confidence_level=SURE, method="percentile",
                vectorized=True, rng=np.random.default_rng(seed),
            ).confidence_interval  # fmt: skip
    return [Mark(*map(float, one)) for one in zip(whole, low, high, strict=True)]


def mean_marks(values: Float[np.ndarray, "text number"], seed: int = 0) -> list[Mark]:
    """Means over texts with their intervals; NaN does not count.

    >>> mean_marks(np.array([[0.2, 1.0], [0.4, 1.0], [0.6, 1.0], [0.4, 1.0], [0.4, 1.0]]))
    [0.40 (0.28 to 0.52), 1.00 (1.00 to 1.00)]
    >>> mean_marks(np.array([[0.2], [np.nan]]))
    [0.20]
    """
    known = np.isfinite(values).astype(np.float64)
    plain = np.where(known > 0, values, 0.0)
    return marks_by(lambda often: (often @ plain) / (often @ known), len(values), seed)
