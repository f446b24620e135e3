"""What capture costs: time beside the bare forward pass and eager attention, memory beside eager attention."""

from typing import NamedTuple

import attnwidget as aw
from tests.benchmarks.geometry import gpt2_small, token_ids
from tests.benchmarks.memory import measured
from tests.benchmarks.report import machine, mb, ms, ratio, table
from tests.benchmarks.timing import alternating

SIZES = {64: 31, 128: 21, 256: 15, 512: 9, 1024: 7, 2048: 3, 4096: 1, 8192: 1}
"""Tokens, and how often each way is timed."""

EAGER_UP_TO = 4096
"""Tokens: its maps alone are 10 GB there, and would be 39 GB at twice as many."""

WARM_UP_TO = 1024
"""Tokens up to which each way runs once before it is timed; what comes later has been warmed by what came before."""


class Cost(NamedTuple):
    tokens: int
    runs: int
    bare_ms: float
    trace_ms: float
    eager_ms: float | None
    trace_mb: float
    eager_mb: float | None


def costs() -> list[Cost]:
    bare, traced, eager = gpt2_small("sdpa"), aw.load(gpt2_small("sdpa")), gpt2_small("eager")
    found = []
    for size, runs in SIZES.items():
        ids = token_ids(size)
        ways = [
            lambda ids=ids: bare(ids, use_cache=False),
            lambda ids=ids: traced.trace(ids),
            lambda ids=ids: eager(ids, output_attentions=True, use_cache=False),
        ]
        possible = size <= EAGER_UP_TO
        taken = alternating(ways if possible else ways[:2], runs, warm=size <= WARM_UP_TO)
        found.append(
            Cost(
                size,
                runs,
                taken[0],
                taken[1],
                taken[2] if possible else None,
                measured("trace", size),
                measured("eager", size) if possible else None,
            )
        )
    return found


def section() -> str:
    rows = [
        [
            f"{row.tokens:,}",
            ratio(row.trace_ms / row.bare_ms),
            ratio(None if row.eager_ms is None else row.trace_ms / row.eager_ms),
            ratio(None if row.eager_mb is None else row.trace_mb / row.eager_mb),
            ms(row.bare_ms),
            ms(row.trace_ms),
            ms(row.eager_ms),
            mb(row.trace_mb),
            mb(row.eager_mb),
            str(row.runs),
        ]
        for row in costs()
    ]
    columns = (
        "tokens; time / bare forward; time / eager; memory / eager; bare; trace; eager; trace adds; eager adds; runs"
    )
    return f"""GPT-2 small's geometry (12 layers x 12 heads, 768 wide), random weights, one text, float32. Time: `model.trace(ids)` over the same
model's bare sdpa forward pass, and over eager `output_attentions=True`; the quickest runs, taken in turns. Memory: the peak of resident memory
that a trace adds over what eager adds, each in a process of its own. From {EAGER_UP_TO:,} tokens on one run each; beyond, eager does not fit.

{table(columns.split("; "), rows)}
{machine()}
"""
