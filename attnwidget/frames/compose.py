"""Trace + selection -> Frame. The pipeline: exact rows of the map on show -> one scan -> arrays and words."""

from collections.abc import Callable
from time import perf_counter
from typing import Any

import numpy as np
import torch

from attnwidget.engine.tokens import Tokens
from attnwidget.engine.trace import WHOLE_BELOW, Trace
from attnwidget.errors import BadRequest
from attnwidget.frames import words
from attnwidget.frames.frame import MOST_HEADS, Frame, Selection
from attnwidget.frames.predictions import predictions
from attnwidget.frames.previews import previews
from attnwidget.frames.readers import rolled_out
from attnwidget.frames.scan import Scan, scan
from attnwidget.frames.shown_map import ShownMap, is_causal, readers_of_units, shown_map
from attnwidget.frames.thumbnails import thumbnails
from attnwidget.frames.utf16 import to_units


@torch.no_grad()  # what a frame is made from may include parameters of the model, such as its sinks
def compose_frame(
    trace: Trace,
    selection: Selection,
    decode: Callable[[int], str],
    *,
    overview: bool = True,
    truncated: tuple[int, int] | None = None,
    traced_in: float = 0.0,
) -> Frame:
    """Everything the page needs to draw one selection; without `overview` only what changes with the head.

    `truncated` is (tokens shown, tokens in the text), `traced_in` the milliseconds of the forward pass. Raises
    BadRequest for a layer, head or query that the trace does not have, and for a part that reads another sequence.
    """
    started = perf_counter()
    text = own_text(trace, selection.part)
    check_selection(trace, selection, len(text))
    causal = is_causal(trace, selection)
    shown = shown_map(trace, selection, text)
    found = scan(
        shown.read,
        shown.units.tokens,
        shown.units.around(selection.query),
        causal=causal,
        readers=readers_of_units(trace, selection, shown.units, text),
        known_sinks=None if selection.sinks == "show" else shown.sinks,
    )
    blocks = _arrays(found, len(shown.units))
    if overview:
        blocks["thumbnails"] = thumbnails(trace, selection.part)
        vectors = previews(trace, selection, text)
        if vectors is not None:
            blocks["previews"] = vectors
    made = rolled_out(trace, selection.part)[1] if selection.source == "rollout" else ""
    header = {
        "tokens": _tokens(shown.units.tokens),
        **_sizes(trace, selection),
        **_units(shown, selection),
        "path": trace.path,
        "causal": causal,
        "sinks": list(found.sinks),
        "peak": found.peak,
        # Of a map without its sinks, what was on them.
        "stats": found.stats if selection.sinks == "show" else {**found.stats, "sink": shown.hidden},
        "title": words.title(trace, selection),
        "recipe": words.recipe(trace, selection, found.sums, found.pooling, made, shown.hidden),
        "caution": words.caution(selection),
        "predictions": _predicted(trace, selection, shown, decode),
        "truncated": None if truncated is None else {"shown": truncated[0], "total": truncated[1]},
        "pooling": found.pooling,
        "timing": {"trace": traced_in, "frame": 1000 * (perf_counter() - started)},
    }
    return Frame(header, blocks)


def own_text(trace: Trace, part: str) -> Tokens:
    """The tokens of a part that reads its own text. Raises BadRequest for one that reads another's."""
    queries, keys = trace.tokens(part)
    if queries != keys:
        raise BadRequest(f"Part {part!r} reads another sequence than its own, which a frame does not show.")
    return queries


def check_selection(trace: Trace, selection: Selection, size: int) -> None:
    """Raises BadRequest for a layer, head or query that the trace does not have."""
    counts = trace.heads(selection.part)
    for layer, head in ((selection.layer, selection.head), *selection.heads):
        _check_head(counts, layer, head)
    if len(selection.heads) > MOST_HEADS:
        raise BadRequest(f"At most {MOST_HEADS} heads are shown together, not {len(selection.heads)}.")
    start, stop = selection.query
    if not 0 <= start < stop <= size:
        raise BadRequest(f"There are no tokens {start} to {stop}: the text has {size}.")


def _check_head(counts: tuple[int, ...], layer: int, head: int) -> None:
    if not 0 <= layer < len(counts):
        raise BadRequest(f"There is no layer {layer}: this part has layers 0 to {len(counts) - 1}.")
    if counts[layer] == 0:
        raise BadRequest(f"Layer {layer} has no attention.")
    if not 0 <= head < counts[layer]:
        raise BadRequest(f"There is no head {head}: layer {layer} has heads 0 to {counts[layer] - 1}.")


def _arrays(found: Scan, size: int) -> dict[str, np.ndarray]:
    exact = np.float32 if size <= WHOLE_BELOW else np.float16
    return {
        "matrix": found.matrix.numpy().astype(exact),
        "row": found.row.numpy(),
        "column": found.column.numpy(),
    }


def _tokens(text: Tokens) -> dict[str, Any]:
    return {
        "pieces": list(text.pieces),
        "spans": to_units(text.text, text.spans),
        "words": list(text.words),
        "special": list(text.special),
        "padding": list(text.padding),
        "segment": list(text.segment),
    }


def _sizes(trace: Trace, selection: Selection) -> dict[str, Any]:
    heads = trace.heads(selection.part)
    return {
        "layers": len(heads),
        "heads": list(heads),
        "part": selection.part,
        "parts": list(trace.parts),
        "layer": selection.layer,
        "head": selection.head,
        "direction": selection.direction,
        "source": selection.source,
    }


def _units(shown: ShownMap, selection: Selection) -> dict[str, Any]:
    """What rows and columns stand for, in which everything of the frame counts."""
    return {
        "chosen": [list(head) for head in selection.chosen],
        "units": [list(run) for run in shown.units.ranges] if selection.words else None,
        "query": list(shown.units.around(selection.query)),
        "hidden": shown.hidden,
    }


def _predicted(
    trace: Trace, selection: Selection, shown: ShownMap, decode: Callable[[int], str]
) -> dict[str, Any] | None:
    position = selection.query[1] - 1
    found = predictions(trace, position, decode)
    if found is None or found["position"] is None:
        return found
    return {**found, "position": shown.units.around((position, position + 1))[0]}
