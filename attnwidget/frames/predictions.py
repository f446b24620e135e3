"""What the model expects, as it travels: the likeliest tokens, classes, labels or answers, and what the text has there."""

from collections.abc import Callable
from typing import Any

from attnwidget.engine import OF_THE_WHOLE, ModelFacts, Trace, predict
from attnwidget.errors import NotNumbers

DECODERS = ("decoder", "cross")
"""The parts whose queries are tokens that an encoder-decoder writes."""
MASKS = {"[MASK]", "<mask>"}
"""How tokenizers write the place that is to be guessed: what stands there is no word of the text."""


def predicted_beside(facts: ModelFacts, part: str = "") -> str | None:
    """What is predicted beside the text that is shown; None where nothing is.

    Beside the encoder of an encoder-decoder no token is: its decoder writes them.
    """
    by_decoder = facts.kind == "encoder-decoder" and facts.predicts not in OF_THE_WHOLE
    return None if by_decoder and part not in DECODERS else facts.predicts


def predictions(trace: Trace, part: str, position: int, decode: Callable[[int], str]) -> dict[str, Any] | None:
    """The five likeliest predictions at a position, and the actual token; None for a model that predicts nothing.

    Of an encoder-decoder it is a position of the target, beside a part of its decoder. A decoder predicts the next
    token, a masked language model the token that stands at the position, a token classifier its label; a class and an
    answer span are those of the whole text, without a position.
    """
    try:
        found = None if predicted_beside(trace.model, part) is None else predict(trace, position, decode)
    except NotNumbers:
        found = None  # of logits alone: the maps are still true
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
