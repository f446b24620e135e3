"""What a model predicts, in readable form: the likeliest tokens, classes, labels or answers."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from attnwidget.arguments import whole_number
from attnwidget.engine.trace.recompute import indices
from attnwidget.engine.trace.records import Candidate, Step
from attnwidget.engine.trace.trace import Trace
from attnwidget.errors import AttnWidgetError, NotNumbers

RUNNERS = 5
LONGEST_ANSWER = 30
"""Tokens of the longest span that counts as an answer."""


@dataclass(frozen=True)
class Prediction:
    """What a model predicts at a position; `position` is None where the whole input has one prediction.

    `kind` is "next token", "this token" (a masked model), "class", "label" (of the token) or "answer span". `top` has
    the likeliest candidates, best first. `actual` is the token that the text has there, if any, and `rank` its rank.
    """

    kind: str
    position: int | None
    top: tuple[Candidate, ...]
    actual: Candidate | None = None
    rank: int | None = None


def predict(trace: Trace, position: Any, decode: Callable[[int], str], top: Any = 5) -> Prediction | None:
    """The `top` likeliest predictions at a position; None if the trace's model predicts nothing.

    `decode` turns a token id into text. Positions are those of the text, or of an encoder-decoder's decoder; negative
    ones count from the end. Raises AttnWidgetError for a position that does not exist, for several positions, and for a
    `top` that is not a whole number of at least 1; NotNumbers for scores that are NaN.
    """
    top = _counted(top)
    kind = trace.model.predicts
    if kind is None or (trace.scores is None and (trace.head is None or trace.hidden is None)):
        return None
    if kind == "answer span":
        return Prediction(kind, None, _spans(trace, top))
    if kind == "class":
        scores = _numbers(trace.logits()[0])
        # A single output is a score, not a probability.
        return None if len(scores) == 1 else Prediction(kind, None, _named(trace, scores, top))
    tokens = trace.sequences.get("decoder", (trace.text, trace.text))[0]
    chosen = indices(position, len(tokens), "position")
    if position is None or len(chosen) != 1:
        raise AttnWidgetError(f"{position!r} is not a single position. Give one, for example -1 for the last.")
    at = int(chosen[0])
    scores = _numbers(trace.logits(at)[0])
    if kind == "label":
        return Prediction(kind, at, _named(trace, scores, top))
    probabilities = scores.softmax(-1)
    found = likeliest(probabilities, top, decode)
    there = at + 1 if kind == "next token" else at
    if there >= len(tokens):
        return Prediction(kind, at, found)
    number = tokens.ids[there]
    actual = Candidate(number, decode(number), float(probabilities[number]))
    return Prediction(kind, at, found, actual, rank_of(scores, number))


def _numbers(scores: Tensor) -> Tensor:
    # -inf is a valid score: it rules a candidate out.
    if bool(scores.isnan().any()) or bool((scores == torch.inf).any()):
        raise NotNumbers("logits")
    return scores


def _counted(top: Any) -> int:
    number = whole_number(top)
    if number is None or number < 1:
        raise AttnWidgetError(f"top={top!r} is not valid: give a whole number of candidates, 1 or more.")
    return number


def step(position: int, number: int, logits: Tensor, decode: Callable[[int], str]) -> Step:
    """A generated token and its alternatives, by the model's raw scores (vocabulary)."""
    probabilities = logits.float().softmax(-1)
    others = probabilities.clone()
    others[number] = -1.0
    runners = likeliest(others, min(RUNNERS, len(others) - 1), decode)
    own = float(probabilities[number])
    return Step(position, number, decode(number), own, rank_of(logits, number), runners)


def likeliest(probabilities: Tensor, count: int, name: Callable[[int], str]) -> tuple[Candidate, ...]:
    """The candidates with the highest probabilities, best first."""
    values, numbers = probabilities.topk(min(count, len(probabilities)))
    pairs = zip(numbers.tolist(), values.tolist(), strict=True)
    return tuple(Candidate(number, name(number), value) for number, value in pairs)


def rank_of(scores: Tensor, number: int) -> int:
    """The rank of a candidate: 1 for the likeliest; ties share the better rank."""
    return 1 + int((scores > scores[number]).sum())


def _named(trace: Trace, scores: Tensor, count: int) -> tuple[Candidate, ...]:
    names = trace.model.labels
    return likeliest(scores.softmax(-1), count, lambda number: names[number] if number < len(names) else f"#{number}")


def _spans(trace: Trace, count: int) -> tuple[Candidate, ...]:
    # A span lies within one text: it contains no special token, such as the separator of question and passage.
    tokens, (begin, end) = trace.text, _numbers(trace.logits(slice(None))).softmax(0).T
    marks = torch.tensor([0, *map(int, tokens.special)], dtype=torch.long, device="cpu").cumsum(0)
    length = len(tokens)
    starts, stops, values = [], [], []
    for width in range(1, min(LONGEST_ANSWER, length) + 1):
        at = torch.arange(length - width + 1, device="cpu")
        at = at[marks[at + width] == marks[at]]
        starts.append(at)
        stops.append(at + width - 1)
        values.append(begin[at] * end[at + width - 1])
    best = torch.cat(values).topk(min(count, sum(len(part) for part in values)))
    pairs = zip(torch.cat(starts)[best.indices].tolist(), torch.cat(stops)[best.indices].tolist(), strict=True)
    return tuple(
        Candidate(start, tokens.text[tokens.spans[start][0] : tokens.spans[stop][1]], value)
        for (start, stop), value in zip(pairs, best.values.tolist(), strict=True)
    )
