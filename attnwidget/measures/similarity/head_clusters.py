"""Groups of heads with similar attention, each with one head that represents it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.cluster.hierarchy import cut_tree, linkage
from scipy.spatial.distance import squareform

from attnwidget.arguments import whole_number
from attnwidget.engine import Trace
from attnwidget.errors import AttnWidgetError
from attnwidget.measures.results import RankedHead, _Result
from attnwidget.measures.similarity.head_distances import HeadDistances
from attnwidget.measures.similarity.head_map import numbers_of
from attnwidget.measures.similarity.similar_heads import distances_of

MOST_CLUSTERS = 12
"""The most clusters to choose from: more cannot be told apart by eye."""

WEAK = 0.25
"""Mean silhouettes below this show no clusters worth the name (Kaufman & Rousseeuw 1990)."""

NO_CLUSTER = -1
"""The label of layers without attention, and of heads that a layer lacks."""


@dataclass(frozen=True, eq=False, repr=False)
class HeadClusters(_Result):
    """The cluster of every head: `values`, also `labels`, is (layer head), -1 for missing heads.

    Cluster 0 is the largest. `groups` has the heads of every cluster with their distance to its medoid, which comes
    first. `silhouette` is the mean over heads: near 1 for clusters far apart, 0 for none; NaN for a single cluster.
    """

    groups: tuple[tuple[RankedHead, ...], ...] = ()
    silhouette: float = float("nan")

    @property
    def labels(self) -> np.ndarray:
        """The cluster of every head, (layer head)."""
        return self.values

    @property
    def count(self) -> int:
        """The number of clusters."""
        return len(self.groups)

    @property
    def medoids(self) -> tuple[tuple[int, int], ...]:
        """For every cluster, the (layer, head) with the smallest distance to all others of the cluster."""
        return tuple((group[0].layer, group[0].head) for group in self.groups)

    def members(self, cluster: Any) -> tuple[RankedHead, ...]:
        """The heads of a cluster, the medoid first, then by their distance to it.

        Raises AttnWidgetError for a cluster that does not exist.
        """
        number = whole_number(cluster)
        if number is None or not 0 <= number < self.count:
            raise AttnWidgetError(f"There is no cluster {cluster!r}. Give a number from 0 to {self.count - 1}.")
        return self.groups[number]

    def __repr__(self) -> str:
        lines = [f"  {number:<3} {stands_for(group)}" for number, group in enumerate(self.groups)]
        layers, heads = self.shape
        return "\n".join([f"HeadClusters({layers} x {heads} in {self.count}; {self.recipe})", *lines])


def head_clusters(
    trace: Trace | HeadDistances, count: Any = None, *, part: str | None = None, rows: Any = ...
) -> HeadClusters:
    """Groups of similar heads, as labels (layer head): average-linkage clustering, cut into `count` clusters.

    The distance of two heads is the square root of their divergence in `head_distances`, as in `head_map`; its result
    can be given instead of the trace. Without `count`, the number from 2 to 12 (and below the number of heads) with the
    largest mean silhouette is taken, the smallest among ties; heads that are all alike, and one or two heads, are one
    cluster. Some silhouette is always the largest: below about 0.25 the clusters are hardly separate. They are numbered
    by size, then by their first head.

    Raises AttnWidgetError for a count that is not from 1 to the number of heads, for distances that are NaN, for `part`
    or `rows` together with given distances, and as `head_distances`.
    Source: Sokal & Michener 1958 (average linkage); Rousseeuw 1987 (silhouette) and Kaufman & Rousseeuw 1990 (0.25).

    >>> import torch
    >>> from attnwidget import Trace
    >>> first, self_ = torch.eye(3)[[0, 0, 0]], torch.eye(3)
    >>> head_clusters(Trace.from_weights([torch.stack([first, self_, first])], list("abc"))).labels.tolist()
    [[0, 1, 0]]
    """
    distances = distances_of(trace, part, rows)
    apart = np.sqrt(numbers_of(distances))
    size = len(apart)
    wanted = whole_number(count)
    if count is not None and (wanted is None or not 1 <= wanted <= size):
        raise AttnWidgetError(
            f"count={count!r} is not valid: give a whole number from 1 to {size}, the number of heads, or None."
        )
    flat, score, how = _cut(apart, wanted)
    groups = sorted(
        (np.flatnonzero(flat == label) for label in np.unique(flat)),
        key=lambda group: (-len(group), min(distances.heads[at] for at in group)),
    )
    labels = np.full((distances.layers, max(head for _, head in distances.heads) + 1), NO_CLUSTER, np.int32)
    for number, group in enumerate(groups):
        for at in group:
            labels[distances.heads[at]] = number
    recipe = f"average linkage, {how}; distances are square roots of: {distances.recipe}"
    members = tuple(_members(apart, group, distances) for group in groups)
    return HeadClusters(labels, recipe, members, score)


def silhouettes(apart: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The silhouette (b - a) / max(a, b) of every item, from distances (item item) and labels (item).

    a is the mean distance to the others of its cluster, b that to the nearest other cluster. 0 for an item that is
    alone in its cluster or at no distance from anything; NaN where there is a single cluster.

    >>> silhouettes(np.array([[0, 1, 4], [1, 0, 4], [4, 4, 0]]), np.array([0, 0, 1])).tolist()
    [0.75, 0.75, 0.0]
    """
    belongs = labels[:, None] == np.unique(labels)
    sizes = belongs.sum(0)
    if len(sizes) == 1:
        return np.full(len(labels), np.nan)
    sums = apart @ belongs
    own_size = sizes[belongs.argmax(1)]
    own = sums[belongs] / np.maximum(own_size - 1, 1)
    other = np.where(belongs, np.inf, sums / sizes).min(1)
    most = np.maximum(own, other)
    valid = (own_size > 1) & (most > 0)
    return np.where(valid, other - own, 0) / np.where(valid, most, 1)


