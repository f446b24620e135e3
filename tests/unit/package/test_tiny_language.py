"""The generator of the teaching language: its texts, its answers, and the pairs it keeps out of training."""
# ruff: noqa: S311 - random sentences

import subprocess
import sys
from random import Random

import pytest

from attnwidget.tiny.causal import language, rows, vocabulary

KINDS = tuple(language.SENTENCE_KINDS)


def documents(kind: str, count: int, held_out: bool = False) -> list[language.Document]:
    rng = Random(f"{kind} {held_out}")
    return [language.SENTENCE_KINDS[kind](rng, held_out) for _ in range(count)]


def test_importing_the_package_and_the_language_imports_no_torch() -> None:
    code = "import attnwidget.tiny, attnwidget.tiny.causal.language, attnwidget.tiny.causal.rows, sys; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("kind", KINDS)
def test_every_surface_is_known_to_the_vocabulary(kind: str) -> None:
    known = set(vocabulary.surfaces())
    assert {token.surface for document in documents(kind, 2000) for token in document.tokens} <= known


@pytest.mark.parametrize("kind", KINDS)
def test_held_out_pairs_never_occur_in_training(kind: str) -> None:
    pairs = [pair for document in documents(kind, 4000) for pair in document.pairs]
    assert not any(language.reserved(*pair) for pair in pairs)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "story"])
def test_held_out_documents_hold_only_reserved_pairs(kind: str) -> None:
    pairs = [pair for document in documents(kind, 500, held_out=True) for pair in document.pairs]
    assert pairs
    assert all(language.reserved(*pair) for pair in pairs)


def test_a_pair_is_reserved_whichever_way_round() -> None:
    share = [language.reserved(a, b) for a in vocabulary.NAMES for b in vocabulary.NAMES if a < b]
    assert all(language.reserved(a, b) == language.reserved(b, a) for a in vocabulary.NAMES for b in vocabulary.NAMES)
    assert 0.08 < sum(share) / len(share) < 0.17


def test_pairs_are_those_of_the_text() -> None:
    """The record is checked against the text itself: names that share a sentence are a recorded pair."""
    names = set(vocabulary.NAMES)
    for document in documents("two_names", 500):
        met = {word for word in document.text.replace(",", " ").replace(".", " ").split() if word in names}
        assert met == set(document.pairs[0])


def test_answers_weigh_more_and_only_they() -> None:
    for kind in KINDS:
        for token in (token for document in documents(kind, 300) for token in document.tokens):
            assert (token.weight == language.ANSWER_WEIGHT) == token.answer
            assert token.weight in (language.ANSWER_WEIGHT, language.FOLLOWING_WEIGHT, language.DRAWN_WEIGHT)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("facts", "story")])
def test_a_sentence_has_one_answer(kind: str) -> None:
    assert all(sum(token.answer for token in document.tokens) == 1 for document in documents(kind, 300))


def test_a_fact_is_answered_in_the_words_of_its_statement() -> None:
    for document in documents("facts", 500):
        statements, _, rest = document.text.partition("What ")
        stated = set(statements.split(". "))
        for asked in ("What " + rest).split("What ")[1:]:
            question, _, answer = asked.strip().partition("? ")
            assert answer.removesuffix(".") in {line.strip().removesuffix(".") for line in stated}
            assert question in answer.replace("The", "is the", 1)


def test_no_two_facts_of_a_document_disagree() -> None:
    for document in documents("facts", 500):
        lines = [line.rpartition(" is ") for line in document.text.partition("What ")[0].split(".") if line.strip()]
        assert len({key.strip() for key, _, _ in lines}) == len(lines)
        assert len({value for _, _, value in lines}) == len(lines)


def test_the_taker_is_the_one_who_does_not_give() -> None:
    for document in documents("two_names", 300):
        names = [token for token in document.tokens if token.surface.strip() in vocabulary.NAMES]
        first, second, giver, taker = (token.surface.strip() for token in names)
        assert {first, second} == {giver, taker}
        assert names[-1].answer


def test_pronouns_follow_the_names() -> None:
    for document in documents("pronouns", 300):
        answer = next(token.surface for token in document.tokens if token.answer)
        assert answer == (" he" if document.pairs[0][0] in vocabulary.MEN else " she")


def test_the_verb_agrees_with_the_head_not_with_its_neighbour() -> None:
    plurals = {plural for _, plural in vocabulary.HEADS}
    crossed = 0
    for document in documents("agreement", 300):
        words = [token.surface.strip() for token in document.tokens]
        verb = next(token.surface.strip() for token in document.tokens if token.answer)
        assert (verb in vocabulary.PLURAL_VERBS) == (words[1] in plurals)
        crossed += (words[1] in plurals) != words[4].endswith("s")
    assert crossed > 100


def test_what_was_opened_closes() -> None:
    closing = dict(vocabulary.BRACKETS)
    for document in documents("enclosed", 300):
        opened = next(
            token.surface.strip() for token in document.tokens if token.surface.strip() in closing and not token.answer
        )
        answer = next(token.surface for token in document.tokens if token.answer)
        assert answer.removeprefix(".") == closing[opened]


@pytest.mark.parametrize("kind", [*KINDS, "mixed"])
@pytest.mark.parametrize("length", [96, 512])
def test_written_rows_are_full(kind: str, length: int) -> None:
    assert len(rows.document_tokens(Random(1), kind, length)) == length


def test_after_a_newline_words_have_no_space() -> None:
    text = "".join(token.surface for seed in range(50) for token in rows.document_tokens(Random(seed), "mixed", 96))
    assert vocabulary.NEWLINE in text
    assert vocabulary.NEWLINE + " " not in text


@pytest.mark.parametrize("gap", [0, 3])
@pytest.mark.parametrize("bos", [True, False])
def test_an_answer_of_a_repeat_is_what_came_next_before(gap: int, bos: bool) -> None:
    row = rows.repeating_row(Random(2), 700, 64, bos=bos, block=9, gap=gap)
    assert len(row.ids) == len(row.answers) == len(row.weights) == 64
    assert (row.ids[0] == 0) == bos
    assert 0 not in row.ids[1:]
    seen: dict[int, int] = {}
    for place in range(1, 64):
        before, now = row.ids[place - 1], row.ids[place]
        assert row.answers[place] == (seen.get(before) == now)
        assert row.weights[place] == (rows.AGAIN_WEIGHT if row.answers[place] else rows.FIRST_TIME_WEIGHT)
        seen[before] = now


def test_rows_come_from_the_seed_alone() -> None:
    assert [rows.document_tokens(Random(3), "mixed", 96) for _ in range(2)] == [
        rows.document_tokens(Random(3), "mixed", 96)
    ] * 2
