"""The language of tiny-translator: its translations, which words decide them, and the pairs kept out of training."""
# ruff: noqa: S311 - random sentences

import subprocess
import sys
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attnwidget.tiny.causal.language import reserved
from attnwidget.tiny.translator import grammar, language, truth, vocabulary

KINDS = tuple(language.TEXT_KINDS)


def translations(kind: str, count: int, held_out: bool = False) -> list[language.Translation]:
    rng = Random(f"{kind} {held_out}")
    return [language.translation(rng, kind, held_out) for _ in range(count)]


def french(text: str) -> str | None:
    found = grammar.translated(grammar.split_words(text))
    return None if found is None else grammar.as_text([word.word for word in found])[0]


def test_importing_the_language_imports_no_torch() -> None:
    code = "import attnwidget.tiny.translator.truth, sys; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# What a book of French grammar says.
BOOK = {
    "the red car of my sister": "la voiture rouge de ma sœur",
    "my sister's red car": "la voiture rouge de ma sœur",
    "the small red car": "la petite voiture rouge",
    "her brother": "son frère",
    "his sister": "sa sœur",
    "my school": "mon école",
    "my new school": "ma nouvelle école",
    "this tree": "cet arbre",
    "this old tree": "ce vieil arbre",
    "a beautiful bird": "un bel oiseau",
    "the beautiful birds": "les beaux oiseaux",
    "the garden of the king": "le jardin du roi",
    "the garden of the queen": "le jardin de la reine",
    "the garden of the friend": "le jardin de l'ami",
    "the garden of the friends": "le jardin des amis",
    "the garden of a friend": "le jardin d'un ami",
    "the chair near the bridge": "la chaise près du pont",
    "The dog does not see the white house.": "Le chien ne voit pas la maison blanche.",
    "the dogs do not see a cat": "les chiens ne voient pas de chat",
    "my uncle does not buy an apple": "mon oncle n'achète pas de pomme",
    "The church is not round.": "L'église n'est pas ronde.",
    "the aunts of the king are happy": "les tantes du roi sont heureuses",
    "she": None,
    "a apple": None,
    "the dogs is happy": None,
    "the the car": None,
    "the twenty car": None,
    "the red small car": None,
    "twenty-one": "vingt et un",
    "twenty-one chairs": "vingt et une chaises",
    "seventy-one": "soixante et onze",
    "seventy-two": "soixante-douze",
    "seventy-seven": "soixante-dix-sept",
    "eighty": "quatre-vingts",
    "eighty-one": "quatre-vingt-un",
    "ninety": "quatre-vingt-dix",
    "ninety-one": "quatre-vingt-onze",
    "ninety-nine": "quatre-vingt-dix-neuf",
    "eighteen": "dix-huit",
    "May 3, 2021": "le 3 mai 2021",
    "the third of May 2021": "le 3 mai 2021",
    "the first of May": "le 1er mai",
    "the thirty-first of July": "le 31 juillet",
    "the thirty-second of July": None,
    "Monday, May 1, 2021": "le lundi 1er mai 2021",
    "the letter of May 3": "la lettre du 3 mai",
}


@pytest.mark.parametrize("text", BOOK)
def test_the_rules_are_those_of_french(text: str) -> None:
    assert french(text) == BOOK[text]


LINKS = {
    "the red car of my sister": "la-the voiture-car rouge-red de-of ma-my sœur-sister",
    "my sister's red car": "la-'s voiture-car rouge-red de-'s ma-my sœur-sister",
    "the king does not see the ice cream": "le-the roi-king ne-not voit-does voit-see pas-not la-the glace-ice glace-cream",
    "the key of the king": "la-the clé-key du-of du-the roi-king",
    "ninety-two potatoes": (
        "quatre-ninety --vingt-ninety --douze-ninety --douze--two pommes-potatoes de-potatoes terre-potatoes"
    ),
    "the twenty-first of May": "le-the 21-twenty 21--first mai-May",
}


