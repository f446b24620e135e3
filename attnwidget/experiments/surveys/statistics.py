"""Numbers of many texts -> means with intervals, differences from controls, and how likely they are by chance."""

import warnings
from dataclasses import dataclass

import numpy as np

from attnwidget.experiments.resampling import FEWEST_FOR_INTERVAL, means_over_texts, with_intervals
from attnwidget.measures.ranks import RESAMPLES, SURE

SIGNIFICANT = 0.05

LEAST_IN_DECIMALS = 0.005

CORRECTED = "Wilcoxon signed-rank on paired texts, corrected over heads by Benjamini-Yekutieli"


@dataclass(frozen=True)
class Estimate:
    """A mean over texts with its interval (NaN for fewer than five texts), the spread of single texts, and their number."""

    mean: float
    low: float
    high: float
    spread: float
    texts: int

    def __repr__(self) -> str:
        # Two decimals of what is smaller than they are would say nothing.
        mean, low, high = (
            f"{one:.2f}" if abs(self.mean) >= LEAST_IN_DECIMALS or not self.mean else f"{one:.2g}"
            for one in (self.mean, self.low, self.high)
        )
        return f"{mean} ({low} to {high})" if self.sure else mean

    @property
    def sure(self) -> bool:
        """Whether there is an interval."""
        return not np.isnan(self.low)


@dataclass(frozen=True, eq=False)
class Spread:
    """The same of many numbers at once, in arrays of one shape."""

    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray
    spread: np.ndarray
    texts: np.ndarray


@dataclass(frozen=True, eq=False)
class PairedDifference:
    """Of numbers beside a control on the same texts: the difference with its interval, Cohen's d of the paired differences
    (mean over spread), and p, corrected over heads.
    """

    difference: Spread
    effect: np.ndarray
    p: np.ndarray


def spread_of(values: np.ndarray, seed: int = 0) -> Spread:
    """Mean, interval and standard deviation over the first axis, which are texts; NaN does not count.

    >>> found = spread_of(np.array([[0.2], [0.4], [0.6], [0.4], [0.4]]))
    >>> round(float(found.mean[0]), 3), bool(found.low[0] < 0.4 < found.high[0]), int(found.texts[0])
    (0.4, True, 5)
    """
    flat = values.reshape(len(values), -1).astype(np.float64)
    known = ~np.isnan(flat)
    number = known.sum(0)
    with warnings.catch_warnings(), np.errstate(invalid="ignore", divide="ignore"):
        warnings.simplefilter("ignore", RuntimeWarning)  # a head without any number is NaN
        mean = np.nanmean(flat, 0)
        deviation = np.nanstd(flat, 0, ddof=1)
    _, low, high = with_intervals(means_over_texts(flat), len(flat), seed)
    few = number < FEWEST_FOR_INTERVAL
    low[few] = high[few] = np.nan
    deviation[number < 2] = np.nan
    return Spread(*(array.reshape(values.shape[1:]) for array in (mean, low, high, deviation, number)))


def difference_of(values: np.ndarray, control: np.ndarray, seed: int = 0) -> PairedDifference:
    """Numbers minus those of a control on the same texts, over the first axis.

    >>> values = np.linspace(0.4, 0.6, 12)[:, None]
    >>> found = difference_of(values, values - 0.1 - np.linspace(0, 0.01, 12)[:, None])
    >>> round(float(found.difference.mean[0]), 3), bool(found.p[0] < 0.001)
    (0.105, True)
    """
    from scipy.stats import wilcoxon

    paired = values.astype(np.float64) - control
    found = spread_of(paired, seed)
    flat = paired.reshape(len(paired), -1)
    with np.errstate(invalid="ignore", divide="ignore"):
        effect = found.mean / found.spread
    p = np.full(flat.shape[1], np.nan)
    for at in range(flat.shape[1]):
        own = flat[:, at][~np.isnan(flat[:, at])]
        if len(own) >= FEWEST_FOR_INTERVAL:
            p[at] = wilcoxon(own).pvalue if own.any() else 1.0
    return PairedDifference(found, effect, corrected(p).reshape(paired.shape[1:]))


def corrected(p: np.ndarray) -> np.ndarray:
    """Values of p, corrected for their number; NaN stays. Benjamini-Yekutieli, as heads depend on one another.

    >>> corrected(np.array([0.01, 0.5, np.nan])).round(3).tolist()
    [0.03, 0.75, nan]
    """
    from scipy.stats import false_discovery_control

    found = np.asarray(p, np.float64).copy()
    known = ~np.isnan(found)
    if known.any():
        found[known] = false_discovery_control(found[known], method="by")
    return found


def one(found: Spread, at: tuple[int, ...] = ()) -> Estimate:
    """One of many."""
    return Estimate(
        float(found.mean[at]),
        float(found.low[at]),
        float(found.high[at]),
        float(found.spread[at]),
        int(found.texts[at]),
    )


def difference_of_groups(first: np.ndarray, second: np.ndarray, seed: int = 0) -> tuple[Estimate, float, float]:
    """(the difference of two groups' means with its interval, Cliff's delta, p by Mann-Whitney); NaN does not count.

    >>> difference, delta, p = difference_of_groups(np.arange(6.0) + 10, np.arange(6.0))
    >>> difference.mean, delta, p < 0.01
    (10.0, 1.0, True)
    """
    from scipy.stats import bootstrap, mannwhitneyu

    one_side, other = (group[~np.isnan(group)].astype(np.float64) for group in (first, second))
    apart = mannwhitneyu(one_side, other)
    delta = 2 * float(apart.statistic) / (len(one_side) * len(other)) - 1

    def means(some: np.ndarray, rest: np.ndarray, axis: int = -1) -> np.ndarray:
        return some.mean(axis) - rest.mean(axis)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # groups without any spread have an interval of no width
        found = bootstrap(
            (one_side, other), means, n_resamples=RESAMPLES, confidence_level=SURE, method="percentile", batch=100,
            rng=np.random.default_rng(seed),
        ).confidence_interval  # fmt: skip
    mean = float(one_side.mean() - other.mean())
    size = len(one_side) + len(other)
    return Estimate(mean, float(found.low), float(found.high), float("nan"), size), delta, float(apart.pvalue)
