"""Measure everything and write RESULTS.md beside this file."""

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from tests.benchmarks.cost import Cost, costs
from tests.benchmarks.edit_to_paint import Latency, latency
from tests.benchmarks.payload import Payload, payloads

RESULTS = Path(__file__).parent / "RESULTS.md"
BUNDLE = Path(__file__).resolve().parents[2] / "attnwidget" / "static" / "explorer.js"
PACKAGES = ("attnwidget", "torch", "transformers", "bertviz", "jupyterlab", "ipykernel", "anywidget")


def report(cost: list[Cost], payload: list[Payload], paint: Latency) -> str:
    return f"""# Benchmarks

Written by `make bench`. Ratios are of figures from one run on one machine, so they carry over; milliseconds and megabytes do not.

{machine()}

## What capture costs

GPT-2 small's geometry (12 layers x 12 heads, 768 wide), random weights, one text, float32. Time: `model.trace(ids)` over the same
model's bare sdpa forward pass, medians, taken in turns. Memory: the peak of resident memory that a trace adds over what eager
`output_attentions=True` adds, each in a process of its own.

| tokens | time / bare forward | memory / eager | bare | trace | trace adds | eager adds | runs |
| --: | --: | --: | --: | --: | --: | --: | --: |
{"".join(map(cost_row, cost))}
## What the page carries

The same maps, 12 x 12 heads. Ours is the first frame of an explorer: the chosen head exactly, the query's row of every head, and a
thumbnail of every head; other heads follow when they are looked at. BertViz writes all maps into the page at once. The time is for
building it from a trace or from maps at hand, without the forward pass; the median of seven. Our page needs the explorer's program
as well, {BUNDLE.stat().st_size / 1024:,.0f} KiB, once.

| tokens | bytes, BertViz head view / ours | time | bytes, BertViz model view / ours | time | ours | ours in |
| --: | --: | --: | --: | --: | --: | --: |
{"".join(map(payload_row, payload))}
## From a keystroke to the picture

JupyterLab with a real kernel in headless Chromium, the bundled teaching model, {paint.tokens} tokens: from the input event to the first
animation frame after the new map was drawn. Median **{paint.median_ms:.0f} ms**, 95th percentile {paint.p95_ms:.0f} ms, {paint.edits} edits.
"""


def cost_row(row: Cost) -> str:
    return (
        f"| {row.tokens:,} | **{row.time_ratio:.2f}** | **{row.memory_ratio:.2f}** | {row.bare_ms:,.0f} ms "
        f"| {row.trace_ms:,.0f} ms | {row.trace_mb:,.0f} MB | {row.eager_mb:,.0f} MB | {row.runs} |\n"
    )


def payload_row(row: Payload) -> str:
    return (
        f"| {row.tokens} | {times(row.head_view_bytes, row.ours_bytes)} | {times(row.head_view_ms, row.ours_ms)} "
        f"| {times(row.model_view_bytes, row.ours_bytes)} | {times(row.model_view_ms, row.ours_ms)} "
        f"| {row.ours_bytes / 1024:,.0f} KiB | {row.ours_ms:,.0f} ms |\n"
    )


def times(theirs: float | None, ours: float) -> str:
    return "–" if theirs is None else f"**{theirs / ours:,.0f}**" if theirs > ours else f"**{theirs / ours:.1f}**"


def machine() -> str:
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    cores = f"{os.cpu_count()} cores" if (os.cpu_count() or 0) > 1 else "1 core"
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {platform.system()} {platform.machine()}, {cores}, "
        f"Python {platform.python_version()}, {packages}."
    )


if __name__ == "__main__":
    RESULTS.write_text(report(costs(), payloads(), latency()), encoding="utf-8")
    print(RESULTS.read_text(encoding="utf-8"))
