"""Metrics of all heads, by name: one number per head, or the name of its pattern."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal, TypeAlias
from weakref import WeakKeyDictionary

import numpy as np
from jaxtyping import Float

from attnwidget.engine import Block, Trace
from attnwidget.errors import BadRequest
from attnwidget.measures.heads.concentration import concentration
from attnwidget.measures.heads.confidence import confidence
from attnwidget.measures.heads.dead_heads import dead_heads
from attnwidget.measures.heads.distance import distance
from attnwidget.measures.heads.entropy import entropy
from attnwidget.measures.heads.share import share
from attnwidget.measures.patterns.patterns import Patterns, patterns
from attnwidget.measures.results import HeadScores
from attnwidget.measures.similarity.head_distances import HeadDistances, head_distances
from attnwidget.measures.similarity.similar_heads import SimilarHeads, redundancy, similar_heads

Group: TypeAlias = Literal["name", "pattern", "measure"]
SoFar: TypeAlias = Callable[[Callable[[], "Metric"]], None]
Measure: TypeAlias = Callable[..., HeadScores]


@dataclass(frozen=True)
class Choice:
    """A metric to choose. `top` is its largest possible number, None if there is no bound."""

    name: str
    title: str
    unit: str
    meaning: str
    group: Group
    top: float | None = 1.0


@dataclass(frozen=True, eq=False)
class Metric:
    """One number per head; `labels` are the names of their patterns, if these were asked for.

    `measured` are the layers that are done, and all that have attention; (0, 0) where they are measured together.
    NaN and "" for layers without attention, heads that a layer lacks, and undefined numbers. A head with
    "no single pattern" has no score either.
    """

    choice: Choice
    values: Float[np.ndarray, "layer head"]
    recipe: str
    labels: tuple[tuple[str, ...], ...] | None = None
    measured: tuple[int, int] = (0, 0)


@dataclass(frozen=True, eq=False)
class Rows:
    """Scores of one layer, or of all from the first on: by name, (layer head) each."""

    first: int
    scores: Mapping[str, HeadScores]
    labels: np.ndarray | None
    recipe: str


PATTERN = Choice("pattern", "pattern", "score", "The pattern of a head, and how strong it is.", "name")

PATTERNS = {
    "previous token": "Attends to the token just before.",
    "next token": "Attends to the token just after.",
    "diagonal": "Attends to itself.",
    "offset": "Attends to a fixed distance of 2 to 8 tokens.",
    "induction": "Attends to what followed an earlier, equal token.",
    "duplicate token": "Attends to earlier, equal tokens.",
    "first token": "Rests on the first token.",
    "separator": "Rests on punctuation and special tokens.",
    "vertical": "All queries attend to the same few tokens, not the first.",
    "vertical + diagonal": "Half at a fixed place, half at a fixed distance.",
    "block diagonal": "Attends evenly to its own sentence or segment.",
    "peaked": "One weight stands out in each row, at a place that moves.",
    "uniform": "Attends equally to all that it can see.",
    "off-diagonal": "Between two sequences: one weight stands out, away from the straight line.",
}
"""The patterns by which heads can be searched. Their scores go from 0, chance, to 1."""

MEASURES: dict[str, tuple[Choice, Measure]] = {
    choice.name: (choice, measure)
    for choice, measure in (
        (Choice("entropy", "entropy", "nats", "How widely a head spreads its attention.", "measure", None), entropy),
        (Choice("distance", "distance", "tokens", "How far away a head attends.", "measure", None), distance),
        (Choice("confidence", "largest weight", "weight", "The largest weight of a row.", "measure"), confidence),
        (
            Choice("concentration", "five largest weights", "share", "Mass on the five largest weights.", "measure"),
            concentration,
        ),
        (
            Choice("first", "weight on the first token", "share", "Mass on the first token.", "measure"),
            partial(share, of="first"),
        ),
        (
            Choice("self", "weight on itself", "share", "Mass on the query itself.", "measure"),
            partial(share, of="self"),
        ),
        (
            Choice("previous", "weight on the previous token", "share", "Mass on the token just before.", "measure"),
            partial(share, of="previous"),
        ),
        (
            Choice(
                "special",
                "weight on special tokens",
                "share",
                "Mass on [CLS], [SEP] and other special tokens.",
                "measure",
            ),
            partial(share, of="special"),
        ),
        (
            Choice("punctuation", "weight on punctuation", "share", "Mass on punctuation.", "measure"),
            partial(share, of="punctuation"),
        ),
        (
            Choice("redundancy", "redundancy", "likeness", "1 if another head has the same attention.", "measure"),
            redundancy,
        ),
    )
}

WRITTEN = Choice(
    "written",
    "norm written",
    "of median",
    "The norm of what a head writes, as a share of the layer's median.",
    "measure",
    None,
)


def choices(*, values: bool = True) -> tuple[Choice, ...]:
    """All metrics; `values` says whether the traces of this model have values (v).

    >>> [choice.name for choice in choices()][:3]
    ['pattern', 'previous token', 'next token']
    """
    of_patterns = (Choice(name, name, "score", meaning, "pattern") for name, meaning in PATTERNS.items())
    return (PATTERN, *of_patterns, *(choice for choice, _ in MEASURES.values()), *((WRITTEN,) if values else ()))


METRIC_NAMES = tuple(choice.name for choice in choices())


def metric(trace: Trace, name: str, part: str, so_far: SoFar = lambda _make: None) -> Metric:
    """The number of every head; computed once per trace, layer by layer. All patterns are computed together.

    Between two layers `so_far` is given what makes the metric of the layers that are done; the others are NaN in it.
    After a stop, the next call goes on with the layer that was stopped.

    Raises BadRequest for a name that is not one of `choices`, AttnWidgetError as the measure does, and Cancelled.
    """
    choice = next((known for known in choices() if known.name == name), None)
    if choice is None:
        raise BadRequest(f"There is no metric {name!r}. Give one of {', '.join(METRIC_NAMES)}.")
    read = name if choice.group == "measure" else PATTERN.name
    known = _known.setdefault(trace, {})
    done = known.get((read, part), ())
    blocks = (None,) if read in OF_ALL_LAYERS else trace.part_blocks(part)
    for block in blocks[len(done) :]:
        if done:
            so_far(partial(_joined, trace, choice, part, done))
        done = (*done, _rows(trace, block, read, part))
        # Another thread may be saving a page meanwhile.
        known[read, part] = max(done, known.get((read, part), ()), key=len)
    return _joined(trace, choice, part, done)


def similar(trace: Trace, head: tuple[int, int], part: str, count: int) -> SimilarHeads:
    """The heads nearest to one. Raises BadRequest for a head that does not exist and a count below 1, and Cancelled."""
    layer, number = head
    counts = trace.heads(part)
    if not (0 <= layer < len(counts) and 0 <= number < counts[layer]):
        raise BadRequest(f"There is no head L{layer}H{number}. Choose another one.")
    if count < 1:
        raise BadRequest(f"count must be 1 or more, not {count}.")
    known = _apart.get(trace, {}).get(part)
    if known is not None:
        return similar_heads(known, head, count=count)
    return similar_heads(trace, head, count=count, part=part)


USUAL_SCORE = 0.5
"""The score from which most patterns are named."""

OF_ALL_LAYERS = frozenset({"redundancy", WRITTEN.name})
"""Computed of all layers together: they compare heads of different layers, or their recipe speaks of all layers."""

_known: "WeakKeyDictionary[Trace, dict[tuple[str, str], tuple[Rows, ...]]]" = WeakKeyDictionary()
_apart: "WeakKeyDictionary[Trace, dict[str, HeadDistances]]" = WeakKeyDictionary()
"""Cached, so that nothing is computed again when the caret moves."""


def _distances(trace: Trace, part: str) -> HeadDistances:
    known = _apart.setdefault(trace, {})
    if part not in known:
        known[part] = head_distances(trace, part=part)
    return known[part]


def _rows(trace: Trace, block: Block | None, name: str, part: str) -> Rows:
    """The scores of one layer, or of all layers if there is no block."""
    kept = slice(None)
    if block is not None:
        kept = slice(block.layer, block.layer + 1)
        trace = replace(trace, blocks=tuple(one for one in trace.blocks if one.part != part or one is block))
    if name != PATTERN.name:
        found = _measured(trace, name, part)
        return Rows(kept.start or 0, {name: HeadScores(found.values[kept], found.recipe)}, None, found.recipe)
    named = patterns(trace, part=part)
    scores = {name: named.best, **named.scores}
    cut = {name: HeadScores(each.values[kept], each.recipe) for name, each in scores.items()}
    return Rows(kept.start or 0, cut, named.labels[kept], _naming(named))


def _measured(trace: Trace, name: str, part: str) -> HeadScores:
    if name == "redundancy":
        return redundancy(_distances(trace, part))
    if name != WRITTEN.name:
        return MEASURES[name][1](trace, part=part)
    found = dead_heads(trace, part=part).scores["written"]
    if np.isnan(found.values).all():
        raise BadRequest("This trace has no values (v), so what its heads write is unknown.")
    return found


def _naming(found: Patterns) -> str:
    other = ", ".join(f"{name} {least:g}" for name, least in found.thresholds.items() if least != USUAL_SCORE)
    return f"the most specific pattern with a score of {USUAL_SCORE:g} or more ({other}); score: {found.recipe}"


def _joined(trace: Trace, choice: Choice, part: str, done: Sequence[Rows]) -> Metric:
    """The finished layers as one metric; its recipe says how many there are so far."""
    counts = trace.heads(part)
    values = np.full((len(counts), max(counts)), np.nan, np.float32)
    labels = np.full(values.shape, "", object)
    for rows in done:
        found = rows.scores[choice.name].values
        place = slice(rows.first, rows.first + len(found)), slice(found.shape[1])
        values[place] = found
        if rows.labels is not None:
            labels[place] = rows.labels
    named = choice.name == PATTERN.name
    recipe = done[0].recipe if named else done[0].scores[choice.name].recipe
    measured = (0, 0) if choice.name in OF_ALL_LAYERS else (len(done), sum(count > 0 for count in counts))
    if measured[0] < measured[1]:
        recipe += f"; so far {measured[0]} of {measured[1]} layers"
    return Metric(choice, values, recipe, tuple(tuple(map(str, row)) for row in labels) if named else None, measured)


def told(found: Metric) -> dict[str, object]:
    """What the page gets for a metric, besides its numbers."""
    there = found.values[np.isfinite(found.values)]
    low, high = (float(there.min()), float(there.max())) if there.size else (0.0, 0.0)
    layers, heads = found.values.shape
    labels: Sequence[Sequence[str]] | None = found.labels
    return {
        "name": found.choice.name,
        "unit": found.choice.unit,
        "low": low,
        "high": high,
        "recipe": found.recipe,
        "layers": layers,
        "heads": heads,
        "measured": list(found.measured),
        "labels": None if labels is None else [list(row) for row in labels],
    }
