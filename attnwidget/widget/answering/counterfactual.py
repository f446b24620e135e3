"""Other attention under which the model says the same, for the head or the layer that a page shows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from torch import Tensor

from attnwidget.engine import AttentionModel, Trace
from attnwidget.errors import BadRequest
from attnwidget.experiments.counterfactual.adversarial import mean_distance
from attnwidget.experiments.counterfactual.deceptive import marked_keys, told_apart
from attnwidget.experiments.counterfactual.painted import CounterfactualAttention, painted_run
from attnwidget.experiments.counterfactual.scope import Scope, scope_of
from attnwidget.experiments.counterfactual.search import Reached, Search, begun, best_of, go_on_searching, starts_of
from attnwidget.widget.answering.asked import answer_told, asked_by
from attnwidget.widget.answering.evidence import AnswerParts
from attnwidget.widget.answering.requests import Request

SEARCH = Search(epsilon=0.05, steps=150, restarts=3, seed=0)
"""What the model says is held as by Jain and Wallace where it says one of many."""

SOUGHT = ("another", "away")
"""The most unlike its own, or away from one token."""


@dataclass(eq=False)
class _Known:
    """A search for one question about one trace, which goes on there when it is asked again, and what it came to."""

    reached: Reached
    told: AnswerParts | None = None


_known: "WeakKeyDictionary[Trace, dict[Any, _Known]]" = WeakKeyDictionary()


def counterfactual_told(
    model: AttentionModel, trace: Trace, request: Request, part: str, progress: Callable[..., None]
) -> AnswerParts:
    """The answer to a request of the kind "counterfactual". What was stopped goes on where it was.

    Raises BadRequest for anything but what can be looked for, AttnWidgetError where nothing can, and Cancelled.
    """
    if request.name not in SOUGHT:
        raise BadRequest(f"There is no counterfactual {request.name!r}. Give one of {', '.join(SOUGHT)}.")
    away = request.position if request.name == "away" else None
    found = _known.setdefault(trace, {})
    name = request.question, part, request.layer, request.head, away
    before = found[name].told if name in found else None
    if before is not None:
        return before
    head = f"L{request.layer}" if request.head < 0 else f"L{request.layer}H{request.head}"
    asked = asked_by(model, trace, request.question)
    scope = scope_of(model, trace, asked, head, part if len(trace.parts) > 1 else None)
    marked = None if away is None else marked_keys(scope, away)

    def objective(maps: Sequence[Tensor]) -> Tensor:
        return mean_distance(scope, maps) if marked is None else told_apart(maps, marked, most=False)

    if name not in found:
        found[name] = _Known(begun(scope, starts_of(SEARCH.restarts, SEARCH.seed)))
    known = found[name]
    go_on_searching(
        scope, objective, SEARCH.epsilon, known.reached, SEARCH.steps, lambda step: progress(step, SEARCH.steps)
    )
    maps = best_of(scope, known.reached.rows)
    told = _told(scope, painted_run(scope, maps, _said(away), epsilon=SEARCH.epsilon, marked=marked), request)
    known.told = told
    return told


def _said(away: int | None) -> str:
    what = "adversarial attention" if away is None else "deceptive attention"
    return f"{what}, {SEARCH.said}"


def _told(scope: Scope, found: CounterfactualAttention, request: Request) -> AnswerParts:
    (layer,) = scope.layers
    queries, keys = scope.trace.tokens(scope.part)
    maps = [layer.own.mean(0), found.trace.weights(layer.block.layer, part=scope.part)[list(layer.heads)].mean(0)]
    told = {
        "name": request.name,
        "head": scope.words,
        "token": request.position,
        "answer": answer_told(scope.asked),
        "distance": found.distance,
        "furthest": found.furthest,
        "change": found.change,
        "epsilon": SEARCH.epsilon,
        "steps": SEARCH.steps,
        "held": found.held,
        "before": found.before,
        "after": found.after,
        "mass": None if found.mass is None else list(found.mass),
        "counted": np.flatnonzero(layer.counted.any(0).numpy()).tolist(),
        "sizes": [len(queries), len(keys)],
        "pieces": list(keys.pieces),
        "recipe": found.recipe,
    }
    return {"counterfactual": told}, [one.numpy().astype("<f4").tobytes() for one in maps]