@pytest.mark.parametrize("text", LINKS)
def test_words_are_aligned_with_what_they_translate(text: str) -> None:
    english = grammar.split_words(text)
    found = [f"{word.word}-{english[at]}" for word in grammar.translated(english) or () for at in word.sources]
    wanted = [link.removeprefix("-") if link.startswith("--") else link for link in LINKS[text].split()]
    assert [link.removeprefix("-") if link.startswith("--") else link for link in found] == wanted


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("held_out", [False, True])
def test_every_word_of_a_translation_is_aligned_and_comes_back_from_the_text(kind: str, held_out: bool) -> None:
    for made in translations(kind, 300, held_out):
        assert grammar.split_words(made.text) == made.english
        assert grammar.split_words(made.target) == tuple(word.word for word in made.french)
        _, spans = grammar.as_text([word.word for word in made.french])
        assert [span for span, _ in dict.fromkeys(made.aligned)] == sorted(span for span, _ in made.aligned)
        assert {span for span, _ in made.aligned} == {*spans}


@pytest.mark.parametrize("kind", KINDS)
def test_held_out_pairs_never_occur_in_training(kind: str) -> None:
    assert not any(reserved(*pair) for made in translations(kind, 1000) for pair in made.pairs)
    apart = translations(kind, 300, held_out=True)
    assert all(made.pairs and all(reserved(*pair) for pair in made.pairs) for made in apart)


def test_the_pairs_of_a_phrase_are_those_of_its_text() -> None:
    """The record is checked against the text itself: an adjective and the noun behind it are a recorded pair."""
    nouns = {form: name for name, noun in vocabulary.NOUNS.items() for form in noun.english}
    for made in translations("action", 500):
        for at, word in enumerate(made.english):
            behind = [nouns.get(made.english[at + 1 : at + stop]) for stop in (3, 2)]
            if word in vocabulary.DESCRIBING and any(behind):
                assert (next(filter(None, behind)), word) in made.pairs


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**9))
def test_a_word_decides_if_another_of_its_kind_changes_what_comes_next_and_only_then(seed: int) -> None:
    """Read from the texts alone: whoever writes another word into the English and translates it by rule."""
    (sample,) = truth.translator_samples(1, seed)
    assert sample.target is not None
    assert sample.deciding
    assert (french(sample.text) or "").startswith(sample.target + sample.answer)
    english = grammar.split_words(sample.text)
    _, spans = grammar.as_text(english)
    for first, behind, others in truth.replaceable(english):
        texts = [grammar.as_text((*english[:first], *other, *english[behind:]))[0] for other in others]
        written = [french(text) for text in texts]
        # Words of the target are compared, not letters: "le" is no beginning of "les".
        begun = grammar.split_words(sample.target)
        following = {
            words[len(begun) : len(begun) + 1]
            for words in (grammar.split_words(one) for one in written if one is not None)
            if words[: len(begun)] == begun
        }
        answers = {grammar.split_words(sample.target + sample.answer)[len(begun) :]}
        decides = {*spans[first:behind]} <= {*sample.deciding}
        assert decides == bool(following - answers)
        assert decides or not {*spans[first:behind]} & {*sample.deciding}


def test_the_noun_decides_the_article_and_the_word_before_it_does_not_once_it_is_written() -> None:
    def found(text: str, at: int) -> list[str]:
        made = language.Translation(
            "phrase", grammar.split_words(text), grammar.translated(grammar.split_words(text)) or (), ()
        )
        return [text[start:stop] for start, stop in truth.sample_at(made, at).deciding]

    assert found("the red car of my sister", 0) == ["the", "car"]
    assert found("the red tree", 0) == ["the", "red", "tree"]  # a big one would be "le grand arbre"
    assert found("the green car", 2) == ["green"]  # "voiture" is written already
    assert found("her sister", 0) == ["her", "sister"]
    assert found("the garden of the king", 2) == ["of", "the", "king"]
    assert found("seventy-two", 1) == ["seventy", "-two"]
    assert found("the dog is not happy", 2) == ["not"]


def test_samples_come_from_the_seed_alone() -> None:
    assert truth.translator_samples(6, 3) == truth.translator_samples(6, 3) != truth.translator_samples(6, 4)


def test_whole_translations_are_held_out_and_aligned() -> None:
    pairs = truth.translator_pairs(12, 0)
    assert [pair.kind for pair in pairs] == [*KINDS, *KINDS]
    assert all(pair.target == french(pair.text) for pair in pairs)
