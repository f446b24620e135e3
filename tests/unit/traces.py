"""Traces made by hand: the shared example tensor, and random ones of any size."""

import numpy as np
import torch

from attnwidget import Trace

# 2 layers x 2 heads x 3 tokens, causal; the constants that the tests expect were computed from it by other people's code.
T0 = [
    [[[1, 0, 0], [0.5, 0.5, 0], [0.2, 0.3, 0.5]], [[1, 0, 0], [0.9, 0.1, 0], [0.6, 0.2, 0.2]]],
    [[[1, 0, 0], [0.3, 0.7, 0], [0.1, 0.1, 0.8]], [[1, 0, 0], [0.7, 0.3, 0], [0.5, 0.1, 0.4]]],
]


def example():
    return Trace.from_weights([np.array(layer) for layer in T0], ["a", "b", "c"])


def random_trace(layers=3, heads=4, size=7, *, causal=False, seed=0):
    generator = torch.Generator().manual_seed(seed)
    scores = torch.randn(layers, heads, size, size, generator=generator) * 2
    if causal:
        scores = scores.masked_fill(torch.ones(size, size, dtype=torch.bool).triu(1), float("-inf"))
    return Trace.from_weights(list(scores.softmax(-1)), [f"t{i}" for i in range(size)])
