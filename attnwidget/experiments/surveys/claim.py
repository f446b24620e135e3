"""A claim in the words of the field: what heads read, or what they matter for."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from attnwidget.arguments import whole_number
from attnwidget.engine import AttentionModel, Trace, exactly, fit_index, parse_head, silenced_runs
from attnwidget.errors import AttnWidgetError
from attnwidget.experiments.effects.answers import answer_of, logits_at
from attnwidget.experiments.surveys.named_keys import (
    NamedKeys,
    enough_of,
    keys_named,
    score_named,
    weight_on,
)
from attnwidget.experiments.surveys.questions import FoundOnText
from attnwidget.experiments.surveys.records import Item, QuestionSaid
from attnwidget.experiments.surveys.spans import belonging, places_called, tokens_in_span
from attnwidget.measures.portions import portions

WantedHeads: TypeAlias = tuple[tuple[int, int | None], ...]
"""Layers and heads as they were given: a head None is any of its layer, () is any at all."""

MOST_SHIFTS = 64
"""Other places at the same distance that are read: all of a short text, spread evenly over a long one."""

PREDICTION = "prediction"
"""The answer that the model gives itself."""

MODEL_SAYS_ITSELF = f"matters_for={PREDICTION!r}"


@dataclass(frozen=True)
class _OfHeads:
    """A claim about some heads of a part."""

    wanted: WantedHeads
    part: str | None

    @property
    def one_of(self) -> bool:
        """Whether one of the heads is enough."""
        return not self.wanted or any(head is None for _, head in self.wanted)

    def heads_in(self, counts: Sequence[int]) -> tuple[tuple[int, int], ...]:
        """The heads that it is about, in a model with this many in each layer. Raises AttnWidgetError if one is not there."""
        if not self.wanted:
            return tuple((layer, head) for layer, count in enumerate(counts) for head in range(count))
        found: dict[tuple[int, int], None] = {}
        for layer, head in self.wanted:
            at = fit_index("layer", layer, len(counts))
            if not counts[at]:
                raise AttnWidgetError(f"Layer {at} has no attention, so nothing can be claimed of it.")
            chosen = range(counts[at]) if head is None else (fit_index("head", head, counts[at]),)
            found |= dict.fromkeys((at, one) for one in chosen)
        return tuple(found)

    def subject(self) -> tuple[str, bool]:
        """The heads in words, and whether they are several."""
        if not self.wanted:
            return "some head", False
        names = [f"L{layer}H{head}" if head is not None else f"layer {layer}" for layer, head in self.wanted]
        listed = " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
        return (f"a head of {listed}", False) if self.one_of else (listed, len(names) > 1)


@dataclass(frozen=True, repr=False)
class ReadsKeys(_OfHeads):
    """Heads read keys that have a name: the previous token, special tokens, the same word."""

    name: str
    keys: NamedKeys | None

    @property
    def controls(self) -> tuple[str, ...]:
        """Those that go with it."""
        uniform = ("uniform",) if self.keys else ()
        return (*uniform, "shuffled words", "another head")

    def said(self, counts: tuple[int, ...]) -> QuestionSaid:
        """What is claimed. Raises AttnWidgetError for heads that are not there."""
        heads = self.heads_in(counts)
        if self.keys is None:
            return QuestionSaid(
                repr(self), f"score of {self.name!r}", "score", "reads", heads, self.one_of, enough_of(self.name)
            )
        of = f"weight on {self.keys.said}"
        return QuestionSaid(
            repr(self), of, "of its weight", "reads", heads, self.one_of, self.keys.enough, self.keys.by_place
        )

    def refuse_control(self, name: str) -> None:
        """Raise AttnWidgetError for a control that says nothing here."""
        if name == "same distance" or (name == "uniform" and self.keys is None):
            raise AttnWidgetError(
                f"The control {name!r} says nothing of {self.name!r}. Give some of {', '.join(map(repr, self.controls))}, "
                "'untrained'."
            )

    def ask(
        self, model: AttentionModel, trace: Trace, item: Item, wanted: Collection[str], lot: np.random.Generator
    ) -> FoundOnText:
        """Every head's weight on the keys, mean over the queries that have one. Raises AttnWidgetError if none has."""
        del model, item, wanted, lot
        self.heads_in(trace.heads(self.part))
        if self.keys is None:
            return FoundOnText(score_named(trace, self.part, self.name))
        found = weight_on(trace, self.part, self.keys.marks(trace, self.part))
        if np.isnan(found.weight).all():
            raise AttnWidgetError(f"No token of this text could read {self.keys.said}.")
        return FoundOnText(found.weight, found.queries, {"uniform": found.uniform})

    def __repr__(self) -> str:
        heads, several = self.subject()
        if self.keys is None:
            return f"{heads} {'are' if several else 'is'} {self.name}"
        return f"{heads} {'read' if several else 'reads'} {self.keys.said}"


