"""Rollout edge by edge: the edges are those of the product of all layers."""

import numpy as np
import pytest
import torch

import attnwidget as aw
from attnwidget.errors import Cancelled
from attnwidget.measures.paths import rollout_edges as module
from attnwidget.measures.paths.rollout_edges import rollout_edges


def maps(layers=3, heads=2, size=6, *, causal=True):
    generator = torch.Generator().manual_seed(1)
    scores = torch.randn(layers, heads, size, size, generator=generator) * 3
    if causal:
        scores = scores.masked_fill(torch.ones(size, size).triu(1).bool(), float("-inf"))
    return list(scores.softmax(-1))


@pytest.mark.parametrize("causal", [True, False])
def test_edges_are_those_of_the_product(causal):
    given = maps(causal=causal)
    edges = rollout_edges(aw.Trace.from_weights(given, list("abcdef")), 4)
    row = np.eye(6)[4]
    for layer in (2, 1, 0):
        mixed = (np.eye(6) + given[layer].mean(0).numpy()) / 2
        expected = row[:, None] * mixed
        dense = np.zeros((6, 6))
        here = edges.layers == layer
        dense[edges.targets[here], edges.sources[here]] = edges.shares[here]
        np.testing.assert_allclose(dense, expected, atol=1e-6)
        np.testing.assert_allclose(edges.reached[layer + 1], row, atol=1e-6)
        assert edges.kept[layer] == pytest.approx(1, rel=1e-5, abs=1e-5)
        row = expected.sum(0)
    np.testing.assert_allclose(edges.reached[0], row, atol=1e-6)


def test_what_rests_on_a_sink_moves_nothing_when_sinks_are_hidden():
    resting = torch.tensor([[1.0, 0, 0, 0], [0.9, 0.1, 0, 0], [0.8, 0.1, 0.1, 0], [0.6, 0.2, 0, 0.2]])
    trace = aw.Trace.from_weights([resting[None]] * 2, list("abcd"))
    edges = rollout_edges(trace, 3, sinks="hide")
    open_rows = resting.clone()
    open_rows[:, 0] = 0
    step = (torch.eye(4) + open_rows) / 2
    step /= step.sum(-1, keepdim=True)
    np.testing.assert_allclose(edges.reached[0], (step @ step)[3], atol=1e-6)
    assert edges.reached[0, 0] == 0
    assert "what rests on sinks left out" in edges.recipe
    assert rollout_edges(trace, 3).reached[0, 0] > 0.5
    # A word that many read is a finding, and stays.
    named = rollout_edges(aw.Trace.from_weights([resting.roll((1, 1), (0, 1))[None]], list("abcd")), 2, sinks="hide")
    assert named.reached[0, 1] > 0


def test_the_lowest_level_is_rollout_with_padding_left_out():
    given = maps()
    for layer in given:
        layer[:, :2] = float("nan")
        layer[:, 2:, :2] = 0
        layer[:, 2:] /= layer[:, 2:].sum(-1, keepdim=True)
    trace = aw.Trace.from_weights(given, list("abcdef"))
    edges = rollout_edges(trace, -1)
    np.testing.assert_allclose(edges.reached[0], aw.rollout(trace, query=-1), atol=1e-6)
    assert edges.reached[0, :2].tolist() == [0, 0]


def test_only_the_strongest_are_kept_and_the_rest_is_counted(monkeypatch):
    monkeypatch.setattr(module, "STRONGEST", 3)
    trace = aw.Trace.from_weights(maps(), list("abcdef"))
    edges = rollout_edges(trace, 5)
    for place, layer in enumerate(edges.attending):
        shares = edges.shares[edges.layers == layer]
        assert len(shares) == 3
        assert list(shares) == sorted(shares, reverse=True)
        assert edges.kept[place] == pytest.approx(shares.sum())
    np.testing.assert_allclose(edges.reached.sum(-1), 1, atol=1e-5)


def test_a_newer_question_stops_it():
    with pytest.raises(Cancelled), aw.stopping_when(lambda: True):
        rollout_edges(aw.Trace.from_weights(maps(), list("abcdef")), 5)