def stands_for(group: tuple[RankedHead, ...]) -> str:
    """A cluster in words: L5H3 stands for 14 heads."""
    name = f"L{group[0].layer}H{group[0].head}"
    return f"{name} stands for {len(group)} heads" if len(group) > 1 else f"{name} stands alone"


def _cut(apart: np.ndarray, count: int | None) -> tuple[np.ndarray, float, str]:
    """Labels in any numbering, their mean silhouette, and a phrase for how many were chosen."""
    size = len(apart)
    counts = [count] if count else list(range(2, min(MOST_CLUSTERS, size - 1) + 1))
    if not counts or (count is None and not apart.any()) or count == 1:
        why = "as requested" if count else "too few heads to divide" if not counts else "as all heads are alike"
        return np.zeros(size, np.int64), float("nan"), f"one cluster, {why}"
    cuts = cut_tree(linkage(squareform(apart, checks=False), "average"), n_clusters=counts).T
    scores = [float(silhouettes(apart, labels).mean()) for labels in cuts]
    # Equal scores that were summed in a different order still count as equal.
    best = next(at for at, score in enumerate(scores) if score >= max(scores) - 1e-9)
    how = "as requested" if count else f"the most from 2 to {counts[-1]}"
    apart_or_not = "" if scores[best] >= WEAK else ", so they are hardly separate"
    words = f"{counts[best]} clusters with a mean silhouette of {scores[best]:.2f}, {how}{apart_or_not}"
    return cuts[best], scores[best], words


def _members(apart: np.ndarray, group: np.ndarray, distances: HeadDistances) -> tuple[RankedHead, ...]:
    """The heads of a cluster, its medoid first; among ties, the first head."""
    group = np.array(sorted(group, key=lambda at: distances.heads[at]))
    sums = apart[np.ix_(group, group)].sum(1)
    medoid = group[int((sums <= sums.min() + 1e-9).argmax())]
    order = sorted(group, key=lambda at: (at != medoid, apart[medoid, at]))
    named = ((*distances.heads[at], float(apart[medoid, at])) for at in order)
    return tuple(RankedHead(layer, head, value) for layer, head, value in named)
