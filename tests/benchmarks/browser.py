"""In the browser: our page beside those of BertViz and CircuitsVis, over the same maps, in one run."""

import torch

from tests.benchmarks import browser_ours as ours
from tests.benchmarks import browser_peers as peers
from tests.benchmarks.browser_budgets import promises
from tests.benchmarks.browser_page import PATIENCE, Seen, middle
from tests.benchmarks.geometry import LAYERS
from tests.benchmarks.report import machine, ms, table

SIZES = (32, 64, 128, 256, 512)
ROUNDS = 3
SHORT = 3000
"""Milliseconds: what takes longer is opened once."""

OURS = "attnwidget"
COLUMNS = "tokens; page; ready / ours; bytes / ours; heap / ours; ready; bytes; heap; DOM nodes; another head or layer"


def compared() -> list[list[str]]:
    peers.install()
    model = ours.model()
    names = [OURS, *peers.PEERS]
    rows, gone = [], set()
    for size in SIZES:
        text = ours.text_of(size)
        trace = model.trace(text)
        maps = torch.stack([trace.weights(layer) for layer in range(LAYERS)])
        seen: dict[str, list[Seen]] = {name: [] for name in names}
        for _ in range(ROUNDS):
            for name in names:
                if name not in gone and wanted(seen[name]):
                    look = ours.look_at(model, text) if name == OURS else peers.look_at(name, maps, text.split())
                    seen[name].append(look)
                    print(size, name, look, flush=True)
        rows += [row(size, name, seen[name], seen[OURS]) for name in names]
        gone |= {name for name in names if any(look.why for look in seen[name])}
    return rows


def wanted(looks: list[Seen]) -> bool:
    return not looks or (looks[0].ready_ms is not None and looks[0].ready_ms < SHORT)


def row(size: int, name: str, looks: list[Seen], own: list[Seen]) -> list[str]:
    if not looks or looks[0].ready_ms is None:
        why = looks[0].why if looks else "given up before"
        return [str(size), name, why, *["–"] * 7]
    ready, base = (middle([look.ready_ms for look in each]) for each in (looks, own))
    heap, heap_base = (middle([look.held.megabytes if look.held else None for look in each]) for each in (looks, own))
    switch = middle([look.switch_ms for look in looks])
    bytes_, bytes_base = looks[0].bytes, own[0].bytes
    return [
        str(size),
        name,
        *(times(one, other) for one, other in ((ready, base), (bytes_, bytes_base), (heap, heap_base))),
        ms(ready),
        f"{(bytes_ or 0) / 1e6:,.2f} MB",
        f"{heap or 0:,.0f} MB",
        f"{looks[0].held.nodes if looks[0].held else 0:,}",
        ms(switch),
    ]


def times(one: float | None, other: float | None) -> str:
    return f"**{one / other:,.1f}**" if one and other else "–"


def section() -> str:
    rows = compared()
    model = ours.model()
    paint = ours.looks(model, ours.text_of(128))["edit to paint"]
    return f"""The same maps, 12 x 12 heads, in Chromium, each page in a browser of its own, in turns; medians of {ROUNDS}, and one where a page takes more
than {SHORT / 1000:.0f} s. Ready: from the navigation to the end of the last long task or of the frame in which the last element came; of ours, to
the end of the frame with the chosen head, the grid and the colours, the kernel's work on that frame included, the forward pass not.
Bytes: all that the page gets, programs included. Heap: script, DOM and buffers after a collection. Another head or layer: of ours, from the
pointer over a head of the grid to the end of the frame that shows it; of BertViz's head view, from the choice of a layer.
CircuitsVis draws the heads that it is given: those of one layer, or all. A page is given up after {PATIENCE} s. What BertViz asks of a CDN
is served by this machine (jQuery 2.1.0 for 2.0.0).

Measured while other work ran on the same two cores: the ratios are what counts, not the milliseconds.

{table(COLUMNS.split("; "), rows)}
An edit at 128 tokens to its paint, forward pass included, without Jupyter: {ms(paint)}.

What is promised (medians, the same conditions):

{table(["what", "at most", "found", "kept"], [promise.row() for promise in promises(model)])}
{machine("bertviz", "circuitsvis", "playwright")}
"""
