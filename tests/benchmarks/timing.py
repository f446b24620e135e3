"""Milliseconds: medians, and of what is told as a ratio the quickest run of each way, taken in turns."""

from collections.abc import Callable, Sequence
from statistics import median
from time import perf_counter
from typing import Any

import torch


def alternating(
    ways: Sequence[Callable[[], Any]], runs: int, *, warm: bool = True, clock: Callable[[], float] = perf_counter
) -> list[float]:
    """Milliseconds of the quickest run of each way, taken in turns, so that a slow minute of the machine hits all alike.

    Not medians: what else runs can only add to a run, and ratios of what is left hold on a busy machine too.
    """
    taken: list[list[float]] = [[] for _ in ways]
    with torch.no_grad():
        for way in ways if warm else ():
            way()
        for _ in range(runs):
            for way, times in zip(ways, taken, strict=True):
                started = clock()
                way()
                times.append(clock() - started)
    return [1000 * min(times) for times in taken]


def milliseconds(way: Callable[[], Any], *, runs: int = 7, at_most: float = 4.0) -> float:
    """Median milliseconds of what is short: several runs, fewer when they take more than `at_most` seconds in all."""
    taken: list[float] = []
    way()
    while len(taken) < runs and sum(taken) < at_most:
        started = perf_counter()
        way()
        taken.append(perf_counter() - started)
    return 1000 * median(taken)
