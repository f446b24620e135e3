"""The generator of the teaching language: documents as tuples of tokens, each with its weight in training and its answer mark.

A template is a sentence whose words are separated by spaces. `{slot}` is filled in; `{slot+}` says that the filling follows from
what was said before, `{slot!}` that it is the answer. A leading `_` (and punctuation) glues a word to the one before it.

Every document lists the pairs of words that it brings together. A reserved eighth of all pairs never occurs in training, so that
held-out figures measure lookup, not memory.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import NamedTuple
from zlib import crc32

from attnwidget.tiny.causal import vocabulary as v

ANSWER_WEIGHT = 6.0
FOLLOWING_WEIGHT = 1.0
# What is drawn at random can only be guessed: learning its frequencies would drown the signal of what follows from the context.
DRAWN_WEIGHT = 0.2
RESERVED_ONE_IN = 8


class Token(NamedTuple):
    """One token of a document: its surface, its weight in the training loss, whether the context decides it."""

    surface: str
    weight: float = 1.0
    answer: bool = False


@dataclass(frozen=True)
class Document:
    """A self-contained text; `pairs` lists the words it brings together (name and name, subject and value, head and distractor)."""

    tokens: tuple[Token, ...]
    pairs: tuple[tuple[str, str], ...] = ()

    @property
    def text(self) -> str:
        """The document as typed, without the space that the tokenizer puts before the first word."""
        return "".join(token.surface for token in self.tokens).removeprefix(" ")


def reserved(first: str, second: str) -> bool:
    """True when this pair, in either order, is kept out of training."""
    low, high = sorted((first, second))
    return crc32(f"{low}|{high}".encode()) % RESERVED_ONE_IN == 0


@cache
def _spelled(word: str, glued: bool, weight: float) -> Token:
    return Token(word if glued else " " + word, weight, weight == ANSWER_WEIGHT)


@cache
def _parsed(template: str) -> tuple[tuple[str, bool, bool, float], ...]:
    """Per piece: the word or slot name, is it a slot, is it glued, its weight."""
    pieces = []
    for part in template.split():
        glued = part.startswith("_") or part in (".", ",", "?")
        word = part.removeprefix("_")
        slot = word.startswith("{")
        weight = (
            {"!": ANSWER_WEIGHT, "+": FOLLOWING_WEIGHT}.get(word[-2:-1], DRAWN_WEIGHT) if slot else FOLLOWING_WEIGHT
        )
        pieces.append((word.strip("{!+}") if slot else word, slot, glued, weight))
    return tuple(pieces)


def render(template: str, fills: Mapping[str, str]) -> list[Token]:
    """The tokens of a template with its slots filled."""
    return [_spelled(fills[word] if slot else word, glued, weight) for word, slot, glued, weight in _parsed(template)]


def _pair(rng: Random, firsts: Sequence[str], seconds: Sequence[str], held_out: bool) -> tuple[str, str]:
    """Two different words whose pair is in the asked class."""
    while True:
        first, second = rng.choice(firsts), rng.choice(seconds)
        if first != second and reserved(first, second) == held_out:
            return first, second


@dataclass(frozen=True)
class Fact:
    """The relation of the subject is the value."""

    relation: str
    subject: str
    value: str


STATEMENT = "The {relation} of {subject} is {value} ."
QUESTION = "What is the {relation} of {subject+} ? The {relation+} of {subject+} is {value!} ."


def _keys(rng: Random, subjects: Sequence[str], count: int, confusable: bool) -> list[tuple[str, str]]:
    """`count` different (relation, subject): all words different, or from a small grid where each subject and relation recurs."""
    if not confusable:
        return list(zip(rng.sample(v.RELATIONS, count), subjects[:count], strict=True))
    side = 2 if count <= 4 else 4
    grid = [(relation, subject) for relation in rng.sample(v.RELATIONS, side) for subject in subjects[:side]]
    return rng.sample(grid, min(count, len(grid)))


@cache
def _values(subject: str, person: bool, held_out: bool) -> tuple[str, ...]:
    """The values that may be stated of a subject; in the held-out class there may be none."""
    return tuple(value for value in (v.NAMES if person else v.PLACE_NAMES) if reserved(subject, value) == held_out)


def _facts(rng: Random, keys: Sequence[tuple[str, str]], held_out: bool) -> list[Fact]:
    """Facts with values all different; the value is drawn afresh each time, so that only the context can tell it."""
    found: dict[str, Fact] = {}
    for relation, subject in keys:
        values = _values(subject, relation in v.PERSON_RELATIONS, held_out)
        value = rng.choice(values) if values else ""
        if value and value not in found:
            found[value] = Fact(relation, subject, value)
    return list(found.values())


def facts(
    rng: Random, held_out: bool, subjects: Sequence[str] = (), most: int = 6, confusable: float = 0.25
) -> Document:
    """Statements, then questions about some of them with the answer in the statement's own words.

    `subjects`: at least `most` countries to speak of, drawn when not given. `confusable`: share of documents in which the same subject
    comes with several relations and the same relation with several subjects.
    """
    subjects = subjects or rng.sample(v.COUNTRIES, most)
    found: list[Fact] = []
    while not found:
        count = min(most, rng.choice((1, 2, 2, 3, 3, 4, 5, 6)) if rng.random() < 0.7 else rng.randint(2, most))
        found = _facts(rng, _keys(rng, subjects, count, confusable=rng.random() < confusable and count > 1), held_out)
    asked = rng.sample(found, rng.randint(1, min(4, len(found))))
    tokens = [token for fact in found for token in render(STATEMENT, vars(fact))]
    tokens += [token for fact in asked for token in render(QUESTION, vars(fact))]
    return Document(tuple(tokens), tuple((fact.subject, fact.value) for fact in found))


TWO_NAMES = (
    "{when} {first} and {second} {went} to the {place} , {giver+} {gave} a {object} to {taker!} .",
    "{when} {first} and {second} {went} to the {place} , {giver+} {gave} a {object} to {taker!} .",
    "{when} {first} and {second} were at the {place} , {giver+} {gave} the {object} to {taker!} .",
    "Then {first} and {second} {went} to the {place} , and {giver+} {gave} a {object} to {taker!} .",
    "{first} and {second} {went} to the {place} . Then {giver+} {gave} the {object} to {taker!} .",
)


def two_names(rng: Random, held_out: bool) -> Document:
    """Two people are named; one of them gives something, so the taker is the other one."""
    first, second = _pair(rng, v.NAMES, v.NAMES, held_out)
    giver, taker = (first, second) if rng.random() < 0.5 else (second, first)
    fills = {
        "when": rng.choice(("When", "When", "After", "While")), "first": first, "second": second, "giver": giver, "taker": taker,
        "went": rng.choice(v.MOVING), "place": rng.choice(v.PLACES), "gave": rng.choice(v.GIVING), "object": rng.choice(v.OBJECTS),
    }  # fmt: skip
    return Document(tuple(render(rng.choice(TWO_NAMES), fills)), ((first, second),))


def agreement(rng: Random, held_out: bool) -> Document:
    """The verb agrees with the head of the subject and not with the noun next to it."""
    while True:
        head, distractor = rng.choice(v.HEADS), rng.choice(v.DISTRACTORS)
        if reserved(head[0], distractor[0]) == held_out:
            break
    plural = rng.random() < 0.5
    tense = 0 if rng.random() < 0.7 else 1
    fills = {
        "head": head[plural], "link": rng.choice(v.LINKS), "distractor": distractor[rng.random() < 0.5],
        "verb": (v.PLURAL_VERBS if plural else v.SINGULAR_VERBS)[tense], "adjective": rng.choice(v.ADJECTIVES),
    }  # fmt: skip
    template = "The {head} {link} the {distractor} {verb!} {adjective} ."
    return Document(tuple(render(template, fills)), ((head[0], distractor[0]),))


PRONOUNS = (
    "{name} lost the {object} , so {pronoun!} {went} to the {place} .",
    "{name} found the {object} , so {pronoun!} {went} to the {place} .",
    "{name} {went} to the {place} with the {object} because {pronoun!} was {feeling} .",
    "When {name} saw the {object} , {pronoun!} {went} to the {place} .",
)


def pronouns(rng: Random, held_out: bool) -> Document:
    """The pronoun follows from the name; the pair kept apart is name and object."""
    name, thing = _pair(rng, v.NAMES, v.OBJECTS, held_out)
    fills = {
        "name": name, "object": thing, "pronoun": "he" if name in v.MEN else "she", "went": rng.choice(v.MOVING),
        "place": rng.choice(v.PLACES), "feeling": rng.choice(v.FEELINGS),
    }  # fmt: skip
    return Document(tuple(render(rng.choice(PRONOUNS), fills)), ((name, thing),))


ENCLOSED = (
    "{name} said , {open} _The {object} is {adjective} _{stop!}",
    "{name} said , {open} _The {object} {link} the {place} is {adjective} _{stop!}",
    "The {animal} {open} _the {adjective} {other} of {name} _{close!} {sat} on the {ground} .",
    "The {animal} {open} _the friend of {name} _{close!} was {adjective} .",
    "{name} {open} _the friend of {friend} _{close!} {went} to the {place} .",
)


def enclosed(rng: Random, held_out: bool) -> Document:
    """Quotes and brackets: what was opened decides what closes; the pair kept apart is name and friend."""
    name, friend = _pair(rng, v.NAMES, v.NAMES, held_out)
    opening, closing = rng.choice(v.BRACKETS)
    fills = {
        "open": opening, "close": closing, "stop": "." + closing, "name": name, "friend": friend, "object": rng.choice(v.OBJECTS),
        "adjective": rng.choice(v.ADJECTIVES), "link": rng.choice(v.LINKS), "place": rng.choice(v.PLACES),
        "animal": rng.choice(v.ANIMALS), "other": rng.choice(v.ANIMALS), "sat": rng.choice(v.RESTING),
        "ground": rng.choice(v.GROUNDS), "went": rng.choice(v.MOVING),
    }  # fmt: skip
    template = rng.choice(ENCLOSED)
    pairs = ((name, friend),) if "{friend}" in template else ()
    return Document(tuple(render(template, fills)), pairs)


STORIES = (
    "The {animal} {sat} on the {ground} .",
    "The {animal} {sat} under the {ground} , so {she} {moved} to the {place} .",
    "The {show} was {adverb} not {feeling} .",
    "The {show} was {adverb} {feeling} , but the {other} was not .",
    "The river bank was {adjective} , so {she} {moved} to the bank for money .",
    "{She} {moved} to the {place} for {good} because the {ground} was {adjective} .",
    "The {animal} didn _'t cross the {street} because it was too {tired} .",
)


def story(rng: Random, held_out: bool) -> Document:
    """Plain sentences that use the words of the lessons in other contexts; nothing in them is an answer, nothing is held out."""
    del held_out
    she = rng.choice(("she", "he"))
    fills = {
        "animal": rng.choice(v.ANIMALS), "sat": rng.choice(v.RESTING), "ground": rng.choice(v.GROUNDS), "she": she,
        "She": she.capitalize(), "moved": rng.choice(v.MOVES), "place": rng.choice(v.PLACES), "show": rng.choice(v.SHOWS),
        "other": rng.choice(v.SHOWS), "adverb": rng.choice(v.ADVERBS), "feeling": rng.choice(v.FEELINGS),
        "adjective": rng.choice(v.ADJECTIVES), "good": rng.choice(v.GOODS), "street": rng.choice(("street", "road", "river")),
        "tired": rng.choice(("tired", "wide", "old", "cold")),
    }  # fmt: skip
    return Document(tuple(render(rng.choice(STORIES), fills)))


SENTENCE_KINDS = {
    "facts": facts, "two_names": two_names, "agreement": agreement, "pronouns": pronouns, "enclosed": enclosed, "story": story,
}  # fmt: skip
