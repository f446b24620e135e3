"""Patterns of trained models: heads that are known get their names."""

import numpy as np
import pytest

from attnwidget.measures.patterns.patterns import NO_PATTERN, patterns

TEXTS = [
    "The river of Veldt is Miro. The capital of France is Paris. What is the river of Veldt?",
    "When Ana and Tom went to the park, Tom gave a ball to Ana. The keys to the cabinet are old.",
    "The cat sat on the mat because it was tired, and the dog slept beside it until the evening came.",
]
REPEATING = "one two three red blue green dog house park ball " * 3


@pytest.mark.parametrize("text", TEXTS)
def test_minilm_has_a_previous_token_head(minilm, text):
    found = patterns(minilm.trace(text))
    assert found.labels[0, 2] == "previous token"
    assert found.scores["previous token"][0, 2] > 0.99
    assert found.of("previous token")[0][:2] == (0, 2)


@pytest.mark.parametrize("text", [*TEXTS, REPEATING])
def test_the_previous_token_head_of_the_bundled_model(tiny, text):
    found = patterns(tiny.trace(text))
    assert found.labels[0, 2] == "previous token"
    assert found.score("previous token").top(1)[0][:2] == (0, 2)


def test_the_induction_heads_of_the_bundled_model(tiny):
    found = patterns(tiny.trace(REPEATING))
    assert found.labels[1, :3].tolist() == ["induction"] * 3
    assert found.score("induction").top(1)[0][:2] == (1, 0)
    assert [head[:2] for head in found.of("induction")] == [(1, 0), (1, 2), (1, 1)]


def test_every_head_has_one_name_and_the_names_are_many(minilm):
    found = patterns(minilm.trace(TEXTS[0]))
    assert found.labels.shape == (6, 12)
    assert (found.labels != "").all()
    assert len(set(found.labels.ravel())) >= 5
    unnamed = found.labels == NO_PATTERN
    assert (np.isnan(np.asarray(found.best)) == unnamed).all()


def test_a_pair_of_texts_has_two_blocks(minilm):
    trace = minilm.trace("The cat sat on the mat", "and the dog slept beside it")
    assert not np.isnan(np.asarray(patterns(trace).scores["block diagonal"])).any()
