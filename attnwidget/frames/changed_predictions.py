"""What a model predicts for two texts, side by side: every candidate with its probability in both."""

from collections.abc import Callable
from typing import Any

from attnwidget.engine import Trace, predict
from attnwidget.errors import NotNumbers
from attnwidget.frames.predictions import predicted_beside
from attnwidget.measures.comparison.aligned_tokens import aligned_tokens


def changed_predictions(
    first: Trace, second: Trace, part: str, position: int, decode: Callable[[int], str]
) -> dict[str, Any] | None:
    """The likeliest predictions of two texts at a token of the second and at its partner in the first.

    `rows` are the five likeliest of either text, (piece, probability before, probability after), likeliest after first.
    Without `rows`, the token has no partner. None where nothing is predicted.

    >>> import attnwidget as aw
    >>> model = aw.load()
    >>> texts = "The capital of France is", "The capital of Norway is"
    >>> found = changed_predictions(*map(model.trace, texts), "self", 4, model.piece)
    >>> [row["piece"] for row in found["rows"]][0], found["position"], found["held"]
    (' Beijing', 4, 4)
    """
    try:
        if predicted_beside(second.model, part) is None:
            return None
        after = predict(second, position, decode)
        if after is None:
            return None
        told = {"kind": after.kind, "position": after.position}
        # What is predicted of the whole text has no position.
        held = position if after.position is None else _partner(first, second, part, position)
        before = None if held is None else predict(first, held, decode)
        if before is None:
            return told
        return {**told, "held": before.position, "rows": _rows(first, second, before, after)}
    except NotNumbers:
        return None


def _partner(first: Trace, second: Trace, part: str, position: int) -> int | None:
    found = aligned_tokens(first.tokens(part)[0], second.tokens(part)[0])
    return dict(zip(found.second, found.first, strict=True)).get(position)


def _rows(first: Trace, second: Trace, before: Any, after: Any) -> list[dict[str, Any]]:
    """The candidates of both, each with its probability in both; None where that is not known."""
    found = list({_name(after, one): one for one in (*after.top, *before.top)}.values())
    numbers = _probabilities(first, before, found), _probabilities(second, after, found)
    rows = [{"piece": one.piece, "before": was, "after": now} for one, was, now in zip(found, *numbers, strict=True)]
    return sorted(rows, key=lambda row: (-(row["after"] or 0), -(row["before"] or 0)))


def _name(prediction: Any, candidate: Any) -> Any:
    """What makes candidates of two texts the same: their number, but of an answer its words."""
    return candidate.piece if prediction.kind == "answer span" else candidate.id


def _probabilities(trace: Trace, prediction: Any, candidates: list[Any]) -> list[float | None]:
    """Of every candidate, by one pass of the model's head; None where that is not known."""
    if prediction.kind == "answer span":  # of the many spans only the likeliest were looked at
        known = {one.piece: one.probability for one in reversed(prediction.top)}
        return [known.get(candidate.piece) for candidate in candidates]
    scores = trace.logits() if prediction.position is None else trace.logits(prediction.position)
    shares = scores[0].softmax(-1)
    return [float(shares[candidate.id]) for candidate in candidates]
