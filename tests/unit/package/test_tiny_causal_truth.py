"""The deciding words of the bundled causal model's samples, against the generator's rules read the other way round."""

import re
from collections.abc import Iterator, Mapping
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attnwidget.tiny.causal import language, vocabulary
from attnwidget.tiny.causal.truth import causal_samples
from attnwidget.tiny.sample import Sample

KINDS = ("facts", "two_names", "agreement", "pronouns", "enclosed", "repeats")
WORDS = tuple(dict.fromkeys((*vocabulary.words(), *(opening for opening, _ in vocabulary.BRACKETS), ",", ".", "?")))

names, places = vocabulary.NAMES, vocabulary.PLACES
LISTS: Mapping[str, tuple[str, ...]] = {
    "relation": vocabulary.RELATIONS, "subject": vocabulary.COUNTRIES, "value": (*names, *vocabulary.PLACE_NAMES),
    "when": ("When", "After", "While"), "first": names, "second": names, "giver": names, "name": names, "friend": names,
    "went": vocabulary.MOVING, "place": places, "gave": vocabulary.GIVING, "object": vocabulary.OBJECTS,
    "head": tuple(form for noun in vocabulary.HEADS for form in noun), "link": vocabulary.LINKS,
    "distractor": tuple(form for noun in vocabulary.DISTRACTORS for form in noun), "feeling": vocabulary.FEELINGS,
    "open": tuple(opening for opening, _ in vocabulary.BRACKETS), "adjective": vocabulary.ADJECTIVES,
    "animal": vocabulary.ANIMALS, "other": vocabulary.ANIMALS,
}  # fmt: skip
SLOTS = {slot: frozenset(words) for slot, words in LISTS.items()}
KNOWN = frozenset(vocabulary.words())


def spelled(text: str) -> list[str]:
    return re.findall(r"\w+|[^\w\s]", text)


@cache
def pieces_of(template: str) -> tuple[tuple[str, bool], ...]:
    """Up to the answer: literal words, and names of slots."""
    pieces = re.split(r"\s*_?\{\w+!\}", template)[0].replace("_", "").split()
    return tuple((piece.strip("{+}"), "{" in piece) for piece in pieces)


def read(template: str, words: list[str]) -> dict[str, str] | None:
    """The slots of a template, up to its answer, that these words fill."""
    pieces = pieces_of(template)
    found: dict[str, str] = {}
    if len(pieces) != len(words):
        return None
    for (piece, slot), word in zip(pieces, words, strict=True):
        if not slot:
            if piece != word:
                return None
        elif word not in SLOTS[piece] or found.setdefault(piece, word) != word:
            return None
    return found


def readings(templates: tuple[str, ...], words: list[str]) -> Iterator[dict[str, str]]:
    return (found for template in templates if (found := read(template, words)) is not None)


def of_facts(words: list[str]) -> str | None:
    stated = [read(language.STATEMENT, words[at : at + 7]) for at in (0, 7, 14)]
    asked = read(language.QUESTION, words[21:])
    if asked is None or None in stated:
        return None
    facts = {(fact["relation"], fact["subject"]): fact["value"] for fact in stated if fact is not None}
    fits = all((value in names) == (key[0] in vocabulary.PERSON_RELATIONS) for key, value in facts.items())
    return facts.get((asked["relation"], asked["subject"])) if fits and len({*facts.values()}) == 3 else None


def of_two_names(words: list[str]) -> str | None:
    for found in readings(language.TWO_NAMES, words):
        people = [found["first"], found["second"]]
        if len({*people}) == 2 and found["giver"] in people:
            return next(one for one in people if one != found["giver"])
    return None


def of_agreement(words: list[str]) -> str | None:
    found = read("The {head} {link} the {distractor} {verb!}", words)
    return found and ("are" if found["head"] in {many for _, many in vocabulary.HEADS} else "is")


def of_pronouns(words: list[str]) -> str | None:
    found = next(readings(language.PRONOUNS, words), None)
    return found and ("he" if found["name"] in vocabulary.MEN else "she")


def of_enclosed(words: list[str]) -> str | None:
    for template in language.ENCLOSED:
        found = read(template, words)
        if found and found.get("name") != found.get("friend", ""):
            return ("." if "{stop!}" in template else "") + dict(vocabulary.BRACKETS)[found["open"]]
    return None


def of_repeats(words: list[str]) -> str | None:
    once = next((at for at in range(1, len(words)) if words[at] == words[0]), len(words))
    block, again = words[:once], words[once:]
    known = len({*block}) == len(block) and KNOWN.issuperset(block)
    return block[len(again)] if known and 2 <= len(again) < len(block) and again == block[: len(again)] else None


ANSWER = {
    "facts": of_facts, "two_names": of_two_names, "agreement": of_agreement, "pronouns": of_pronouns, "enclosed": of_enclosed,
    "repeats": of_repeats,
}  # fmt: skip


def other_answers(sample: Sample) -> set[int]:
    """The words that another word can take the place of, the text still being one, and its answer another."""
    words, answer = spelled(sample.text), ANSWER[sample.kind]
    own = answer(words)
    found = set()
    for at in range(len(words)):
        replaced = (answer([*words[:at], word, *words[at + 1 :]]) for word in WORDS)
        if any(other is not None and other != own for other in replaced):
            found.add(at)
    return found


@settings(max_examples=6)
@given(st.integers(0, 2**31))
def test_exactly_the_deciding_words_can_be_replaced_so_that_the_answer_is_another(seed: int) -> None:
    for sample in causal_samples(len(KINDS), seed):
        words = spelled(sample.text)
        assert ANSWER[sample.kind](words) == sample.answer.strip(), sample
        deciding = [sample.text[start:stop] for start, stop in sample.deciding]
        places = other_answers(sample)
        assert [words[at] for at in sorted(places)] == deciding, sample
        before = [len(spelled(sample.text[:start])) for start, _ in sample.deciding]
        assert before == sorted(places)


def test_all_kinds_come_in_turn_and_a_seed_is_kept_to() -> None:
    samples = causal_samples(20, seed=3)
    assert [sample.kind for sample in samples[:7]] == [*KINDS, "facts"]
    assert samples == causal_samples(20, seed=3) != causal_samples(20, seed=4)


@pytest.mark.parametrize("kind", ["facts", "two_names"])
def test_samples_are_held_out(kind: str) -> None:
    samples = [sample for sample in causal_samples(120, seed=5) if sample.kind == kind]
    for sample in samples:
        words = spelled(sample.text)
        if kind == "facts":
            pairs = [(words[at + 3], words[at + 5]) for at in (0, 7, 14)]
        else:
            pairs = [tuple(word for word in words if word in names)[:2]]
        assert all(language.reserved(*pair) for pair in pairs)
