"""Which tokens two texts share: cases by hand, and the laws of an alignment."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnwidget import Tokens
from attnwidget.measures.comparison.aligned_tokens import aligned_tokens

WORDS = st.lists(st.sampled_from("abcd"), max_size=9)


def of(text):
    return Tokens.from_pieces(text.split())


def pairs(first, second):
    found = aligned_tokens(first, second)
    return list(zip(found.first, found.second, strict=True))


def test_a_replaced_token_has_no_partner():
    found = pairs(of("the bank by the river"), of("the bank by the road"))
    assert found == [(0, 0), (1, 1), (2, 2), (3, 3)]


def test_what_follows_an_insertion_is_shifted():
    assert pairs(of("a b c"), of("x y a b c")) == [(0, 2), (1, 3), (2, 4)]
    assert pairs(of("a b c"), of("a x b c")) == [(0, 0), (1, 2), (2, 3)]
    assert pairs(of("a b c d"), of("a d")) == [(0, 0), (3, 1)]


def test_ids_need_not_be_the_same_but_special_tokens_are_no_words():
    again = replace(of("the bank"), ids=(7, 8))
    assert pairs(of("the bank"), again) == [(0, 0), (1, 1)]
    assert pairs(of("[SEP] bank"), replace(of("[SEP] bank"), special=(False, False))) == [(1, 1)]


def test_padding_has_no_partner_on_either_side():
    padded = replace(of("p a b"), padding=(True, False, False))
    assert pairs(padded, padded) == [(1, 1), (2, 2)]
    assert pairs(padded, of("a b p")) == [(1, 0), (2, 1)]


def test_pieces_that_repeat_often_are_not_taken_for_noise():
    long = " ".join(f"the w{i}" for i in range(300))
    assert len(aligned_tokens(of(long), of("x " + long))) == 600


@given(WORDS, WORDS)
def test_an_alignment_is_in_order_one_to_one_true_and_the_same_from_either_side(first, second):
    one, other = Tokens.from_pieces(first), Tokens.from_pieces(second)
    found = aligned_tokens(one, other)
    assert list(found.first) == sorted(set(found.first))
    assert list(found.second) == sorted(set(found.second))
    assert all(first[i] == second[j] for i, j in zip(found.first, found.second, strict=True))
    back = aligned_tokens(other, one)
    assert (back.first, back.second) == (found.second, found.first)
    assert bool(len(found)) is bool(set(first) & set(second))


@given(WORDS)
def test_a_text_is_aligned_with_itself_one_to_one(words):
    text = Tokens.from_pieces(words)
    assert aligned_tokens(text, text).first == aligned_tokens(text, text).second == tuple(range(len(words)))


def longest(first, second):
    """The length of a longest common subsequence, by the recurrence of textbooks."""
    above = [0] * (len(second) + 1)
    for token in first:
        row = [0]
        for at, other in enumerate(second):
            row.append(above[at] + 1 if token == other else max(row[-1], above[at + 1]))
        above = row
    return above[-1]


@given(st.lists(st.sampled_from("abc"), max_size=30), st.lists(st.sampled_from("abc"), max_size=30))
def test_no_longer_alignment_is_possible(first, second):
    assert len(pairs(Tokens.from_pieces(first), Tokens.from_pieces(second))) == longest(first, second)


@given(WORDS, st.lists(st.sampled_from("ef")), st.lists(st.sampled_from("gh")), WORDS)
def test_what_both_begin_and_end_with_is_always_paired(front, one, other, back):
    first, second = front + one + back, front + other + back
    found = pairs(Tokens.from_pieces(first), Tokens.from_pieces(second))
    assert found[: len(front)] == [(at, at) for at in range(len(front))]
    assert found[len(found) - len(back) :] == [(len(first) - at, len(second) - at) for at in range(len(back), 0, -1)]


@pytest.mark.timeout(30)  # by a diff of matching blocks it takes minutes
def test_pieces_that_repeat_all_the_time():
    same, turns = Tokens.from_pieces(["a"] * 3000), Tokens.from_pieces(["a", "b"] * 1500)
    assert len(aligned_tokens(same, turns)) == 1500
    assert len(aligned_tokens(turns, same)) == 1500
