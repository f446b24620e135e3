"""What the model expects, as it travels: the likeliest tokens, classes, labels or answers, and what the text has there."""

from collections.abc import Callable
from typing import Any

from attnwidget.engine.prediction import predict
from attnwidget.engine.trace import ModelFacts, Trace
from attnwidget.errors import NotNumbers


def predicts(facts: ModelFacts) -> str | None:
    """What is predicted beside the text that is shown; None where nothing is.

    Beside the encoder of an encoder-decoder nothing is: its decoder has read its start token and nothing else.
    """
    return None if facts.kind == "encoder-decoder" else facts.predicts


def predictions(trace: Trace, position: int, decode: Callable[[int], str]) -> dict[str, Any] | None:
    """The five likeliest predictions at a position, and the actual token; None for a model that predicts nothing.

    A decoder predicts the next token, a masked language model the token that stands at the position, a token
    classifier its label; a class and an answer span are those of the whole text, without a position.
    """
    try:
        found = None if predicts(trace.model) is None else predict(trace, position, decode)
    except NotNumbers:
        found = None  # of logits alone: the maps are still true
    if found is None:
        return None
    actual = found.actual and {
        "piece": found.actual.piece,
        "probability": found.actual.probability,
        "rank": found.rank,
    }
    return {
        "kind": found.kind,
        "position": found.position,
        "top": [{"piece": other.piece, "probability": other.probability} for other in found.top],
        "actual": actual,
    }
