"""What is compared: words, without what nobody wrote."""

import pytest
import torch

import attnwidget as aw
from attnwidget.engine import Tokens
from attnwidget.experiments.agreement.places import mean_sinks, places_of
from attnwidget.measures.places import template_tokens

CHAT = ["<s>", "user", "\n", "What", "is", "it", "?", "</s>", "\n", "<s>", "model", "\n", "It", "is"]


def causal(pieces, first=0.0):
    """A trace of given weights: even, but for `first` on the first token."""
    count = len(pieces)
    even = torch.ones(count, count).tril()
    even /= even.sum(-1, keepdim=True)
    even = even * (1 - first)
    even[:, 0] += first
    return aw.Trace.from_weights([even[None]], pieces)


def test_a_chats_template_is_found_and_a_pair_of_sentences_has_none():
    assert sorted(template_tokens(Tokens.from_pieces(CHAT))) == [1, 2, 8, 10, 11]
    assert not template_tokens(Tokens.from_pieces(["[CLS]", "Yes", "[SEP]", "No", "[SEP]"]))


def test_what_is_compared_comes_before_the_answer_and_was_written():
    found = places_of(causal(CHAT), None, 13)
    assert [place.kind for place in found.every] == [
        *("special", "template", "template", "", "", "", "", "special", "template", "special", "template", "template"),
        *("", "after"),
    ]
    assert found.compared == (3, 4, 5, 6, 12)
    assert (
        found.left_out
        == "3 special tokens; 5 tokens of the chat template; what stands at the answer's position or after it"
    )
    assert found.hidden(13) == ()


def test_kinds_can_stay_in_and_words_can_be_named():
    assert len(places_of(causal(CHAT), None, 13, leave_out=()).compared) == 13
    found = places_of(causal(CHAT), None, 13, leave_out="special", over="is")
    assert found.compared == (4,)
    assert found.left_out.endswith("what was not asked for")


def test_a_sink_gets_a_share_whatever_the_query():
    assert mean_sinks(causal(["The", "cat", "sat", "on", "a", "mat"], first=0.4), None) == {0}
    found = places_of(causal(["The", "cat", "sat", "on", "a", "mat"], first=0.4), None, 5)
    assert found.every[0].kind == "sink"
    assert found.left_out.startswith("1 sink;")
    assert mean_sinks(causal(["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"]), None) == set()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"units": "letters"}, "'words' or 'tokens'"),
        ({"leave_out": "words"}, "'special', 'template', 'sink'"),
        ({"over": "dog"}, "does not contain 'dog'"),
        ({"over": 13}, "Nothing remains"),
    ],
)
def test_what_cannot_be_compared_is_said(given, said):
    with pytest.raises(aw.AttnWidgetError, match=said):
        places_of(causal(CHAT), None, 13, **given)
