"""Weights on the edges of a graph -> maps, masks and nodes of a trace, or an error that says what is wrong with them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from attnwidget.engine.media.node_layout import laid_out, positions_given
from attnwidget.engine.text.tokens import Tokens
from attnwidget.engine.trace.arrays import layer_maps, numbers
from attnwidget.engine.trace.records import Block
from attnwidget.errors import AttnWidgetError

MOST_NUMBERS = 2**28
"""Weights of all maps together, 1 GB: every head is held from every node to every node."""

EDGES_ARE = "Give edge_index as [2, edge]: a row of the nodes that are read, and one of the nodes that read."


@dataclass(frozen=True)
class GraphMaps:
    """Blocks of weights between nodes, open where there is an edge, and the nodes."""

    blocks: tuple[Block, ...]
    nodes: Tokens


def graph_maps(edge_index: Any, weights: Any, nodes: Any, positions: Any, part: str) -> GraphMaps:
    """The maps of every layer of a graph network. Forms and errors: see `Trace.from_edges`."""
    layers = _layers(weights)
    edges = _edges(edge_index, len(layers))
    names = _names(nodes, edges)
    for number, own in enumerate(edges):
        _refuse_missing(own, len(names), number)
    values = [
        _weights(array, own.shape[1], number) for number, (array, own) in enumerate(zip(layers, edges, strict=True))
    ]
    heads = sum(own.shape[1] for own in values)
    if heads * len(names) ** 2 > MOST_NUMBERS:
        raise AttnWidgetError(
            f"{len(names):,} nodes and {heads} heads in all are {heads * len(names) ** 2:,} weights from every node to every "
            f"node; at most {MOST_NUMBERS:,} are shown. Take the neighbourhood of some nodes, for example with "
            "torch_geometric.utils.k_hop_subgraph, or fewer heads."
        )
    made = tuple(
        _block(own, value, number, len(names), part)
        for number, (own, value) in enumerate(zip(edges, values, strict=True))
    )
    every = torch.cat(edges, 1)
    places = laid_out(every, len(names)) if positions is None else positions_given(positions, len(names))
    return GraphMaps(made, replace(Tokens.from_names(names), places=places))


def _block(
    edges: Int[Tensor, "end edge"], values: Float[Tensor, "edge head"], number: int, count: int, part: str
) -> Block:
    source, target = edges
    dense = torch.zeros((values.shape[1], count, count), dtype=values.dtype, device="cpu")
    heads = torch.arange(values.shape[1], device="cpu")[:, None]
    # Several edges between the same two nodes are read together, as the network adds what they bring.
    dense.index_put_((heads, target, source), values.T.contiguous(), accumulate=True)
    return Block(
        part,
        number,
        "",
        len(dense),
        len(dense),
        mask=_open(edges, count)[None, None],
        dense=layer_maps(dense, number, count, count),
    )


def _open(edges: Int[Tensor, "end edge"], count: int) -> Bool[Tensor, "query key"]:
    there = torch.zeros((count, count), dtype=torch.bool, device="cpu")
    there[edges[1], edges[0]] = True
    return there


def _layers(weights: Any) -> list[Any]:
    """One array of each layer. An array of one or two axes, and a list of numbers, is a single layer."""
    axes = getattr(weights, "ndim", None)
    if axes is None and (isinstance(weights, str | dict) or not isinstance(weights, Iterable)):
        raise AttnWidgetError(
            f"weights={type(weights).__name__} is not valid: give an array [edge, head] for each layer, as a graph network "
            "returns them: GATConv(x, edge_index, return_attention_weights=True) gives (out, (edge_index, weights))."
        )
    found = [weights] if axes in {1, 2} else list(weights)
    if axes is None and found and not hasattr(found[0], "ndim") and not isinstance(found[0], list | tuple):
        found = [weights]
    if not found:
        raise AttnWidgetError("There are no weights here. Give an array [edge, head] for each layer.")
    return found


def _edges(edge_index: Any, count: int) -> list[Int[Tensor, "end edge"]]:
    """The edges of each layer: given once for all of them, or layer by layer."""
    several = isinstance(edge_index, list | tuple) and len(edge_index) > 0 and getattr(edge_index[0], "ndim", 1) == 2
    if not several:
        return [_edge(edge_index, 0)] * count
    if len(edge_index) != count:
        raise AttnWidgetError(
            f"There are edges of {len(edge_index)} layers and weights of {count}. Give one edge_index for all layers, or one for each."
        )
    return [_edge(own, number) for number, own in enumerate(edge_index)]


def _edge(given: Any, number: int) -> Int[Tensor, "end edge"]:
    try:
        values = given.detach().cpu() if isinstance(given, Tensor) else numbers(given, number)
    except AttnWidgetError:
        raise AttnWidgetError(f"edge_index={type(given).__name__} is not valid. {EDGES_ARE}") from None
    if values.ndim != 2 or values.shape[0] != 2:
        turned = " It looks turned: give edge_index.T." if values.ndim == 2 and values.shape[1] == 2 else ""
        raise AttnWidgetError(
            f"edge_index has the shape {tuple(values.shape)}, not [2, edge].{turned or ' ' + EDGES_ARE}"
        )
    if values.numel() == 0:
        raise AttnWidgetError("This graph has no edges, so no node reads another one. " + EDGES_ARE)
    whole = values.long()
    if values.is_floating_point() and not bool((whole == values).all()):
        raise AttnWidgetError("edge_index has numbers that are not whole. " + EDGES_ARE)
    if int(whole.min()) < 0:
        raise AttnWidgetError(f"edge_index names the node {int(whole.min())}; nodes are counted from 0. " + EDGES_ARE)
    return whole


def _names(nodes: Any, edges: Sequence[Tensor]) -> list[str]:
    if nodes is None:
        return [str(number) for number in range(1 + max(int(own.max()) for own in edges))]
    if isinstance(nodes, int) and not isinstance(nodes, bool) and nodes > 0:
        return [str(number) for number in range(nodes)]
    if isinstance(nodes, str | dict) or not isinstance(nodes, Iterable):
        raise AttnWidgetError(
            f"nodes={nodes!r:.40} is not valid: give the names of the nodes in a list, or how many there are."
        )
    return [" ".join(str(name).split()) or str(number) for number, name in enumerate(nodes)]


def _refuse_missing(edges: Tensor, count: int, number: int) -> None:
    last = int(edges.max())
    if last >= count:
        raise AttnWidgetError(
            f"Layer {number} has an edge of node {last}, but there are {count} nodes, counted from 0. Give the names of all "
            "nodes, or leave nodes= out."
        )


def _weights(array: Any, count: int, number: int) -> Float[Tensor, "edge head"]:
    values = numbers(array, number)
    values = values[..., 0] if values.ndim == 3 and values.shape[2] == 1 else values
    values = values[:, None] if values.ndim == 1 else values
    if values.ndim != 2 or values.shape[0] != count or values.shape[1] == 0:
        loops = (
            " Layers that add loops of their own return their edges beside their weights: give those."
            if values.ndim == 2
            else ""
        )
        raise AttnWidgetError(
            f"Layer {number} has weights of the shape {tuple(values.shape)} for {count} edges; it must be [{count}, heads].{loops}"
        )
    if not bool(values.isfinite().all()):
        raise AttnWidgetError(f"Layer {number} has NaN or infinite weights. Check how they were computed.")
    if float(values.min()) < 0:
        raise AttnWidgetError(
            f"Layer {number} contains {float(values.min()):.4g}, but attention weights are never negative. If these are scores, "
            "take their softmax over the edges into each node first: torch_geometric.utils.softmax(scores, edge_index[1])."
        )
    return values
