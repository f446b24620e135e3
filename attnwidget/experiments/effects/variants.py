"""One prompt put in several ways: how likely the answer is in each, and what is read there."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from attnwidget.engine import AttentionModel, Tokens, Trace, go_on
from attnwidget.errors import AttnWidgetError
from attnwidget.experiments.effects.answers import Asked, answer_of, logits_at
from attnwidget.experiments.progress import shown_progress
from attnwidget.measures.given_trace import said_setting
from attnwidget.measures.heads.attention_sinks import attention_sinks
from attnwidget.measures.places import tokens_named
from attnwidget.measures.results import RankedHead, RankedToken

TOKENS_SHOWN = 3
LONGEST_SHOWN = 60


@dataclass(frozen=True)
class Variant:
    """One way of putting a prompt.

    `answer` is how much of the answer there is, in the unit that was asked for; `said` and `probability` are what the model
    says first. `read` has the tokens that the answer's position reads most, by the mean of all heads, sinks and special
    tokens left out. `fact` is the head that reads the named phrase most there, with its weight on it; None if no phrase was
    named, or this variant lacks it.
    """

    text: str
    answer: float
    said: str
    probability: float
    read: tuple[RankedToken, ...]
    fact: RankedHead | None

    def __repr__(self) -> str:
        fact = "" if self.fact is None else f"; {self.fact!r}"
        return f"Variant({self.answer:.4g}; {self.said!r} {self.probability:.3f}{fact}; {_short(self.text)!r})"


@dataclass(frozen=True, eq=False, repr=False)
class Variants:
    """Variants of a prompt, in the order in which they were given; `best` is the one with most of the answer."""

    each: tuple[Variant, ...]
    recipe: str

    def __len__(self) -> int:
        return len(self.each)

    def __getitem__(self, number: int) -> Variant:
        return self.each[number]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array([one.answer for one in self.each], dtype=dtype or np.float64)

    @property
    def best(self) -> Variant:
        """The variant with most of the answer, the first of several."""
        return max(self.each, key=lambda one: one.answer)

    def table(self) -> dict[str, list[Any]]:
        """Plain columns: text, answer, said, probability, head, weight; as pandas takes them."""
        return {
            "text": [one.text for one in self.each],
            "answer": [one.answer for one in self.each],
            "said": [one.said for one in self.each],
            "probability": [one.probability for one in self.each],
            "head": [None if one.fact is None else f"L{one.fact.layer}H{one.fact.head}" for one in self.each],
            "weight": [None if one.fact is None else one.fact.value for one in self.each],
        }

    def __repr__(self) -> str:
        return "\n".join([f"Variants({self.recipe})", *map(repr, self.each)])


def variants(
    model: Any,
    prompts: Any,
    *,
    answer: Any = None,
    at: Any = None,
    unit: Any = "probability",
    reads: Any = None,
    edits: Any = (),
    progress: Any = None,
) -> Variants:
    """One prompt put in several ways: in each, how likely the answer is, and what its position reads.

    `prompts` are texts, chats (lists of messages) or token ids, as `model.trace` takes them. `answer`, `at` and `unit` as in
    `head_effects`; without an answer, what the model says after the first of them. `reads` names a phrase, the fact that
    ought to be read: which head reads it most at the answer's position. `edits` hold in all of them. Costs a run for each.
    Raises AttnWidgetError for no prompts, and what `model.trace` and `head_effects` raise.
    Source: prompts put in several ways, as in Jiang et al. 2020 (arXiv 1911.12543).

    >>> import attnwidget as aw
    >>> found = aw.variants(
    ...     aw.load(),
    ...     ["The capital of Veldt is Miro. The capital of Veldt is", "The capital of Veldt is"],
    ...     reads="Miro",
    ... )
    >>> found[0].said, found[0].answer > found[1].answer, found[1].fact
    (' Miro', True, None)
    """
    if not isinstance(model, AttentionModel):
        raise AttnWidgetError(f"This needs a model to run, not {type(model).__name__}. Make one with aw.load(...).")
    if isinstance(prompts, str) or not isinstance(prompts, Sequence) or not prompts:
        raise AttnWidgetError("prompts must be a list of texts, one for each way of putting it.")
    found: list[Variant] = []
    wanted = answer
    with shown_progress(progress, "variants") as step:
        for number, prompt in enumerate(prompts):
            go_on()
            trace = model.trace(prompt, edits=edits)
            asked = answer_of(model, trace, wanted, at, unit)
            if wanted is None:
                wanted = asked.ids[0]
            found.append(variant_of(model, trace, asked, reads))
            step(number + 1, len(prompts))
    if reads is not None and all(one.fact is None for one in found):
        raise AttnWidgetError(f"reads={reads!r:.60} stands in none of these prompts.")
    # Where no place was named, it is another one in each.
    whose = replace(asked, position=None).recipe + ("" if at is None else f" after token {at}")
    named = "" if reads is None else f", reading {reads!r}"
    return Variants(tuple(found), f"{whose}{named}{said_setting(trace, _part(trace))}")


def variant_of(model: AttentionModel, trace: Trace, asked: Asked, reads: Any = None) -> Variant:
    """One way of putting a prompt: its trace, and the answer that is asked about there."""
    said = model.predict(trace, asked.row).top[0]
    text, rows = _rows(trace, asked)
    mean = np.concatenate([one for _, one in rows]).mean(0)
    # What every query reads says nothing about this one.
    aside = {*attention_sinks(trace, part=_part(trace)).positions, *np.flatnonzero(text.special).tolist()}
    order = [int(at) for at in np.argsort(-mean, kind="stable") if int(at) not in aside][:TOKENS_SHOWN]
    read = tuple(RankedToken(at, text.pieces[at], float(mean[at])) for at in order)
    score = asked.score(logits_at(trace, asked))
    return Variant(text.text, score, said.piece, said.probability, read, _fact(text, rows, reads))


def _rows(trace: Trace, asked: Asked) -> tuple[Tokens, list[tuple[int, np.ndarray]]]:
    """What is read by the answer's position: the tokens, and for each layer (head key)."""
    part = _part(trace)
    rows = [
        (block.layer, trace.weights(block.layer, part=part, queries=[asked.row]).numpy()[:, 0])
        for block in trace.part_blocks(part)
    ]
    return trace.tokens(part)[1], rows


def _part(trace: Trace) -> str | None:
    """An encoder-decoder's answer reads the text across."""
    return "cross" if "cross" in trace.parts else None


def _fact(text: Tokens, rows: list[tuple[int, np.ndarray]], reads: Any) -> RankedHead | None:
    if reads is None:
        return None
    try:
        places = tokens_named(text, reads)
    except AttnWidgetError:
        return None  # this way of putting it does without the phrase
    each = [
        RankedHead(layer, head, float(row[list(places)].sum())) for layer, own in rows for head, row in enumerate(own)
    ]
    return max(each, key=lambda one: one.value)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_SHOWN else f"{line[: LONGEST_SHOWN - 1]}…"
