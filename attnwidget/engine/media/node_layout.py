"""Where the nodes of a graph stand in its picture: given, or laid out by a library."""

from typing import Any

import numpy as np
from jaxtyping import Int
from torch import Tensor

from attnwidget.engine.media.places import NodePlace
from attnwidget.errors import AttnWidgetError

SPREAD = 1.6
"""How far apart nodes want to be, as a share of what there is for each of them."""

FEW_NODES, MANY_STEPS, SOME_STEPS = 150, 200, 50
"""Of few nodes the layout may take its time, 0.2 s; of a thousand it takes 5 s."""


def positions_given(positions: Any, count: int) -> tuple[NodePlace, ...]:
    """Places of nodes from (x, y) of each, in any unit, y upwards as in a chart.

    Raises AttnWidgetError for anything but two finite numbers of every node.

    >>> positions_given([(0, 0), (4, 2)], 2)
    (NodePlace(x=0.0, y=0.75), NodePlace(x=1.0, y=0.25))
    """
    if isinstance(positions, dict):
        positions = [positions.get(node) for node in range(count)]
    try:
        given = np.asarray(positions.detach().cpu() if isinstance(positions, Tensor) else positions, dtype=np.float64)
    except (TypeError, ValueError):
        given = np.full((), np.nan)
    if given.shape != (count, 2) or not np.isfinite(given).all():
        raise AttnWidgetError(
            f"positions has the shape {given.shape}; it must have two finite numbers, x and y, for each of {count} nodes. Leave "
            "it out to have the nodes laid out."
        )
    return _within(given * [1, -1])


def laid_out(edges: Int[Tensor, "end edge"], count: int) -> tuple[NodePlace, ...]:
    """Places of nodes by the springs of their edges (Fruchterman and Reingold 1991), the same at every call.

    It takes 2 s for 500 nodes and 13 s for 2,000, with four edges each.

    >>> import torch
    >>> len(laid_out(torch.tensor([[0, 1], [1, 2]]), 4))
    4
    """
    import networkx as nx  # slow to import, and only graphs need it

    graph = nx.Graph()
    graph.add_nodes_from(range(count))
    graph.add_edges_from(edge for edge in edges.T.tolist() if edge[0] != edge[1])
    found = nx.spring_layout(
        graph,
        seed=0,
        k=SPREAD / np.sqrt(count),
        iterations=MANY_STEPS if count <= FEW_NODES else SOME_STEPS,
    )
    return _within(_lying(np.array([found[node] for node in range(count)])))


def _lying(points: np.ndarray) -> np.ndarray:
    """The same points, turned so that they are as wide and as low as they can be: pages are wide."""
    centred = points - points.mean(0)
    turned: np.ndarray = centred @ np.linalg.svd(centred.T @ centred)[2].T
    return turned


def _within(points: np.ndarray) -> tuple[NodePlace, ...]:
    """Points in the unit square, in their own proportions, in its middle."""
    low, high = points.min(0), points.max(0)
    span = float((high - low).max())
    placed = (points - (low + high) / 2) / span + 0.5 if span > 0 else np.full_like(points, 0.5)
    return tuple(NodePlace(round(float(x), 4), round(float(y), 4)) for x, y in placed)