@dataclass(frozen=True, repr=False)
class ReadsSpans(_OfHeads):
    """Heads read from one stretch of a text to another, as its items name them."""

    query: str
    key: str

    controls = ("uniform", "same distance", "shuffled words", "another head")

    def said(self, counts: tuple[int, ...]) -> QuestionSaid:
        """What is claimed. Raises AttnWidgetError for heads that are not there."""
        of = f"weight from {self.query} to {self.key}"
        return QuestionSaid(repr(self), of, "of its weight", "reads", self.heads_in(counts), self.one_of, view="lines")

    def refuse_control(self, name: str) -> None:
        """Every control says something here: other names are spans that could be read instead."""

    @exactly()
    def ask(
        self, model: AttentionModel, trace: Trace, item: Item, wanted: Collection[str], lot: np.random.Generator
    ) -> FoundOnText:
        """Every head's weight: summed over the tokens that are read, mean over those that read (Clark et al. 2019).

        Raises AttnWidgetError if the spans are not in the text, or what is read stands behind what reads it in a model that
        reads causally.
        """
        del model, lot
        counts = trace.heads(self.part)
        self.heads_in(counts)
        true = self._cells(trace, item, self.key)
        tables = {"": true}
        for name in wanted:
            if name == "same distance":
                tables[name] = self._shifted(trace, true)
            elif name in item.spans:
                tables[name] = self._cells(trace, item, name)
        reading = sorted({query for cells in tables.values() for query, _ in cells})
        rows = torch.tensor(reading, dtype=torch.long, device="cpu")
        wide = torch.stack([_dense(cells, rows, len(trace.tokens(self.part)[1])) for cells in tables.values()])
        found = np.zeros((len(tables), len(counts), max(counts)))
        uniform = np.zeros(found.shape[1:])
        place = {int(row): at for at, row in enumerate(rows)}
        for portion in portions(trace, self.part, rows):
            own = wide[:, [place[int(row)] for row in portion.rows]]
            at = (portion.block.layer, portion.heads)
            found[:, at[0], at[1]] += torch.einsum("hqk,cqk->ch", portion.maps.double(), own).numpy()
            seen = portion.visible.double()
            chance = (own[0] * seen / seen.sum(-1, keepdim=True).clamp_min(1)).sum()
            uniform[at] += float(chance)
        missing = np.array([[head >= count for head in range(max(counts))] for count in counts])
        found[:, missing] = uniform[missing] = np.nan
        for number, cells in enumerate(tables.values()):
            if not cells:
                found[number] = np.nan
        query = tokens_in_span(trace, item, places_called(item, self.query)[0])[-1]
        beside = {name: found[number] for number, name in enumerate(tables) if name} | {"uniform": uniform}
        return FoundOnText(found[0], np.where(missing, -1, query), beside)

    def _cells(self, trace: Trace, item: Item, key: str) -> dict[tuple[int, int], float]:
        """How much each weight counts: those of a query's tokens are averaged, those of a key's summed."""
        groups = belonging(places_called(item, self.query), places_called(item, key))
        cells: dict[tuple[int, int], float] = {}
        for query, keys in groups:
            reading = tokens_in_span(trace, item, query)
            for place in keys:
                for at in reading:
                    for target in tokens_in_span(trace, item, place):
                        cells[at, target] = 1 / (len(groups) * len(reading))
        if all(block.causal for block in trace.part_blocks(self.part)) and all(key > query for query, key in cells):
            raise AttnWidgetError(
                f"This model reads from left to right, and the {key} stands behind the {self.query} here: no head could "
                "read it."
            )
        return cells

    def _shifted(self, trace: Trace, cells: Mapping[tuple[int, int], float]) -> dict[tuple[int, int], float]:
        """The same cells at all other places of the text where both ends are plain tokens: other words, equally far apart."""
        queries, keys = trace.tokens(self.part)
        plain = [not (special or padding) for special, padding in zip(keys.special, keys.padding, strict=True)]
        reading = {query for query, _ in cells}
        ends = reading | {key for _, key in cells}
        steps = [
            step
            for step in range(-max(ends), len(plain) - min(ends))
            if step
            and all(0 <= end + step < len(plain) and plain[end + step] for end in ends)
            and reading.isdisjoint({query + step for query in reading})
        ]
        del queries
        if len(steps) > MOST_SHIFTS:
            steps = [steps[int((at + 0.5) * len(steps) / MOST_SHIFTS)] for at in range(MOST_SHIFTS)]
        found: dict[tuple[int, int], float] = {}
        for step in steps:
            for (query, key), share in cells.items():
                at = (query + step, key + step)
                found[at] = found.get(at, 0.0) + share / len(steps)
        return found

    def __repr__(self) -> str:
        heads, several = self.subject()
        return f"{heads} {'read' if several else 'reads'} from {self.query} to {self.key}"


