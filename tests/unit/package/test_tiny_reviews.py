"""The generator of the reviews: its rule, the words that decide, and the pairs it keeps out of training."""
# ruff: noqa: S311 - random sentences

import subprocess
import sys
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attnwidget.tiny.classifier import language, truth
from attnwidget.tiny.classifier import vocabulary as v

KINDS = language.REVIEW_KINDS


def reviews(kind, count, *, held_out=False):
    rng = Random(f"{kind} {held_out}")
    return [language.write_review(rng, kind, held_out=held_out) for _ in range(count)]


def changed(review, place, word):
    words = list(review.words)
    words[place] = words[place]._replace(word=word)
    return replace(review, words=tuple(words))


def test_importing_the_reviews_imports_no_torch():
    code = "import attnwidget.tiny.classifier.truth, sys; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(KINDS), st.booleans())
def test_the_deciding_words_are_those_whose_kind_holds_another_answer(seed, kind, held_out):
    review = language.write_review(Random(seed), kind, held_out=held_out)
    answer, deciding = language.verdict(review), language.deciding_words(review)
    assert answer in v.CLASSES
    for place, word in enumerate(review.words):
        others = [language.verdict(changed(review, place, other)) for other in v.WORD_KINDS.get(word.kind, ())]
        assert any(other != answer for other in others) == (place in deciding), (review.text, word.word)


def judged(text):
    """A clause by hand: the words of the language around an opinion, of the writer, about the show."""
    kinds = {word: kind for kind in ("opinion", "polarity", "degree", "manner") for word in v.WORD_KINDS[kind]}
    words = tuple(language.Word(word, kinds.get(word, ""), 0) for word in text.split())
    return language.verdict(language.Review("plain", words, (0,), ()))


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("The movie was unexpectedly not boring", "positive"), ("The movie was boring", "negative"),
        ("The movie was unexpectedly boring", "negative"), ("The movie was very boring", "very negative"),
        ("The movie was not very good", "negative"), ("The movie was hardly slightly bad", "positive"),
        ("The movie was always really good", "very positive"), ("The movie was slightly good", "positive"),
    ],
)  # fmt: skip
def test_the_rule_says_of_a_clause(text, answer):
    assert judged(text) == answer


@pytest.mark.parametrize(("joining", "counts"), [("but", 1), ("yet", 1), ("although", 0), ("though", 0)])
def test_the_joining_word_says_which_clause_counts(joining, counts):
    seen = 0
    for review in reviews("contrast", 200):
        places = [place for place, word in enumerate(review.words) if word.kind == "joining"]
        if places:
            assert language.counting(changed(review, places[0], joining)) == review.own[counts]
            seen += 1
    assert seen > 100


def test_what_others_say_and_what_is_said_of_other_things_never_counts():
    for kind in ("others", "things", "several"):
        for review in reviews(kind, 300):
            counts = [word for word in review.words if word.clause == language.counting(review)]
            assert not {"name", "thing", "occasion"} & {word.kind for word in counts}


@pytest.mark.parametrize("kind", ["contrast", "others", "things", "several"])
def test_words_that_do_not_decide_look_as_if_they_did(kind):
    """In most texts an opinion stands that does not count, and often it says the opposite."""
    opposite = 0
    for review in reviews(kind, 300):
        own = language.clause_value(review, language.counting(review))
        clauses = {word.clause for word in review.words if word.kind in v.OPINIONS}
        opposite += any(language.clause_value(review, clause) * own < 0 for clause in clauses)
    assert opposite > 120


@pytest.mark.parametrize("kind", KINDS)
def test_held_out_pairs_of_reviews_never_occur_in_training(kind):
    told = reviews(kind, 1500)
    assert not any(language.reserved(*pair) for review in told for pair in review.pairs)
    asked = [pair for review in reviews(kind, 200, held_out=True) for pair in review.pairs]
    assert asked
    assert all(language.reserved(*pair) for pair in asked)


def test_the_pairs_of_a_clause_stand_in_it():
    for review in reviews("several", 300):
        words = {word.word for word in review.words}
        assert all({first, second} <= words for first, second in review.pairs)
        changing = [word for word in review.words if word.kind in (*v.POLARITIES, "degree")]
        assert len(review.pairs) >= len(changing)


def test_all_classes_are_about_as_frequent_and_every_word_of_every_kind_occurs():
    told = [review for kind in KINDS for review in reviews(kind, 600)]
    shares = [sum(language.verdict(review) == name for review in told) / len(told) for name in v.CLASSES]
    assert all(0.2 < share < 0.3 for share in shares)
    seen = {(word.kind, word.word) for review in told for word in review.words}
    assert {(kind, word) for kind, words in v.WORD_KINDS.items() for word in words} <= seen


def test_samples_are_held_out_and_their_spans_are_words():
    samples = truth.classifier_samples(120, seed=1)
    assert samples == truth.classifier_samples(120, seed=1) != truth.classifier_samples(120, seed=2)
    assert {sample.kind for sample in samples} == set(KINDS)
    words = {word for words in v.WORD_KINDS.values() for word in words}
    for sample in samples:
        deciding = [sample.text[start:stop] for start, stop in sample.deciding]
        assert set(deciding) <= words
        assert any(word in v.WORD_KINDS[kind] for word in deciding for kind in v.OPINIONS)


def test_a_text_has_a_capital_after_every_stop():
    for review in reviews("several", 200):
        for sentence in review.text.split(". "):
            assert sentence[0].isupper(), review.text
