"""What is asked of a trace when it is there: one head, a row, a tile, a column, the overview, a frame of the explorer."""

from typing import NamedTuple

import torch

import attnwidget as aw
from attnwidget.frames.compose import compose_frame
from attnwidget.frames.frame import Selection
from attnwidget.frames.maps.thumbnails import thumbnails
from tests.benchmarks.geometry import HEADS, LAYERS, gpt2_small, token_ids
from tests.benchmarks.report import machine, ms, ratio, table
from tests.benchmarks.timing import alternating, milliseconds

SIZES = {512: 5, 1024: 3, 2048: 3, 4096: 1, 8192: 1}
"""Tokens, and how often the bare forward pass is timed."""

SIDE = 512
"""Rows and columns of a tile: its rows are the last ones, which read the most."""


class Asked(NamedTuple):
    tokens: int
    bare_ms: float
    head_ms: float
    row_ms: float
    column_ms: float
    overview_ms: float
    tile_ms: float
    frame_ms: float


def asked() -> list[Asked]:
    bare = gpt2_small("sdpa")
    model = aw.load(bare)
    found = []
    for size, runs in SIZES.items():
        ids = token_ids(size)
        (forward,) = alternating([lambda ids=ids: bare(ids, use_cache=False)], runs, warm=size <= 2048)
        found.append(of_trace(model.trace(ids), size, forward))
    return found


def of_trace(trace: "aw.Trace", size: int, forward: float) -> Asked:
    tile = {"queries": slice(size - SIDE, size), "keys": slice(0, SIDE)}
    selection = Selection(layer=LAYERS // 2, head=HEADS // 2, query=(size - 1, size))
    return Asked(
        size,
        forward,
        milliseconds(lambda: trace.weights(LAYERS // 2, HEADS // 2)),
        milliseconds(lambda: [trace.weights(layer, queries=-1) for layer in range(LAYERS)]),
        milliseconds(lambda: trace.weights(LAYERS // 2, keys=size // 2)),
        milliseconds(lambda: thumbnails(trace, "self")),
        milliseconds(lambda: trace.weights(LAYERS // 2, HEADS // 2, **tile)),
        milliseconds(lambda: compose_frame(trace, selection, str)),
    )


def section() -> str:
    with torch.no_grad():
        found = asked()
    columns = "tokens; overview; tile; one head; row, all heads; column, one layer; frame; bare forward"
    times = ("overview_ms", "tile_ms", "head_ms", "row_ms", "column_ms", "frame_ms")
    ratios = [[f"{row.tokens:,}", *(ratio(getattr(row, name) / row.bare_ms) for name in times), "1"] for row in found]
    taken = [[f"{row.tokens:,}", *(ms(getattr(row, name)) for name in times), ms(row.bare_ms)] for row in found]
    return f"""The same model, a trace at hand: as shares of its bare forward pass at that length, and below in milliseconds. Overview: thumbnails of all
{LAYERS * HEADS} heads. Tile: {SIDE} x {SIDE} weights of one head, from the last rows. One head: its whole map. Row: the last query in all heads of all
layers. Column: one key in the {HEADS} heads of a layer, for which every row is computed. Frame: all that a first view of the explorer carries.

{table(columns.split("; "), ratios)}
{table(columns.split("; "), taken)}
{machine()}
"""
