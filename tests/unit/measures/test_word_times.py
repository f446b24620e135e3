"""When each word was said: the path through words and sound, the words, and what has no times."""

import numpy as np
import pytest
import torch

import attnwidget as aw
from attnwidget.engine import TimePlace, Tokens
from attnwidget.measures.comparison.word_times import spoken_words, time_warping

START = ["<|startoftranscript|>", "<|en|>", "<|notimestamps|>"]


def heard(count=60):
    return Tokens.in_sound([TimePlace(at / 50, (at + 1) / 50) for at in range(count)])


def steps(rows, count=60):
    """Each row reads its own stretch of the sound, one after the other."""
    maps = torch.eye(rows).repeat_interleave(count // rows, 1)
    return (maps / maps.sum(-1, keepdim=True))[None]


def traced(pieces, maps=None):
    return aw.Trace.from_weights(
        [steps(len(pieces)) if maps is None else maps], Tokens.from_pieces(pieces), heard(), "cross"
    )


def cheapest(cost):
    """The least sum of any path, by trying all of them."""
    words, positions = cost.shape
    best = np.inf
    stack = [(0, 0, cost[0, 0])]
    while stack:
        i, j, total = stack.pop()
        if (i, j) == (words - 1, positions - 1):
            best = min(best, total)
        for down, across in ((1, 1), (1, 0), (0, 1)):
            if i + down < words and j + across < positions:
                stack.append((i + down, j + across, total + cost[i + down, j + across]))
    return best


@pytest.mark.parametrize("seed", range(5))
def test_no_path_is_cheaper(seed):
    cost = np.random.default_rng(seed).normal(size=(4, 6))
    words, positions = time_warping(cost)
    assert cost[words, positions].sum() == pytest.approx(cheapest(cost), abs=1e-5)
    assert set(zip(np.diff(words).tolist(), np.diff(positions).tolist(), strict=True)) <= {(0, 1), (1, 0), (1, 1)}
    assert (words[0], positions[0], words[-1], positions[-1]) == (0, 0, 3, 5)


def test_words_have_the_times_of_what_they_read():
    found = aw.word_times(traced([*START[-1:], "good", "morning"]), heads=[(0, 0)])
    assert [(word.word, word.tokens) for word in found] == [("good", (1, 2)), ("morning", (2, 3))]
    assert np.asarray(found) == pytest.approx(np.array([[0, 0.4], [0.4, 0.8]]), abs=1e-6)
    uneven = aw.word_times(traced(["a", "b", "c", "d"]), heads=[(0, 0)], start=False)
    assert [word.word for word in uneven.top(2)] == ["b", "c"]
    assert uneven.top(1, lowest=True)[0].word == "a"


def test_without_the_row_of_the_start_the_first_word_has_no_time():
    found = aw.word_times(traced(["good", "old", "morning"]), heads="L0H0", start=False)
    assert found.words[0].stop == 0
    assert found.words[2].start == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("text", "spans", "words"),
    [
        ("The mat, it's", [(0, 3), (4, 7), (7, 8), (9, 11), (11, 13)], ["The", " mat,", " it's"]),
        (" A “fine” day", [(1, 2), (3, 4), (4, 8), (8, 9), (10, 13)], [" A", " “fine”", " day"]),
        (" Uh é", [(1, 3), (4, 5), (4, 5)], [" Uh", " é"]),
        (" the", [(0, 1), (1, 4)], [" the"]),
    ],
)
def test_words_are_divided_as_whisper_does(text, spans, words):
    tokens = Tokens.from_pieces([f"p{at}" for at in range(len(spans))])
    said = Tokens(
        tokens.ids, tokens.pieces, tuple(spans), tokens.words, tokens.special, tokens.padding, tokens.segment, text
    )
    assert [word for word, _ in spoken_words(said)] == words


def test_in_languages_without_spaces_every_character_is_a_word():
    pieces = ["<|startoftranscript|>", "<|zh|>", "早", "上", "好", "。"]
    spans = ((-1, -1), (-1, -1), (0, 1), (1, 2), (2, 3), (3, 4))
    made = Tokens.from_pieces(pieces)
    said = Tokens(made.ids, made.pieces, spans, made.words, made.special, made.padding, made.segment, "早上好。")
    assert [word for word, _ in spoken_words(said)] == ["早", "上", "好。"]


def test_what_has_no_times_is_said_in_a_sentence():
    one = traced(["good", "morning"])
    for given, said in [
        ({}, "does not say which heads"),
        ({"heads": "L3H0"}, "layer"),
        ({"heads": [(0, 5)]}, "head"),
        ({"heads": 5}, "are not heads"),
        ({"heads": [5]}, "are not heads"),
        ({"heads": [(0, 0)], "width": 4}, "odd number"),
        ({"heads": [(0, 0)], "start": 2}, "start"),
    ]:
        with pytest.raises(aw.AttnWidgetError, match=said):
            aw.word_times(one, **given)
    with pytest.raises(aw.AttnWidgetError, match="no words yet"):
        aw.word_times(traced(START), heads=[(0, 0)])
    texts = aw.Trace.from_weights([steps(2, 4)], ["le", "chat"], ["the", "cat", "is", "in"], "cross")
    with pytest.raises(aw.AttnWidgetError, match="does not read a sound"):
        aw.word_times(texts, heads=[(0, 0)])
