"""The generator of the reviews: texts as tuples of words, each with its kind, and the rule that says which class a text is of.

The class is that of the one clause that counts. There the opinion word says positive or negative, a negator turns it round, and an
intensifier makes it "very", unless it is negated: "not very good" is negative and no more. Which clause counts: what the writer says
of the show, never what others say or what is said of other things; of two such clauses the one after "but" or "yet", or the one
before "although" or "though".

Every review lists the pairs of words that it brings together. A reserved eighth of all pairs never occurs in training.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import NamedTuple

from attnwidget.tiny.causal import language as stories
from attnwidget.tiny.causal.language import reserved
from attnwidget.tiny.classifier.vocabulary import (
    CLASSES,
    DIMINISHERS,
    INTENSIFIERS,
    NEGATORS,
    OPINIONS,
    POLARITIES,
    POSITIVE,
    REVIEWED,
    TURNING,
    WORD_KINDS,
)

NO_CLAUSE = -1
_NEGATING = frozenset(NEGATORS)


class Word(NamedTuple):
    """One word of a review. `kind`: what can stand in its place ("" for a word of the template); `clause`: which it belongs to."""

    word: str
    kind: str = ""
    clause: int = NO_CLAUSE
    glued: bool = False
    first: bool = False

    @property
    def surface(self) -> str:
        """As it stands in the text, with the space before it."""
        word = self.word[0].upper() + self.word[1:] if self.first else self.word
        return word if self.glued else " " + word


@dataclass(frozen=True)
class Review:
    """A text. `own`: the clauses in which the writer judges the show, in the text's order; `pairs`: the words it brings together."""

    kind: str
    words: tuple[Word, ...]
    own: tuple[int, ...]
    pairs: tuple[tuple[str, str], ...]

    @property
    def text(self) -> str:
        """The review as typed."""
        return "".join(word.surface for word in self.words).removeprefix(" ")


# ------------------------------------------------------------------------------------------------------------ the rule


def clause_value(review: Review, clause: int) -> int:
    """-2, -1, 1 or 2: what a clause says, whether it counts or not."""
    words = [word for word in review.words if word.clause == clause]
    sign = next(1 if word.word in POSITIVE else -1 for word in words if word.kind in OPINIONS)
    if any(word.word in NEGATORS for word in words if word.kind in POLARITIES):
        return -sign
    return 2 * sign if any(word.word in INTENSIFIERS for word in words if word.kind == "degree") else sign


def counting(review: Review) -> int:
    """The clause that counts."""
    if len(review.own) == 1:
        return review.own[0]
    before, after = review.own
    turning = next(word.word for word in review.words if word.kind == "joining" and word.clause == NO_CLAUSE) in TURNING
    return after if turning else before


def verdict(review: Review) -> str:
    """The class of a review, by the rule."""
    return class_of(clause_value(review, counting(review)))


def class_of(value: int) -> str:
    """The class of -2, -1, 1 or 2."""
    return CLASSES[{-2: 0, -1: 1, 1: 2, 2: 3}[value]]


def deciding_words(review: Review) -> tuple[int, ...]:
    """The places of the words that decide the class.

    In the clause that counts: the opinion word, a negator or what stands in its place, and how much, unless that is negated. Besides,
    where two clauses could count and say different things: the word that says which one does.
    """
    clause = counting(review)
    negated = any(word.word in NEGATORS for word in review.words if word.clause == clause and word.kind in POLARITIES)
    decides = {*OPINIONS, *POLARITIES} | (set() if negated else {"degree"})
    differ = len({clause_value(review, own) for own in review.own}) > 1
    return tuple(
        place
        for place, word in enumerate(review.words)
        if (word.clause == clause and word.kind in decides)
        or (differ and word.clause == NO_CLAUSE and word.kind == "joining")
    )


# ------------------------------------------------------------------------------------------------------- how it is said

OWN_OPINIONS = (
    "{the} {show} {was} {judged}",
    "{the} {show} {was} {judged}",
    "{the} {attribute} {show} {was} {judged}",
    "I found {the} {show} {judged}",
    "I {said} that {the} {show} {was} {judged}",
    "I {verb polarity?} {the} {show}",
    "I did {did polarity} {the} {show}",
)
OTHERS_OPINIONS = (
    "{name} {said} that {the} {show} {was} {judged}",
    "{name} found {the} {show} {judged}",
    "{name} {verb polarity?} {the} {show}",
    "{name} did {did polarity} {the} {show}",
)
THINGS = ("{the} {thing} {was} {judged}", "{the} {thing} in {the} {occasion} {was} {judged}")
ABOUT_IT = ("it {was} {judged}", "I found it {judged}", "I {said} that it {was} {judged}", "I {verb polarity?} it")
PARTS = ("{the} {aspect} {was} {judged}", "I found {the} {aspect} {judged}")
OCCASION = "after a {opinion} {occasion}"


