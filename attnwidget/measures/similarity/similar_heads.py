"""Heads that do the same work: the nearest to one head, and how redundant every head is."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from attnwidget.arguments import whole_from_one
from attnwidget.engine import Trace
from attnwidget.errors import AttnWidgetError
from attnwidget.measures.given_trace import require_trace
from attnwidget.measures.results import HeadScores, RankedHead
from attnwidget.measures.similarity.head_distances import (
    NO_QUERY,
    SAMPLED_QUERIES,
    HeadDistances,
    distances_from,
    head_distances,
)


@dataclass(frozen=True, repr=False)
class SimilarHeads:
    """The heads nearest to `head`, nearest first, each with its distance in nats: a tuple of heads with its recipe."""

    head: tuple[int, int]
    nearest: tuple[RankedHead, ...]
    recipe: str

    def __len__(self) -> int:
        return len(self.nearest)

    def __iter__(self) -> Iterator[RankedHead]:
        return iter(self.nearest)

    def __getitem__(self, index: Any) -> Any:
        return self.nearest[index]

    def __repr__(self) -> str:
        found = ", ".join(map(repr, self.nearest)) or "no other head"
        layer, head = self.head
        return f"SimilarHeads(distance to L{layer}H{head}: {found}; {self.recipe})"


def similar_heads(
    trace: Trace | HeadDistances, head: Any, *, count: Any = 5, part: str | None = None, rows: Any = ...
) -> SimilarHeads:
    """The `count` heads most similar to one head, "L5H3" or (5, 3), with their distance in nats, nearest first.

    The distance is the Jensen-Shannon divergence of `head_distances`, whose result can be given instead of the trace so
    that it is computed only once. `rows` says how many queries of a trace are used, by default as in `head_distances`.
    Ties keep their order. Raises AttnWidgetError for a head that does not exist, a count below 1, a text that is all
    padding, `part` or `rows` together with given distances, and as `head_distances`.
    Source: Clark et al. 2019 (W19-4828), section 6.

    >>> import torch
    >>> from attnwidget import Trace
    >>> first, self_ = torch.eye(2)[[0, 0]], torch.eye(2)
    >>> similar_heads(Trace.from_weights([torch.stack([first, self_, first])], ["a", "b"]), "L0H0").nearest
    (L0H2 0, L0H1 0.3466)
    """
    wanted = whole_from_one("count", count)
    if isinstance(trace, HeadDistances):
        distances = distances_of(trace, part, rows)
    else:
        require_trace(trace)
        distances = distances_from(trace, head, part=part, rows=SAMPLED_QUERIES if rows is ... else rows)
    at = distances.at(head)
    if np.isnan(np.delete(distances.values[at], at)).any():
        raise AttnWidgetError(NO_QUERY)
    order = [int(other) for other in np.argsort(distances.values[at], kind="stable") if other != at]
    nearest = [RankedHead(*distances.heads[other], float(distances.values[at, other])) for other in order[:wanted]]
    return SimilarHeads(distances.heads[at], tuple(nearest), f"in nats, smallest first: {distances.recipe}")


def redundancy(trace: Trace | HeadDistances, *, part: str | None = None, rows: Any = ...) -> HeadScores:
    """1 - (distance to the nearest other head) / log 2 of every head, (layer head): 1 for a head with an identical
    twin.

    0 is a head that shares no attended key with any other head. `head_distances` defines the distance; its result can
    be given instead of the trace, and `rows` is its number of queries. NaN for the only head of a model, for layers
    without attention and heads that a layer lacks. Raises AttnWidgetError for `part` or `rows` together with given
    distances, and as `head_distances`.
    Source: ours, from the distances of Clark et al. 2019 (W19-4828).

    >>> import torch
    >>> from attnwidget import Trace
    >>> redundancy(Trace.from_weights([torch.eye(3).expand(2, 3, 3)], ["a", "b", "c"])).values.tolist()
    [[1.0, 1.0]]
    """
    distances = distances_of(trace, part, rows)
    widest = max(head for _, head in distances.heads) + 1
    found = np.full((distances.layers, widest), np.nan, np.float32)
    if len(distances) > 1:
        others = distances.values + np.where(np.eye(len(distances), dtype=bool), np.inf, 0)
        layers, heads = np.array(distances.heads).T
        found[layers, heads] = np.clip(1 - others.min(-1) / np.log(2), 0, 1)
    return HeadScores(found, f"1 - (distance to the nearest other head) / log 2, where distance is {distances.recipe}")


def distances_of(trace: Any, part: str | None, rows: Any) -> HeadDistances:
    """Given distances, or those of a trace, on 64 queries unless `rows` (not `...`) says how many."""
    if not isinstance(trace, HeadDistances):
        require_trace(trace)
        return head_distances(trace, part=part, rows=SAMPLED_QUERIES if rows is ... else rows)
    if part is not None or rows is not ...:
        raise AttnWidgetError(
            "These distances are already computed, so part= and rows= would have no effect. Pass them to "
            "head_distances, or give the trace."
        )
    return trace
