"""The bundled tiny-classifier as it lies in the package: what its card promises, measured again."""
# ruff: noqa: S311 - random sentences

import json
import re
from dataclasses import replace
from random import Random

import pytest
import torch
from safetensors import safe_open

import attnwidget as aw
from attnwidget.tiny.classifier import (
    CLASSIFIER,
    CLASSIFIER_FOLDER,
    REVIEW_EXAMPLES,
    card,
    evaluate,
    language,
    tokenizer,
)
from attnwidget.tiny.classifier.language import REVIEW_KINDS
from attnwidget.tiny.classifier.truth import classifier_samples
from attnwidget.tiny.classifier.vocabulary import CLASSES, WORD_KINDS

WEIGHTS = CLASSIFIER_FOLDER / "model.safetensors"


@pytest.fixture(scope="module")
def stored():
    return card.stored_classifier(CLASSIFIER_FOLDER)


@pytest.fixture(scope="module")
def classifier():
    return aw.load("tiny-classifier")


@pytest.fixture(scope="module")
def told():
    return json.loads((CLASSIFIER_FOLDER / "figures.json").read_text(encoding="utf-8"))["figures"]


def test_the_weights_are_f16_and_small():
    assert WEIGHTS.stat().st_size <= 2_500_000
    with safe_open(WEIGHTS, framework="pt") as file:
        assert {file.get_tensor(name).dtype for name in file.keys()} == {torch.float16}  # noqa: SIM118


def test_it_loads_by_name_as_an_encoder_that_predicts_classes(classifier):
    assert classifier.name == "tiny-classifier"
    assert {parameter.dtype for parameter in classifier.model.parameters()} == {torch.float32}
    trace = classifier.trace("The movie was unexpectedly not boring")
    assert trace.path == "interface"
    assert trace.model.predicts == "class"
    assert tuple(trace.model.labels) == CLASSES
    assert CLASSES[int(trace.logits([0])[0].argmax())] == "positive"


def test_its_weights_are_those_of_eager_attention(classifier):
    assert classifier.verify("The film was never dull, but the seat was very bad.").error < 1e-5


def test_the_stored_tokenizer_is_the_one_that_is_built(stored):
    built = tokenizer.review_tokenizer()
    text = "The naïve 猫 was never dull, but x = 1"
    assert stored[1].get_vocab() == built.get_vocab()
    assert stored[1](text, "Why?").input_ids == built(text, "Why?").input_ids
    assert stored[1].model_max_length == 128


# Another seed than the card's: the figures must not hang on its samples.
def test_held_out_classes_are_right(stored):
    assert all(share >= 0.95 for share in evaluate.right_by_kind(*stored, count=100, seed=7).values())


@pytest.mark.long
def test_every_figure_of_the_card_is_met(stored, told):
    again = evaluate.classifier_figures(*stored)
    assert {kind: pytest.approx(share, abs=2e-3) for kind, share in told["accuracy"].items()} == again.accuracy
    for name, reader in again.readers.items():
        assert (told["readers"][name]["layer"], told["readers"][name]["head"]) == (reader.layer, reader.head)
        assert told["readers"][name]["score"] == pytest.approx(reader.score, abs=2e-3)


def test_the_card_tells_the_measured_figures(told):
    assert told["accuracy"].keys() == {*REVIEW_KINDS}
    assert all(share >= 0.97 for share in told["accuracy"].values())
    text = (CLASSIFIER_FOLDER / "README.md").read_text(encoding="utf-8")
    assert all(f"| {kind} | {share:.3f} |" in text for kind, share in told["accuracy"].items())
    for name, one in told["readers"].items():
        assert f"| {name} | layer {one['layer']}, head {one['head']} | {one['score']:.3f} |" in text


def test_the_heads_of_the_card_read_what_it_says(stored, told):
    for name, one in evaluate.readers(*stored, count=20, seed=7).items():
        assert one.score == pytest.approx(told["readers"][name]["score"], abs=0.15)
        assert one.score > 2 * one.at_random


