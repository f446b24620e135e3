"""Graphs: weights on edges, where nodes stand, and what is no graph."""

import networkx as nx
import numpy as np
import pytest
import torch

from attnwidget.engine import NodePlace, Trace
from attnwidget.engine.media.node_layout import laid_out
from attnwidget.errors import AttnWidgetError
from attnwidget.frames.graph import edges_told, is_graph

EDGES = torch.tensor([[0, 1, 2, 3, 2, 0], [1, 1, 1, 2, 0, 0]])


def softmaxed(heads, edges=EDGES, seed=0):
    """Weights [edge, head] that sum to 1 over the edges into each node, written without attnwidget's code."""
    scores = torch.randn(edges.shape[1], heads, generator=torch.Generator().manual_seed(seed)).exp()
    sums = torch.zeros(int(edges.max()) + 1, heads).index_add_(0, edges[1], scores)
    return scores / sums[edges[1]]


def test_every_weight_stands_from_the_node_that_reads_to_the_node_that_is_read():
    layers = [softmaxed(2), softmaxed(2, seed=1)]
    trace = Trace.from_edges(EDGES, layers, ["a", "b", "c", "d"])
    assert trace.heads() == (2, 2)
    assert trace.text.pieces == ("a", "b", "c", "d")
    for number, weights in enumerate(layers):
        right = torch.zeros(2, 4, 4)
        for edge in range(EDGES.shape[1]):
            right[:, EDGES[1, edge], EDGES[0, edge]] += weights[edge]
        assert torch.equal(trace.weights(number), right)
        assert torch.equal(trace.block(number).mask[0, 0], right[0] > 0)
    assert trace.weights(0)[:, 3].sum() == 0  # no edge leads to it


def test_layers_may_have_edges_of_their_own_and_weights_without_an_axis_of_heads():
    looped = torch.cat([EDGES, torch.arange(4).expand(2, 4)], 1)
    trace = Trace.from_edges([EDGES, looped], [softmaxed(3), softmaxed(1, looped)[:, 0]])
    assert trace.heads() == (3, 1)
    assert trace.weights(1, 0)[3, 3] == 1


def test_several_edges_between_two_nodes_are_read_together():
    trace = Trace.from_edges([[0, 0], [1, 1]], [0.25, 0.75])
    assert trace.weights(0, 0).tolist() == [[0, 0], [1, 0]]


def test_nodes_stand_where_they_are_told_to_in_their_own_proportions():
    trace = Trace.from_edges([[0, 1], [1, 2]], [1.0, 1.0], positions=np.array([[0, 0], [10, 0], [10, 5]]))
    assert trace.text.places == (NodePlace(0, 0.75), NodePlace(1, 0.75), NodePlace(1, 0.25))


def test_the_layout_is_the_same_at_every_call_and_brings_neighbours_together():
    edges = torch.tensor(list(nx.connected_caveman_graph(4, 6).edges)).T
    first, again = laid_out(edges, 24), laid_out(edges, 24)
    assert first == again
    points = np.array([(place.x, place.y) for place in first])
    assert points.min() >= 0
    assert points.max() <= 1
    apart = np.linalg.norm(points[:, None] - points[None], axis=-1)
    assert apart[edges[0], edges[1]].mean() < 0.6 * apart[np.triu_indices(24, 1)].mean()


def test_one_node_alone_has_a_place():
    trace = Trace.from_edges([[0], [0]], [1.0])
    assert trace.text.places == (NodePlace(0.5, 0.5),)


def test_a_saved_graph_is_the_same_graph(tmp_path):
    trace = Trace.from_edges(EDGES, softmaxed(2), ["a", "b", "c", "d"])
    again = Trace.load(trace.save(tmp_path / "graph"))
    assert again.text == trace.text
    assert torch.equal(again.weights(0), trace.weights(0))
    assert edges_told(again, "self") == edges_told(trace, "self")
    assert is_graph(again.text)


def test_the_page_hears_of_edges_once_each_and_without_loops():
    told = edges_told(Trace.from_edges(EDGES, [softmaxed(1), softmaxed(1)]), "self")
    assert sorted(zip(*told["edges"], strict=True)) == [(0, 1), (2, 0), (2, 1), (3, 2)]
    assert told["untold"] == 0


def test_of_a_crowded_graph_the_page_hears_how_many_edges_it_does_not_hear_of(monkeypatch):
    monkeypatch.setattr("attnwidget.frames.graph.MOST_EDGES", 3)
    told = edges_told(Trace.from_edges(EDGES, [softmaxed(1)]), "self")
    assert (len(told["edges"][0]), told["untold"]) == (3, 1)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"edge_index": EDGES.T}, "give edge_index.T"),
        ({"edge_index": [[0.5], [1]]}, "not whole"),
        ({"edge_index": [[-1], [1]]}, "counted from 0"),
        ({"edge_index": torch.zeros(2, 0)}, "no edges"),
        ({"edge_index": "edges"}, "Give edge_index"),
        ({"nodes": ["a", "b"]}, "there are 2 nodes"),
        ({"nodes": "abcd"}, "names of the nodes"),
        ({"weights": softmaxed(2)[:5]}, "for 6 edges"),
        ({"weights": -softmaxed(2)}, "never negative"),
        ({"weights": softmaxed(2) * 3}, "sum to"),
        ({"weights": softmaxed(2) * torch.nan}, "NaN"),
        ({"weights": []}, "no weights"),
        ({"weights": "weights"}, "give an array"),
        ({"weights": [softmaxed(1)] * 2, "edge_index": [EDGES]}, "1 layers and weights of 2"),
        ({"nodes": 40_000}, "every node"),
        ({"positions": [[0, 0]]}, "two finite numbers"),
        ({"positions": {0: (0, 0)}}, "two finite numbers"),
        ({"part": 3}, "name of a part"),
    ],
)
def test_what_is_no_graph_is_said_in_a_sentence(given, said):
    with pytest.raises(AttnWidgetError, match=said):
        Trace.from_edges(**{"edge_index": EDGES, "weights": softmaxed(2), **given})


def test_a_graph_network_of_pytorch_geometric():
    geometric = pytest.importorskip("torch_geometric")
    torch.manual_seed(0)
    layer = geometric.nn.GATConv(8, 4, heads=3).eval()
    _, (edges, weights) = layer(torch.randn(4, 8), EDGES, return_attention_weights=True)
    trace = Trace.from_edges(edges, weights)
    rows = trace.weights(0).sum(-1)
    assert torch.allclose(rows, torch.ones_like(rows), atol=1e-6)
    for (source, target), weight in zip(edges.T.tolist(), weights, strict=True):
        assert torch.allclose(trace.weights(0)[:, target, source], weight)
