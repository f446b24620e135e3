"""Whether two lists of numbers put the same things first."""

from collections.abc import Sequence

FEWEST = 3
"""Numbers of which the order says anything."""


def rank_agreement(a: Sequence[float], b: Sequence[float]) -> float | None:
    """Spearman's rank correlation, ties sharing their rank; None for fewer than three numbers, or if all are alike.

    >>> rank_agreement([3.0, 2.0, 1.0], [9.0, 4.0, 4.0]), rank_agreement([1.0, 1.0, 1.0], [1.0, 2.0, 3.0])
    (0.866..., None)
    """
    from scipy.stats import spearmanr  # half a second to import

    if len(a) < FEWEST or len(set(a)) == 1 or len(set(b)) == 1:
        return None
    return float(spearmanr(a, b).statistic)
