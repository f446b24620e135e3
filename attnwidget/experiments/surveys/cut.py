"""A survey cut by what is known of its texts: right and wrong answers, or any column."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from attnwidget.errors import AttnWidgetError
from attnwidget.experiments.resampling import FEWEST_FOR_INTERVAL, INTERVALS
from attnwidget.experiments.surveys.statistics import Estimate, difference_of_groups, one, spread_of
from attnwidget.experiments.surveys.verdict import texts_in_words

MOST_GROUPS = 20


@dataclass(frozen=True, repr=False)
class SurveyCut:
    """Groups of texts, by the value of a column, each with its mean and interval.

    Of two groups, `difference` is the first minus the second with its interval, `delta` Cliff's delta (-1 to 1: how much more often a
    text of the first has the higher number than the lower one), `p` Mann-Whitney's.
    """

    words: str
    column: str
    groups: Mapping[Any, Estimate]
    difference: Estimate | None = None
    delta: float = float("nan")
    p: float = float("nan")

    def table(self) -> dict[str, list[Any]]:
        """Plain columns, as pandas takes them."""
        found = list(self.groups.values())
        return {
            self.column: list(self.groups),
            "texts": [each.texts for each in found],
            "mean": [each.mean for each in found],
            "low": [each.low for each in found],
            "high": [each.high for each in found],
        }

    def __repr__(self) -> str:
        lines = [f"{self.words}, by {self.column}:"]
        lines += [f"  {name!s:<16}{found!r} on {texts_in_words(found.texts)}" for name, found in self.groups.items()]
        if self.difference is not None:
            first, second = self.groups
            lines.append(
                f"  {first} minus {second}: {self.difference!r}, Cliff's delta {self.delta:+.2f}, p {self.p:.2g}"
            )
        return "\n".join([*lines, f"  {INTERVALS}"])


def cut_by(words: str, known: Sequence[Mapping[str, Any]], numbers: np.ndarray, column: Any, seed: int) -> SurveyCut:
    """The groups of a column: `known` are the columns of each text, `numbers` its number. Raises AttnWidgetError for one that is not there, has one value, or nearly as many as texts."""
    named = dict.fromkeys(name for columns in known for name in columns)
    if column not in named:
        there = ", ".join(map(repr, named)) or "none"
        raise AttnWidgetError(f"There is no column {column!r:.60}. The texts have {there}.")
    values = [columns.get(column) for columns in known]
    try:
        kinds = dict.fromkeys(value for value in values if value is not None)
    except TypeError:
        raise AttnWidgetError(
            f"The column {column!r} has lists or mappings: a survey is cut by single values."
        ) from None
    if len(kinds) < 2:
        same = ", ".join(f"{kind!r:.40}" for kind in kinds) or "none"
        raise AttnWidgetError(f"All texts have the same {column!r} ({same}), so there is nothing to compare.")
    if len(kinds) > MOST_GROUPS:
        raise AttnWidgetError(
            f"The column {column!r} has {len(kinds):,} values; at most {MOST_GROUPS} make groups. Put them into classes."
        )
    order = [True, False] if all(isinstance(kind, bool) for kind in kinds) else sorted(kinds, key=str)
    own = {kind: numbers[[value == kind for value in values]] for kind in order}
    groups = {kind: one(spread_of(some[:, None], seed), (0,)) for kind, some in own.items()}
    if len(order) != 2 or any(groups[kind].texts < FEWEST_FOR_INTERVAL for kind in order):
        return SurveyCut(words, column, groups)
    first, second = own.values()
    difference, delta, p = difference_of_groups(first, second, seed)
    return SurveyCut(words, column, groups, difference, delta, p)
