"""The nodes and edges of a graph, as the page hears of them."""

from typing import Any

import torch

from attnwidget.engine import NodePlace, Tokens, Trace

MOST_EDGES = 20_000
"""Edges that are drawn: those of the first nodes; the numbers are of all."""


def is_graph(tokens: Tokens) -> bool:
    """Whether tokens are the nodes of a graph.

    >>> is_graph(Tokens.from_pieces(["a", "b"]))
    False
    """
    return bool(tokens.places) and all(isinstance(place, NodePlace) for place in tokens.places)


def edges_told(trace: Trace, part: str) -> dict[str, Any]:
    """`edges`, [nodes that are read, nodes that read], of all layers together, without loops, and how many more there are
    (`untold`); nothing where there is no graph.

    >>> graph = Trace.from_edges([[0, 1, 1], [1, 2, 1]], torch.tensor([1.0, 1.0, 0.0]))
    >>> edges_told(graph, "self")
    {'edges': [[0, 1], [1, 2]], 'untold': 0}
    """
    if not is_graph(trace.tokens(part)[0]):
        return {}
    there = torch.zeros(trace.part_blocks(part)[0].shape[1:], dtype=torch.bool, device="cpu")
    for block in trace.part_blocks(part):
        if block.mask is not None:
            there |= block.mask[0, 0]
    found = there.fill_diagonal_(False).nonzero()
    target, source = found[:MOST_EDGES].T
    return {"edges": [source.tolist(), target.tolist()], "untold": max(0, len(found) - MOST_EDGES)}
