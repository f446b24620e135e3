"""Gradients added up along a way."""

import torch

import attnwidget as aw
from attnwidget.engine.gradients.ways import mean_gradient


def test_a_start_where_there_is_no_gradient_counts_nothing():
    trace = aw.Trace.from_weights([torch.eye(2)[None]], ["a", "b"])

    def run(places):
        at = torch.tensor(places)
        return at * 2, torch.where(at > 0, at, torch.nan)[:, None]

    mean, scores = mean_gradient(trace, [(0.25, 0.5), (0.75, 0.5), (0.0, 0.0)], run, lambda _done: None)
    assert mean.tolist() == [0.5]
    assert scores == [0.5, 1.5, 0.0]
