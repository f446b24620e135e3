"""Heads with something to be seen: the same scores as `patterns` has, and a query that shows it."""

from dataclasses import replace

import pytest
import torch

from attnwidget import Trace
from attnwidget.engine import Tokens
from attnwidget.measures.patterns.patterns import patterns
from attnwidget.measures.patterns.sights import ROWS_OF_A_LONG_TEXT, sights
from attnwidget.measures.places import words_said


def seen(rows, pieces):
    return sights(Trace.from_weights([torch.stack(rows)], pieces))


def reading(size, step):
    """Each query reads the key so many tokens away; those without one read themselves."""
    keys = torch.arange(size) + step
    return torch.eye(size)[torch.where((keys >= 0) & (keys < size), keys, torch.arange(size))]


def test_scores_are_those_of_patterns():
    torch.manual_seed(0)
    pieces = ["a", "b", "c", "d", "e", "f", "a", "b", "c", "d", "e", "f"]
    heads = [reading(12, -1), reading(12, 1), reading(12, -6), reading(12, -5), torch.full((12, 12), 1 / 12)]
    noisy = [0.7 * head + 0.3 * torch.rand(12, 12).softmax(-1) for head in heads]
    trace = Trace.from_weights([torch.stack(noisy)], pieces)
    found, named = sights(trace), patterns(trace)
    assert {(sight.head, sight.pattern) for sight in found} == {
        (0, "previous token"),
        (1, "next token"),
        (2, "duplicate token"),
        (3, "induction"),
    }
    for sight in found:
        assert sight.score == pytest.approx(float(named.score(sight.pattern).values[0, sight.head]), abs=1e-4)


def test_the_clearest_of_each_pattern_comes_first():
    def faint(step, share):
        return share * reading(9, step) + (1 - share) / 9

    found = seen([faint(-1, 0.7), faint(-1, 0.9), faint(1, 0.8), faint(-1, 0.95)], list("abcdefghi"))
    assert [(sight.head, sight.pattern) for sight in found] == [
        (3, "previous token"),
        (2, "next token"),
        (1, "previous token"),
        (0, "previous token"),
    ]


def test_the_query_is_the_last_word_or_else_the_clearest():
    pieces = ["a", "b", "c", "d", "e", "."]
    assert [sight.query for sight in seen([reading(6, -1)], pieces)] == [4]
    astray = reading(6, -1)
    astray[4] = torch.eye(6)[0]
    astray[2] = torch.tensor([0.2, 0.8, 0, 0, 0, 0])
    assert [sight.query for sight in seen([astray], pieces)] == [3]


@pytest.mark.parametrize("pieces", [["a", "b"], ["a"]])
def test_a_text_of_one_or_two_tokens_shows_nothing(pieces):
    assert seen([reading(len(pieces), -1)], pieces) == ()


def test_a_long_text_is_sampled_and_its_last_word_read_all_the_same(monkeypatch):
    pieces = [f"w{i}" for i in range(300)] + ["."]
    asked = []
    trace = Trace.from_weights([reading(301, -1)[None]], pieces)
    weights = Trace.weights

    def counted(self, *given, queries, **more):
        asked.append(len(queries))
        return weights(self, *given, queries=queries, **more)

    monkeypatch.setattr(Trace, "weights", counted)
    (sight,) = sights(trace)
    assert (sight.pattern, sight.query) == ("previous token", 299)
    assert asked == [ROWS_OF_A_LONG_TEXT + 1]


def test_between_two_texts_nothing_is_seen():
    trace = Trace.from_weights([torch.eye(6)[None]], list("abcdef"), list("uvwxyz"))
    assert sights(trace) == ()


def test_who_speaks_in_a_chat_has_said_nothing():
    pieces = ["<s>", "user", "\n", "Where", " is", " it", "?", "</s>", "\n", "<s>", "assist", "ant", "\n"]
    special = [piece in {"<s>", "</s>"} for piece in pieces]
    words = [-1, 0, 1, 2, 3, 4, 5, -1, 6, -1, 7, 7, 8]
    tokens = Tokens.from_pieces(pieces)
    told = replace(tokens, special=tuple(special), words=tuple(words))
    assert words_said(told) == (3, 4, 5)
    assert words_said(Tokens.from_pieces(["[CLS]", "Hello", "[SEP]"])) == (1,)
