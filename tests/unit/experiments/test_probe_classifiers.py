"""What a probe of vectors finds where the truth is known, and what scikit-learn says of the same."""

from itertools import pairwise

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import attnwidget as aw
from attnwidget.experiments.probes.classifiers import (
    chosen_classifier,
    description_length,
    right_when_held_out,
    split_by_text,
    uniform_length,
)
from attnwidget.experiments.probes.given_texts import given_texts
from attnwidget.experiments.probes.intervals import share_interval
from attnwidget.experiments.probes.labels import control_labels, labelled

RANDOM = np.random.default_rng(5)
LABELS = RANDOM.choice(["a", "b", "c"], 400)
NOISE = RANDOM.normal(size=(400, 12))
HOLDING = np.concatenate([NOISE, (LABELS[:, None] == np.array(["a", "b", "c"])) * 4.0], axis=1)
NAMES = [f"text {at // 2}" for at in range(400)]
SPLIT = split_by_text(NAMES, LABELS, 0.25, 0)
PROBE, _ = chosen_classifier(None)


def test_what_vectors_hold_is_found_and_makes_labels_short():
    assert right_when_held_out(PROBE, HOLDING, LABELS, SPLIT).all()
    assert uniform_length(LABELS) / description_length(PROBE, HOLDING, LABELS, SPLIT) > 3


def test_labels_that_vectors_do_not_hold_are_guessed_and_do_not_get_shorter():
    right = right_when_held_out(PROBE, NOISE, LABELS, SPLIT)
    low, high = share_interval(right, SPLIT.texts[SPLIT.held_out], 0)
    assert low < 1 / 3 < high
    assert 0.5 < uniform_length(LABELS) / description_length(PROBE, NOISE, LABELS, SPLIT) <= 1


def test_what_knows_nothing_compresses_by_one():
    uniform = DummyClassifier(strategy="uniform", random_state=0)
    assert description_length(uniform, HOLDING, LABELS, SPLIT) == pytest.approx(400 * np.log2(3))


def test_the_code_is_the_sum_of_the_losses_of_scikit_learn():
    place = np.argsort(SPLIT.order)[SPLIT.texts]
    ends = [12, 25, 50, 100, 200]  # 6.25, 12.5, 25, 50 and 100 % of 200 texts
    bits = np.log2(3) * (place < ends[0]).sum()
    for begin, end in pairwise(ends):
        known, sent = place < begin, (place >= begin) & (place < end)
        fitted = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)).fit(HOLDING[known], LABELS[known])
        own = fitted.predict_proba(HOLDING[sent])[np.arange(sent.sum()), np.searchsorted(["a", "b", "c"], LABELS[sent])]
        share = 1 / (known.sum() + 1)
        bits -= np.log2((1 - share) * own + share / 3).sum()
    assert description_length(PROBE, HOLDING, LABELS, SPLIT) == pytest.approx(bits)


def test_no_text_is_on_both_sides():
    assert not set(SPLIT.texts[SPLIT.learnt]) & set(SPLIT.texts[SPLIT.held_out])
    assert len(SPLIT.held_out) == 100


def test_an_interval_draws_texts_not_places():
    right = np.repeat([1, 0] * 20, 50)
    texts = np.repeat(np.arange(40), 50)
    low, high = share_interval(right, texts, 0)
    assert high - low > 0.25  # of 2,000 places drawn one by one: 0.04
    assert np.isnan(share_interval(np.ones(3), np.zeros(3), 0)).all()


def test_a_control_label_is_the_words_own():
    words = [["one", "two"], ["two", "three"]] * 10
    found = labelled(given_texts(words), [["a", "b"], ["b", "a"]] * 10)
    control = control_labels(found, 3)
    assert len({(one.type, label) for one, label in zip(found, control, strict=True)}) == 3
    assert (control == control_labels(found, 3)).all()


TEXTS = [f"text {at} here" for at in range(20)]


@pytest.mark.parametrize(
    ("texts", "labels", "said"),
    [
        (TEXTS, ["a"] * 20, "All 20 labels are 'a'"),
        (TEXTS, ["a", "b"], "20 texts and 2 labels"),
        (TEXTS, [["a", "b"]] * 20, "There are 3 words in text 0 .* 2 labels"),
        (TEXTS, ["a", ["a", "b", "c"]] * 10, "Text 0 has a label and text 1 has not"),
        (TEXTS, [*["a"] * 19, "b"], "'b' stands in one text alone"),
        (TEXTS[:5], ["a", "b", "a", "b", "a"], "Only 5 texts have labels"),
        (TEXTS, [{"there": "a"}] * 20, "'there' does not stand in text 0"),
        (TEXTS, [{(3, 99): "a"}] * 20, "names no place of text 0"),
        (TEXTS, [{1.5: "a"}] * 20, "names no place"),
        (TEXTS, [{0: 1.5}] * 20, "is no label"),
        ("one text", ["a"], "Give several texts"),
        ([*TEXTS[:19], 7], ["a", "b"] * 10, "Text 19 is 7"),
        ([(text, "and another") for text in TEXTS], [["a"]] * 20, "without a pair"),
        (TEXTS, "a" * 20, "Give a label for each text"),
    ],
)
def test_labels_that_do_not_fit_are_told_in_a_sentence(texts, labels, said):
    with pytest.raises(aw.AttnWidgetError, match=said):
        labelled(given_texts(texts), labels)