class _Writer:
    """Writes one review: the words so far, its clauses, and the pairs they bring together."""

    def __init__(self, rng: Random, held_out: bool) -> None:
        self.rng = rng
        self.held_out = held_out
        self.words: list[Word] = []
        self.own: list[int] = []
        self.pairs: list[tuple[str, str]] = []
        self.clauses = 0

    def clause(self, templates: Sequence[str], value: int, *, own: bool = False, show: str = "") -> None:
        """Says one thing, which comes to `value`; of verbs there is no "very"."""
        number, self.clauses = self.clauses, self.clauses + 1
        fitting = [template for template in templates if abs(value) == 1 or "{judged}" in template] or templates
        words, pairs = _clause(self.rng, self.rng.choice(fitting), show, value, self.held_out)
        self.words += [word._replace(clause=number) for word in words]
        self.pairs += pairs
        if own:
            self.own.append(number)

    def plain(self, template: str, **given: str) -> None:
        """Words that belong to no clause."""
        self.words += [
            Word(given.get(slot) or self.rng.choice(WORD_KINDS[slot]), slot) if slot else Word(word)
            for word, slot, _ in _pieces(template)
        ]

    def mark(self, mark: str) -> None:
        """A comma, or the end of a sentence."""
        self.words.append(Word(mark, glued=True))

    def story(self) -> None:
        """A sentence that judges nothing, from the stories of tiny-causal."""
        told = stories.SENTENCE_KINDS[self.rng.choice(("two_names", "agreement", "pronouns"))](self.rng, False)
        self.words += [Word(token.surface.strip(), glued=token.surface[0] != " ") for token in told.tokens]

    def review(self, kind: str) -> Review:
        """What was written."""
        words = [
            word._replace(first=place == 0 or self.words[place - 1].word == ".")
            for place, word in enumerate(self.words)
        ]
        return Review(kind, tuple(words), tuple(self.own), tuple(self.pairs))


@cache
def _pieces(template: str) -> tuple[tuple[str, str, bool], ...]:
    """Per piece: the word, the slot ("" where it is a word), may it stay empty."""
    pieces = []
    for part in template.replace(" polarity", "_polarity").split():
        name = part.strip("{?}").replace("_", " ")
        pieces.append((name, name if part[0] == "{" else "", part.endswith("?}")))
    return tuple(pieces)


def _judged(rng: Random, value: int) -> list[Word]:
    """How, whether, how much, and what, so that it comes to `value`."""
    negated = abs(value) == 1 and rng.random() < 0.5
    filled = {
        "manner": rng.choice(WORD_KINDS["manner"]) if rng.random() < 0.25 else "",
        "polarity": _polarity(rng, "polarity", negated) if negated or rng.random() < 0.15 else "",
        "degree": _degree(rng, value, negated),
        "opinion": _opinion(rng, "opinion", value, negated),
    }
    return [Word(word, slot) for slot, word in filled.items() if word]


@cache
def _words_of(slot: str, of: frozenset[str], within: bool) -> tuple[str, ...]:
    """The words of a kind that are among some, or are not."""
    return tuple(word for word in WORD_KINDS[slot] if (word in of) == within)


def _polarity(rng: Random, slot: str, negated: bool) -> str:
    return rng.choice(_words_of(slot, _NEGATING, negated))


def _degree(rng: Random, value: int, negated: bool) -> str:
    if abs(value) == 2:
        return rng.choice(INTENSIFIERS)
    if negated:
        return rng.choice(WORD_KINDS["degree"]) if rng.random() < 0.3 else ""
    return rng.choice(DIMINISHERS) if rng.random() < 0.4 else ""


def _opinion(rng: Random, slot: str, value: int, negated: bool) -> str:
    return rng.choice(_words_of(slot, POSITIVE, (value > 0) != negated))


def _done(rng: Random, slot: str, value: int, optional: bool) -> list[Word]:
    """Whether, and what was done: its polarity and its verb."""
    negated = rng.random() < 0.5
    said = negated or not optional or rng.random() < 0.3
    verb = slot.removesuffix(" polarity")
    return [Word(_polarity(rng, slot, negated), slot)] * said + [Word(_opinion(rng, verb, value, negated), verb)]


def _clause(
    rng: Random, template: str, show: str, value: int, held_out: bool
) -> tuple[list[Word], list[tuple[str, str]]]:
    """Words and pairs of a clause that comes to `value` and whose pairs are all in the asked class."""
    while True:
        words: list[Word] = []
        for word, slot, optional in _pieces(template):
            if slot == "judged":
                words += _judged(rng, value)
            elif slot in POLARITIES:
                words += _done(rng, slot, value, optional)
            elif slot == "opinion":
                words.append(Word(_opinion(rng, slot, value, negated=False), slot))
            else:
                words.append(
                    Word(show if show and slot == "show" else rng.choice(WORD_KINDS[slot]), slot)
                    if slot
                    else Word(word)
                )
        pairs = _pairs(words)
        if all(reserved(*pair) == held_out for pair in pairs):
            return words, pairs


