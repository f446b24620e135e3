"""What a survey asks of a text that states a fact: how much the answering token reads of it, and what the answer loses without it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from attnwidget.engine import AttentionModel, Hide, Run, Trace, exactly, many_runs
from attnwidget.errors import AttnWidgetError, NotNumbers
from attnwidget.experiments.effects.answers import Asked, answer_of, logits_at
from attnwidget.experiments.surveys.claim import answer_called
from attnwidget.experiments.surveys.questions import FoundOnText
from attnwidget.experiments.surveys.records import Item, QuestionSaid
from attnwidget.experiments.surveys.spans import places_called, tokens_in_span
from attnwidget.measures.portions import portions
from attnwidget.measures.values.value_norms import lengths

BY_VALUE = "by value"
OTHER_WORDS = "other words"
OWN_ANSWER = "own answer"


@dataclass(frozen=True)
class StatedFact:
    """Where a fact stands in a text: its tokens, stretches as long elsewhere (but the first token, on which attention rests), and the answer that is asked for."""

    tokens: tuple[int, ...]
    elsewhere: tuple[range, ...]
    asked: Asked

    @property
    def row(self) -> int:
        """The token that answers."""
        return self.asked.row


@dataclass(frozen=True, repr=False)
class _OfFact:
    """A question about the span that is called `fact`, and the answer that is called `answer`."""

    fact: str
    answer: str

    part = None

    def refuse_control(self, name: str) -> None:
        """Nobody chooses these controls."""

    def stated(self, model: AttentionModel, trace: Trace, item: Item) -> StatedFact:
        """The fact of a text. Raises AttnWidgetError where there is none before the answering token."""
        if len(trace.parts) > 1 or trace.model.predicts != "next token":
            raise AttnWidgetError(
                f"{trace.model.name} does not answer with the next token of its text, so there is no answering token that "
                "could read the fact. Give a language model that writes on."
            )
        asked = answer_of(model, trace, answer_called(item, self.answer))
        places = [tokens_in_span(trace, item, place) for place in places_called(item, self.fact)]
        tokens = tuple(sorted({token for place in places for token in place if token < asked.row}))
        if not tokens:
            raise AttnWidgetError(
                f"The {self.fact} does not stand before the token that answers, so it could not be read."
            )
        aside = {0, *tokens, *np.flatnonzero(trace.text.special).tolist()}  # attention rests on the first token
        starts = range(asked.row - len(tokens) + 1)
        return StatedFact(
            tokens, tuple(one for at in starts if aside.isdisjoint(one := range(at, at + len(tokens)))), asked
        )


@dataclass(frozen=True, repr=False)
class FactRead(_OfFact):
    """How much of each head's row, at the answering token, lies on the fact."""

    controls = ("uniform", BY_VALUE, OTHER_WORDS)

    def said(self, counts: tuple[int, ...]) -> QuestionSaid:
        """What is asked."""
        del counts
        return QuestionSaid(repr(self), f"weight on the {self.fact}", "of its weight", view="lines")

    @exactly()
    def ask(
        self, model: AttentionModel, trace: Trace, item: Item, wanted: Collection[str], lot: np.random.Generator
    ) -> FoundOnText:
        """Of every head (layer head): the weight on the fact, summed over its tokens.

        Beside it, what `uniform` attention would give it; its share of the lengths ||A f|| of all that the row carries; and
        the mean weight of other stretches of as many tokens. Raises AttnWidgetError where no fact stands before the answer.
        """
        del wanted, lot
        stated = self.stated(model, trace, item)
        counts = trace.heads(None)
        found = {name: np.full((len(counts), max(counts)), np.nan) for name in ("", *self.controls)}
        fact = list(stated.tokens)
        rows = torch.tensor([stated.row], dtype=torch.long, device="cpu")
        for portion in portions(trace, None, rows):
            at = (portion.block.layer, portion.heads)
            row = portion.maps[:, 0].double()
            found[""][at] = row[:, fact].sum(-1).numpy()
            seen = portion.visible[0].double()
            found["uniform"][at] = float(seen[fact].sum() / seen.sum().clamp_min(1))
            if stated.elsewhere:
                found[OTHER_WORDS][at] = (
                    torch.stack([row[:, list(one)].sum(-1) for one in stated.elsewhere]).mean(0).numpy()
                )
            try:
                carried = row * lengths(portion.block).double()[portion.heads]
            except NotNumbers:
                raise
            except AttnWidgetError:  # of this model nobody knows the values
                continue
            found[BY_VALUE][at] = (carried[:, fact].sum(-1) / carried.sum(-1)).numpy()
        values = found.pop("")
        return FoundOnText(values, np.where(np.isnan(values), -1, stated.row), found)

    def __repr__(self) -> str:
        return f"how much the answering token reads of the {self.fact}"


@dataclass(frozen=True, repr=False)
class FactMatters(_OfFact):
    """What the answer loses with the fact hidden from all other tokens."""

    controls = (OWN_ANSWER, OTHER_WORDS)

    def said(self, counts: tuple[int, ...]) -> QuestionSaid:
        """What is asked."""
        del counts
        return QuestionSaid(repr(self), f"fall of the {self.answer}, {self.fact} hidden", "nats")

    def ask(
        self, model: AttentionModel, trace: Trace, item: Item, wanted: Collection[str], lot: np.random.Generator
    ) -> FoundOnText:
        """The fall of the answer's log probability in nats, all tokens of the fact hidden together (one number).

        Beside it, the fall of what the model says itself, and that of the answer with other words hidden, as many and drawn
        by lot. Raises AttnWidgetError where no fact stands before the answer.
        """
        del wanted
        stated = self.stated(model, trace, item)
        asked, own = stated.asked, answer_of(model, trace)
        hidden: list[Sequence[int]] = [stated.tokens]
        if stated.elsewhere:
            hidden.append(stated.elsewhere[int(lot.integers(len(stated.elsewhere)))])
        before = logits_at(trace, asked)
        after = many_runs(model, trace).logits([Run(asked.row, (Hide(tokens),)) for tokens in hidden])
        falls = [asked.score(before) - asked.score(row) for row in after]
        beside = {
            OWN_ANSWER: np.array(own.score(before) - own.score(after[0])),
            OTHER_WORDS: np.array(falls[1] if len(falls) > 1 else np.nan),
        }
        return FoundOnText(np.array(falls[0]), None, beside)

    def __repr__(self) -> str:
        return f"what the {self.answer} loses without the {self.fact}"
