"""What the page gets of the evidence: column by column, and within the exact one word by word."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from attnwidget.engine import AttentionModel, Trace
from attnwidget.experiments.agreement.columns import Column, columns
from attnwidget.experiments.agreement.curves import curve_counts, random_orders, scored, without_first
from attnwidget.experiments.agreement.evidence import Evidence, gathered
from attnwidget.experiments.agreement.faithfulness import ORDERS, scorer
from attnwidget.experiments.agreement.methods import HIDING, IN_ORDER, METHODS, Asking
from attnwidget.experiments.agreement.places import Places, places_of
from attnwidget.experiments.effects.answers import Asked
from attnwidget.measures.ranks import Agreement, by_size
from attnwidget.widget.answering.asked import answer_told, asked_by
from attnwidget.widget.answering.requests import AskedAnswer

AnswerParts = tuple[dict[str, Any], list[bytes]]
"""The content and the buffers of an answer."""

CURVE_POINTS = 5
"""Points of the curves besides their ends."""

LARGEST_COPIED = 50_000_000
"""Parameters up to which an untrained copy is made here: the page waits for it, whatever else it asks meanwhile."""


@dataclass(eq=False)
class _Known:
    """What has been found out so far for one question about one trace: it goes on there when it is asked again."""

    asked: Asked
    places: Places
    columns: dict[str, Column] = field(default_factory=dict)
    runs: dict[tuple[int, ...], float] = field(default_factory=dict)  # sets of words that were hidden for the curves
    curves: dict[str, Any] | None = None
    whole: bool = False  # nothing more is to come


_known: "WeakKeyDictionary[Trace, dict[tuple[AskedAnswer, str], _Known]]" = WeakKeyDictionary()


def evidence_told(
    model: AttentionModel,
    trace: Trace,
    question: AskedAnswer,
    part: str,
    progress: Callable[..., None],
    parts: Callable[[Callable[[], AnswerParts]], None],
) -> AnswerParts:
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

    def told() -> AnswerParts:
        return _told(gathered(asking, known.places, METHODS, known.columns), known.curves)

    def curves() -> None:
        known.curves = _curves(asking, known, progress)
        parts(told)

    hidden = known.columns.get(HIDING.name)
    if hidden is not None and hidden.done and known.curves is None:
        curves()
    for column in columns(asking, known.places, METHODS, known.columns, heard=progress):
        known.columns[column.name] = column
        parts(told)
        if column.method is HIDING and column.done:
            curves()  # before what takes long; each run is made once
    if not known.whole:
        curves()
        known.whole = True
    return told()


def _curves(asking: Asking, known: _Known, progress: Callable[..., None]) -> dict[str, Any]:
    """The probability of the answer while words are hidden, in the order of each method and in random ones."""
    own = list(known.places.compared)
    shown = {
        method.name: known.columns[method.name].values[own]
        for method in IN_ORDER
        if not method.null and method.name in known.columns and known.columns[method.name].why is None
    }
    counts = curve_counts(len(own), CURVE_POINTS)
    orders = [by_size(values).tolist() for values in shown.values()]
    orders += random_orders(len(own), ORDERS, asking.seed).tolist()
    seeking = replace(asking, asked=replace(asking.asked, unit="probability"))
    sets = [one for order in orders for one in without_first(order, counts)]
    found = scored(sets, scorer(seeking, known.places, progress, known.runs)).reshape(len(orders), len(counts))
    drawn = found[len(shown) :]
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    return {
        "counts": list(counts),
        "unit": "probability",
        "lines": [{"name": name, "values": found[at].tolist()} for at, name in enumerate(shown)],
        "random": {"mean": drawn.mean(0).tolist(), "low": low.tolist(), "high": high.tolist()},
    }


def _told(evidence: Evidence, curves: dict[str, Any] | None) -> AnswerParts:
    there = {column.name: column for column in evidence.columns}
    values = np.full((len(IN_ORDER), len(evidence.places)), np.nan, "<f4")
    methods = []
    for row, method in enumerate(IN_ORDER):
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
        "curves": curves,
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
