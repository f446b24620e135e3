"""Links found by heads whose maps are given: by hand, and as the paper does it."""

import numpy as np
import pytest
import torch

import attnwidget as aw
from attnwidget.experiments.probes.attention_probe import _found_by_heads, _judged
from attnwidget.experiments.probes.classifiers import chosen_classifier, split_by_text
from attnwidget.experiments.probes.given_texts import given_texts
from attnwidget.experiments.probes.links import linked_words, links_of

PIECES = ["[CLS]", "a", "ri", "ver", "bank", "[SEP]"]
SPANS = ((-1, -1), (0, 1), (2, 4), (4, 7), (8, 12), (-1, -1))
(TEXT,) = given_texts(["a river bank"])


def trace_of(maps):
    found = aw.Trace.from_weights([maps], PIECES)
    from dataclasses import replace

    text = replace(found.text, spans=SPANS, text=TEXT.text)
    return replace(found, text=text, sequences={"self": (text, text)})


def test_pieces_of_a_key_are_summed_and_those_of_a_query_averaged():
    torch.manual_seed(0)
    maps = torch.rand(2, 6, 6).softmax(-1)
    (found,) = linked_words(trace_of(maps), None, TEXT, links_of(TEXT, [("river", "bank")]))
    expected = maps.numpy()
    np.testing.assert_allclose(found.weights[0, 0, :, 0], expected[:, 2:4, 1].mean(1), rtol=1e-6)
    np.testing.assert_allclose(found.weights[0, 0, :, 1], expected[:, 2:4, 4].mean(1), rtol=1e-6)
    np.testing.assert_allclose(found.weights[1, 0, :, 1], expected[:, 4, 2:4].sum(1), rtol=1e-6)
    assert found.right.tolist() == [False, True]
    assert found.offsets.tolist() == [-1, 1]


def test_a_head_that_rests_on_special_tokens_finds_nothing():
    resting = torch.zeros(1, 6, 6)
    resting[..., 0] = 1
    (found,) = linked_words(trace_of(resting), None, TEXT, links_of(TEXT, {0: 1}))
    assert not _found_by_heads(found).any()


def made_up(texts, rng):
    """Links with a head that finds each, one that finds none, and a link at a random distance."""
    found = []
    for text in texts:
        goal = int(rng.integers(1, len(text.words)))
        maps = rng.random((2, len(text.words), len(text.words))).astype(np.float32)
        maps[0, 0] = 0.01
        maps[0, 0, goal] = 0.9
        trace = aw.Trace.from_weights([torch.from_numpy(maps / maps.sum(-1, keepdims=True))], text.text.split())
        found += linked_words(trace, None, text, links_of(text, [(0, goal)]))
    return found


def test_the_head_that_finds_links_is_named_and_the_distance_does_not_do_as_well():
    texts = given_texts([f"{number} b c d e f g h" for number in range(80)])
    found = made_up(texts, np.random.default_rng(0))
    split = split_by_text([text.text for text in texts], np.array([""] * 80), 0.25, 0)
    probe = _judged(found, split, *chosen_classifier(None), 0.25, 0, ())
    assert probe.best_head.by == "L0H0 reads"
    assert (probe.best_head.share, probe.best_head.low) == (1, 1)
    assert probe.all_heads.share > 0.9
    assert probe.chance == pytest.approx(1 / 7)
    assert probe.fixed_offset.high < 0.6
    assert probe.reads[0, 0] == 1
    assert probe.reads[0, 1] < 0.5
    assert list(probe.table()["by"])[:2] == ["L0H0 reads", probe.fixed_offset.by]


TEXTS = ["a river bank"] * 20


@pytest.mark.parametrize(
    ("links", "said"),
    [
        ([[(0, 1)]] * 3, "20 texts and 3 lists of links"),
        ([[(0, 9)]] * 20, "no word 9 in text 0"),
        ([[(0, 0)]] * 20, "to itself"),
        ([[("sea", 0)]] * 20, "'sea' does not stand in text 0"),
        ([[(0, 1, 2)]] * 20, "is no link"),
        ([3] * 20, "are no links"),
        ([[(0, 1)]] * 2 + [[]] * 18, "Only 2 texts have links"),
        ("links", "no list of links"),
    ],
)
def test_links_that_do_not_fit_are_told_in_a_sentence(links, said):
    with pytest.raises(aw.AttnWidgetError, match=said):
        aw.attention_probe(aw.load(), TEXTS, links)
