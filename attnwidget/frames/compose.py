"""Trace + selection -> Frame. The pipeline: exact rows of the shown map -> one scan -> arrays and words."""

from collections.abc import Callable
from time import perf_counter
from typing import Any

import numpy as np
import torch

from attnwidget.engine import Texts, Tokens, Trace, kept_whole
from attnwidget.frames import words
from attnwidget.frames.axes import Axes, axes_of, field_text, is_second, spans_in_fields, texts_shown
from attnwidget.frames.frame import Frame, Selection
from attnwidget.frames.graph import edges_told
from attnwidget.frames.maps.previews import previews
from attnwidget.frames.maps.readers import rolled_out
from attnwidget.frames.maps.scan import Scan, scan
from attnwidget.frames.maps.shown_map import ShownMap, is_causal, readers_of_units, shown_maps
from attnwidget.frames.maps.thumbnails import changed_thumbnails, thumbnails
from attnwidget.frames.pictures import pictures_told, places_told
from attnwidget.frames.predictions import predicted_beside, predictions
from attnwidget.frames.selection_checks import check_selection
from attnwidget.frames.sounds import padding_share, sounds_told, spoken_told
from attnwidget.frames.turns import mark_notes, turns_told
from attnwidget.frames.units import Units

WRITES = ("decoder", "cross")
"""The parts whose queries are the words that are said of a sound."""


@torch.no_grad()  # the inputs of a frame may include parameters of the model, for example its sinks
def compose_frame(
    trace: Trace,
    selection: Selection,
    decode: Callable[[int], str],
    *,
    before: Trace | None = None,
    texts: Texts | None = None,
    overview: bool = True,
    truncated: tuple[int, int] | None = None,
    traced_in: float = 0.0,
) -> Frame:
    """Everything that the page needs to draw one selection; without `overview`, only what changes with the head.

    `texts` says how the processed text is divided between the page's text fields, `truncated` is (tokens shown, tokens
    in the text), `traced_in` the milliseconds of the forward pass. With `before`, the same text without the trace's
    edits, the numbers are what the edits change: they have a sign, and the header says `signed`. Raises BadRequest for a layer, head or query that
    the trace does not have, and AttnWidgetError for such a part.
    """
    started = perf_counter()
    texts = Texts() if texts is None else texts
    axes = axes_of(trace, selection.part)
    check_selection(trace, selection, axes)
    causal = is_causal(trace, selection)
    shown, earlier = shown_maps(trace, before, selection, axes)
    found = scan(
        shown.read,
        shown.sides.axes,
        shown.sides.asked(selection.direction).around(selection.query),
        causal=causal,
        direction=selection.direction,
        readers=readers_of_units(trace, selection, shown.sides),
        known_sinks=None if selection.sinks == "show" else shown.sinks,
        before=earlier,
    )
    blocks = _arrays(found, shown.sides.axes)
    if overview:
        blocks["thumbnails"] = thumbnails(trace, selection.part)
        if before is not None:
            blocks["changes"] = changed_thumbnails(before, trace, selection.part)
        # A byte for a weight has no room for a sign.
        vectors = previews(trace, selection, axes) if before is None else None
        if vectors is not None:
            blocks["previews"] = vectors
    made = rolled_out(trace, selection.part)[1] if selection.source == "rollout" else ""
    header = {
        **_described(trace, selection, axes, shown, texts),
        **_sizes(trace, selection),
        **_units(trace, shown, selection),
        "path": trace.path,
        "causal": causal,
        "sinks": list(found.sinks),
        "peak": found.peak,
        # If sinks are hidden, the weight that was on them.
        "stats": found.stats if selection.sinks == "show" else {**found.stats, "sink": shown.hidden},
        "title": words.title(trace, selection, changes=before is not None),
        "recipe": words.recipe(
            trace, selection, found.sums, found.pooling, made, shown.hidden, changes=before is not None
        ),
        "caution": words.caution(selection),
        "predictions": _predicted(trace, selection, shown, decode, texts),
        "truncated": None if truncated is None else {"shown": truncated[0], "total": truncated[1]},
        "pooling": found.pooling,
        "timing": {"trace": traced_in, "frame": 1000 * (perf_counter() - started)},
    }
    if texts.chat is not None:
        header["turns"] = turns_told(texts.chat)
    if notes := [*dict.fromkeys((*axes.queries.notes, *axes.keys.notes, *texts.notes, *mark_notes(axes.keys, texts)))]:
        header["notes"] = notes
    header |= _surfaces(trace, selection, axes)
    if trace.edits:
        header["edits"] = [str(edit) for edit in trace.edits]
    if before is not None:
        header["signed"] = True
    if texts.given:
        header["texts"] = [text and field_text(trace, text) for text in texts_shown(trace, selection.part)]
    return Frame(header, blocks)


