"""What a survey found: numbers with intervals, controls beside them, a verdict, and the texts that show it."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from attnwidget.arguments import so_many, whole_number
from attnwidget.engine import AttentionModel, head_named
from attnwidget.errors import AttnWidgetError
from attnwidget.experiments.resampling import INTERVALS
from attnwidget.experiments.surveys.cut import SurveyCut, cut_by
from attnwidget.experiments.surveys.examples import HeadExamples, head_examples
from attnwidget.experiments.surveys.records import Answered, QuestionSaid, Unanswered, Unread
from attnwidget.experiments.surveys.statistics import (
    CORRECTED,
    SIGNIFICANT,
    Estimate,
    PairedDifference,
    Spread,
    difference_of,
    one,
    spread_of,
)
from attnwidget.experiments.surveys.survey_file import read_survey, write_survey
from attnwidget.experiments.surveys.survey_page import SurveyCard, survey_html
from attnwidget.experiments.surveys.verdict import Verdict, chosen_head, halves, of_texts, texts_in_words, verdict_on
from attnwidget.experiments.tables import table_of
from attnwidget.measures.results import HeadScores, LayerScores, RankedHead

LONGEST_TEXT_SHOWN = 110
"""Characters of a text in a list of texts."""

TEXTS_SHOWN = 3

PRINTED = ("model", "revision", "hash", "seed", "attnwidget", "torch", "transformers")
"""What of the recipe stands under the numbers."""

COMPARED = "compared with"
"""In the recipe: the models that were asked the same, by name."""

CUT = ("revision", "hash")
"""Of these the first characters say enough."""


@dataclass(frozen=True, eq=False)
class BesideControl:
    """A control beside what was found: its own means, and the paired difference with its interval, effect size and p.

    All are of one number a head (a layer, a text), as in the survey: `effect` is Cohen's d of the paired differences.
    `overall` is the difference of the survey's own number.
    """

    name: str
    scores: Any
    difference: Any
    low: np.ndarray
    high: np.ndarray
    effect: Any
    p: np.ndarray
    overall: Estimate

    def __repr__(self) -> str:
        return f"beside {self.name}: difference {self.overall!r} on {texts_in_words(self.overall.texts)}"


@dataclass(frozen=True)
class TextSaid:
    """One text of a survey: how much it says for the claim, and its number among all that were read."""

    number: int
    value: float
    text: Any
    columns: Mapping[str, Any] = field(default_factory=dict)

    @property
    def said(self) -> str:
        """The text in a line, of a chat its turns; long ones are cut."""
        whole = self.text if isinstance(self.text, str) else " / ".join(str(turn.get("content")) for turn in self.text)
        line = " ".join(whole.split())
        return line if len(line) <= LONGEST_TEXT_SHOWN else f"{line[: LONGEST_TEXT_SHOWN - 1]}…"

    def __repr__(self) -> str:
        return f"{self.value:.3f}  #{self.number} {self.said}"


@dataclass(frozen=True, eq=False, repr=False)
class Survey:
    """The answers of many texts to one question. numpy.asarray gives them as (text ...).

    `said` is the question, `answers` has one record for each text that was answered, `unanswered` and `unread` those that
    were not, with their reasons; `recipe` has the model, its revision, the texts' hash, the seed and the versions. `model` is
    there as long as the survey was not read from a file.
    """

    said: QuestionSaid
    answers: tuple[Answered, ...]
    unanswered: tuple[Unanswered, ...] = ()
    unread: tuple[Unread, ...] = ()
    recipe: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    model: AttentionModel | None = None

    def save(self, path: Any) -> Path:
        """Write it to a `.parquet` or a `.json` file, texts, answers and recipe. Returns the file.

        Raises AttnWidgetError if it cannot be written, and for Parquet without pyarrow.
        """
        return write_survey(path, self.said, (*self.answers, *self.unanswered, *self.unread), self.recipe, self.notes)

    @classmethod
    def load(cls, path: Any) -> "Survey":
        """A survey from its file: all but the model. Raises AttnWidgetError for a file that is none, or of a newer version.

        >>> Survey.load("no such file.json")
        Traceback (most recent call last):
        ...
        attnwidget.errors.AttnWidgetError: no such file.json cannot be read: No such file or directory.
        """
        return cls(**read_survey(path))

    def __len__(self) -> int:
        return len(self.answers)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        del copy
        return self.values.astype(dtype or np.float64)

    @cached_property
    def values(self) -> np.ndarray:
        """All answers, (text layer head), (text layer) or (text)."""
        return np.stack([np.asarray(answer.values, np.float64) for answer in self.answers])

    @cached_property
    def controls(self) -> Mapping[str, np.ndarray]:
        """The same under every control, by its name."""
        names = self.answers[0].controls
        return {name: np.stack([np.asarray(one.controls[name], np.float64) for one in self.answers]) for name in names}

    @property
    def seed(self) -> int:
        """What every draw was made from."""
        return int(self.recipe.get("seed", 0))

    @cached_property
    def spread(self) -> Spread:
        """Mean, interval, standard deviation and number of texts, of every head."""
        return spread_of(self.values, self.seed)

    @cached_property
    def scores(self) -> Any:
        """Means over texts: HeadScores, LayerScores, or a number."""
        return self._scored(self.spread.mean, self.said.of)

    @property
    def interval(self) -> tuple[np.ndarray, np.ndarray]:
        """(low, high) of every head: percentile bootstrap of 95 % over texts. NaN for fewer than five texts."""
        return self.spread.low, self.spread.high

    @cached_property
    def head(self) -> tuple[int, int] | None:
        """The head that the survey is about: the one claimed, or of several the one that does it most; None without heads.

        Of "some head" it is chosen on one half of the texts, as in the verdict.
        """
        if self.values.ndim != 3 or self.said.kind == "measure":
            return None
        return chosen_head(self.said, self.values[halves(len(self))[0]] if self.said.one_of else self.values)

    @property
    def measured(self) -> slice:
        """The texts that measure `head`: of "some head" the half that did not choose it, else all."""
        choosing, measuring = halves(len(self))
        return measuring if self.said.one_of and self.head is not None and choosing != measuring else slice(None)

    @cached_property
    def per_text(self) -> np.ndarray:
        """One number for each text: that of `head`, or of a measure the mean over heads or layers."""
        return self.of_each_text(self.values)

    @cached_property
    def overall(self) -> Estimate:
        """The mean of `per_text` with its interval, over the texts that measure."""
        return one(spread_of(self.per_text[self.measured][:, None], self.seed), (0,))

    def found_with(self, name: Any) -> Estimate:
        """The mean of another number that the question found on each text, with its interval; of yes and no the share of yes.

        Raises AttnWidgetError for a name that it did not find, naming those that it did.
        """
        if name not in self._further:
            known = ", ".join(map(repr, self._further)) or "nothing"
            raise AttnWidgetError(f"The question found no {name!r:.60} beside its number. It found {known}.")
        return one(spread_of(self._further[name][:, None], self.seed), (0,))

    @cached_property
    def _further(self) -> Mapping[str, np.ndarray]:
        names = dict.fromkeys(name for answer in self.answers for name in answer.further)
        return {name: np.array([float(one.further.get(name, np.nan)) for one in self.answers]) for name in names}

    def of_each_text(self, values: np.ndarray) -> np.ndarray:
        """Of answers or a control, (text ...), the one number that the survey is about."""
        return of_texts(values) if self.head is None else values[(slice(None), *self.head)]

    def beside(self, control: Any) -> BesideControl:
        """A control beside what was found. Raises AttnWidgetError for one that was not asked for, naming those that were."""
        if control not in self.controls:
            known = ", ".join(map(repr, self.controls)) or "none"
            raise AttnWidgetError(f"There is no control {control!r:.60} in this survey. There are: {known}.")
        found = self._differences[control]
        own, other = (of[self.measured] for of in (self.per_text, self.of_each_text(self.controls[control])))
        overall = difference_of(own[:, None], other[:, None], self.seed)
        return BesideControl(
            control,
            self._scored(spread_of(self.controls[control], self.seed).mean, f"{self.said.of}, {control}"),
            self._scored(found.difference.mean, f"{self.said.of} minus {control}"),
            found.difference.low,
            found.difference.high,
            self._scored(found.effect, f"Cohen's d of {self.said.of} minus {control}, paired"),
            found.p,
            one(overall.difference, (0,)),
        )

    def spread_beside(self, control: Any) -> Spread:
        """The paired difference from a control, or another model, of every head: mean, interval, standard deviation, texts.

        Raises AttnWidgetError for one that was not asked for.
        """
        self.beside(control)
        return self._differences[control].difference

    @cached_property
    def _differences(self) -> Mapping[str, PairedDifference]:
        return {name: difference_of(self.values, table, self.seed) for name, table in self.controls.items()}

    @cached_property
    def verdict(self) -> Verdict:
        """What can be said of the claim: `.word` is "holds", "holds in part", "does not hold" or "too few texts".

        A claim about what heads read holds if the weight is clearly more than under every control (the interval of the
        paired difference is above 0, p below 0.05), and at least half of what a perfect head would have beyond uniform
        attention; with less it holds in part. Shuffled words say what it rests on. Of "some head", one half of the texts
        chooses the head and the other half measures it. A claim that heads matter holds if the interval of their effect, and
        of its difference from another head's, is above 0.
        """
        others = () if self.said.kind == "measure" else self.recipe.get(COMPARED, ())  # a model is no rival of a claim
        rivals = {name: table for name, table in self.controls.items() if name not in others}
        return verdict_on(self.said, self.values, rivals, self.seed)

    def top(self, count: Any = 5, *, lowest: Any = False) -> tuple[RankedHead, ...]:
        """The heads with the highest means, best first. Raises AttnWidgetError for a survey without heads."""
        if not isinstance(self.scores, HeadScores):
            raise AttnWidgetError("This survey has no number a head. See .scores.")
        return self.scores.top(count, lowest=lowest)

    def moved(self, name: Any) -> tuple[RankedHead, ...]:
        """The heads that differ from a model that was `compared_with`, or a control, the largest difference first.

        Those whose interval of the paired difference leaves out 0, and whose p, corrected over heads, is below 0.05. Raises
        AttnWidgetError for a name that is not there, and for a survey without heads.
        """
        found = self.beside(name)
        if not isinstance(found.difference, HeadScores):
            raise AttnWidgetError(f"This survey has no number a head. See .beside({name!r}).overall.")
        sure = ((found.low > 0) | (found.high < 0)) & (found.p < SIGNIFICANT)
        heads = [
            RankedHead(int(layer), int(head), float(found.difference[layer, head])) for layer, head in np.argwhere(sure)
        ]
        return tuple(sorted(heads, key=lambda one: -abs(one.value)))

    def texts(self, count: Any = 5, *, against: bool = False, head: Any = None) -> tuple[TextSaid, ...]:
        """The texts that speak most for the claim, or most `against` it: those with the highest or lowest numbers."""
        chosen = self._ranked(self._numbers(head), lowest=against)
        return tuple(self._text(at, self._numbers(head)) for at in chosen[: so_many(count)])

    def example(self, number: Any = 0, head: Any = None) -> dict[str, Any]:
        """A state that `aw.explore(state=...)` opens: the text that speaks `number`-th most for the claim, from 0.

        Negative numbers count from the texts that speak most against it. Layer, head, query and view are such that the
        claim is what one sees; `head` shows another one. With a model in hand, give it too: `aw.explore(model, state=...)`.
        Raises AttnWidgetError where there is no such text.
        """
        ranked = self._ranked(self._numbers(head))
        at = whole_number(number)
        if at is None or not -len(ranked) <= at < len(ranked):
            raise AttnWidgetError(f"There is no example {number!r}: give a whole number from 0 to {len(ranked) - 1}.")
        return self._state(self.answers[ranked[at]], self._head_of(head) if head is not None else self.head)

    def state_of(self, number: Any, head: Any = None) -> dict[str, Any]:
        """The same of the text with this number among all that were read.

        Raises AttnWidgetError where that text has no answer.
        """
        found = [one for one in self.answers if one.number == whole_number(number)]
        if not found:
            raise AttnWidgetError(
                f"There is no answer of a text {number!r:.40}. See .table(of='texts') for their numbers."
            )
        return self._state(found[0], self._head_of(head) if head is not None else self.head)

    def _state(self, answer: Answered, shown: tuple[int, int] | None) -> dict[str, Any]:
        state: dict[str, Any] = {"model": self.recipe.get("source") or self.recipe.get("model")}
        state["text"] = answer.text if isinstance(answer.text, str) else self._as_text(answer.text)
        if answer.pair:
            state["pair"] = answer.pair
        if shown is not None:
            state |= {"layer": shown[0], "head": shown[1], "view": self.said.view}
            query = -1 if answer.queries is None else int(answer.queries[shown])
            if query >= 0:
                state["query"] = [query, query + 1]
        return state

    def by(self, column: Any) -> SurveyCut:
        """The survey cut by a column of the texts ("right", where the answers are known): each group's mean with its interval.

        Of two groups also their difference with interval, Cliff's delta and p (Mann-Whitney). Raises AttnWidgetError for
        a column that is not there, or has one value alone, or one for nearly every text.
        """
        known = [{**one.further, **one.columns} for one in self.answers]
        return cut_by(self.said.of, known, self.per_text, column, self.seed)

    def examples(self, head: Any, count: Any = 3, *, model: Any = None) -> HeadExamples:
        """The texts on which a head does it most, and least, with the words: what its query reads there.

        Traces these texts again, so it needs the model: a survey that was read from a file takes `model=`. Raises
        AttnWidgetError for a head that is not there.
        """
        at, owner = self._head_of(head), model if model is not None else self.model
        if not isinstance(owner, AttentionModel):
            raise AttnWidgetError("The words need the model: give model=aw.load(...), the one that was asked.")
        ranked = self._ranked(self._numbers(head))
        size = min(so_many(count), (len(ranked) + 1) // 2)
        chosen = ranked[:size], ranked[len(ranked) - size :][::-1]
        return head_examples(owner, self.said, at, *([self.answers[one] for one in some] for some in chosen))

    def table(self, of: Any = "heads") -> Any:
        """A row for every head (layer, text), or with `of="texts"` for every text: a DataFrame if pandas is there, else columns.

        Columns of heads: layer, head, mean, low, high, spread, texts, claimed, and of each control its mean, the difference
        with its interval, Cohen's d and p.
        """
        if of == "texts":
            columns = self._rows_of_texts()
        elif of == "heads":
            columns = self._rows_of_heads()
        else:
            raise AttnWidgetError(f"of={of!r:.60} is not valid: give 'heads' or 'texts'.")
        return table_of(columns)

    def _rows_of_heads(self) -> dict[str, list[Any]]:
        shape = self.spread.mean.shape
        kept = ~np.isnan(self.spread.mean)
        at = [tuple(int(place) for place in one) for one in np.argwhere(kept)]
        columns: dict[str, list[Any]] = {}
        for axis, name in enumerate(("layer", "head")[: len(shape)]):
            columns[name] = [place[axis] for place in at]
        for name in ("mean", "low", "high", "spread", "texts"):
            columns[name] = getattr(self.spread, name)[kept].tolist()
        if self.said.heads:
            claimed = set(self.said.heads)
            columns["claimed"] = [place in claimed for place in at]
        for name, found in self._differences.items():
            means = spread_of(self.controls[name], self.seed).mean
            columns[name] = means[kept].tolist()
            columns[f"minus {name}"] = found.difference.mean[kept].tolist()
            columns[f"minus {name}, low"] = found.difference.low[kept].tolist()
            columns[f"minus {name}, high"] = found.difference.high[kept].tolist()
            columns[f"d, {name}"] = found.effect[kept].tolist()
            columns[f"p, {name}"] = found.p[kept].tolist()
        return columns

    def _rows_of_texts(self) -> dict[str, list[Any]]:
        columns: dict[str, list[Any]] = {
            "number": [answer.number for answer in self.answers],
            "text": [answer.text for answer in self.answers],
            "value": self.per_text.tolist(),
        }
        columns |= {name: self.of_each_text(table).tolist() for name, table in self.controls.items()}
        columns |= {name: numbers.tolist() for name, numbers in self._further.items() if name not in columns}
        names = dict.fromkeys(name for answer in self.answers for name in answer.columns)
        return columns | {
            name: [answer.columns.get(name) for answer in self.answers] for name in names if name not in columns
        }

    @property
    def counts(self) -> Mapping[str, int]:
        """How many texts were answered, and how many were not, by reason (numbers in which several differ left out)."""
        lost = [one.reason for one in self.unanswered] + [one.reason for one in self.unread]
        return {"answered": len(self.answers), **counted(lost)}

    def __repr__(self) -> str:
        lines = [f"Survey({self.said.words}; {texts_in_words(len(self))} of {self.recipe.get('model', 'a model')})"]
        lines += [f"  {self.verdict.sentence}"]
        if isinstance(self.scores, HeadScores):
            lines += [f"  most: {', '.join(map(repr, self.top(3)))}"]
        lines += [f"  with it: {said}" for said in self._found_with_it]
        names = self._sides
        lines += [f"  {names[0]}: {text!r}" for text in self.texts(1)]
        lines += [f"  {names[1]}: {text!r}" for text in self.texts(1, against=True)]
        lines += [f"  left out: {count:,} x {reason}" for reason, count in list(self.counts.items())[1:]]
        return "\n".join([*lines, *(f"  {note}" for note in self.notes), f"  {self.in_small_print}"])

    def _repr_html_(self) -> str:
        bars = [(self.said.of, self.overall, "")]
        for name, table in self.controls.items():
            own = one(spread_of(self.of_each_text(table)[self.measured][:, None], self.seed), (0,))
            bars.append((name, own, repr(self.beside(name).overall)))
        subject = f"L{self.head[0]}H{self.head[1]}, " if self.head else ""
        ringed = set(self.said.heads) if not self.said.one_of else {self.head} if self.head else set()
        groups = (self.texts(TEXTS_SHOWN), self.texts(TEXTS_SHOWN, against=True))
        speaking = tuple(
            (name, tuple((one.value, one.said) for one in texts))
            for name, texts in zip(self._sides, groups, strict=True)
        )
        lost = [f"{count:,} × {reason}" for reason, count in list(self.counts.items())[1:]]
        half = ["Bars: the half of the texts that did not choose the head"] if self.measured != slice(None) else []
        beside = [f"With it: {said}" for said in self._found_with_it]
        remarks = (*half, *beside, *([f"Left out: {'; '.join(lost)}"] if lost else []), *self.notes)
        return survey_html(
            SurveyCard(
                self.said,
                self.verdict,
                subject,
                len(self.per_text[self.measured]),
                tuple(bars),
                self.spread,
                frozenset(ringed),
                speaking,
                remarks,
                self.in_small_print,
            )
        )

    @property
    def _found_with_it(self) -> list[str]:
        names = list(self._further)[1:]
        return [", ".join(f"{name} {self.found_with(name)!r}" for name in names)] if names else []

    @property
    def in_small_print(self) -> str:
        """How the numbers were made."""
        named = " · ".join(
            f"{name} {str(value)[:12] if name in CUT else value}"
            for name, value in self.recipe.items()
            if name in PRINTED and value is not None
        )
        return f"{INTERVALS}; p: {CORRECTED}. {named}."

    def _scored(self, values: np.ndarray, of: str) -> Any:
        recipe = f"{of}, mean over {texts_in_words(len(self))}"
        if values.ndim == 2:
            return HeadScores(values, recipe)
        return LayerScores(values, recipe) if values.ndim == 1 else float(values)

    @property
    def _sides(self) -> tuple[str, str]:
        return ("highest", "lowest") if self.said.kind == "measure" else ("for", "against")

    def numbers_of(self, head: Any = None) -> tuple[str, Callable[[np.ndarray], np.ndarray], slice]:
        """(what is shown of each text, what takes it from answers or a control, of which texts): of a head, or of what the
        survey is about.
        """
        if head is None:
            name = f"L{self.head[0]}H{self.head[1]}" if self.head else self.said.of
            return name, self.of_each_text, self.measured
        layer, own = self._head_of(head)
        return f"L{layer}H{own}", lambda values: values[:, layer, own], slice(None)

    def _numbers(self, head: Any) -> np.ndarray:
        return self.per_text if head is None else self.values[(slice(None), *self._head_of(head))]

    def _head_of(self, head: Any) -> tuple[int, int]:
        if self.values.ndim != 3:
            raise AttnWidgetError("This survey has no number a head, so it has no examples of one.")
        layer, number = head_named(head)
        layers, heads = self.values.shape[1:]
        if not (-layers <= layer < layers and -heads <= number < heads):
            raise AttnWidgetError(f"There is no head {head!r}: the survey has {layers} layers of up to {heads} heads.")
        return layer % layers, number % heads

    def _ranked(self, numbers: np.ndarray, *, lowest: bool = False) -> list[int]:
        order = np.argsort(numbers if lowest else -numbers, kind="stable")
        return [int(at) for at in order if not np.isnan(numbers[at])]

    def _text(self, at: int, numbers: np.ndarray) -> TextSaid:
        answer = self.answers[at]
        return TextSaid(answer.number, float(numbers[at]), answer.text, answer.columns)

    def _as_text(self, messages: Sequence[Mapping[str, Any]]) -> str:
        if self.model is None:
            raise AttnWidgetError("The text of a chat needs the model's template. Give its messages to aw.explore.")
        return self.model.chat_text(list(messages))


def counted(reasons: Iterable[str]) -> dict[str, int]:
    """How often each reason was given, the commonest first; numbers in which several differ are left out.

    >>> counted(["Text 3 is empty.", "Text 8 is empty.", "Line 7 is not JSON."])
    {'Text … is empty.': 2, 'Line 7 is not JSON.': 1}
    """
    alike: dict[str, list[str]] = {}
    for reason in reasons:
        alike.setdefault(re.sub(r"\d+(?:[,.]\d+)*", "…", reason), []).append(reason)
    found = {own[0] if len(set(own)) == 1 else short: len(own) for short, own in alike.items()}
    return dict(Counter(found).most_common())
