"""A fixed set of texts on one checkpoint: every head's numbers, and the rows that the next one is compared with."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from attnwidget.engine import AttentionModel, Trace, go_on
from attnwidget.errors import AttnWidgetError, NotNumbers
from attnwidget.experiments.induction.induction import induction_scores
from attnwidget.experiments.induction.random_tokens import first_tokens, plain_tokens
from attnwidget.experiments.training.head_changes import KeptRows, kept_rows
from attnwidget.measures.heads.confidence import largest
from attnwidget.measures.heads.entropy import normalised_entropy
from attnwidget.measures.heads.share import mass_on
from attnwidget.measures.patterns.patterns import patterns
from attnwidget.measures.portions import head_means
from attnwidget.measures.results import HeadScores

DEFAULT = {
    "entropy": "entropy as a share of the log of the number of visible keys",
    "previous": "share of attention on the previous token",
    "sink": "sink score of the first token: its mean weight over queries that can see it",
    "confidence": "confidence: largest weight of a row",
}
"""The default measures on every text, in one pass; induction is added."""

LENGTH = 50
FEWEST_RANDOM_TOKENS = 8
"""Lengths of the repeated random tokens: the first if the model accepts as many, and at least the last."""

Measures = Mapping[str, Callable[..., Any]]


@dataclass(frozen=True, eq=False)
class Probe:
    """The texts, what is measured on them (None: the default numbers), and the part."""

    texts: tuple[Any, ...]
    measures: Measures | None
    part: str | None

    def fingerprint(self) -> dict[str, Any]:
        """What must be equal for numbers to be comparable. Raises AttnWidgetError for texts that are not plain data."""
        named = {"default": ""} if self.measures is None else {name: _told(f) for name, f in self.measures.items()}
        try:
            written = json.dumps([_plain(text) for text in self.texts], sort_keys=True)
        except (TypeError, ValueError):
            raise AttnWidgetError(
                "A store must recognise its texts, but one of these is not plain data. Give texts or token ids."
            ) from None
        return {
            "texts": hashlib.sha256(written.encode("utf-8", "surrogatepass")).hexdigest(),
            "measures": named,
            "part": self.part,
        }


@dataclass(frozen=True, eq=False)
class Probed:
    """The results of one checkpoint: (layer head) tables by name, their recipes, and rows of every text."""

    tables: Mapping[str, np.ndarray]
    recipes: Mapping[str, str]
    rows: tuple[KeptRows, ...]


def probed(model: AttentionModel, probe: Probe) -> Probed:
    """Run all texts, one after the other, and take the mean of every number over those that have it.

    Raises Cancelled, what `trace` and the measures raise, and AttnWidgetError for a measure without (layer head) numbers.
    """
    recipes: dict[str, str] = {}
    tables: dict[str, list[np.ndarray]] = {}
    if probe.measures is None and (found := _on_random_tokens(model, probe)) is not None:
        tables["induction"], recipes["induction"] = [np.asarray(found, np.float64)], found.recipe
    kept = []
    asks = "induction" not in tables
    for text in probe.texts:
        go_on()
        trace = model.trace(text)
        scores = _default(trace, probe.part, induction=asks) if probe.measures is None else _own(trace, probe)
        for name, one in scores.items():
            tables.setdefault(name, []).append(_table(name, one, trace, probe.part))
            recipes.setdefault(name, str(getattr(one, "recipe", name)))
        kept.append(kept_rows(trace, probe.part))
    return Probed({name: _mean(found) for name, found in tables.items()}, recipes, tuple(kept))


def rows_alone(model: AttentionModel, probe: Probe) -> tuple[KeptRows, ...]:
    """Only the rows that the next checkpoint is compared with."""
    return tuple(kept_rows(model.trace(text), probe.part) for text in probe.texts)


def _default(trace: Trace, part: str | None, *, induction: bool) -> dict[str, HeadScores]:
    keys = trace.tokens(part)[1]
    statistics = {
        "entropy": normalised_entropy,
        "previous": mass_on("previous", keys),
        "sink": mass_on("first", keys),
        "confidence": largest,
    }
    found = {name: HeadScores(table, DEFAULT[name]) for name, table in head_means(trace, part, statistics).items()}
    if induction:
        scores = patterns(trace, part=part).scores["induction"].values
        recipe = "induction: weight beyond uniform attention on what shown_progress an equal token earlier in the texts"
        found["induction"] = HeadScores(scores, recipe)
    return found


def _own(trace: Trace, probe: Probe) -> dict[str, Any]:
    options = {} if probe.part is None else {"part": probe.part}
    return {name: measure(trace, **options) for name, measure in (probe.measures or {}).items()}


def _on_random_tokens(model: AttentionModel, probe: Probe) -> HeadScores | None:
    """Induction on random tokens; None for a model that is not causal, or without random tokens."""
    if model.facts.kind != "decoder":
        return None
    room = LENGTH if model.facts.limit is None else (model.facts.limit - len(first_tokens(model))) // 2
    length = min(LENGTH, room, len(plain_tokens(model)))
    if length < FEWEST_RANDOM_TOKENS:
        return None
    try:
        return induction_scores(model, length=length, part=probe.part).induction
    except NotNumbers:
        raise
    except AttnWidgetError:  # a decoder that attends to later tokens, or needs more than ids
        return None


def _table(name: str, scores: Any, trace: Trace, part: str | None) -> np.ndarray:
    counts = trace.heads(part)
    try:
        table = np.asarray(scores, np.float64)
    except (TypeError, ValueError):
        table = np.empty(0)
    if table.shape != (len(counts), max(counts)):
        raise AttnWidgetError(
            f"The measure {name!r} returned {type(scores).__name__} of the shape {np.shape(table)}. Return one number "
            f"per head, {(len(counts), max(counts))} (layer, head), as aw.entropy(trace) does."
        )
    return table


def _mean(tables: list[np.ndarray]) -> np.ndarray:
    stack = np.stack(tables)
    known = ~np.isnan(stack)
    with np.errstate(invalid="ignore"):
        return np.where(known, stack, 0).sum(0) / known.sum(0)


def _told(measure: Any) -> str:
    if isinstance(measure, partial):
        return f"{_told(measure.func)}{measure.args}{sorted(measure.keywords.items())}"
    named = measure if hasattr(measure, "__qualname__") else type(measure)
    return f"{named.__module__}.{named.__qualname__}"


def _plain(text: Any) -> Any:
    if isinstance(text, Mapping):
        return {str(name): _plain(one) for name, one in text.items()}
    if isinstance(text, list | tuple):
        return [_plain(one) for one in text]
    return text.tolist() if hasattr(text, "tolist") else text
