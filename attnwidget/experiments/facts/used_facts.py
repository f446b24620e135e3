"""What was found of a fact over many texts: a verdict for each, and a table with intervals, cut by right and wrong answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from attnwidget.arguments import one_of, so_many, whole_number
from attnwidget.errors import AttnWidgetError
from attnwidget.experiments.probes.probed_layers import ProbedLayers
from attnwidget.experiments.resampling import INTERVALS
from attnwidget.experiments.surveys.answering import RIGHT
from attnwidget.experiments.surveys.cut import SurveyCut, cut_by
from attnwidget.experiments.surveys.result import Survey
from attnwidget.experiments.surveys.statistics import Estimate, one, spread_of
from attnwidget.experiments.tables import table_of

NOT_LOOKED_AT = "not looked at"
LOOKED_AT = "seen but not encoded"
ENCODED = "encoded but not used"
USED = "used"
USES = (NOT_LOOKED_AT, LOOKED_AT, ENCODED, USED)
"""What can be said of a fact in a text, from least to most."""


@dataclass(frozen=True)
class UseThresholds:
    """From which numbers a fact is looked at, encoded and used.

    `seen`: the share of its weight beyond uniform attention that the head which reads such facts gives this one. `encoded`:
    the probability that a probe, which has not seen this text, gives what the fact says. `used`: the fall of the answer's
    log probability with the fact hidden, in nats; the default is log 2, a fact that makes the answer twice as likely.
    """

    seen: float
    encoded: float
    used: float

    def verdict(self, beyond: float, likely: float, effect: float) -> str:
        """The strongest thing that can be said: what is used was read in some way, whatever was seen of it.

        >>> limits = UseThresholds(0.1, 0.5, 0.69)
        >>> limits.verdict(0.4, 0.9, 0.1), limits.verdict(0.0, 0.2, 2.5)
        ('encoded but not used', 'used')
        """
        if effect >= self.used:
            return USED
        if likely >= self.encoded:
            return ENCODED
        return LOOKED_AT if beyond >= self.seen else NOT_LOOKED_AT

    def __repr__(self) -> str:
        return (
            f"looked at from {self.seen:g} of the weight beyond uniform, encoded from a probability of {self.encoded:g}, "
            f"used from {self.used:.2g} nats"
        )


@dataclass(frozen=True, eq=False)
class FactInText:
    """A text and its fact: `number` among all that were read, the `verdict`, and the numbers that it rests on.

    `weight` is that of `head`, beside what `uniform` attention would give, other stretches as long (`other_words`), and the
    fact's share of what the row carries (`by_value`). `likely` is the probability of what the fact says by the probe of
    `layer`, and whether that was its first choice (`decoded`). `effect` is the fall of the answer in nats, beside that of
    what the model says itself (`own_effect`), and with as many other words hidden (`other_effect`).
    """

    number: int
    text: Any
    says: str
    verdict: str
    head: tuple[int, int]
    weight: float
    by_value: float
    uniform: float
    other_words: float
    layer: str
    likely: float
    decoded: bool
    control: bool
    effect: float
    own_effect: float
    other_effect: float
    columns: Mapping[str, Any] = field(default_factory=dict)

    @property
    def beyond(self) -> float:
        """The weight beyond uniform attention, 1 for a head that reads nothing else."""
        return (self.weight - self.uniform) / max(1e-9, 1 - self.uniform)

    def __repr__(self) -> str:
        head = f"L{self.head[0]}H{self.head[1]}"
        return (
            f"#{self.number} {self.verdict}: weight {self.weight:.2f} ({head}), {self.says!r} decoded with {self.likely:.2f} "
            f"({self.layer}), effect {self.effect:+.2f} nats"
        )


@dataclass(frozen=True, repr=False)
class UseTable:
    """A row for every number, with its mean and interval over all texts, and over each group of a column if it was cut.

    `cuts` has, by row, the groups, and of two groups their difference with interval, Cliff's delta and p.
    """

    column: str | None
    every: Mapping[str, Estimate]
    cuts: Mapping[str, SurveyCut]

    def columns(self) -> dict[str, list[Any]]:
        """Plain columns, a row for every number and group, as pandas takes them; "" is the group of all."""
        found: dict[str, list[Any]] = {
            name: [] for name in ("what", self.column or "group", "texts", "mean", "low", "high")
        }
        for what, whole in self.every.items():
            groups = {"": whole, **(self.cuts[what].groups if what in self.cuts else {})}
            for group, number in groups.items():
                row = (what, group, number.texts, number.mean, number.low, number.high)
                for name, value in zip(found, row, strict=True):
                    found[name].append(value)
        return found

    def __repr__(self) -> str:
        groups = list(next(iter(self.cuts.values())).groups) if self.cuts else []
        two = any(cut.difference is not None for cut in self.cuts.values())
        named = [f"{self.column}: {group}" for group in groups]
        rows = [("", "all texts", *named, *(("difference",) if two else ()))]
        for what, whole in self.every.items():
            cut = self.cuts.get(what)
            cells = [repr(whole), *(repr(cut.groups[group]) if cut else "" for group in groups)]
            if two:
                cells.append(repr(cut.difference) if cut and cut.difference is not None else "")
            rows.append((what, *cells))
        widths = [max(len(row[at]) for row in rows) + 2 for at in range(len(rows[0]))]
        return "\n".join(
            "".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
        )


@dataclass(frozen=True, eq=False, repr=False)
class UsedFacts:
    """Whether the facts of many texts were looked at, encoded, used. `len` counts the texts with a verdict.

    `facts` has a record for each text. `reading` is the survey of what the answering token reads of the fact (every head),
    `effects` that of what the answer loses without it, `probed` the probe at every layer. `left_out` are the texts without a
    verdict, by reason. `notes` say what weakens the numbers.
    """

    fact: str
    answer: str
    facts: tuple[FactInText, ...]
    thresholds: UseThresholds
    reading: Survey
    effects: Survey
    probed: ProbedLayers
    left_out: Mapping[str, int]
    notes: tuple[str, ...]
    seed: int

    def __len__(self) -> int:
        return len(self.facts)

    @cached_property
    def numbers(self) -> Mapping[str, np.ndarray]:
        """What stands in the table, by row: one number for each text."""

        def of(name: str) -> np.ndarray:
            return np.array([getattr(one, name) for one in self.facts], np.float64)

        shares = {use: np.array([one.verdict == use for one in self.facts], np.float64) for use in USES}
        unseen = [one.verdict == USED and one.beyond < self.thresholds.seen for one in self.facts]
        return {
            f"weight on the {self.fact}": of("weight"),
            "  uniform": of("uniform"),
            "  other words": of("other_words"),
            "  by value": of("by_value"),
            f"{self.fact} decoded": of("decoded"),
            "  control": of("control"),
            "  selectivity": of("decoded") - of("control"),
            f"fall of the {self.answer}, nats": of("effect"),
            "  other words hidden": of("other_effect"),
            "  of its own answer": of("own_effect"),
            **shares,
            "  used, hardly looked at": np.array(unseen, np.float64),
        }

    @cached_property
    def overall(self) -> UseTable:
        """The table over all texts."""
        return self._table(None)

    def by(self, column: Any = RIGHT) -> UseTable:
        """The table cut by a column of the texts, by default by right and wrong answers.

        Raises AttnWidgetError for a column that is not there, or has one value alone, or one for nearly every text.
        """
        return self._table(column)

    def _table(self, column: Any) -> UseTable:
        every = {what: one(spread_of(values[:, None], self.seed), (0,)) for what, values in self.numbers.items()}
        cuts: dict[str, SurveyCut] = {}
        if column is not None:
            known = [one.columns for one in self.facts]
            for what, values in self.numbers.items():
                cuts[what] = cut_by(what.strip(), known, values, column, self.seed)
        return UseTable(column, every, cuts)

    def share(self, use: Any) -> Estimate:
        """The share of texts with a verdict, with its interval. Raises AttnWidgetError for a verdict that there is not."""
        return self.overall.every[one_of("use", use, USES)]

    def texts(self, use: Any, count: Any = 5) -> tuple[FactInText, ...]:
        """Texts with a verdict, in their order. Raises AttnWidgetError for a verdict that there is not."""
        wanted = one_of("use", use, USES)
        return tuple(one for one in self.facts if one.verdict == wanted)[: so_many(count)]

    def example(self, use: Any, number: Any = 0) -> dict[str, Any]:
        """A state that `aw.explore(model, state=...)` opens: the `number`-th text with a verdict, at the head that reads such facts.

        Raises AttnWidgetError for a verdict that there is not, and if no such text has it.
        """
        there = self.texts(use, len(self.facts))
        at = whole_number(number)
        if at is None or not -len(there) <= at < len(there):
            raise AttnWidgetError(f"There is no example {number!r} of {use!r}: {len(there)} texts have that verdict.")
        return self.reading.state_of(there[at].number, there[at].head)

    def table(self) -> Any:
        """A row for every text: a DataFrame where pandas is installed, else columns."""
        seen = ("number", "text", "says", "verdict", "head", "weight", "uniform", "other_words", "by_value")
        names = (*seen, "layer", "likely", "decoded", "control", "effect", "other_effect", "own_effect")
        found = {name: [getattr(one, name) for one in self.facts] for name in names}
        found["head"] = [f"L{layer}H{head}" for layer, head in found["head"]]
        further = dict.fromkeys(name for one in self.facts for name in one.columns if name not in found)
        found |= {name: [one.columns.get(name) for one in self.facts] for name in further}
        return table_of(found)

    def __repr__(self) -> str:
        heads = dict.fromkeys(f"L{one.head[0]}H{one.head[1]}" for one in self.facts)
        layers = dict.fromkeys(one.layer for one in self.facts)
        lines = [
            f"UsedFacts({self.fact}; {len(self):,} texts of {self.reading.recipe.get('model', 'a model')})",
            f"  {self.thresholds!r}",
            f"  head {', '.join(heads)}; probe of {', '.join(layers)}: chosen on the other texts",
        ]
        kinds = {one.columns.get(RIGHT) for one in self.facts}
        table = self.by() if kinds == {True, False} else self.overall
        lines += [f"  {line}" for line in repr(table).splitlines()]
        lines += [f"  left out: {count:,} x {reason}" for reason, count in self.left_out.items()]
        return "\n".join([*lines, *(f"  {note}" for note in self.notes), f"  {INTERVALS}"])
