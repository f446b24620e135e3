"""What the page gets of the evidence: column by column, and within the exact one word by word."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from attnwidget.engine import AttentionModel, Trace
from attnwidget.experiments.agreement.columns import Column, columns
from attnwidget.experiments.agreement.evidence import Evidence, gathered
from attnwidget.experiments.agreement.methods import HIDING, METHODS, Asking
from attnwidget.experiments.agreement.places import Places, places_of
from attnwidget.experiments.effects.answers import Asked
from attnwidget.measures.ranks import Agreement
from attnwidget.widget.answering.asked import answer_told, asked_by
from attnwidget.widget.answering.requests import AskedAnswer

Answered = tuple[dict[str, Any], list[bytes]]
"""The content and the buffers of an answer."""

LARGEST_COPIED = 50_000_000
"""Parameters up to which an untrained copy is made here: the page waits for it, whatever else it asks meanwhile."""


@dataclass(eq=False)
class _Known:
    """What has been found out so far for one question about one trace: it goes on there when it is asked again."""

    asked: Asked
    places: Places
    columns: dict[str, Column] = field(default_factory=dict)


_known: "WeakKeyDictionary[Trace, dict[tuple[AskedAnswer, str], _Known]]" = WeakKeyDictionary()


def evidence_told(
    model: AttentionModel,
    trace: Trace,
    question: AskedAnswer,
    part: str,
    progress: Callable[..., None],
    parts: Callable[[Callable[[], Answered]], None],
) -> Answered:
    """The evidence for what a page asks. `parts` hears from time to time what would make a first part of it.

    What was stopped goes on where it was. Raises AttnWidgetError for an answer that the model cannot give, and Cancelled.
    """
    found = _known.setdefault(trace, {})
    own = part if len(trace.parts) > 1 else None
    if (question, part) not in found:
        asked = asked_by(model, trace, question)
        found[question, part] = _Known(asked, places_of(trace, own, asked.position))
    known = found[question, part]
    asking = Asking(model, trace, known.asked, own, 0, LARGEST_COPIED)

    def told() -> Answered:
        return _told(gathered(asking, known.places, METHODS, known.columns))

    for column in columns(asking, known.places, METHODS, known.columns, heard=progress):
        known.columns[column.name] = column
        parts(told)
    return told()


def _told(evidence: Evidence) -> Answered:
    there = {column.name: column for column in evidence.columns}
    order = [*(one for one in METHODS if not one.null), HIDING, *(one for one in METHODS if one.null)]
    values = np.full((len(order), len(evidence.places)), np.nan, "<f4")
    methods = []
    for row, method in enumerate(order):
        column = there.get(method.name)
        if column is not None:
            values[row] = column.values
        agreement = evidence.agreements.get(method.name)
        methods.append(
            {
                "name": method.name,
                "title": method.title,
                "does": method.does,
                "unit": method.unit if column is None else column.unit,
                "ramp": method.ramp,
                "done": column is not None and column.done,
                "why": None if column is None else column.why,
                "recipe": "" if column is None else column.recipe,
                "agreement": None if agreement is None else agreement_told(agreement),
            }
        )
    told = {
        "answer": answer_told(evidence.asked),
        "places": [
            {"token": one.start, "count": one.stop - one.start, "piece": one.piece, "kind": one.kind}
            for one in evidence.places
        ],
        "methods": methods,
        "compared": len(evidence.compared),
        "left_out": evidence.left_out,
        "sentence": evidence.sentence,
        "curves": None,
    }
    return {"evidence": told}, [values.tobytes()]


def agreement_told(agreement: Agreement) -> dict[str, float | int]:
    """An agreement as the page gets it."""
    return {
        "rho": agreement.rho,
        "low": agreement.low,
        "high": agreement.high,
        "top": agreement.top,
        "of": agreement.of,
    }
