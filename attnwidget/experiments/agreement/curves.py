"""Faithfulness on a scorer of any kind: how much remains when what counts most is taken away, or alone is kept."""

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float, Int

Scorer = Callable[[Sequence[tuple[int, ...]]], Float[np.ndarray, " set"]]
"""How much of the answer there is without each of some sets of things."""

SHARES_HIDDEN = (0.01, 0.05, 0.1, 0.2, 0.5)
"""The shares that are taken away, in the paper that AOPC is from."""

STEPS = 8
"""Points of a curve besides its ends."""


def share_counts(thresholds: Sequence[float], size: int) -> tuple[int, ...]:
    """How many of `size` things each share is: at least one, rounded up; two shares may be the same number.

    >>> share_counts((0.01, 0.05, 0.1, 0.2, 0.5), 20), share_counts((0.2, 0.5), 4)
    ((1, 1, 2, 4, 10), (1, 2))
    """
    return tuple(min(size, max(1, int(np.ceil(share * size - 1e-9)))) for share in thresholds)


def curve_counts(size: int, steps: int = STEPS) -> tuple[int, ...]:
    """Whole numbers from 0 to `size`, evenly apart, both ends among them.

    >>> curve_counts(20, 4), curve_counts(3)
    ((0, 4, 8, 12, 16, 20), (0, 1, 2, 3))
    """
    return tuple(sorted({int(number) for number in np.linspace(0, size, steps + 2).round()}))


def without_first(order: Sequence[int], counts: Sequence[int]) -> list[tuple[int, ...]]:
    """The first things of an order, for each count: what deletion takes away.

    >>> without_first([2, 0, 1], [0, 1, 2])
    [(), (2,), (0, 2)]
    """
    return [tuple(sorted(order[:count])) for count in counts]


def without_rest(order: Sequence[int], counts: Sequence[int]) -> list[tuple[int, ...]]:
    """All but the first things of an order, for each count: what is taken away where these alone are inserted.

    >>> without_rest([2, 0, 1], [0, 1, 2])
    [(0, 1, 2), (0, 1), (1,)]
    """
    return [tuple(sorted(order[count:])) for count in counts]


def scored(sets: Sequence[tuple[int, ...]], scores: Scorer) -> Float[np.ndarray, " set"]:
    """The score without each set, in their order; equal sets are asked for once.

    >>> scored([(0,), (), (0,)], lambda some: np.array([3.0 - len(one) for one in some])).tolist()
    [2.0, 3.0, 2.0]
    """
    different = list(dict.fromkeys(sets))
    found = dict(zip(different, scores(different), strict=True))
    return np.array([found[one] for one in sets])


def random_orders(size: int, count: int, seed: int) -> Int[np.ndarray, "order place"]:
    """Orders drawn at random.

    >>> random_orders(3, 2, seed=0).shape
    (2, 3)
    """
    return np.random.default_rng(seed).permuted(np.tile(np.arange(size), (count, 1)), axis=1)
