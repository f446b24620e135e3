"""Predictions as sent to the page: the likeliest tokens, classes, labels or answers, and the actual token."""

from collections.abc import Callable
from typing import Any

from attnwidget.engine import OF_THE_WHOLE, ModelFacts, Trace, predict
from attnwidget.errors import NotNumbers

DECODERS = ("decoder", "cross")
"""The parts whose queries are tokens that an encoder-decoder generates."""
MASKS = {"[MASK]", "<mask>"}
"""How tokenizers write a masked position: it is not a word of the text."""


def predicted_beside(facts: ModelFacts, part: str = "") -> str | None:
    """What is predicted for the shown text; None for nothing.

    For the encoder of an encoder-decoder no token is predicted: its decoder does that.
    """
    by_decoder = facts.kind == "encoder-decoder" and facts.predicts not in OF_THE_WHOLE
    return None if by_decoder and part not in DECODERS else facts.predicts


def predictions(trace: Trace, part: str, position: int, decode: Callable[[int], str]) -> dict[str, Any] | None:
    """The five likeliest predictions at a position, and the actual token; None for a model that predicts nothing.

    For an encoder-decoder it is a position of the target, with a part of its decoder. A decoder predicts the next
    token, a masked language model the token that stands at the position, a token classifier its label; a class and an
    answer span are those of the whole text, without a position.
    """
    try:
        found = None if predicted_beside(trace.model, part) is None else predict(trace, position, decode)
    except NotNumbers:
        found = None  # of logits alone: the maps are still valid
    if found is None:
        return None
    stands = found.actual
    if stands is not None and stands.piece.strip() in MASKS and found.kind == "this token":
        stands = None
    actual = stands and {"piece": stands.piece, "probability": stands.probability, "rank": found.rank}
    return {
        "kind": found.kind,
        "position": found.position,
        "top": [{"piece": other.piece, "probability": other.probability} for other in found.top],
        "actual": actual,
    }
