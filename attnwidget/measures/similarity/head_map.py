"""Heads as points in the plane: similar heads are near each other."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.linalg

from attnwidget.engine import Trace
from attnwidget.errors import AttnWidgetError
from attnwidget.measures.results import _Result
from attnwidget.measures.similarity.head_distances import NO_QUERY, HeadDistances
from attnwidget.measures.similarity.similar_heads import distances_of

MapHeads = tuple[tuple[int, int], ...]


@dataclass(frozen=True, eq=False, repr=False)
class HeadMap(_Result):
    """One point per head: `values`, also `positions`, is (heads 2), in square roots of nats.

    `heads` has the (layer, head) of every point, `names` the same as text, `layers` the number of layers of the part.
    `explained` is the share of all squared distances that the plane keeps: 1 for a map without loss.
    """

    heads: MapHeads = ()
    layers: int = 0
    explained: float = 1.0

    @property
    def positions(self) -> np.ndarray:
        """The points, (heads 2)."""
        return self.values

    @property
    def names(self) -> tuple[str, ...]:
        """The heads in order, as text: ("L0H0", "L0H1", ...)."""
        return tuple(f"L{layer}H{head}" for layer, head in self.heads)


def head_map(trace: Trace | HeadDistances, *, part: str | None = None, rows: Any = ..., after: Any = None) -> HeadMap:
    """Heads as points in a plane, (heads 2) in square roots of nats, with similar heads near each other: classical
    scaling.

    The distance of two heads is the square root of their divergence in `head_distances`, whose result can be given
    instead of the trace: the root is a metric that embeds in Euclidean space, the divergence is not. The plane is the
    one that keeps most of the squared distances; `explained` says how much. Directions are arbitrary: on average, later
    layers are placed to the right and up. Identical heads share a point.

    With `after`, an earlier map, this one is rotated, mirrored and moved, never scaled, so that shared heads stay as
    close to their earlier places as possible and points do not jump while a text changes. Raises AttnWidgetError for an
    `after` that is not a HeadMap or has no head in common, for distances that are NaN, for `part` or `rows` together
    with given distances, and as `head_distances`.
    Source: Torgerson 1952; the root: Endres & Schindelin 2003, Fuglede & Topsøe 2004; turning: Schönemann 1966. Clark et
    al. 2019 (W19-4828) scale the divergences themselves, and by SMACOF.

    >>> import numpy as np
    >>> from attnwidget.measures.similarity.head_distances import NO_QUERY, HeadDistances
    >>> apart = np.array([[0, 9, 25], [9, 0, 16], [25, 16, 0]])             # squares: 3, 4 and 5
    >>> found = head_map(HeadDistances(apart, "an example", ((0, 0), (0, 1), (1, 0)), 2))
    >>> round(float(np.linalg.norm(found[0] - found[2])), 4), round(found.explained, 4)
    (5.0, 1.0)
    """
    distances = distances_of(trace, part, rows)
    if after is not None and not isinstance(after, HeadMap):
        raise AttnWidgetError(f"after={type(after).__name__} is not valid: give an earlier map from aw.head_map.")
    points, explained = _scaled(numbers_of(distances))
    points = np.column_stack([_turned(column, distances.heads) for column in points.T])
    laid = "later layers to the right and up on average"
    if after is not None:
        points, common = _laid_on(points, distances.heads, after)
        laid = f"rotated and mirrored onto an earlier map over {common} heads"
    recipe = (
        f"classical scaling to the plane, which keeps {explained:.0%} of the squared distances, {laid}; distances are "
        f"square roots of: {distances.recipe}"
    )
    return HeadMap(points.astype(np.float32), recipe, distances.heads, distances.layers, explained)


def numbers_of(distances: HeadDistances) -> np.ndarray:
    """The divergences in fp64. Raises AttnWidgetError if they are NaN, for example if every query is padding."""
    values = np.asarray(distances.values, np.float64)
    if not np.isfinite(values).all():
        raise AttnWidgetError(NO_QUERY)
    return values


def _scaled(squared: np.ndarray) -> tuple[np.ndarray, float]:
    """Points whose distances best fit the roots of `squared`, and the share of `squared` that they keep."""
    count = len(squared)
    means = squared.mean(0)
    products = (means[:, None] + means - squared - means.mean()) / 2
    lowest = max(0, count - 2)
    sizes, directions = scipy.linalg.eigh(products, subset_by_index=[lowest, count - 1])
    # Divergences are fp32: directions below their rounding are noise.
    sizes[sizes <= np.finfo(np.float32).eps * count * squared.max()] = 0
    points = np.zeros((count, 2))
    points[:, : count - lowest] = (directions * np.sqrt(sizes))[:, ::-1]
    total = float(products.trace())
    return points, min(1.0, float(sizes.sum()) / total) if total > 0 else 1.0


def _turned(column: np.ndarray, heads: MapHeads) -> np.ndarray:
    """A direction or its opposite, chosen independently of the order of the heads."""
    layers = np.array([layer for layer, _ in heads], np.float64)
    order = sorted(range(len(heads)), key=heads.__getitem__)
    scale = float(np.abs(column).max())
    if scale == 0:
        return column
    shares = column / scale
    # If layers do not decide, the longer tail does, and finally the first head off the centre.
    signs = ((layers - layers.mean()) @ shares, (shares**3).sum(), *shares[order])
    decisive = next(sign for sign in signs if abs(sign) > 1e-6)
    return column if decisive > 0 else -column


def _laid_on(points: np.ndarray, heads: MapHeads, earlier: HeadMap) -> tuple[np.ndarray, int]:
    """The points rotated, mirrored and moved onto an earlier map, and how many heads are in both."""
    before = {head: at for at, head in enumerate(earlier.heads)}
    common = [at for at, head in enumerate(heads) if head in before]
    if not common:
        raise AttnWidgetError(
            "The earlier map has none of these heads. Give a map of another text for the same part of the same model."
        )
    goal = np.asarray(earlier.values, np.float64)[[before[heads[at]] for at in common]]
    own = points[common]
    left, _, right = np.linalg.svd((own - own.mean(0)).T @ (goal - goal.mean(0)))
    return (points - own.mean(0)) @ (left @ right) + goal.mean(0), len(common)
