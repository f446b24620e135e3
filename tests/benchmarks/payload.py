"""What a page has to carry: the first frame of an explorer beside the pages that BertViz writes, for the same maps."""

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
