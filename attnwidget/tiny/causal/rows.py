"""Rows of token ids for training and for measuring: documents one after another until the row is full, or repeated random sequences."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

import numpy as np
from numpy.typing import NDArray

from attnwidget.tiny.causal.language import SENTENCE_KINDS, Document, Token, facts
from attnwidget.tiny.causal.vocabulary import COUNTRIES, END, NEWLINE

FIRST_TIME_WEIGHT = 0.1
# Less than other answers: they fill two thirds of a row, and would drown all else before the induction head is found.
AGAIN_WEIGHT = 2.0
FACTS_SEPARATORS = ("", NEWLINE, END)
OTHER_SEPARATORS = ("", "", "", NEWLINE, END)


@dataclass(frozen=True)
class Row:
    """One row: ids, the weight of each token in the loss, and whether the context decides it."""

    ids: Sequence[int]
    weights: Sequence[float]
    answers: Sequence[bool]


@dataclass(frozen=True)
class RowBatch:
    """Equally long rows, each array [row token]."""

    ids: NDArray[np.int64]
    weights: NDArray[np.float32]
    answers: NDArray[np.bool_]


def _glued(document: Document) -> list[Token]:
    """The tokens of a document that follows a newline: its first word has no space before it."""
    first, *rest = document.tokens
    return [first._replace(surface=first.surface.removeprefix(" ")), *rest]


def document_tokens(rng: Random, kind: str, length: int, held_out: bool = False) -> list[Token]:
    """Tokens of a row of documents of one kind ("mixed": of any), cut at `length`; half of the rows begin with END."""
    tokens = [Token(END)] if rng.random() < 0.5 else []
    separators = FACTS_SEPARATORS if kind in ("facts", "mixed") else OTHER_SEPARATORS
    subjects: list[str] = []
    while len(tokens) < length:
        now = rng.choice(tuple(SENTENCE_KINDS)) if kind == "mixed" else kind
        if now == "facts":
            most = 12 if length > 128 and rng.random() < 0.3 else 6
            if (
                len(subjects) < most
            ):  # No country is mentioned in two documents, unless the row is so long that it runs out of them.
                subjects = rng.sample(COUNTRIES, len(COUNTRIES))
            document, subjects = facts(rng, held_out, subjects, most), subjects[most:]
        else:
            document = SENTENCE_KINDS[now](rng, held_out)
        separator = rng.choice(separators) if tokens and tokens[-1].surface != END else ""
        if separator:
            tokens.append(Token(separator))
        tokens.extend(_glued(document) if separator == NEWLINE else document.tokens)
    return tokens[:length]


def repeating_row(rng: Random, entries: int, length: int, *, bos: bool, block: int, gap: int = 0) -> Row:
    """Different random ids that go round until the row is full; with a `gap`, unrelated ones come before the second time.

    Ids from 1 to `entries` - 1; 0, which is END, stands only in front, when `bos`. Answers: all that was seen before in this order.
    """
    drawn = rng.sample(range(1, entries), block + gap)
    once, between = drawn[:block], drawn[block:]
    ids, answers = [0] * bos + once + between, [False] * (bos + block + gap)
    # The block's first token is a surprise until it has once followed the block's last one.
    surprises = 1 if gap == 0 else 2
    while len(ids) < length:
        answers += [surprises <= 0] + [True] * (block - 1)
        ids += once
        surprises -= 1
    weights = [AGAIN_WEIGHT if answer else FIRST_TIME_WEIGHT for answer in answers]
    return Row(ids[:length], weights[:length], answers[:length])


def row(rng: Random, kind: str, length: int, ids: Mapping[str, int], entries: int, held_out: bool = False) -> Row:
    """One row of a kind: "repeats", "mixed", or a kind of document."""
    if kind != "repeats":
        tokens = document_tokens(rng, kind, length, held_out)
        return Row([ids[t.surface] for t in tokens], [t.weight for t in tokens], [t.answer for t in tokens])
    gap = rng.randint(1, length // 4) if rng.random() < 0.3 else 0
    block = rng.randint(6, (length - gap) // 2)
    return repeating_row(rng, entries, length, bos=rng.random() < 0.5, block=block, gap=gap)


def stacked(rows: Sequence[Row]) -> RowBatch:
    """Equally long rows as arrays."""
    return RowBatch(
        np.array([r.ids for r in rows], dtype=np.int64),
        np.array([r.weights for r in rows], dtype=np.float32),
        np.array([r.answers for r in rows], dtype=np.bool_),
    )
