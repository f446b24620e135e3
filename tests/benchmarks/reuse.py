"""Edits near the end of a text, with and without the keys and values of what stands before."""

from itertools import count
from typing import NamedTuple

import torch

import attnwidget as aw
from tests.benchmarks.geometry import VOCABULARY, gpt2_small, token_ids
from tests.benchmarks.report import machine, ms, ratio, table
from tests.benchmarks.timing import alternating

SIZES = {64: 21, 256: 15, 1000: 7}
"""Tokens, and how often each way is timed."""

CHANGED = 3
"""Tokens at the end that an edit changes."""


class Reuse(NamedTuple):
    tokens: int
    runs: int
    whole_ms: float
    reused_ms: float


def reuses() -> list[Reuse]:
    model = aw.load(gpt2_small("sdpa"))
    found = []
    for size, runs in SIZES.items():
        earlier = model.trace(token_ids(size))
        edits = (edited(size, seed) for seed in count())
        ways = [
            lambda edits=edits: model.trace(next(edits)),
            lambda edits=edits, earlier=earlier: model.trace(next(edits), reuse=earlier),
        ]
        found.append(Reuse(size, runs, *alternating(ways, runs)))
    return found


def edited(size: int, seed: int) -> torch.Tensor:
    """The text with other tokens at its end."""
    ids = token_ids(size)
    ids[0, -CHANGED:] = torch.randint(VOCABULARY, (CHANGED,), generator=torch.Generator().manual_seed(seed))
    return ids


def section() -> str:
    rows = [
        [f"{row.tokens:,}", ratio(row.reused_ms / row.whole_ms), ms(row.whole_ms), ms(row.reused_ms), str(row.runs)]
        for row in reuses()
    ]
    return f"""The same model, an edit of the last {CHANGED} tokens: `model.trace(ids, reuse=earlier)` over `model.trace(ids)`, the quickest runs, taken in turns.

{table(["tokens", "with reuse / without", "without", "with", "runs"], rows)}
{machine()}
"""
