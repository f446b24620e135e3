"""The keys that a claim names, and how much of every head's weight lies on them."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np
import torch
from jaxtyping import Bool
from torch import Tensor

from attnwidget.engine import Trace, exactly
from attnwidget.errors import AttnWidgetError
from attnwidget.measures.heads.attention_sinks import attention_sinks
from attnwidget.measures.heads.token_kinds import kind_of_keys
from attnwidget.measures.patterns import shapes
from attnwidget.measures.patterns.patterns import THRESHOLDS, patterns
from attnwidget.measures.portions import Portion, portions
from attnwidget.shapes import Indices

KeyMarks: TypeAlias = Callable[[Portion], Bool[Tensor, "query key"]]
"""Which keys count for the rows of a portion."""


class NamedKeys(NamedTuple):
    """Keys by a name of the field: what a head that reads them "reads", and which they are on a text.

    `by_place` says that they are the same whatever the words.
    """

    said: str
    marks: Callable[[Trace, str | None], KeyMarks]
    by_place: bool = False
    enough: float = 0.5


@dataclass(frozen=True, eq=False)
class WeightOnKeys:
    """Of every head, (layer head): the weight on the keys, mean over the rows that have some; what `uniform` attention
    would put there; and the token whose row has most of it, -1 for none.
    """

    weight: np.ndarray
    uniform: np.ndarray
    queries: np.ndarray


@exactly()
def weight_on(trace: Trace, part: str | None, marks: KeyMarks, rows: Indices | None = None) -> WeightOnKeys:
    """How much of every head's rows lies on these keys: of the queries in `rows`, or of all that are not padding.

    A row counts if it has such a key and another one as well, and attends to anything. NaN without any such row.
    """
    counts = trace.heads(part)
    sums, chances, number, most = (np.zeros((len(counts), max(counts))) for _ in range(4))
    best = np.full(sums.shape, -1)
    for portion in portions(trace, part, rows):
        seen = portion.visible
        marked = marks(portion) & seen
        told = marked.any(-1) & (seen.sum(-1) > 1)
        counted = portion.reads & told
        found = (portion.maps * marked).sum(-1).double().masked_fill(~counted, 0.0)
        chance = torch.where(told, marked.sum(-1) / seen.sum(-1).clamp_min(1), 0.0).double()
        at = (portion.block.layer, portion.heads)
        sums[at] += found.sum(-1).numpy()
        chances[at] += (counted * chance).sum(-1).numpy()
        number[at] += counted.sum(-1).numpy()
        value, place = found.masked_fill(~counted, -1.0).max(-1)
        better = value.numpy() >= np.maximum(most[at], 1e-12)  # of equal ones the last: it has read most
        best[at] = np.where(better, portion.rows[place].numpy(), best[at])
        most[at] = np.where(better, value.numpy(), most[at])
    with np.errstate(invalid="ignore"):
        return WeightOnKeys(sums / number, chances / number, best)


def _beside(offset: int) -> Callable[[Trace, str | None], KeyMarks]:
    def of_trace(_trace: Trace, _part: str | None) -> KeyMarks:
        def marks(portion: Portion) -> Bool[Tensor, "query key"]:
            return torch.arange(portion.maps.shape[-1], device="cpu") == (portion.own + offset)[:, None]

        return marks

    return of_trace


def _first(trace: Trace, part: str | None) -> KeyMarks:
    first = kind_of_keys(trace.tokens(part)[1], "first")

    def marks(portion: Portion) -> Bool[Tensor, "query key"]:
        own = shapes.own_or_none(portion.block, portion.queries, portion.keys)
        whole = first.expand(len(portion.rows), -1)
        return whole if own is None else whole & ~first[own[portion.rows]][:, None]

    return marks


def _of_kind(kind: str) -> Callable[[Trace, str | None], KeyMarks]:
    def of_trace(trace: Trace, part: str | None) -> KeyMarks:
        return _the_same(kind_of_keys(trace.tokens(part)[1], kind))

    return of_trace


def _separators(trace: Trace, part: str | None) -> KeyMarks:
    return _the_same(shapes.ground_of(trace.tokens(part)[1]).separators)


def _sinks(trace: Trace, part: str | None) -> KeyMarks:
    marked = torch.zeros(len(trace.tokens(part)[1]), dtype=torch.bool, device="cpu")
    marked[list(attention_sinks(trace, part=part).positions)] = True
    return _the_same(marked)


def _the_same(keys: Bool[Tensor, " key"]) -> KeyMarks:
    return lambda portion: keys.expand(len(portion.rows), -1)


def _looked_up(shape: Callable[[shapes.Ground, Indices], Bool[Tensor, "query key"]]) -> Callable[..., KeyMarks]:
    def of_trace(trace: Trace, part: str | None) -> KeyMarks:
        ground = shapes.ground_of(trace.tokens(part)[1])
        return lambda portion: shape(ground, portion.own)

    return of_trace


def _equal(ground: shapes.Ground, own: Indices) -> Bool[Tensor, "query key"]:
    """Tokens equal to the query, before or behind it."""
    same = (ground.kinds == ground.kinds[own][:, None]) & (ground.kinds >= 0)
    return same & (torch.arange(len(ground.kinds), device="cpu") != own[:, None])


def _other_text(trace: Trace, part: str | None) -> KeyMarks:
    keys = trace.tokens(part)[1]
    segments = torch.tensor(keys.segment, dtype=torch.long, device="cpu")
    plain = ~torch.tensor(keys.special, dtype=torch.bool, device="cpu")
    return lambda portion: (segments != segments[portion.own][:, None]) & plain & plain[portion.own][:, None]


KEYS_BY_NAME = {
    "previous token": NamedKeys("the previous token", _beside(-1), by_place=True),
    "next token": NamedKeys("the next token", _beside(1), by_place=True),
    "itself": NamedKeys("itself", _beside(0), by_place=True),
    "first token": NamedKeys("the first token", _first, by_place=True),
    "special tokens": NamedKeys("special tokens", _of_kind("special"), by_place=True),
    "punctuation": NamedKeys("punctuation", _of_kind("punctuation")),
    "separator": NamedKeys("separators", _separators),
    "sinks": NamedKeys("sinks", _sinks),
    "same word": NamedKeys("the same token elsewhere", _looked_up(_equal), enough=0.4),
    "duplicate token": NamedKeys("the same token before", _looked_up(shapes.earlier_equal), enough=0.4),
    "induction": NamedKeys("what followed the same token before", _looked_up(shapes.after_earlier_equal), enough=0.4),
    "own sentence": NamedKeys("its own sentence", _looked_up(shapes.same_block)),
    "other text": NamedKeys("the other text of the pair", _other_text),
}
"""Beside these, "offset -3" is three before, "offset +2" two behind."""

OTHER_NAMES = {
    "diagonal": "itself",
    "self": "itself",
    "current token": "itself",
    "previous": "previous token",
    "next": "next token",
    "first": "first token",
    "special": "special tokens",
    "special token": "special tokens",
    "separators": "separator",
    "attention sinks": "sinks",
    "same token": "same word",
    "duplicate": "duplicate token",
    "block diagonal": "own sentence",
}

BY_SCORE = ("vertical", "vertical + diagonal", "off-diagonal", "peaked", "uniform")
"""Patterns that no set of keys says: their score is that of `aw.patterns`."""


def keys_named(name: str) -> NamedKeys | None:
    """The keys of this name; None where no keys say it. Raises AttnWidgetError for an unknown name.

    >>> keys_named("offset -3").said, keys_named("diagonal").said, keys_named("peaked")
    ('the token 3 before', 'itself', None)
    """
    plain = " ".join(name.split()).casefold()
    plain = OTHER_NAMES.get(plain, plain)
    offset = re.fullmatch(r"offset ([+-]?\d{1,3})", plain)
    if offset is not None:
        steps = int(offset[1])
        where = {-1: "the previous token", 0: "itself", 1: "the next token"}
        said = where.get(steps, f"the token {abs(steps)} {'before' if steps < 0 else 'behind'}")
        return NamedKeys(said, _beside(steps), by_place=True)
    if plain in BY_SCORE:
        return None
    if plain not in KEYS_BY_NAME:
        raise AttnWidgetError(
            f"reads={name!r:.60} is not a pattern. Give one of {', '.join(map(repr, (*KEYS_BY_NAME, 'offset -3', *BY_SCORE)))}; "
            "or a pair of names of spans, for example ('pronoun', 'antecedent')."
        )
    return KEYS_BY_NAME[plain]


def score_named(trace: Trace, part: str | None, name: str) -> np.ndarray:
    """The score that `aw.patterns` gives every head for one of `BY_SCORE`."""
    return np.asarray(patterns(trace, part=part).score(name).values, np.float64)


def enough_of(name: str) -> float:
    """From which score a head is called by a pattern of `BY_SCORE`."""
    return THRESHOLDS[name]
