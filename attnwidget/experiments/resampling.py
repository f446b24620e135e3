"""Intervals by bootstrap over texts: whatever numbers are worked out from them, the same texts are drawn for all."""

import warnings
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from jaxtyping import Float

from attnwidget.measures.ranks import RESAMPLES, SURE

FEWEST_FOR_INTERVAL = 5
"""Texts from which on an interval is given."""

INTERVALS = f"{SURE:.0%} percentile bootstrap over texts, {RESAMPLES:,} draws"

Often: TypeAlias = Float[np.ndarray, "draw text"]
"""How often each text was drawn."""

TextNumbers: TypeAlias = Callable[[Often], Float[np.ndarray, "draw number"]]
"""Numbers that are worked out from how often each text counts; NaN for none."""


def with_intervals(
    numbers: TextNumbers, texts: int, seed: int = 0, *, draws: int = RESAMPLES, fewest: int = FEWEST_FOR_INTERVAL
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(the numbers, the low and the high ends of their intervals), (number) each; NaN for the ends where texts are few.

    Percentile intervals of 95 %, by `scipy.stats.bootstrap`.
    Source: Efron & Tibshirani 1993, chapter 13.

    >>> values = np.array([[0.2], [0.4], [0.6], [0.4], [0.4]])
    >>> [float(one[0].round(2)) for one in with_intervals(lambda often: often @ values / 5, 5)]
    [0.4, 0.28, 0.52]
    """
    from scipy.stats import bootstrap  # half a second to import

    def drawn(places: np.ndarray, axis: int = -1) -> np.ndarray:
        del axis
        # A product of matrices is faster than gathering all numbers.
        often = np.stack([np.bincount(row, minlength=texts) for row in np.atleast_2d(places)]).astype(np.float64)
        with np.errstate(invalid="ignore", divide="ignore"):
            found = np.asarray(numbers(often), np.float64)
        return found.T if places.ndim > 1 else found[0]

    every = np.arange(texts)
    whole = drawn(every)
    if texts < fewest:
        return whole, np.full(len(whole), np.nan), np.full(len(whole), np.nan)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a number that never changes has an interval of no width
        found = bootstrap(
            (every,), drawn, n_resamples=draws, batch=100, confidence_level=SURE, method="percentile", vectorized=True,
            rng=np.random.default_rng(seed),
        ).confidence_interval  # fmt: skip
    return whole, np.array(found.low, np.float64), np.array(found.high, np.float64)


def means_over_texts(values: Float[np.ndarray, "text number"]) -> TextNumbers:
    """The means of columns; what is NaN does not count."""
    known = np.isfinite(values).astype(np.float64)
    plain = np.where(known > 0, values, 0.0)
    return lambda often: (often @ plain) / (often @ known)
