"""What a page has to carry: the first frame of an explorer beside the pages that BertViz writes, for the same maps."""

from pathlib import Path
from statistics import median
from time import perf_counter
from typing import NamedTuple

import bertviz
import torch

import attnwidget as aw
from attnwidget.frames.codec import encode_frame
from attnwidget.frames.compose import compose_frame
from attnwidget.frames.frame import Selection
from tests.benchmarks.geometry import HEADS, LAYERS, gpt2_small, token_ids
from tests.benchmarks.report import machine, ms, table

STATIC = Path(__file__).resolve().parents[2] / "attnwidget" / "static"
SIZES = (32, 64, 128, 512)
BERTVIZ_UP_TO = 128  # 512 tokens would be a page of more than a gigabyte
RUNS = 7


class Payload(NamedTuple):
    tokens: int
    ours_bytes: int
    ours_ms: float
    head_view_bytes: int | None
    head_view_ms: float | None
    model_view_bytes: int | None
    model_view_ms: float | None


def payloads() -> list[Payload]:
    model = aw.load(gpt2_small("sdpa"))
    return [payload(model, size) for size in SIZES]


def payload(model: "aw.AttentionModel", size: int) -> Payload:
    selection = Selection(query=(size - 1, size))
    ids = token_ids(size)
    # A fresh trace each time: the first frame of a text finds nothing computed.
    ours = timed(lambda trace: encode_frame(compose_frame(trace, selection, str)), lambda: model.trace(ids))
    if size > BERTVIZ_UP_TO:
        return Payload(size, *ours, None, None, None, None)
    trace = model.trace(ids)
    maps = tuple(trace.weights(layer)[None] for layer in range(LAYERS))
    assert maps[0].shape == torch.Size([1, HEADS, size, size])
    words = [f"word{number}" for number in range(size)]
    views = [
        timed(lambda given, view=view: view(given, words, html_action="return").data.encode(), lambda: maps)
        for view in (bertviz.head_view, bertviz.model_view)
    ]
    return Payload(size, *ours, *views[0], *views[1])


def timed(build, given) -> tuple[int, float]:
    """Bytes of what is built, and the median milliseconds of building it from what is given."""
    taken, made = [], b""
    for _ in range(RUNS):
        material = given()
        started = perf_counter()
        made = build(material)
        taken.append(perf_counter() - started)
    return len(made), 1000 * median(taken)


def section() -> str:
    rows = [
        [
            str(row.tokens),
            times(row.head_view_bytes, row.ours_bytes),
            times(row.head_view_ms, row.ours_ms),
            times(row.model_view_bytes, row.ours_bytes),
            times(row.model_view_ms, row.ours_ms),
            f"{row.ours_bytes / 1024:,.0f} KiB",
            ms(row.ours_ms),
        ]
        for row in payloads()
    ]
    columns = "tokens; bytes, BertViz head view / ours; time; bytes, BertViz model view / ours; time; ours; ours in"
    return f"""The same maps, 12 x 12 heads. Ours is the first frame of an explorer: the chosen head exactly, the query's row of every head, and a
thumbnail of every head; other heads follow when they are looked at. BertViz writes all maps into the page at once. The time is for
building it from a trace or from maps at hand, without the forward pass; the median of seven. Our page needs the explorer's program
as well, {sum((STATIC / name).stat().st_size for name in ("explorer.js", "explorer.css")) / 1024:,.0f} KiB, once.

{table(columns.split("; "), rows)}
{machine("bertviz")}
"""


def times(theirs: float | None, ours: float) -> str:
    return "–" if theirs is None else f"**{theirs / ours:,.0f}**" if theirs > ours else f"**{theirs / ours:.1f}**"