def _pairs(words: Sequence[Word]) -> list[tuple[str, str]]:
    """The opinion word with each word that changes it, or where there is none with what it is about."""
    opinion = next(word.word for word in words if word.kind in OPINIONS)
    changing = [word.word for word in words if word.kind in (*POLARITIES, "degree")]
    about = [word.word for word in words if word.kind in ("show", "aspect", "thing", "occasion")]
    return [(word, opinion) for word in changing or about[-1:]]


# ------------------------------------------------------------------------------------------------------ kinds of review

VALUES = (-2, -1, 1, 2)


def _one(writer: _Writer) -> None:
    writer.clause(OWN_OPINIONS, writer.rng.choice(VALUES), own=True, show=writer.rng.choice(REVIEWED))


def _plain(writer: _Writer) -> None:
    """One thing said of the show."""
    _one(writer)
    writer.mark(".")


def _opposite(rng: Random, value: int) -> int:
    """Mostly of the other sign: who says "but" has a reason."""
    return rng.choice([other for other in VALUES if other * value < 0] if rng.random() < 0.8 else VALUES)


def _contrast(writer: _Writer) -> None:
    """Two things said of the show, and a word that says which counts."""
    rng = writer.rng
    value = rng.choice(VALUES)
    if rng.random() < 0.25:
        # A clause that is opened by "although" never counts.
        writer.plain("{opening}")
        writer.clause(PARTS, value)
        writer.mark(",")
        writer.clause(PARTS, _opposite(rng, value), own=True)
    else:
        of_it = rng.random() < 0.5
        writer.clause(OWN_OPINIONS if of_it else PARTS, value, own=True, show=rng.choice(REVIEWED))
        writer.mark(",")
        writer.plain("{joining}")
        writer.clause(ABOUT_IT if of_it else PARTS, _opposite(rng, value), own=True)
    writer.mark(".")


def _joined(writer: _Writer, parts: Sequence[Callable[[], object]]) -> None:
    """Two clauses in any order, as two sentences or as one. A joining word between them does not decide: only one is of use."""
    first, second = writer.rng.sample(parts, 2)
    first()
    if writer.rng.random() < 0.5:
        writer.mark(".")
    else:
        writer.mark(",")
        writer.plain("{joining}")
    second()
    writer.mark(".")


def _others(writer: _Writer) -> None:
    """What the writer says, and what somebody else says."""
    show = writer.rng.choice(REVIEWED)
    value = writer.rng.choice(VALUES)
    if writer.rng.random() < 0.5:
        _joined(
            writer,
            (
                lambda: writer.clause(OTHERS_OPINIONS, _opposite(writer.rng, value), show=show),
                lambda: writer.clause(OWN_OPINIONS, value, own=True, show=show),
            ),
        )
    else:
        writer.clause(OTHERS_OPINIONS, _opposite(writer.rng, value), show=show)
        writer.mark(".")
        writer.clause(ABOUT_IT[1:], value, own=True)
        writer.mark(".")


def _things(writer: _Writer) -> None:
    """What is said of the show, and what is said of something else."""
    if writer.rng.random() < 0.3:
        writer.clause((OCCASION,), writer.rng.choice((-1, 1)))
        writer.mark(",")
        _one(writer)
        writer.mark(".")
    else:
        _joined(writer, (lambda: writer.clause(THINGS, writer.rng.choice(VALUES)), lambda: _one(writer)))


def _several(writer: _Writer) -> None:
    """A few sentences, of which one or a contrast is the writer's own about the show."""
    rng = writer.rng

    def others() -> None:
        writer.clause(OTHERS_OPINIONS, rng.choice(VALUES), show=rng.choice(REVIEWED))
        writer.mark(".")

    def things() -> None:
        writer.clause(THINGS, writer.rng.choice(VALUES))
        writer.mark(".")

    told = [rng.choice((others, things, writer.story)) for _ in range(rng.randint(1, 3))]
    told.insert(rng.randint(0, len(told)), lambda: rng.choice((_plain, _contrast))(writer))
    for tell in told:
        tell()


_WRITING = {
    "plain": _plain, "contrast": _contrast, "others": _others, "things": _things,  "several": _several,
}  # fmt: skip

REVIEW_KINDS = tuple(_WRITING)


def write_review(rng: Random, kind: str, *, held_out: bool) -> Review:
    """A review of a kind; `held_out`: of reserved pairs only, or of others only."""
    writer = _Writer(rng, held_out)
    _WRITING[kind](writer)
    return writer.review(kind)
