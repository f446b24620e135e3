"""A request -> its answer. Pure except for the forward pass: no comm, no trait, no thread."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias

import numpy as np

from attnwidget.engine import LONGEST_VERIFIED, AttentionModel, Reading, as_given, exactly
from attnwidget.errors import AttnWidgetError, BadRequest, TooLong, reason_of
from attnwidget.frames.axes import axes_of
from attnwidget.frames.caret import clamped, fitted, query_at
from attnwidget.frames.changed_predictions import changed_predictions
from attnwidget.frames.codec import encode_frame
from attnwidget.frames.compose import compose_frame
from attnwidget.frames.difference import changes, compose_difference
from attnwidget.frames.frame import Frame, Question, Selection
from attnwidget.frames.head_metrics import Metric, choices, metric, similar, told
from attnwidget.frames.maps.strip import compose_strip
from attnwidget.frames.maps.tile import compose_tile
from attnwidget.frames.neuron import NeuronQuestion, compose_neuron
from attnwidget.frames.pictures import picture_named
from attnwidget.frames.predictions import predicted_beside, predictions
from attnwidget.frames.selection_checks import check_query
from attnwidget.frames.sounds import sound_named
from attnwidget.frames.turns import turns_told
from attnwidget.measures.paths.rollout_edges import followed_edges
from attnwidget.tiny.bundled import Example
from attnwidget.version import __version__
from attnwidget.widget.answering.asked import tested_model
from attnwidget.widget.answering.continuing import continued_text
from attnwidget.widget.answering.counterfactual import counterfactual_told
from attnwidget.widget.answering.effects import effects_told
from attnwidget.widget.answering.evidence import AnswerParts, evidence_told
from attnwidget.widget.answering.lens import said_by_layers
from attnwidget.widget.answering.requests import BACKGROUND, Request
from attnwidget.widget.answering.shown import Shown, seen
from attnwidget.widget.answering.variants import variants_told
from attnwidget.widget.given import GivenModel


@dataclass(frozen=True)
class Answer:
    """The fields of a message, with status `ok` by default, and its buffers."""

    content: dict[str, Any]
    buffers: list[bytes] = field(default_factory=list)


Parts: TypeAlias = Callable[[Callable[[], Answer]], None]
"""Hears from time to time what would make a first part of the answer."""


Progress: TypeAlias = Callable[..., None]
"""Hears how many layers are done, and of how many if these are not all calls of the model."""


MEDIA_KINDS = frozenset({"picture", "spectrogram", "sound"})
"""The kinds of requests for what tokens stand in."""


Placing: TypeAlias = Callable[[Request], Request]
"""What is meant by a request for a frame, once its text is read."""


def no_parts(_make: Callable[[], Answer]) -> None:
    """Nobody wants parts."""


def about(
    model: AttentionModel | GivenModel,
    shown: Shown,
    examples: Sequence[Example],
    source: str | None = None,
    text: str = "",
    kept: Sequence[str] = (),
) -> Answer:
    """What the page needs to know before the first forward pass.

    `source` is the model's name for `aw.explore`: "" for the bundled one, None if it was given as an object. `text` is
    the one in the editor: if it is a conversation, its turns are told. `kept` are the texts that were kept beside it.
    """
    facts = model.facts
    described = {
        "name": facts.name,
        "source": source,
        "architecture": facts.architecture,
        "kind": facts.kind,
        "layers": len(shown.heads),
        "heads": list(shown.heads),
        "parts": list(shown.parts or (shown.part,)),
        "second": None if isinstance(model, GivenModel) else model.second,
        "limit": facts.limit,
        "teaching": facts.teaching,
        "path": facts.path,
        "generates": not isinstance(model, GivenModel) and model.generates,
        **({} if isinstance(model, GivenModel) else {"reads": sorted(model.reads)}),
        "predicts": predicted_beside(facts, shown.part),
    }
    # Only traces from our own attention function have values.
    asked = [vars(choice) for choice in choices(values=facts.path in {"interface", "function"})]
    told = {"version": __version__, "model": described, "examples": list(map(_told, examples)), "metrics": asked}
    if isinstance(model, GivenModel):
        return Answer({"about": {**told, "editable": False, "fixed": model.fixed}})
    chat = model.conversation(text)
    spoken = {} if chat is None else {"chat": {"text": text, "turns": turns_told(chat)}}
    ways = {"variants": list(kept)} if kept else {}
    return Answer({"about": {**told, "editable": True, **spoken, **ways}})


def _told(example: Example) -> dict[str, Any]:
    query = None if example.query is None else [example.query, example.query + 1]
    return {name: value for name, value in {**example._asdict(), "query": query}.items() if value not in (None, "")}


def answer(
    model: AttentionModel | GivenModel,
    read: Callable[..., Reading],
    request: Request,
    progress: Progress,
    parts: Parts = no_parts,
    place: Placing = lambda asked: asked,
) -> Answer:
    """Answer a request about a text; `read` makes its reading, as LiveSession.read does. The answer names the reading.

    If the request is about another reading that is gone, the answer only says so: its positions may no longer exist.
    Raises AttnWidgetError, and Cancelled when a newer text makes it obsolete.
    """
    if request.kind == "verify":
        return _verify(model, request)
    if request.kind == "continue":
        return Answer(continued_text(model, request, lambda make: parts(lambda: Answer(make()))))
    reading = read(request.text, request.pair, first=request.first, edits=request.edits, progress=progress)
    if request.reading not in {"", reading.id}:
        return Answer({"status": "changed", "reading": reading.id})
    left_out = {"off": [{"edit": edit, "why": why} for edit, why in reading.off]} if reading.off else {}

    def named(found: Answer) -> Answer:
        return replace(found, content={"reading": reading.id, **left_out, **found.content})

    if request.kind == "frame":
        before = _before(read, request)
        return named(Answer({}, [encode_frame(frame_of(model, place(request), reading, before))]))
    if request.kind in {"lens", "direct"}:
        return named(Answer(*said_by_layers(model, request, reading, progress)))
    return named(_about_reading(model, read, request, reading, progress, lambda make: parts(lambda: named(make()))))


def _about_reading(
    model: AttentionModel | GivenModel,
    read: Callable[..., Reading],
    request: Request,
    reading: Reading,
    progress: Progress,
    parts: Parts,
) -> Answer:
    if request.kind == "predict":
        return _predict(model, request, reading)
    if request.kind == "strip":
        return _strip(request, reading, _before(read, request))
    if request.kind == "flow":
        return _flow(request, reading, progress)
    if request.kind in {"compare", "changes", "expected"}:
        # Read last, so that it stays cached while the other text is edited.
        edits = request.edits if request.against_edits is None else request.against_edits
        held = read(request.against, request.pair, first=request.first, edits=edits)
        if request.kind == "compare":
            return _compare(request, reading, held)
        if request.kind == "changes":
            return _changes(request, reading, held, parts)
        return _expected(model, request, reading, held)
    if request.kind in BACKGROUND:
        return _in_background(model, request, reading, progress, parts)
    if request.kind in {"tile", "cell"}:
        return _tile(request, reading, _before(read, request))
    if request.kind in {"neuron", *MEDIA_KINDS}:
        return _neuron(request, reading) if request.kind == "neuron" else _medium(request, reading)
    return Answer({}, [encode_frame(frame_of(model, request, reading, _before(read, request)))])


def _before(read: Callable[..., Reading], request: Request) -> Reading | None:
    """The same text without edits, where it is asked what they change; it stays cached while edits come and go."""
    if request.shows != "difference":
        return None
    return read(request.text, request.pair, first=request.first)


def _predict(model: AttentionModel | GivenModel, request: Request, reading: Reading) -> Answer:
    part = seen(reading.trace).asked(request.part).part
    check_query((request.position, request.position + 1), len(axes_of(reading.trace, part).queries))
    return Answer({"predictions": predictions(reading.trace, part, request.position, model.piece)})


def frame_of(
    model: AttentionModel | GivenModel, request: Request, reading: Reading, before: Reading | None = None
) -> Frame:
    """The frame that answers a request of the kind "frame" or "preview"; with `before`, of what the edits change."""
    trace, texts = reading.trace, reading.texts
    part = seen(trace).asked(request.part).part
    found = None
    if request.caret is not None:
        found = query_at(trace, part, texts, request.caret, request.field, request.direction)
    if found is None:
        special = axes_of(trace, part).asked(request.direction).special
        found = fitted(request.query or (-1, 0), special), request.direction
    query, direction = found
    return compose_frame(
        trace,
        replace(_selection(request, seen(trace), query), direction=direction),
        model.piece,
        before=None if before is None else before.trace,
        texts=texts,
        overview=request.kind == "frame",
        truncated=reading.truncated,
        traced_in=reading.milliseconds,
    )


def _strip(request: Request, reading: Reading, before: Reading | None) -> Answer:
    shown = seen(reading.trace).asked(request.part)
    query = clamped(request.query or (-1, 0), len(axes_of(reading.trace, shown.part).asked(request.direction)))
    question = Question(
        query,
        request.direction,
        request.fusion,
        request.head,
        shown.part,
        request.words,
        request.sinks,
        request.weight,
    )
    strip = compose_strip(reading.trace, question, None if before is None else before.trace)
    layers, tokens = strip.values.shape
    told = {"query": list(strip.query), "direction": request.direction, "fusion": request.fusion, "head": request.head}
    signed = {} if before is None else {"signed": True}
    sizes = {"layers": layers, "tokens": tokens, "sinks": [list(found) for found in strip.sinks]}
    return Answer(
        {"strip": {**told, **sizes, "recipe": strip.recipe, **signed}}, [strip.values.astype("<f4").tobytes()]
    )


@exactly()
def _flow(request: Request, reading: Reading, progress: Progress) -> Answer:
    shown = seen(reading.trace).asked(request.part)
    tokens, _ = reading.trace.tokens(shown.part)
    query, _ = clamped((request.position, request.position + 1), len(tokens))
    sinks: Literal["show", "hide"] = "show" if request.sinks == "show" else "hide"
    found = followed_edges(reading.trace, query, shown.part, sinks, progress)
    places = np.searchsorted(found.attending, found.layers)
    ends = np.stack([places, found.sources, found.targets], -1)
    told = {
        "query": query,
        "levels": len(found.reached),
        "pieces": list(tokens.pieces),
        "attending": list(found.attending),
        "kept": list(found.kept),
        "recipe": found.recipe,
    }
    numbers = [found.reached.astype("<f4"), ends.astype("<u4"), found.shares.astype("<f4")]
    return Answer({"flow": told}, [array.tobytes() for array in numbers])


def _heads(request: Request, reading: Reading, parts: Parts) -> Answer:
    """A metric of every head, or the heads most similar to one."""
    part, layer, head = _place(request, seen(reading.trace))
    if request.kind == "metric":
        return _metric(
            metric(reading.trace, request.name, part, lambda make: parts(lambda: _metric(make()))),
        )
    near = similar(reading.trace, (layer, head), part, request.count)
    nearest = [{"layer": each.layer, "head": each.head, "distance": each.value} for each in near]
    return Answer({"similar": {"layer": layer, "head": head, "nearest": nearest, "recipe": near.recipe}})


def _in_background(
    model: AttentionModel | GivenModel, request: Request, reading: Reading, progress: Progress, parts: Parts
) -> Answer:
    """What an answer of the model rests on, or something of every head."""
    if request.kind not in {"effects", "evidence", "variants", "counterfactual"}:
        return _heads(request, reading, parts)
    if request.kind == "variants":
        told = variants_told(
            tested_model(model), reading, request, progress, lambda make: parts(lambda: Answer(make()))
        )
        return Answer(told)
    part = seen(reading.trace).asked(request.part).part
    if request.kind == "counterfactual":
        return Answer(*counterfactual_told(tested_model(model), reading.trace, request, part, progress))
    about = tested_model(model), reading.trace, request.question, part

    def so_far(make: Callable[[], AnswerParts]) -> None:
        parts(lambda: Answer(*make()))

    if request.kind == "evidence":
        return Answer(*evidence_told(*about, progress, so_far))
    return Answer(*effects_told(*about, request.name, exact=request.exact, progress=progress, parts=so_far))


def _metric(found: Metric) -> Answer:
    return Answer({"metric": told(found)}, [found.values.astype("<f4").tobytes()])


def _compare(request: Request, reading: Reading, held: Reading) -> Answer:
    part, layer, head = _place(request, seen(reading.trace))
    found = compose_difference(held.trace, reading.trace, part, layer, head)
    queries, keys = reading.trace.tokens(part)
    held_queries, held_keys = held.trace.tokens(part)
    told = {
        "layer": layer,
        "head": head,
        "queries": list(found.queries.second),
        "keys": list(found.keys.second),
        "heldQueries": list(found.queries.first),
        "heldKeys": list(found.keys.first),
        "queryPieces": [queries.pieces[at] for at in found.queries.second],
        "keyPieces": [keys.pieces[at] for at in found.keys.second],
        "heldQueryPieces": [held_queries.pieces[at] for at in found.queries.first],
        "heldKeyPieces": [held_keys.pieces[at] for at in found.keys.first],
        "replaced": [vars(one) for one in found.replaced],
        "counts": [len(held_queries), len(queries)],
        "dropped": list(found.dropped),
        "recipe": found.recipe,
    }
    return Answer({"difference": told}, [found.values.astype("<f4").tobytes()])


def _changes(request: Request, reading: Reading, held: Reading, parts: Parts) -> Answer:
    part = seen(reading.trace).asked(request.part).part
    return _metric(changes(held.trace, reading.trace, part, lambda make: parts(lambda: _metric(make()))))


def _expected(model: AttentionModel | GivenModel, request: Request, reading: Reading, held: Reading) -> Answer:
    part = seen(reading.trace).asked(request.part).part
    check_query((request.position, request.position + 1), len(axes_of(reading.trace, part).queries))
    return Answer({"expected": changed_predictions(held.trace, reading.trace, part, request.position, model.piece)})


def _tile(request: Request, reading: Reading, before: Reading | None) -> Answer:
    if request.rows is None or request.columns is None:
        raise BadRequest(f"A request {request.kind!r} needs rows and columns. Give two numbers each.")
    selection = _selection(request, seen(reading.trace), (0, 1))
    earlier = None if before is None else before.trace
    tile = compose_tile(reading.trace, selection, request.rows, request.columns, exact=request.exact, before=earlier)
    return Answer({}, [encode_frame(tile)])


def _neuron(request: Request, reading: Reading) -> Answer:
    part, layer, head = _place(request, seen(reading.trace))
    # Only one vector is shown: the last of a span, which has read the others.
    _, stop = clamped(request.query or (-1, 0), len(axes_of(reading.trace, part).queries))
    return Answer(
        {}, [encode_frame(compose_neuron(reading.trace, NeuronQuestion(layer, head, stop - 1, request.keys, part)))]
    )


def _medium(request: Request, reading: Reading) -> Answer:
    if request.kind == "picture":
        return _picture(request, reading)
    found = sound_named(reading.trace, request.name)
    if found is None:
        raise BadRequest("There is no such sound in what was read. Ask for a frame.")
    if request.kind == "spectrogram":
        return Answer({"spectrogram": {"name": found.name, "type": "image/png"}}, [found.picture])
    if found.beginning is None:
        raise BadRequest("Of this sound only the spectrogram is known, so it cannot be listened to.")
    told = {"name": found.name, "type": "audio/wav", "played": found.played}
    return Answer({"sound": told}, [found.beginning])


def _picture(request: Request, reading: Reading) -> Answer:
    found = picture_named(reading.trace, request.name)
    if found is None:
        raise BadRequest("There is no such picture in what was read. Ask for a frame.")
    data, kind = found.encoded
    return Answer({"picture": {"name": found.name, "type": kind}}, [data])


def _selection(request: Request, shown: Shown, query: tuple[int, int]) -> Selection:
    part, layer, head = _place(request, shown)
    return Selection(
        layer=layer,
        head=head,
        query=query,
        direction=request.direction,
        source=request.source,
        part=part,
        heads=request.heads if len(request.heads) > 1 else (),
        fusion="max" if request.fusion == "max" else "mean",
        words=request.words,
        sinks=request.sinks,
        weight=request.weight,
    )


def _place(request: Request, shown: Shown) -> tuple[str, int, int]:
    """(part, layer, head) to show. A page requests its first frame before it knows the parts and layers."""
    shown = shown.asked(request.part)
    there = 0 <= request.layer < len(shown.heads)
    if there and shown.heads[request.layer] == 0:
        return shown.part, *shown.nearest(request.layer, request.head)
    return shown.part, request.layer, request.head


def _verify(model: AttentionModel | GivenModel, request: Request) -> Answer:
    if isinstance(model, GivenModel):
        return Answer({"verify": None})
    if max(map(len, model.sequences(request.text, request.pair).values()), default=0) > LONGEST_VERIFIED:
        return Answer({"verify": None})
    found = model.verify(model.conversation(request.text) or request.text, **as_given(model.facts, request.pair))
    # Eager maps are the model's own: there is nothing to compare.
    return Answer({"verify": None if found.path == "eager" else {"error": found.error, "path": found.path}})


def problem(error: Exception) -> dict[str, Any]:
    """The fields of an `error` message: what went wrong, in readable form."""
    if isinstance(error, TooLong):
        return {"code": error.code, "message": str(error), "tokens": error.tokens, "limit": error.limit}
    if isinstance(error, AttnWidgetError):
        return {"code": error.code, "message": str(error)}
    return {"code": "failed", "message": f"{unread(error)} The kernel's log has the details."}


def unread(error: Exception) -> str:
    """The message for a text on which the model itself raised an error.

    >>> unread(RuntimeError("CUDA error: device-side assert triggered"))
    'The model failed on this text: CUDA error: device-side assert triggered.'
    """
    reason = reason_of(error)
    return f"The model failed on this text: {reason}{'' if reason.endswith(('.', '!', '?', '…')) else '.'}"
