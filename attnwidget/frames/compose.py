"""Trace + selection -> Frame. The pipeline: exact rows of the source -> one scan -> arrays and words."""

from collections.abc import Callable
from time import perf_counter
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import torch

from attnwidget.engine.tokens import Tokens
from attnwidget.engine.trace import WHOLE_BELOW, Trace
from attnwidget.errors import BadRequest
from attnwidget.frames import words
from attnwidget.frames.frame import Frame, Selection
from attnwidget.frames.predictions import predictions
from attnwidget.frames.scan import Scan, scan
from attnwidget.frames.thumbnails import previews, thumbnails
from attnwidget.frames.utf16 import to_units
from attnwidget.measures.fusion import fused
from attnwidget.measures.rollout import rollout
from attnwidget.measures.sinks import readers_of
from attnwidget.shapes import HeadMap, Indices


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
    causal = all(block.causal for block in trace.part_blocks(selection.part))
    rows, made = source_rows(trace, selection)
    # Rollout reaches through all layers, past any window.
    one_layer = selection.source != "rollout"
    readers = readers_of(trace.block(selection.layer, selection.part), text) if one_layer else None
    found = scan(rows, text, selection.query, causal=causal, readers=readers)
    blocks = _arrays(found, len(text))
    if overview:
        blocks["thumbnails"] = thumbnails(trace, selection.part)
        vectors = previews(trace, selection.part, selection.query, selection.direction)
        if vectors is not None:
            blocks["previews"] = vectors
    header = {
        "tokens": _tokens(text),
        **_sizes(trace, selection),
        "path": trace.path,
        "causal": causal,
        "sinks": list(found.sinks),
        "peak": found.peak,
        "stats": found.stats,
        "title": words.title(trace, selection),
        "recipe": words.recipe(trace, selection, found.sums, found.pooling, made),
        "caution": words.caution(selection),
        "predictions": predictions(trace, selection.query[1] - 1, decode),
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
    if not 0 <= selection.layer < len(counts):
        raise BadRequest(f"There is no layer {selection.layer}: this part has layers 0 to {len(counts) - 1}.")
    heads = counts[selection.layer]
    if heads == 0:
        raise BadRequest(f"Layer {selection.layer} has no attention.")
    if not 0 <= selection.head < heads:
        raise BadRequest(f"There is no head {selection.head}: layer {selection.layer} has heads 0 to {heads - 1}.")
    start, stop = selection.query
    if not 0 <= start < stop <= size:
        raise BadRequest(f"There are no tokens {start} to {stop}: the text has {size}.")


def source_rows(trace: Trace, selection: Selection) -> tuple[Callable[[Indices], HeadMap], str]:
    """Exact rows on demand of the map that is looked at, and its recipe where a measure made it."""
    if selection.source == "rollout":
        whole, made = _rolled_out(trace, selection.part)
        return lambda rows: whole[rows], made
    if selection.source == "layer":
        block = trace.block(selection.layer, selection.part)
        return lambda rows: fused(block, "mean", rows), ""
    return lambda rows: trace.weights(selection.layer, selection.head, selection.part, queries=rows), ""


_rollouts: "WeakKeyDictionary[Trace, dict[str, tuple[torch.Tensor, str]]]" = WeakKeyDictionary()


def _rolled_out(trace: Trace, part: str) -> tuple[torch.Tensor, str]:
    """The whole rollout, made once per trace: every move of the caret asks for another of its rows."""
    kept = _rollouts.setdefault(trace, {})
    if part not in kept:
        result = rollout(trace, part=part)
        kept[part] = torch.from_numpy(result.values), result.recipe
    return kept[part]


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
        "query": list(selection.query),
        "direction": selection.direction,
        "source": selection.source,
    }
