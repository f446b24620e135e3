"""What a chart of heads is asked to show -> the numbers, and what they are called."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from inspect import signature
from typing import Any

import numpy as np

from attnwidget.engine import Trace
from attnwidget.errors import AttnWidgetError
from attnwidget.measures.results import HeadScores

UNITS = {
    "entropy": "nats",
    "confidence": "weight",
    "distance": "tokens",
    "sink_score": "weight",
    "concentration": "share",
    "redundancy": "likeness",
}
"""The measures that have one number per head, and the unit of each."""

_POSSIBLE = (
    f"Give one of {', '.join(UNITS)}; or a function of a trace and a part that returns HeadScores, such as "
    "lambda trace, part=None: aw.share(trace, 'first', part=part)."
)


@dataclass(frozen=True, eq=False)
class Measured:
    """One number per head, (layer head), what they are called and their unit ("" when unknown).

    `of` is the model; `part` is whose heads they are where a model has several kinds of attention.
    """

    scores: HeadScores
    name: str
    unit: str
    of: str = ""
    part: str = ""

    @property
    def label(self) -> str:
        """Name and unit, as an axis is labelled."""
        return f"{self.name} ({self.unit})" if self.unit and self.unit not in self.name else self.name

    @property
    def values(self) -> np.ndarray:
        """The numbers, (layer head), in float64."""
        return np.asarray(self.scores.values, np.float64)


def measured(given: Any, metric: Any = None, part: str | None = None) -> Measured:
    """The numbers of every head: `metric` of a trace (entropy when None), or HeadScores as they are.

    Raises AttnWidgetError for anything else, listing what is possible.
    """
    if isinstance(given, HeadScores):
        if metric is not None or part is not None:
            raise AttnWidgetError(
                "HeadScores are already computed, so metric= and part= do not apply. Give the trace instead, or the "
                "scores alone."
            )
        return _named(given)
    if not isinstance(given, Trace):
        raise AttnWidgetError(
            f"This needs a Trace or HeadScores, not {type(given).__name__}. Give model.trace(text), or the result of a "
            f"measure like aw.entropy(trace). The measures are: {', '.join(UNITS)}."
        )
    call, name = _measure("entropy" if metric is None else metric)
    _check_call(call, name)
    scores = call(given, part=part)
    if not isinstance(scores, HeadScores):
        raise AttnWidgetError(
            f"{name} returns {type(scores).__name__}, but a chart of heads needs HeadScores, one number per head. Use "
            f"one of {', '.join(UNITS)}."
        )
    unit = _unit(scores.recipe) or UNITS.get(name, "")
    called = _capital(name.replace("_", " "))
    return Measured(head_table(scores), called, unit, given.model.name, part_of(given, part))


def part_of(given: Any, part: str | None) -> str:
    """The part that is shown, for a trace that has several; "" for anything else."""
    several = isinstance(given, Trace) and len(given.parts) > 1
    return given.part_blocks(part)[0].part if several else ""


def head_table(scores: HeadScores) -> HeadScores:
    """The scores, if they are (layer head) and there is a head. Raises AttnWidgetError otherwise."""
    if scores.values.ndim != 2 or 0 in scores.values.shape:
        raise AttnWidgetError(f"The scores have the shape {scores.shape}. Give a (layer, head) table.")
    return scores


def named_after(scores: Any) -> Measured:
    """Scores of heads, named after the first words of their recipe."""
    if not isinstance(scores, HeadScores):
        raise AttnWidgetError(
            f"This needs HeadScores, not {type(scores).__name__}. Give the result of a measure like aw.entropy(trace); "
            f"the measures are: {', '.join(UNITS)}."
        )
    return _named(scores)


def _named(scores: HeadScores) -> Measured:
    first = re.split(r"[,;:.(]", head_table(scores).recipe, maxsplit=1)[0].strip()
    unit = _unit(first)
    name = re.sub(r"\s+(in \w+|as a share.*)$", "", first) if unit else first
    return Measured(scores, _capital(name if len(name) <= 40 else f"{name[:39]}…") or "Score", unit)


def _unit(text: str) -> str:
    found = re.search(r"\b(?:in (nats|bits|tokens)|as a (share))\b", text)
    return found[1] or found[2] if found else ""


def _measure(metric: Any) -> tuple[Callable[..., Any], str]:
    if callable(metric):
        inner = getattr(metric, "func", metric)  # of a functools.partial
        return metric, str(getattr(inner, "__name__", type(metric).__name__)).strip("<>")
    if not isinstance(metric, str) or metric not in UNITS:
        raise AttnWidgetError(f"There is no measure {metric!r} that needs a trace alone. {_POSSIBLE}")
    return getattr(import_module("attnwidget"), metric), metric


def _check_call(call: Callable[..., Any], name: str) -> None:
    """Raises AttnWidgetError for what cannot be called with a trace and a part, where that can be told beforehand."""
    try:
        expected = signature(call)
    except (TypeError, ValueError):  # some that are written in C
        return
    try:
        expected.bind(None, part=None)
    except TypeError as error:
        raise AttnWidgetError(f"{name} cannot be called with a trace and part=...: {error}. {_POSSIBLE}") from None


def _capital(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"
