"""What the model expects at a position: the likeliest tokens, and what the text really has there."""

from collections.abc import Callable
from typing import Any

from attnwidget.engine.trace import Trace

SHOWN = 5


def predictions(trace: Trace, position: int, decode: Callable[[int], str]) -> dict[str, Any] | None:
    """The five likeliest tokens with probabilities, and the actual one; None for a model that predicts no tokens.

    A decoder predicts the next token, a masked language model the token that stands at the position.
    """
    if trace.head is None:
        return None
    probabilities = trace.logits(position)[0].softmax(-1)
    values, ids = probabilities.topk(min(SHOWN, len(probabilities)))
    kind = trace.model.predicts
    return {
        "kind": kind,
        "position": position,
        "top": [
            {"piece": decode(number), "probability": value}
            for number, value in zip(ids.tolist(), values.tolist(), strict=True)
        ],
        "actual": _actual(trace, position + 1 if kind == "next token" else position, probabilities, decode),
    }


def _actual(trace: Trace, position: int, probabilities: Any, decode: Callable[[int], str]) -> dict[str, Any] | None:
    if position >= len(trace.text):
        return None
    number = trace.text.ids[position]
    probability = float(probabilities[number])
    rank = 1 + int((probabilities > probability).sum())
    return {"piece": decode(number), "probability": probability, "rank": rank}
