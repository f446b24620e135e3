"""Which tokens two texts share and what was replaced: cases by hand, and the laws of an alignment."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnwidget import Tokens
from attnwidget.measures.comparison.aligned_tokens import aligned_tokens
from attnwidget.measures.comparison.replacements import replacements

WORDS = st.lists(st.sampled_from("abcd"), max_size=9)


def of(text):
    return Tokens.from_pieces(text.split())


def pairs(first, second, *, same=True):
    """The partners that are the same token, or those that were replaced."""
    found = aligned_tokens(first, second)
    return [pair[:2] for pair in zip(found.first, found.second, found.same, strict=True) if pair[2] is same]


def test_replaced_tokens_are_paired_by_their_places():
    one, other = of("the bank by the old river"), of("the bank by the big new road")
    assert pairs(one, other) == [(0, 0), (1, 1), (2, 2), (3, 3)]
    assert pairs(one, other, same=False) == [(4, 4), (5, 5)]  # old -> big, river -> new; road is left
    assert aligned_tokens(one, other).first == (0, 1, 2, 3, 4, 5)


def test_special_tokens_and_padding_replace_nothing():
    special = replace(of("a [MASK] c"), special=(False, True, False))
    assert pairs(of("a b c"), special, same=False) == []
    padded = replace(of("p x b"), padding=(True, False, False))
    assert pairs(padded, of("y b"), same=False) == [(1, 0)]


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
    assert all(
        (first[i] == second[j]) == same for i, j, same in zip(found.first, found.second, found.same, strict=True)
    )
    back = aligned_tokens(other, one)
    assert (back.first, back.second, back.same) == (found.second, found.first, found.same)
    assert any(found.same) is bool(set(first) & set(second))


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
    assert len(pairs(same, turns)) == len(pairs(turns, same)) == 1500


# what was changed, in words


def changed(first, second):
    return [
        (one.before, one.after, one.first, one.second)
        for one in replacements(first, second, aligned_tokens(first, second))
    ]


def test_what_was_replaced_added_and_taken_away_is_told_in_order():
    assert changed(of("Paris is a big town"), of("Oslo is a town indeed")) == [
        ("Paris", "Oslo", (0, 1), (0, 1)),
        ("big", "", (3, 4), (3, 3)),
        ("", "indeed", (5, 5), (4, 5)),
    ]
    assert changed(of("a b"), of("a b")) == []


def cut(text, *pieces):
    """Tokens of a text; those that begin with # go on with the word before."""
    words, spans, at, word = [], [], 0, -1
    for piece in pieces:
        word += not piece.startswith("#")
        at = text.index(piece.strip("#"), at)
        spans.append((at, at + len(piece.strip("#"))))
        words.append(word)
        at = spans[-1][1]
    return replace(of(" ".join(pieces)), text=text, words=tuple(words), spans=tuple(spans))


def test_what_was_changed_within_a_word_is_told_as_the_whole_word():
    walked, walking = (
        cut("She walked on", "She", "walk", "#ed", "on"),
        cut("She walking on", "She", "walk", "#ing", "on"),
    )
    assert changed(walked, walking) == [("walked", "walking", (1, 3), (1, 3))]
    walk = cut("She walk on", "She", "walk", "on")
    assert changed(walk, walked) == [("walk", "walked", (1, 2), (1, 3))]
    paris, reykjavik = cut("in Paris.", "in", "Paris", "."), cut("in Reykjavik.", "in", "Rey", "#kjavik", ".")
    assert changed(paris, reykjavik) == [("Paris", "Reykjavik", (1, 2), (1, 3))]


def test_padding_is_no_change():
    padded = replace(of("p a b"), padding=(True, False, False))
    assert changed(padded, of("a b")) == []
    assert changed(padded, of("a c")) == [("b", "c", (2, 3), (1, 2))]


@given(WORDS, WORDS)
def test_what_was_changed_turns_one_text_into_the_other(first, second):
    one, other = Tokens.from_pieces(first), Tokens.from_pieces(second)
    made = list(first)
    for change in reversed(replacements(one, other, aligned_tokens(one, other))):
        made[slice(*change.first)] = second[slice(*change.second)]
    assert made == second
