"""Which tokens of two texts are the same ones, and which stand in the place of others."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from attnwidget.engine import Tokens

Read: TypeAlias = tuple[str, bool]
"""What makes two tokens the same: their text, and whether they are special."""


@dataclass(frozen=True)
class AlignedTokens:
    """Pairs of tokens of two texts, in order: `first[i]` and `second[i]` are partners.

    `same[i]` tells whether they are the same token; else the second one stands in the place of the first.
    """

    first: tuple[int, ...]
    second: tuple[int, ...]
    same: tuple[bool, ...]

    def __len__(self) -> int:
        return len(self.first)


def aligned_tokens(first: Tokens, second: Tokens) -> AlignedTokens:
    """The tokens that two texts share, in order, and between them what was replaced, by position.

    Shared are the common start and end, and a longest common subsequence between. Tokens are the same if their text is
    the same and both or neither are special; their ids may differ, as a word at the beginning of a text has another id
    in many vocabularies. If several subsequences are longest, tokens are paired as late as possible.

    Between two shared tokens the first token of one text stands in the place of the first of the other, and so on; what
    is left of the longer stretch has no partner. Nor do padding, and special tokens that were replaced.

    The result for (second, first) is the same pairs swapped. Time is proportional to the product of both lengths
    without the common start and end; memory is one bit per such pair.

    >>> one = Tokens.from_pieces(["the", "bank", "by", "the", "river"])
    >>> other = Tokens.from_pieces(["the", "bank", "with", "the", "big", "money"])
    >>> aligned_tokens(one, other)                                      # by -> with, river -> big
    AlignedTokens(first=(0, 1, 2, 3, 4), second=(0, 1, 2, 3, 4), same=(True, True, False, True, False))
    """
    (places, read), (others, also_read) = _read(first), _read(second)
    # Starting from the other text could find a different longest subsequence; this always starts from the smaller text.
    turned = (len(read), read) > (len(also_read), also_read)
    pairs = _same(also_read, read) if turned else _same(read, also_read)
    if turned:
        pairs = [(right, left) for left, right in pairs]
    shared = set(pairs)
    pairs = sorted([*pairs, *_replaced(read, also_read, pairs)])
    return AlignedTokens(
        tuple(places[left] for left, _ in pairs),
        tuple(others[right] for _, right in pairs),
        tuple(pair in shared for pair in pairs),
    )


def _replaced(one: Sequence[Read], other: Sequence[Read], shared: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """What stands between shared tokens, paired by position; special tokens replace nothing."""
    ends = [*shared, (len(one), len(other))]
    starts = [(-1, -1), *shared]
    return [
        (left, right)
        for (before, its), (stop, its_stop) in zip(starts, ends, strict=True)
        for left, right in zip(range(before + 1, stop), range(its + 1, its_stop), strict=False)
        if not one[left][1] and not other[right][1]
    ]


def _read(text: Tokens) -> tuple[list[int], list[Read]]:
    """The positions of tokens that are not padding, and what identifies each."""
    places = [at for at, padding in enumerate(text.padding) if not padding]
    return places, [(text.pieces[at], text.special[at]) for at in places]


def _same(one: Sequence[Read], other: Sequence[Read]) -> list[tuple[int, int]]:
    """The pairs of a longest common subsequence that includes the common start and end."""
    shorter = min(len(one), len(other))
    front = next((at for at in range(shorter) if one[at] != other[at]), shorter)
    left = shorter - front
    back = next((at for at in range(left) if one[-1 - at] != other[-1 - at]), left)
    ends = len(one) - back, len(other) - back
    between = _longest_common(one[front : ends[0]], other[front : ends[1]])
    return [
        *((at, at) for at in range(front)),
        *((front + at, front + its) for at, its in between),
        *((ends[0] + at, ends[1] + at) for at in range(back)),
    ]


def _longest_common(one: Sequence[Read], other: Sequence[Read]) -> list[tuple[int, int]]:
    """L[i, j] = L[i - 1, j - 1] + 1 for equal tokens, else max(L[i - 1, j], L[i, j - 1]): a row at a time.

    Only one bit per column is kept of every row: whether the row above is equal; backtracking needs no more.
    Source: Wagner & Fischer 1974 (10.1145/321796.321811).
    """
    numbers: dict[Read, int] = {}
    rows, columns = (
        np.array([numbers.setdefault(token, len(numbers)) for token in text], int) for text in (one, other)
    )
    above = np.zeros(len(columns) + 1, np.int32)
    as_much = []
    for token in rows:
        row = above.copy()
        np.maximum(row[1:], (above[:-1] + 1) * (columns == token), out=row[1:])
        np.maximum.accumulate(row, out=row)
        as_much.append(np.packbits(row[1:] == above[1:]))
        above = row
    found = []
    at, its = len(rows) - 1, len(columns) - 1
    while at >= 0 and its >= 0:
        if rows[at] == columns[its]:
            found.append((at, its))
            at, its = at - 1, its - 1
        elif as_much[at][its // 8] >> (7 - its % 8) & 1:
            at -= 1
        else:
            its -= 1
    return found[::-1]
