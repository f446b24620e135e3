"""What each layer would say after some tokens, and what each part adds to the answer after one of them, for the page."""

from collections.abc import Callable
from typing import Any

import numpy as np

from attnwidget.engine import AttentionModel, Reading
from attnwidget.errors import AttnWidgetError, BadRequest
from attnwidget.experiments.effects.answers import answer_of, answering_tokens
from attnwidget.experiments.lenses.direct_effects import split_logit
from attnwidget.experiments.lenses.lens import lens
from attnwidget.frames.predictions import predicted_beside
from attnwidget.widget.answering.asked import asked_by
from attnwidget.widget.answering.requests import Request
from attnwidget.widget.given import GivenModel

MOST_POSITIONS = 64
"""Positions of one answer: the head is applied to each of them in every layer."""

TOLD = 5
"""The likeliest tokens of a cell that are sent."""

Told = tuple[dict[str, Any], list[bytes]]
"""The fields of an answer, and its buffers."""


def said_by_layers(
    model: AttentionModel | GivenModel,
    request: Request,
    reading: Reading,
    progress: Callable[[int, int], None],
) -> Told:
    """The answer to a request of the kind "lens" or "direct". Raises AttnWidgetError for what the model cannot say."""
    known = _with_head(model, reading, request.part)
    return _direct(known, request, reading) if request.kind == "direct" else _lens(known, request, reading, progress)


def _lens(model: AttentionModel, request: Request, reading: Reading, progress: Callable[[int, int], None]) -> Told:
    """What each layer would say after the tokens `rows`."""
    if request.rows is None:
        raise BadRequest("A request 'lens' needs rows. Give the first token and the one after the last.")
    tokens = answering_tokens(reading.trace)
    start, stop = max(0, request.rows[0]), min(request.rows[1], len(tokens), max(0, request.rows[0]) + MOST_POSITIONS)
    answer = request.question.answer
    if answer is not None:
        # A text may be several tokens: which of them is meant is decided after the query, as for what parts add.
        answer = answer_of(model, reading.trace, answer, request.position).ids[0]
    found = lens(model, reading.trace, answer=answer, positions=range(start, stop), top=TOLD, progress=progress)
    numbers = sorted(found.vocabulary)
    places = {number: place for place, number in enumerate(numbers)}
    place_of = np.vectorize(places.__getitem__, otypes=[np.uint32])
    told = {
        "rows": [start, stop],
        "total": len(tokens),
        "layers": len(found.values),
        "top": found.ids.shape[-1],
        "pieces": list(found.pieces),
        "words": [found.vocabulary[number] for number in numbers],
        "answers": [places[number] for number in found.answers],
        "asked": answer is not None,
        "predicts": reading.trace.model.predicts,
        "recipe": found.recipe,
    }
    arrays = [
        place_of(found.ids).astype("<u4"),
        found.probabilities.astype("<f4"),
        found.values.astype("<f4"),
        found.ranks.astype("<u4"),
    ]
    return {"lens": told}, [array.tobytes() for array in arrays]


def _direct(model: AttentionModel, request: Request, reading: Reading) -> Told:
    """What each layer and head adds to the logit of the answer after the token `position`."""
    asked = asked_by(model, reading.trace, request.question._replace(at=request.position))
    split = split_logit(model, reading.trace, answer=asked.given, at=request.position)
    layers, heads = split.by_layer(), split.by_head()
    told = {
        "position": request.position,
        "answers": [model.piece(number) for number in split.asked.ids],
        "layers": len(layers.values),
        "heads": heads.shape[1],
        "logit": heads.logit,
        "rest": [{"name": name, "value": value} for name, value in heads.rest.items()],
        "recipe": heads.recipe,
    }
    return {"direct": told}, [array.astype("<f4").tobytes() for array in (layers.values, heads.values)]


def _with_head(model: AttentionModel | GivenModel, reading: Reading, part: str) -> AttentionModel:
    if isinstance(model, GivenModel):
        raise AttnWidgetError("Given weights have no model that could say anything. Load one with aw.explore(name).")
    if predicted_beside(reading.trace.model, part) is None and reading.trace.model.predicts is not None:
        raise AttnWidgetError("The encoder says nothing itself: choose the part decoder or cross.")
    return model
