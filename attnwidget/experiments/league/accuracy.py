"""How well numbers of words find the words that decide: area under the curve, precision, and which words come first."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float

from attnwidget.measures.ranks import among_largest


def area_under_curve(values: Float[np.ndarray, " word"], decides: Bool[np.ndarray, " word"]) -> float:
    """The share of pairs of a deciding and another word of which the deciding one has the larger number; ties count half.

    That is the area under the ROC curve; by Mann and Whitney's U. NaN where all words decide, or none.

    >>> area_under_curve(np.array([0.9, 0.1, 0.9, 0.2]), np.array([True, False, False, False]))
    0.8333333333333334
    """
    from scipy.stats import mannwhitneyu  # half a second to import

    one_side, other = values[decides], values[~decides]
    if not len(one_side) or not len(other):
        return float("nan")
    return float(mannwhitneyu(one_side, other, method="asymptotic").statistic) / (len(one_side) * len(other))


def precision_at(values: Float[np.ndarray, " word"], decides: Bool[np.ndarray, " word"]) -> float:
    """The share of deciding words among the k largest numbers, k being how many decide; lots are drawn between equal ones.

    >>> precision_at(np.array([0.9, 0.1, 0.9, 0.2]), np.array([True, False, False, False]))
    0.5
    """
    count = int(decides.sum())
    return float(among_largest(values, count)[decides].sum() / count) if count else float("nan")


def first_words(values: Float[np.ndarray, " word"], count: int, seed: Sequence[int]) -> tuple[int, ...]:
    """The places of the `count` largest numbers, ascending; which of equal ones, is drawn by `seed`.

    >>> first_words(np.array([0.1, 0.4, 0.3]), 2, [0])
    (1, 2)
    """
    lots = np.random.default_rng(list(seed)).random(len(values))
    return tuple(sorted(np.lexsort((lots, -values))[:count].tolist()))