def _surfaces(trace: Trace, selection: Selection, axes: Axes) -> dict[str, Any]:
    """What the tokens stand in, where that is no text."""
    told: dict[str, Any] = edges_told(trace, selection.part)
    if trace.pictures:
        told["pictures"] = pictures_told(trace)
    if trace.sounds:
        share = padding_share(trace, selection, axes)
        told |= {"sounds": sounds_told(trace), **({} if share is None else {"padding_share": share})}
        said = spoken_told(trace) if selection.part in WRITES else None
        told |= {} if said is None else {"spoken": said}
    return told


def _arrays(found: Scan, axes: Axes) -> dict[str, np.ndarray]:
    exact = np.float32 if kept_whole(len(axes.queries), len(axes.keys)) else np.float16
    arrays = {"matrix": found.matrix.numpy().astype(exact)}
    if found.row is not None:
        arrays["row"] = found.row.numpy()
    if found.column is not None:
        arrays["column"] = found.column.numpy()
    return arrays


def _described(trace: Trace, selection: Selection, axes: Axes, shown: ShownMap, texts: Texts) -> dict[str, Any]:
    """The tokens of the queries, and of the keys if they are another text."""

    def described(tokens: Tokens, units: Units) -> dict[str, Any]:
        return _tokens(units.tokens, texts, second=is_second(trace, selection.part, tokens, texts))

    keys = None if axes.square else described(axes.keys, shown.sides.keys)
    return {"tokens": described(axes.queries, shown.sides.queries), "key_tokens": keys}


def _tokens(tokens: Tokens, texts: Texts, *, second: bool) -> dict[str, Any]:
    spans, fields = spans_in_fields(tokens, texts, second=second)
    return {
        "pieces": list(tokens.pieces),
        "spans": spans,
        "words": list(tokens.words),
        "special": list(tokens.special),
        "padding": list(tokens.padding),
        "segment": list(tokens.segment),
        **({} if fields is None else {"fields": fields}),
        **places_told(tokens),
    }


def _sizes(trace: Trace, selection: Selection) -> dict[str, Any]:
    heads = trace.heads(selection.part)
    return {
        "layers": len(heads),
        "heads": list(heads),
        "part": selection.part,
        "parts": list(trace.parts),
        **({"refused": dict(trace.refused)} if trace.refused else {}),
        "layer": selection.layer,
        "head": selection.head,
        "direction": selection.direction,
        "source": selection.source,
    }


def _units(trace: Trace, shown: ShownMap, selection: Selection) -> dict[str, Any]:
    """The units of rows and columns, which everything in the frame counts; and what else could be shown."""
    blocks = trace.part_blocks(selection.part)
    norms = all(block.v is not None and block.projection is not None for block in blocks)
    return {
        "chosen": [list(head) for head in selection.chosen],
        "units": [list(run) for run in shown.sides.queries.ranges] if selection.words else None,
        "key_units": None
        if shown.sides.square or not selection.words
        else [list(run) for run in shown.sides.keys.ranges],
        "query": list(shown.sides.asked(selection.direction).around(selection.query)),
        "hidden": shown.hidden,
        "norms": norms,
    }


def _predicted(
    trace: Trace, selection: Selection, shown: ShownMap, decode: Callable[[int], str], texts: Texts
) -> dict[str, Any] | None:
    """The model's prediction at the query; None if it predicts nothing there."""
    by_vocabulary = predicted_beside(trace.model, selection.part) in {"next token", "this token"}
    if texts.given and by_vocabulary:
        return None  # there is no vocabulary to decode them with
    if by_vocabulary and not shown.sides.square and selection.direction == "read_by":
        return None
    position = selection.query[1] - 1
    found = predictions(trace, selection.part, position, decode)
    if found is None or found["position"] is None:
        return found
    return {**found, "position": shown.sides.queries.around((position, position + 1))[0]}
