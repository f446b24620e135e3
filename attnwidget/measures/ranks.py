"""How far two rankings agree: rank correlation with ties, an interval for it, and the agreement of the largest."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from attnwidget.engine import go_on

RESAMPLES = 1000
"""How often the words are drawn again for an interval."""

SURE = 0.95
"""The share of draws that an interval holds."""

FEWEST_WORDS = 5
"""Words from which on a rank correlation is given: four can be ranked in 24 ways, one of them by chance."""

RANKED_AT_ONCE = 2_000_000
"""Numbers that are ranked at a time."""


@dataclass(frozen=True)
class Agreement:
    """Spearman's rank correlation, -1 to 1, with an interval of 95 %; `top` is the share of the `of` largest in common."""

    rho: float
    low: float
    high: float
    top: float
    of: int

    def __repr__(self) -> str:
        return f"{self.rho:+.2f} ({self.low:+.2f} to {self.high:+.2f}; {self.top:.0%} of the {self.of} largest)"


@dataclass(frozen=True, eq=False)
class RankCorrelations:
    """Of every pair of columns, (column column): the correlation and the ends of its interval; NaN without ranks."""

    rho: Float[np.ndarray, "column column"]
    low: Float[np.ndarray, "column column"]
    high: Float[np.ndarray, "column column"]


def spearman(columns: Float[np.ndarray, "*draw column word"]) -> Float[np.ndarray, "*draw column column"]:
    """Spearman's rank correlation of all pairs of columns: Pearson's of their ranks, ties sharing a rank.

    NaN for a column whose numbers are all the same.

    >>> float(spearman(np.array([[1, 1, 1, 1, 2], [5.0, 4, 3, 2, 1]]))[0, 1].round(4))
    -0.7071
    """
    from scipy.stats import rankdata  # half a second to import

    ranks = rankdata(columns, axis=-1)
    ranks -= ranks.mean(-1, keepdims=True)
    products = np.einsum("...aw,...bw->...ab", ranks, ranks)
    lengths = np.sqrt(np.einsum("...aa->...a", products))
    with np.errstate(invalid="ignore", divide="ignore"):
        found = products / (lengths[..., :, None] * lengths[..., None, :])
    return np.clip(found, -1, 1)


def correlations(columns: Float[np.ndarray, "column word"], seed: int = 0) -> RankCorrelations:
    """Spearman of all pairs of columns, and percentile intervals of 95 % over words drawn again with replacement.

    Raises Cancelled inside `stopping_when`.
    Source: Efron & Tibshirani 1993, chapter 13 (percentile intervals).
    """
    count, words = columns.shape
    drawn = np.random.default_rng(seed).integers(0, words, (RESAMPLES, words))
    step = max(1, RANKED_AT_ONCE // max(1, count * words))
    found = []
    for start in range(0, RESAMPLES, step):
        go_on()
        found.append(spearman(columns[:, drawn[start : start + step]].swapaxes(0, 1)))
    rho = spearman(columns)
    low, high = _ends(np.concatenate(found))
    return RankCorrelations(rho, low, high)


def _ends(draws: np.ndarray) -> np.ndarray:
    """Over the first axis, both ends of the interval that holds 95 % of the draws; draws without a number do not count."""
    known = ~np.isnan(draws).all(0)
    ends = np.full((2, *draws.shape[1:]), np.nan)
    if known.any():
        edge = (1 - SURE) / 2
        ends[:, known] = np.nanquantile(draws[:, known], [edge, 1 - edge], axis=0)
    return ends


def chance(
    values: Float[np.ndarray, " word"], exact: Float[np.ndarray, " word"], top: int, seed: int = 0
) -> Agreement | None:
    """The agreement of a column in random order with another one: its mean, and the interval that holds 95 % of orders.

    None for a column whose numbers are all the same.
    """
    orders = shuffled(values, seed)
    drawn = spearman(np.stack([orders, np.broadcast_to(exact, orders.shape)], 1))[:, 0, 1]
    if np.isnan(drawn).all():
        return None
    low, high = _ends(drawn)
    shares = np.array([top_in_common(order, exact, top) for order in orders])
    return Agreement(float(drawn.mean()), float(low), float(high), float(shares.mean()), top)


def shuffled(values: Float[np.ndarray, " word"], seed: int = 0) -> Float[np.ndarray, "draw word"]:
    """The numbers of a column in many random orders."""
    return np.random.default_rng(seed).permuted(np.tile(values, (RESAMPLES, 1)), axis=1)


def top_in_common(one: Float[np.ndarray, " word"], other: Float[np.ndarray, " word"], count: int) -> float:
    """The share of the `count` largest that two columns have in common; equal numbers count as if drawn by lot.

    >>> top_in_common(np.array([3.0, 2, 1, 0]), np.array([9.0, 0, 8, 1]), 2)
    0.5
    """
    return float((among_largest(one, count) * among_largest(other, count)).sum() / count)


def among_largest(values: Float[np.ndarray, " word"], count: int) -> Float[np.ndarray, " word"]:
    """How likely each is among the largest, where lots are drawn between equal ones."""
    least = np.partition(values, -count)[-count]
    above, tied = values > least, values == least
    return above + tied * ((count - above.sum()) / tied.sum())


def by_size(values: Float[np.ndarray, " word"]) -> Int[np.ndarray, " word"]:
    """The places of the numbers, largest first; equal ones keep their order.

    >>> by_size(np.array([0.1, 0.4, 0.4])).tolist()
    [1, 2, 0]
    """
    return np.argsort(-values, kind="stable")