def _dense(cells: Mapping[tuple[int, int], float], rows: Tensor, width: int) -> Float[Tensor, "query key"]:
    place = {int(row): at for at, row in enumerate(rows)}
    found = torch.zeros(len(rows), width, dtype=torch.float64, device="cpu")
    for (query, key), share in cells.items():
        found[place[query], key] = share
    return found


@dataclass(frozen=True, repr=False)
class MattersFor(_OfHeads):
    """Heads matter for an answer: silenced, each alone, they cost it some."""

    answer: str

    controls = ("another head",)

    def said(self, counts: tuple[int, ...]) -> QuestionSaid:
        """What is claimed. Raises AttnWidgetError for heads that are not there."""
        return QuestionSaid(
            repr(self), f"fall of the {self.answer}, silenced", "nats", "matters", self.heads_in(counts), self.one_of
        )

    def refuse_control(self, name: str) -> None:
        """Raise AttnWidgetError for a control that says nothing here."""
        if name in {"uniform", "same distance"}:
            raise AttnWidgetError(
                f"The control {name!r} is of claims about what heads read. Give some of 'another head', 'shuffled words', "
                "'untrained'."
            )

    def ask(
        self, model: AttentionModel, trace: Trace, item: Item, wanted: Collection[str], lot: np.random.Generator
    ) -> FoundOnText:
        """How much the log probability of the answer falls, in nats, with each head silenced alone.

        Runs the model once for every head, and once more for another one. Raises AttnWidgetError for an answer that is not
        there, or that the model cannot give.
        """
        counts = trace.heads(self.part)
        heads = self.heads_in(counts)
        asked = answer_of(model, trace, answer_called(item, self.answer))
        before = asked.score(logits_at(trace, asked))
        runs = silenced_runs(model, trace, asked.row)
        known: dict[tuple[int, int], float] = {}

        def effect_of(head: tuple[int, int]) -> float:
            if head not in known:
                same = [one for one in heads if one[0] == head[0]] if head in heads else [head]
                after = runs.logits(head[0], [own for _, own in same], self.part)
                known.update({one: before - asked.score(row) for one, row in zip(same, after, strict=True)})
            return known[head]

        values = np.full((len(counts), max(counts)), np.nan)
        others = values.copy()
        every = [(layer, head) for layer, count in enumerate(counts) for head in range(count)]
        for head in heads:
            values[head] = effect_of(head)
            if "another head" in wanted and len(every) > 1:
                rest = [one for one in every if one != head]
                others[head] = effect_of(rest[int(lot.integers(len(rest)))])
        beside = {"another head": others} if "another head" in wanted else {}
        return FoundOnText(values, np.where(np.isnan(values), -1, asked.row % len(trace.text)), beside)

    def __repr__(self) -> str:
        heads, several = self.subject()
        return f"{heads} {'matter' if several else 'matters'} for the {self.answer}"


