"""The basis for judging symptoms: statistics of a trace, and what the user named as relevant."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch

from attnwidget.engine import Tokens, Trace, visible
from attnwidget.measures.heads.attention_sinks import attention_sinks
from attnwidget.measures.heads.token_kinds import kind_of_keys
from attnwidget.measures.places import template_tokens
from attnwidget.measures.portions import portions
from attnwidget.shapes import Indices

NAMED = 5
"""Heads or tokens that a finding names."""


@dataclass(frozen=True, eq=False)
class Examined:
    """A trace, the queries to judge, the named groups of keys, and statistics of every head.

    `heads` has (layer head) arrays by name; `named` begins with the relevant tokens, if any were given. `asked` has the
    queries to judge: those that produced the generated tokens, the given one, or the last.
    """

    trace: Trace
    part: str | None
    asked: Indices
    named: Mapping[str, tuple[int, ...]]
    heads: Mapping[str, np.ndarray]
    generated: bool = False
    repeats: tuple[int, ...] = ()

    @property
    def keys(self) -> Tokens:
        return self.trace.tokens(self.part)[1]

    @property
    def relevant(self) -> tuple[int, ...]:
        return next(iter(self.named.values()), ())

    @cached_property
    def rows(self) -> np.ndarray:
        """(layer head key): the mean row of the judged queries. NaN for missing heads."""
        return mean_rows(self.trace, self.part, self.asked)

    @cached_property
    def content(self) -> np.ndarray:
        """(key): tokens that can carry meaning and are visible to a judged query.

        Excludes the first token, special ones and padding, which attract attention whatever the text.
        """
        keys = self.keys
        return ~(np.array(keys.special) | np.array(keys.padding) | self.first) & self.readable

    @cached_property
    def first(self) -> np.ndarray:
        """(key): the first token that is not padding."""
        return kind_of_keys(self.keys, "first").numpy()

    @cached_property
    def readable(self) -> np.ndarray:
        """(key): tokens visible to at least one of the judged queries, in any layer."""
        seen = [visible(block, self.asked).any(0) for block in self.trace.part_blocks(self.part)]
        return torch.stack(seen).any(0).numpy()

    @cached_property
    def sinks(self) -> frozenset[int]:
        """Tokens that attract attention whatever the text: the first, special ones, a chat's frame, those far above the mean.

        What was said to be relevant is none.
        """
        keys = self.keys
        found = set(np.flatnonzero(self.first | np.array(keys.special)).tolist())
        found |= template_tokens(keys) | set(attention_sinks(self.trace, part=self.part).positions)
        return frozenset(found - set(self.relevant))

    def mass(self, positions: Sequence[int]) -> np.ndarray:
        """(layer head): the total weight of these keys in the judged queries' mean rows."""
        return self.rows[..., list(positions)].sum(-1)

    def lift(self, positions: Sequence[int]) -> float:
        """The share of attention to content that these keys get, over their share of the content; 1 is chance.

        Named tokens count as content, whatever they are. NaN if no judged query can see any of them.
        """
        content = self.content.copy()
        content[list(positions)] = self.readable[list(positions)]
        inside = [at for at in positions if content[at]]
        reading = np.nanmean(self.rows, axis=(0, 1))
        whole = reading[content].sum()
        if not inside or whole == 0:
            return float("nan")
        return float((reading[inside].sum() / whole) / (len(inside) / content.sum()))


def mean_rows(trace: Trace, part: str | None, queries: Indices) -> np.ndarray:
    """(layer head key): the mean row of these queries in every head; NaN for missing heads."""
    counts = trace.heads(part)
    found = np.full((len(counts), max(counts), len(trace.tokens(part)[1])), np.nan, np.float32)
    for portion in portions(trace, part, queries):
        sums = portion.maps.sum(1).numpy() / len(queries)
        place = found[portion.block.layer]
        place[portion.heads] = np.nan_to_num(place[portion.heads]) + sums
    return found


def mass_by_query(trace: Trace, part: str | None, queries: Indices, positions: Sequence[int]) -> np.ndarray:
    """(layer head query): the weight of these keys in the row of each query. NaN for missing heads."""
    counts = trace.heads(part)
    found = np.full((len(counts), max(counts), len(queries)), np.nan, np.float32)
    number = {int(query): at for at, query in enumerate(queries)}
    for portion in portions(trace, part, queries):
        mass = portion.maps[..., list(positions)].sum(-1).numpy()
        at = [number[int(query)] for query in portion.rows]
        found[portion.block.layer][np.ix_(portion.heads, at)] = mass
    return found


def named_heads(scores: np.ndarray, *, over: float) -> tuple[str, ...]:
    """The names of the heads whose number is above a bound, highest first.

    >>> named_heads(np.array([[0.1, 0.9], [0.8, np.nan]]), over=0.5)
    ('L0H1', 'L1H0')
    """
    order = np.argsort(-np.nan_to_num(scores, nan=-np.inf), axis=None)
    places = [tuple(int(axis) for axis in np.unravel_index(at, scores.shape)) for at in order[:NAMED]]
    return tuple(f"L{layer}H{head}" for layer, head in places if scores[layer, head] > over)


def named_tokens(text: Tokens, positions: Iterable[int], at_most: int = NAMED) -> tuple[str, ...]:
    """Tokens for display: piece and position.

    >>> named_tokens(Tokens.from_pieces(["a", "cat"]), [1])
    ("'cat' at 1",)
    """
    return tuple(f"{text.pieces[at].strip()!r} at {at}" for at in list(positions)[:at_most])


def present(scores: np.ndarray) -> np.ndarray:
    """The numbers without those of missing heads."""
    return scores[~np.isnan(scores)]


def wrote(trace: Trace, part: str | None) -> bool:
    """Whether the queries of a part are the text that the model generated: not those of an encoder."""
    written = trace.sequences.get("decoder", (trace.text, trace.text))[0]
    return bool(trace.steps) and trace.tokens(part)[0].pieces == written.pieces


def producing(trace: Trace, part: str | None) -> Indices | None:
    """The queries that produced each generated token: the positions before them. Empty if nothing was generated."""
    found = sorted({step.position - 1 for step in trace.steps if step.position > 0}) if wrote(trace, part) else []
    return torch.tensor(found, dtype=torch.long, device="cpu") if found else None
