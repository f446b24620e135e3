"""Heads as points in the plane: near each other where they read alike."""

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
    """One point per head: `values`, also called `positions`, is (heads 2), in roots of nats.

    `heads` has the (layer, head) of every point, `names` the same as text, `layers` how many layers the part has.
    `explained` is the share of the sum of all squared distances that the plane keeps: 1 is a map that loses nothing.
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
    """Heads as points in a plane, (heads 2) in roots of nats, so that heads which read alike are near: classical scaling.

    The distance of two heads is the square root of their divergence in `head_distances`, whose result may stand in
    place of the trace: the root is a metric and has a place in Euclidean space, the divergence has not. The plane is
    the one that keeps most of the squared distances, `explained` says how much. Directions mean nothing: later layers
    are put to the right and up in the mean. With `after`, an earlier map, this one is turned, mirrored and moved, never
    stretched, so that the heads of both lie as near to their earlier places as they can, and points do not jump while
    a text changes. Heads that read alike share a point. Raises AttnWidgetError for an `after` that is no HeadMap or has
    no head in common, for distances that are NaN, for `part` or `rows` beside distances that are given, and as
    `head_distances`.
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
        raise AttnWidgetError(f"after= needs an earlier map of aw.head_map, and {type(after).__name__} was given.")
    points, explained = _scaled(numbers_of(distances))
    points = np.column_stack([_turned(column, distances.heads) for column in points.T])
    laid = "later layers to the right and up in the mean"
    if after is not None:
        points, common = _laid_on(points, distances.heads, after)
        laid = f"turned and mirrored onto an earlier map over {common} heads"
    recipe = (
        f"classical scaling to the plane, which keeps {explained:.0%} of the squared distances, {laid}; distances are "
        f"square roots of: {distances.recipe}"
    )
    return HeadMap(points.astype(np.float32), recipe, distances.heads, distances.layers, explained)


def numbers_of(distances: HeadDistances) -> np.ndarray:
    """The divergences in fp64. Raises AttnWidgetError where they are NaN, as when every query is padding."""
    values = np.asarray(distances.values, np.float64)
    if not np.isfinite(values).all():
        raise AttnWidgetError(NO_QUERY)
    return values


def _scaled(squared: np.ndarray) -> tuple[np.ndarray, float]:
    """Points whose distances come nearest to the roots of `squared`, and the share of `squared` that they keep."""
    count = len(squared)
    means = squared.mean(0)
    products = (means[:, None] + means - squared - means.mean()) / 2
    lowest = max(0, count - 2)
    sizes, directions = scipy.linalg.eigh(products, subset_by_index=[lowest, count - 1])
    # Divergences are fp32: what is below their rounding is no direction of its own.
    sizes[sizes <= np.finfo(np.float32).eps * count * squared.max()] = 0
    points = np.zeros((count, 2))
    points[:, : count - lowest] = (directions * np.sqrt(sizes))[:, ::-1]
    total = float(products.trace())
    return points, min(1.0, float(sizes.sum()) / total) if total > 0 else 1.0


def _turned(column: np.ndarray, heads: MapHeads) -> np.ndarray:
    """A direction or its opposite, by what does not depend on the order of the heads."""
    layers = np.array([layer for layer, _ in heads], np.float64)
    order = sorted(range(len(heads)), key=heads.__getitem__)
    scale = float(np.abs(column).max())
    if scale == 0:
        return column
    shares = column / scale
    # Where layers do not decide, the longer tail does, and at last the first head that is off the middle.
    signs = ((layers - layers.mean()) @ shares, (shares**3).sum(), *shares[order])
    decisive = next(sign for sign in signs if abs(sign) > 1e-6)
    return column if decisive > 0 else -column


def _laid_on(points: np.ndarray, heads: MapHeads, earlier: HeadMap) -> tuple[np.ndarray, int]:
    """The points turned, mirrored and moved onto an earlier map, and how many heads are in both."""
    before = {head: at for at, head in enumerate(earlier.heads)}
    common = [at for at, head in enumerate(heads) if head in before]
    if not common:
        raise AttnWidgetError(
            "The earlier map has none of these heads. Give the map of another text of the same part of the same model."
        )
    goal = np.asarray(earlier.values, np.float64)[[before[heads[at]] for at in common]]
    own = points[common]
    left, _, right = np.linalg.svd((own - own.mean(0)).T @ (goal - goal.mean(0)))
    return (points - own.mean(0)) @ (left @ right) + goal.mean(0), len(common)