def answer_called(item: Item, name: str) -> Any:
    """The answer that an item has under a name, as `answer_of` takes it. Raises AttnWidgetError if it has none.

    >>> answer_called(Item(0, "The cat sat on the", answer=" mat"), "answer"), answer_called(Item(0, "The"), PREDICTION)
    (' mat', None)
    """
    if name == PREDICTION:
        return None
    found = item.columns.get(name, item.answer if name == "answer" else None)
    if found is None:
        raise AttnWidgetError(
            f"This text has no column {name!r}, so nobody knows what its answer is. Name a column that has one, "
            f"or {MODEL_SAYS_ITSELF} for what the model says itself."
        )
    return tuple(found) if isinstance(found, list) else found


Claim: TypeAlias = ReadsKeys | ReadsSpans | MattersFor


def claim(heads: Any = None, *, reads: Any = None, matters_for: Any = None, part: str | None = None) -> Claim:
    """A claim about attention that a survey can test on many texts. It reads back as a sentence.

    `heads` is a head ("L4H7" or (4, 7)), several of them (each must), a layer ("L4": one of its heads), or None (some head
    of the model). Say one of two things of them:

    `reads` is what they attend to. A pattern by name: "previous token", "next token", "itself", "offset -3", "first token",
    "special tokens", "punctuation", "separator", "sinks", "same word", "duplicate token", "induction", "own sentence", "other text", or one of those
    that have a score alone ("vertical", "vertical + diagonal", "off-diagonal", "peaked", "uniform"). Its number is the share of
    a head's weight on those keys, 0 to 1, mean over the queries that have such a key and another one. Or two names of
    spans that each text brings, ("pronoun", "antecedent"): the weight from the first to the second, summed over the
    tokens that are read and averaged over those that read; as many of each belong together in their order. A span is a
    pair of code points, or words that stand in the text once.

    `matters_for` names the column with the answer of each text ("answer"), or is "prediction", what the model says
    itself: how much the log probability of that answer falls, in nats, with a head silenced.

    Raises AttnWidgetError for heads, patterns and combinations that do not exist.
    Source: Clark et al. 2019 (W19-4828) for weights between words; Michel et al. 2019 (arXiv 1905.10650) for silencing.

    >>> claim("L4H7", reads="previous token"), claim(reads=("pronoun", "antecedent"))
    (L4H7 reads the previous token, some head reads from pronoun to antecedent)
    >>> claim(["L1H0", "L2H3"], matters_for="answer")
    L1H0 and L2H3 matter for the answer
    """
    wanted = _wanted(heads)
    if part is not None and not isinstance(part, str):
        raise AttnWidgetError(f"part={part!r:.60} is not valid: give its name, for example 'encoder'.")
    if (reads is None) == (matters_for is None):
        raise AttnWidgetError("Say one thing of the heads: reads=... or matters_for=...")
    if matters_for is not None:
        if not isinstance(matters_for, str) or not matters_for:
            raise AttnWidgetError(
                f"matters_for={matters_for!r:.60} is not valid: give the name of a column with the answer of each text, or "
                f"{PREDICTION!r} for what the model says itself."
            )
        return MattersFor(wanted, part, matters_for)
    if isinstance(reads, str):
        name = " ".join(reads.split()).casefold()
        return ReadsKeys(wanted, part, name, keys_named(name))
    if isinstance(reads, tuple | list) and len(reads) == 2 and all(isinstance(one, str) and one for one in reads):
        return ReadsSpans(wanted, part, *reads)
    raise AttnWidgetError(
        f"reads={reads!r:.60} is not valid: give a pattern such as 'previous token', or the names of two spans such as "
        "('pronoun', 'antecedent')."
    )


def _wanted(heads: Any) -> WantedHeads:
    if heads is None:
        return ()
    if isinstance(heads, str):
        return (parse_head(heads),)
    if isinstance(heads, tuple) and len(heads) == 2 and all(whole_number(one) is not None for one in heads):
        return ((int(heads[0]), int(heads[1])),)
    if isinstance(heads, list | tuple) and heads:
        return tuple(one for head in heads for one in _wanted(head))
    raise AttnWidgetError(
        f"{heads!r:.60} does not name heads. Give 'L5H3', a layer 'L5', a list of heads, or nothing for any head."
    )
