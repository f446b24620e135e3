"""The pattern of every head, by name."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from attnwidget.engine import Trace
from attnwidget.errors import AttnWidgetError
from attnwidget.measures.given_trace import said_setting
from attnwidget.measures.measure import measure
from attnwidget.measures.patterns.scores import pattern_scores
from attnwidget.measures.results import HeadScores, RankedHead

NO_PATTERN = "no single pattern"
_FORMERLY = "heterogeneous"
"""What older results call it: still understood."""

THRESHOLDS = {
    "previous token": 0.5,
    "next token": 0.5,
    "diagonal": 0.5,
    "induction": 0.4,
    "duplicate token": 0.4,
    "offset": 0.5,
    "first token": 0.5,
    "separator": 0.5,
    "off-diagonal": 0.5,
    "vertical": 0.5,
    "vertical + diagonal": 0.5,
    "block diagonal": 0.5,
    "peaked": 0.5,
    "uniform": 0.9,
}
"""Half of what a perfect head would have beyond uniform attention. Clark et al. 2019 ask for half of the mass of a head
by position and 0.6 of one by special tokens or punctuation, not corrected; Voita et al. 2019 for 0.9 of the largest
weights at one offset. Induction and duplicates get by with less: such a head looks up where that helps, and rests
elsewhere. Uniform is nine tenths of the entropy that there could be: softmax always leaves a lot."""

TIERS = (
    ("previous token", "next token", "diagonal", "induction", "duplicate token", "offset"),
    ("off-diagonal", "first token", "separator", "vertical", "vertical + diagonal"),
    ("block diagonal",),
    ("peaked", "uniform"),
)
"""Specific patterns are named before general ones. Within a tier the highest score wins; among close ones the first."""

LIKE = 0.05
"""Scores that differ by less are equal: which one is higher is chance."""


@dataclass(frozen=True, eq=False, repr=False)
class Patterns:
    """Every head's pattern by name. `labels` and the scores are (layer head).

    `labels` are "" for heads without attention, and on texts that are too short. "offset -3" includes the offset.
    `scores` has every pattern's score of every head, from 0 to 1; `best` that of the label, NaN for heads
    without one. `distances` are the offsets behind the scores of "offset", -3 for three back. `thresholds` are the scores
    from which a head gets a label.
    """

    labels: np.ndarray
    scores: Mapping[str, HeadScores]
    best: HeadScores
    distances: np.ndarray
    thresholds: Mapping[str, float]
    recipe: str

    def of(self, name: str) -> tuple[RankedHead, ...]:
        """The heads with this label, best first; "offset" includes any offset.

        Raises AttnWidgetError for an unknown pattern.
        """
        wanted = _known(name, [*self.thresholds, NO_PATTERN])
        families = np.vectorize(family, otypes=[object])(self.labels)
        called = self.labels == name if wanted == "offset" != name else families == wanted
        if wanted == NO_PATTERN:
            return tuple(RankedHead(int(at), int(head), float("nan")) for at, head in np.argwhere(called))
        return HeadScores(np.where(called, self.best.values, np.nan), self.recipe).top(called.size)

    def score(self, name: str) -> HeadScores:
        """How much every head has of a pattern, (layer head), whatever it is called. Raises AttnWidgetError as `of`.

        "offset" is any offset; "offset -3" has the heads whose best one is three back, and NaN for all others.
        """
        wanted = _known(name, list(self.scores))
        found = self.scores[wanted]
        if wanted == name:
            return found
        there = self.distances == int(name.removeprefix("offset "))
        return HeadScores(np.where(there, found.values, np.nan), found.recipe)

    def __repr__(self) -> str:
        counts = Counter(family(label) for label in self.labels.ravel())
        order = [*self.thresholds, NO_PATTERN]
        lines = [
            f"  {name:<20}{counts[name]:>4}  {', '.join(_shown(self, head) for head in self.of(name)[:4])}"
            for name in sorted(filter(counts.get, order), key=lambda name: -counts[name])
        ]
        layers, heads = self.labels.shape
        return "\n".join([f"Patterns({layers} x {heads}; {self.recipe})", *lines])


@measure
def patterns(trace: Trace, *, part: str | None = None) -> Patterns:
    """The pattern of every head by name, with every pattern's score from 0 to 1, (layer head), in one pass.

    Most scores are (mass - chance) / (1 - chance), summed over the rows that can show the pattern: mass is the weight
    on its keys, chance what uniform attention over the visible keys would put there. A uniform head has 0, a perfect
    one 1. Rows that see a single key do not count, and fewer than three rows give NaN.

    | pattern | keys that count |
    |---|---|
    | previous token, next token, diagonal | one before the query, one behind it, the query itself |
    | offset | the best distance from 2 to 8, either way, that at least half of the rows have |
    | induction | those after an earlier token equal to the query; rows that have one (Olsson et al. 2022) |
    | duplicate token | earlier tokens equal to the query; rows that have one |
    | first token | the first that is no padding; its own row left out |
    | separator | special tokens and pieces without a letter or digit, other than the first |
    | vertical | the best one to three columns, at most one key in eight, that are not the first; own rows left out |
    | block diagonal | the query's own segment, or else sentence; mass counts as far as it is spread evenly there |

    The others: "peaked" is the mean of the largest weights beyond chance, without the most favoured key, so that its
    place must move; "uniform" is the entropy as a share of the log of the number of visible keys; "vertical + diagonal"
    is twice the smaller of the best fixed place and the best distance. In cross-attention, "diagonal" is the mass near
    the straight line from start to end (a tenth of the keys to either side, at least one), and "off-diagonal" is
    "peaked" counted where the largest weight is off that line, as in reordering; patterns by distance and equality are
    NaN there.

    A pattern passes at its threshold (0.5; induction and duplicate token 0.4, uniform 0.9). Among those that pass,
    specific ones come before general ones: distance and equality, then off-diagonal and fixed places (first token,
    separator, vertical, vertical + diagonal), then blocks, and last peaked and uniform. Within each group the highest
    score decides; scores within 0.05 of it are ordered as listed here. "no single pattern" means that none passes.

    A triangular map comes from the mask and is not a pattern. Weights on sinks outside the text count for no pattern.
    On natural text, common phrases confound equality: `induction_scores(model)` tests with random tokens. Raises
    AttnWidgetError for an ambiguous part; NotNumbers for weights that are NaN.
    Source: classes of Kovaleva et al. 2019 (D19-1445) and Clark et al. 2019 (W19-4828); these scores are ours.

    >>> import torch
    >>> from attnwidget import Trace
    >>> previous = torch.eye(6).roll(-1, 1)                    # row i reads key i - 1
    >>> found = patterns(Trace.from_weights([previous[None]], list("abcdef")))
    >>> found.labels.tolist(), found.of("previous token")
    ([['previous token']], (L0H0 1,))
    """
    tables = pattern_scores(trace, part)
    counts = trace.heads(part)
    nothing = np.full((len(counts), max(counts)), np.nan, np.float32)
    recipe = "weight beyond uniform attention on the keys of each pattern, mean over rows that can show it"
    recipe += said_setting(trace, part)
    scores = {name: HeadScores(tables.get(name, nothing), f"{name}: {recipe}") for name in THRESHOLDS}
    chosen = _chosen({name: found.values for name, found in scores.items()})
    best = nothing.copy()
    for name, found in scores.items():
        best[chosen == name] = found.values[chosen == name]
    labels = chosen.copy()
    for at in zip(*np.nonzero(chosen == "offset"), strict=True):
        labels[at] = f"offset {int(tables['distance'][at]):+d}"
    named = HeadScores(best, f"score of the named pattern; {recipe}")
    return Patterns(labels, scores, named, tables.get("distance", nothing), dict(THRESHOLDS), recipe)


def _chosen(scores: Mapping[str, np.ndarray]) -> np.ndarray:
    """(layer head) names: the highest score, or one close to it, of the first tier that reaches a threshold."""
    found = np.full(next(iter(scores.values())).shape, "", object)
    found[np.any([~np.isnan(values) for values in scores.values()], axis=0)] = NO_PATTERN
    for tier in reversed(TIERS):
        passed = np.stack([np.where(scores[name] >= THRESHOLDS[name], scores[name], -np.inf) for name in tier])
        highest = passed.max(0)
        first = (passed >= highest - LIKE).argmax(0)
        found = np.where(np.isfinite(highest), np.array(tier, object)[first], found)
    return found


def family(label: str) -> str:
    """A label without its distance, and by its present name.

    >>> family("offset -3"), family("heterogeneous"), family("peaked")
    ('offset', 'no single pattern', 'peaked')
    """
    return "offset" if label.startswith("offset") else present_name(label)


def present_name(label: str) -> str:
    """A label, which may be from an older result, as it is called now."""
    return NO_PATTERN if label == _FORMERLY else label


def _known(name: str, names: list[str]) -> str:
    """The pattern that a name belongs to. Raises AttnWidgetError if there is none."""
    known = family(name) if name == _FORMERLY or re.fullmatch(r"offset [+-]\d+", str(name)) else name
    if known not in names:
        raise AttnWidgetError(f"There is no pattern {name!r}. Give one of {', '.join(names)}.")
    return known


def _shown(found: Patterns, head: RankedHead) -> str:
    label = found.labels[head.layer, head.head]
    return f"L{head.layer}H{head.head}" if family(label) == NO_PATTERN else _scored(label, head)


def _scored(label: str, head: RankedHead) -> str:
    distance = f" ({label.removeprefix('offset ')})" if label.startswith("offset") else ""
    return f"L{head.layer}H{head.head} {head.value:.2f}{distance}"
