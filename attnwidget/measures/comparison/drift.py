"""Whether the attention on new texts is still like that on the texts a model was validated on."""

import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from os import PathLike
from typing import Any, NamedTuple

import numpy as np

from attnwidget.arguments import real_number, so_many, truth_of
from attnwidget.errors import AttnWidgetError
from attnwidget.measures.logs.attention_log import AttentionLog, read_log

FEWEST_TEXTS = 5
"""Texts per side: with fewer, no test can tell drift from chance."""

MOST_STRETCHES = 24
"""Of texts, in a chart over time: more of them hide each other."""

SIDES = ("reference", "current")


class DriftedNumber(NamedTuple):
    """One number of a summary in two sets of texts.

    `difference` is the difference of the means in pooled standard deviations, `statistic` the largest distance between
    the two distribution functions (Kolmogorov-Smirnov, 0 to 1), `p` its probability without drift, and `adjusted` is p
    corrected for the number of tests. `since` is the text of the current set, counted from 0, from which on this number
    is another one: where two means, of the reference with the texts before it and of those from it on, fit best.
    """

    name: str
    reference_mean: float
    current_mean: float
    difference: float
    statistic: float
    p: float
    adjusted: float
    since: int = 0

    def __repr__(self) -> str:
        means = f"{self.reference_mean:.4g} -> {self.current_mean:.4g}"
        since = f", since text {self.since}" if self.since else ""
        return f"{self.name}: {means} ({self.difference:+.2f} sd, KS {self.statistic:.2f}, adjusted p {self.adjusted:.2g}{since})"


@dataclass(frozen=True, repr=False)
class Drift:
    """Every number that both sets share, in the order of the reference.

    `left_out` names the numbers that are missing in some text, or have a value in too few texts. `differing` has the
    words, for example model and path, that differ between texts: they may be the cause of the drift. `samples` has the
    values of each number in the reference and in the current texts, in their order, NaN where a text has none.
    """

    numbers: tuple[DriftedNumber, ...]
    left_out: tuple[str, ...]
    recipe: str
    differing: tuple[str, ...] = ()
    samples: Mapping[str, tuple[np.ndarray, ...]] = field(default_factory=dict, compare=False)

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, name: str) -> DriftedNumber:
        """One number by name. Raises AttnWidgetError if it was not compared."""
        found = next((number for number in self.numbers if number.name == name), None)
        if found is None:
            known = ", ".join(number.name for number in self.numbers)
            raise AttnWidgetError(f"{name!r} was not compared. Choose one of: {known}.")
        return found

    def top(self, count: Any = 5, *, lowest: Any = False) -> tuple[DriftedNumber, ...]:
        """The numbers that drifted most, lowest p first; with `lowest` the least. Of equal p the larger difference is more."""
        sign = -1 if truth_of("lowest", lowest) else 1
        order = sorted(self.numbers, key=lambda number: (sign * number.p, -sign * abs(number.difference)))
        return tuple(order[: so_many(count)])

    def alarms(self, level: Any = 0.01) -> tuple[DriftedNumber, ...]:
        """The numbers whose adjusted p is at most `level`, the expected share of false alarms among them.

        Raises AttnWidgetError for a level outside (0, 1).
        """
        bound = real_number(level)
        if bound is None or not 0 < bound < 1:
            raise AttnWidgetError(f"level={level!r} is not valid: give a number between 0 and 1.")
        return tuple(number for number in self.top(len(self)) if number.adjusted <= bound)

    def __repr__(self) -> str:
        lines = [f"Drift({len(self)} numbers, {len(self.alarms())} alarms at 0.01; {self.recipe})"]
        return "\n".join([*lines, *map(repr, self.top())])


