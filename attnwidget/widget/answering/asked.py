"""What the page asks about an answer of the model -> the answer as experiments take it."""

from collections.abc import Mapping
from typing import Any

from attnwidget.engine import AttentionModel, Trace
from attnwidget.errors import AttnWidgetError, BadRequest
from attnwidget.experiments.effects.answers import ANSWER_UNITS, Asked, answer_of
from attnwidget.widget.answering.requests import AskedAnswer
from attnwidget.widget.given import GivenModel


def tested_model(model: AttentionModel | GivenModel) -> AttentionModel:
    """The model, to run it again. Raises AttnWidgetError for given weights."""
    if isinstance(model, GivenModel):
        raise AttnWidgetError(
            "These weights were given without a model, so nothing can be tested. Show a model: aw.explore(model, text)."
        )
    return model


def asked_by(model: AttentionModel, trace: Trace, question: AskedAnswer) -> Asked:
    """The answer that a page asks about: what the model says itself, unless it says what.

    Raises BadRequest for an answer that the model cannot give: it will not give it however often it is asked.
    """
    try:
        own = answer_of(model, trace, question.answer, question.at)
        return own if question.rather is None else answer_of(model, trace, (own.given, question.rather), question.at)
    except AttnWidgetError as error:
        raise BadRequest(str(error)) from error


def answer_told(asked: Asked) -> Mapping[str, Any]:
    """What the page gets to know of the answer that was asked about."""
    return {"words": asked.words, "at": asked.position, "unit": ANSWER_UNITS[asked.unit]}
