"""What capture costs: time beside the bare forward pass, memory beside eager attention."""

from statistics import median
from time import perf_counter
from typing import NamedTuple

import torch

import attnwidget as aw
from tests.benchmarks.geometry import gpt2_small, token_ids
from tests.benchmarks.memory import measured

SIZES = {128: 25, 512: 11, 2048: 5}
"""Tokens, and how often each way is timed."""


class Cost(NamedTuple):
    tokens: int
    runs: int
    bare_ms: float
    trace_ms: float
    trace_mb: float
    eager_mb: float

    @property
    def time_ratio(self) -> float:
        return self.trace_ms / self.bare_ms

    @property
    def memory_ratio(self) -> float:
        return self.trace_mb / self.eager_mb


def costs() -> list[Cost]:
    bare, traced = gpt2_small("sdpa"), aw.load(gpt2_small("sdpa"))
    ways = (lambda ids: bare(ids, use_cache=False), traced.trace)
    return [
        Cost(size, runs, *alternating(ways, token_ids(size), runs), measured("trace", size), measured("eager", size))
        for size, runs in SIZES.items()
    ]


def alternating(ways, ids: torch.Tensor, runs: int) -> list[float]:
    """Median milliseconds of each way, taken in turns, so that a slow minute of the machine hits both alike."""
    seconds: list[list[float]] = [[] for _ in ways]
    with torch.no_grad():
        for way in ways:
            way(ids)
        for _ in range(runs):
            for way, taken in zip(ways, seconds, strict=True):
                started = perf_counter()
                way(ids)
                taken.append(perf_counter() - started)
    return [1000 * median(taken) for taken in seconds]