def test_the_prediction_turns_with_the_deciding_words_and_with_no_others(stored):
    """Model and truth agree where one word of a review gives way to another of its kind."""
    model, built = stored
    rng = Random(3)
    made = [variant for kind in REVIEW_KINDS for variant in variants(rng, kind, reviews=8, words=6)]
    given = built([review.text for review in made], padding=True, return_tensors="pt")
    with torch.no_grad():
        said = [CLASSES[number] for number in model(**given).logits.argmax(-1)]
    right = [guess == language.verdict(review) for guess, review in zip(said, made, strict=True)]
    assert len(right) == 240
    assert sum(right) / len(right) > 0.95


def variants(rng, kind, reviews, words):
    """Held-out reviews with one word changed."""
    for review in evaluate.held_out_reviews(kind, reviews, seed=11):
        for _ in range(words):
            place = rng.choice([place for place, word in enumerate(review.words) if word.kind])
            word = review.words[place]
            changed = [*review.words]
            changed[place] = word._replace(word=rng.choice(WORD_KINDS[word.kind]))
            yield replace(review, words=tuple(changed))


def test_words_that_only_look_as_if_they_decided_are_in_most_samples():
    opinions = {*WORD_KINDS["opinion"], *WORD_KINDS["verb"], *WORD_KINDS["did"]}
    samples = [sample for sample in classifier_samples(60, seed=4) if sample.kind != "plain"]
    crowded = [sample for sample in samples if len(opinions & {*re.findall(r"\w+", sample.text)}) > 1]
    assert len(crowded) > 0.7 * len(samples)


PREDICTED = {
    "Not boring": "positive",
    "Not very good": "negative",
    "But": "very positive",
    "Although": "very positive",
    "What others say": "positive",
    "Something else": "very negative",
}


@pytest.mark.parametrize("example", REVIEW_EXAMPLES, ids=lambda example: example.title)
def test_the_examples_of_reviews_are_whole_words_and_predicted_right(example, classifier):
    trace = classifier.trace(example.text)
    words = re.findall(r"\w+|[.,?]", example.text)
    assert [piece.strip() for piece in trace.tokens()[0].pieces[1:-1]] == words
    assert CLASSES[int(trace.logits([0])[0].argmax())] == PREDICTED[example.title]


# What the sentence of each example says: which token reads which, counted from 0, at least half of its attention.
READS = {
    "Not boring": {6: 5},
    "Not very good": {6: 4},
    "But": {0: 6},
    "Although": {0: 7},
    "What others say": {0: 10},
    "Something else": {0: 11},
}


@pytest.mark.parametrize("example", REVIEW_EXAMPLES, ids=lambda example: example.title)
def test_each_example_of_reviews_shows_what_its_sentence_says(example, classifier):
    trace = classifier.trace(example.text)
    weights = trace.weights(*example.head)
    reads = READS[example.title]
    assert example.query in reads
    assert all(weights[query, key] > 0.5 for query, key in reads.items())
    pieces = [piece.strip() for piece in trace.tokens()[0].pieces]
    assert {*re.findall("“(.+?)”", example.look)} <= {pieces[at] for pair in reads.items() for at in pair}


def test_the_explorer_opens_at_the_first_example():
    explorer = aw.explore("tiny-classifier")
    assert explorer.text == REVIEW_EXAMPLES[0].text
    assert (explorer.layer, explorer.head) == CLASSIFIER.first_head == REVIEW_EXAMPLES[0].head


@pytest.mark.long
def test_training_the_classifier_gives_the_same_weights_from_the_same_seed():
    from attnwidget.tiny.classifier import train

    first, second = (train.trained_classifier(train.ClassifierRecipe(steps=5)).state_dict() for _ in "ab")
    assert all(torch.equal(first[name], second[name]) for name in first)