def drift(reference: Any, current: Any) -> Drift:
    """Which numbers of `summary` are distributed differently in the `current` texts than in the `reference` texts.

    Both are lists of mappings name -> number or word, one per text, at least 5, as `summary` returns them, or logs: an
    `AttentionLog`, or the path of one. Of a number that has drifted, `since` says from which text on. Numbers are
    compared if every mapping of both sets has them. Texts where a number is NaN are left out for that number, if 5
    remain on either side; `left_out` names the numbers without enough texts. Words are not compared: those that differ
    between texts, for example the model, are in `differing` and in the recipe.

    The test is two-sided Kolmogorov-Smirnov, corrected over all numbers by Benjamini-Hochberg; `since` is a single change of the mean by least squares. Texts of different
    lengths differ in most numbers, so give texts of similar lengths. Raises AttnWidgetError for smaller sets, sets
    without a number in common, and values that are neither numbers nor words.
    Source: Benjamini & Hochberg 1995 (10.1111/j.2517-6161.1995.tb02031.x); scipy.stats.ks_2samp; Page 1955 for
    the one change (10.1093/biomet/42.3-4.523).

    >>> before = [{"entropy": value / 10} for value in range(10)]
    >>> after = [{"entropy": 2 + value / 10} for value in range(10)]
    >>> drift(before, after).alarms()
    (entropy: 0.45 -> 2.45 (+6.61 sd, KS 1.00, adjusted p 1.1e-05),)
    """
    from scipy.stats import false_discovery_control, ks_2samp

    facts = [_facts(texts, name) for texts, name in zip((reference, current), SIDES, strict=True)]
    sets = [[_numbers(text, name) for text in texts] for texts, name in zip(facts, SIDES, strict=True)]
    known = dict.fromkeys(name for texts in sets for text in texts for name in text)
    shared = [name for name in known if all(name in text for texts in sets for text in texts)]
    values = {name: tuple(np.array([text[name] for text in texts]) for texts in sets) for name in shared}
    samples = {name: tuple(side[np.isfinite(side)] for side in sides) for name, sides in values.items()}
    orders = {name: np.flatnonzero(np.isfinite(values[name][1])) for name in shared}
    kept = [name for name, sides in samples.items() if min(map(len, sides)) >= FEWEST_TEXTS]
    if not kept:
        raise AttnWidgetError(
            f"The two sets share no number that is finite in at least {FEWEST_TEXTS} texts of each. Give summaries of "
            "the same kind of trace, made with the same options."
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # with many ties there is no exact p, so it is asymptotic
        tests = [ks_2samp(*samples[name]) for name in kept]
    adjusted = false_discovery_control([test.pvalue for test in tests])
    numbers = tuple(
        _drifted(name, samples[name], test, float(corrected), orders[name])
        for name, test, corrected in zip(kept, tests, adjusted, strict=True)
    )
    recipe = (
        f"{len(sets[0])} reference and {len(sets[1])} current texts, two-sample Kolmogorov-Smirnov, p adjusted by "
        f"Benjamini-Hochberg over {len(kept)} numbers"
    )
    differing = _differing(facts)
    recipe += "".join(f"; {name} differs: {' -> '.join(both)}" for name, both in differing.items())
    left_out = tuple(name for name in known if name not in kept)
    return Drift(numbers, left_out, recipe, tuple(differing), {name: values[name] for name in kept})


def _drifted(name: str, sides: tuple[np.ndarray, ...], test: Any, adjusted: float, order: np.ndarray) -> DriftedNumber:
    before, after = sides
    difference = float(after.mean() - before.mean())
    freedom = len(before) + len(after) - 2
    spread = float(np.sqrt(((len(before) - 1) * before.var(ddof=1) + (len(after) - 1) * after.var(ddof=1)) / freedom))
    standardised = difference / spread if spread else float(np.copysign(np.inf, difference)) if difference else 0.0
    means = float(before.mean()), float(after.mean())
    since = int(order[changed_at(before, after)])
    return DriftedNumber(name, *means, standardised, float(test.statistic), float(test.pvalue), adjusted, since)


def changed_at(before: np.ndarray, after: np.ndarray) -> int:
    """The number of `after` from which on one mean, and another for all before it, leave the smallest squared errors.

    >>> changed_at(np.array([0.0, 1, 0]), np.array([0.0, 1, 5, 6]))
    2
    """
    every = np.concatenate([before, after]) - before.mean()
    first = np.arange(len(before), len(every))
    sums = np.cumsum(every)
    kept = sums[first - 1]
    explained = kept**2 / first + (sums[-1] - kept) ** 2 / (len(every) - first)
    return int(explained.argmax())


@dataclass(frozen=True, eq=False)
class Stretches:
    """Texts cut into stretches of about the same length: the `first` and the `last` text of each, and where its `middle` is.

    `mean` is that of the values in it, `low` and `high` are its 95 % interval by Student's t; NaN for fewer than two values.
    """

    first: np.ndarray
    last: np.ndarray
    middle: np.ndarray
    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray


def stretches(values: np.ndarray, start: int = 0) -> Stretches:
    """A number's values, text by text, as means over stretches: at most 24, of 5 texts or more. The first text is `start`.

    >>> found = stretches(np.arange(10.0))
    >>> found.mean.tolist(), found.last.tolist()
    ([2.0, 7.0], [4, 9])
    """
    from scipy.stats import t

    pieces = np.array_split(np.arange(len(values)), max(1, min(MOST_STRETCHES, len(values) // FEWEST_TEXTS)))
    known = [values[piece][np.isfinite(values[piece])] for piece in pieces]
    mean = np.array([one.mean() if len(one) else np.nan for one in known])
    half = [
        t.ppf(0.975, len(one) - 1) * one.std(ddof=1) / np.sqrt(len(one)) if len(one) > 1 else np.nan for one in known
    ]
    first, last = (np.array([piece[end] for piece in pieces]) + start for end in (0, -1))
    return Stretches(first, last, (first + last) / 2, mean, mean - half, mean + half)


def _facts(texts: Any, name: str) -> list[Mapping[str, Any]]:
    """A set of summaries. Raises AttnWidgetError for anything else."""
    if isinstance(texts, str | PathLike | AttentionLog):
        texts = [_compared(line) for line in read_log(texts)]
    if isinstance(texts, Mapping) or not isinstance(texts, Iterable):
        raise AttnWidgetError(
            f"{name} is {type(texts).__name__}. Give a list with one summary (a mapping) per text, or a log."
        )
    found = list(texts)
    for text in found:
        if not isinstance(text, Mapping):
            raise AttnWidgetError(
                f"{name} contains {type(text).__name__}. Give one mapping from names to numbers per text."
            )
    if len(found) < FEWEST_TEXTS:
        raise AttnWidgetError(f"{name} has {len(found)} texts. Give at least {FEWEST_TEXTS} on either side.")
    return found


def _compared(line: Mapping[str, Any]) -> dict[str, Any]:
    """A line of a log without what says which text it is."""
    return {name: value for name, value in line.items() if name not in {"time", "hash", "text"}}


def _numbers(text: Mapping[str, Any], name: str) -> dict[str, float]:
    """The numbers of a summary as floats, without its words. Raises AttnWidgetError for other values."""
    try:
        return {str(key): float(value) for key, value in text.items() if not isinstance(value, str)}
    except (TypeError, ValueError):
        raise AttnWidgetError(
            f"{name} contains values that are neither numbers nor words. Give mappings from names to numbers."
        ) from None


def _differing(facts: list[list[Mapping[str, Any]]]) -> dict[str, list[str]]:
    """The words that differ between texts: all values of both sets, in the order of the texts."""
    names = dict.fromkeys(
        key for texts in facts for text in texts for key, value in text.items() if isinstance(value, str)
    )
    found = {
        str(name): [list(dict.fromkeys(str(text.get(name, "none")) for text in texts)) for texts in facts]
        for name in names
    }
    return {
        name: [" and ".join(side) for side in both] for name, both in found.items() if len({*both[0], *both[1]}) > 1
    }
