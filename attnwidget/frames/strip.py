"""One query through all layers: for every layer one vector over the tokens."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias
from weakref import WeakKeyDictionary

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from attnwidget.engine.recompute import visible, weights
from attnwidget.engine.tokens import Tokens
from attnwidget.engine.trace import WHOLE_BELOW, Block, Trace
from attnwidget.errors import BadRequest, Cancelled, NotNumbers
from attnwidget.frames.compose import own_text
from attnwidget.frames.frame import Direction
from attnwidget.frames.words import strip_recipe
from attnwidget.measures.rows import read_rows, tiles
from attnwidget.measures.sinks import readers_of, sink_tokens
from attnwidget.shapes import LayerMaps, TokenVector

Fusion: TypeAlias = Literal["mean", "single", "max"]
"""What a layer's heads become: their mean, the one that was chosen, or at each token the largest of them."""

SAMPLED = 64
"""Queries by which the sinks of a long text are told."""


@dataclass(frozen=True)
class Question:
    """What is asked of every layer: `query` is a half-open range of tokens, `head` counts for fusion "single" alone."""

    query: tuple[int, int]
    direction: Direction = "reads"
    fusion: Fusion = "mean"
    head: int = 0
    part: str = "self"


@dataclass(frozen=True, eq=False)
class Strip:
    """`values` is NaN in layers without attention, or without that head; `sinks` are token indices of each layer."""

    values: Float[np.ndarray, "layer token"]
    sinks: tuple[tuple[int, ...], ...]
    recipe: str


@torch.no_grad()
def compose_strip(trace: Trace, question: Question, cancelled: Callable[[], bool] = lambda: False) -> Strip:
    """What the query reads in every layer, or what reads it, exactly, one layer after the other.

    A span of queries reads their mean; how much a span is read is the sum over it. Sinks are those of the fused map, by
    all of its rows or, above 192 tokens, by 64 of them; what is read by is not about them. Raises BadRequest for a
    query, head or part that is not there, NotNumbers for weights that are NaN, Cancelled when `cancelled()` says so.

    >>> from attnwidget import Trace
    >>> heads = torch.stack([torch.eye(2), torch.ones(2, 2) / 2])
    >>> compose_strip(Trace.from_weights([heads, heads[:1]], ["a", "b"]), Question((1, 2))).values.tolist()
    [[0.25, 0.75], [0.0, 1.0]]
    """
    text = own_text(trace, question.part)
    counts = trace.heads(question.part)
    _check(question, counts, len(text))
    out = np.full((len(counts), len(text)), np.nan, np.float32)
    for block in trace.part_blocks(question.part):
        heads = _heads(block, question)
        if heads:
            out[block.layer] = _vector(block, heads, question, cancelled).numpy()
    sinks = _sinks(trace, question, text, cancelled) if question.direction == "reads" else ((),) * len(counts)
    return Strip(out, sinks, strip_recipe(trace, question, sampled=len(text) > WHOLE_BELOW))


def _check(question: Question, counts: Sequence[int], size: int) -> None:
    start, stop = question.query
    if not 0 <= start < stop <= size:
        raise BadRequest(f"There are no tokens {start} to {stop}: the text has {size}.")
    if question.fusion == "single" and not 0 <= question.head < max(counts):
        raise BadRequest(f"There is no head {question.head}: these layers have heads 0 to {max(counts) - 1}.")


def _heads(block: Block, question: Question) -> list[int]:
    if question.fusion != "single":
        return list(range(block.heads))
    return [question.head] if question.head < block.heads else []


def _vector(block: Block, heads: list[int], question: Question, cancelled: Callable[[], bool]) -> TokenVector:
    start, stop = question.query
    _, length, keys = block.shape
    if question.direction == "reads":
        found = torch.zeros(len(heads), keys)
        for place, _, maps in _maps(block, heads, torch.arange(start, stop), None, cancelled):
            found[place] += maps.sum(1) / (stop - start)
    else:
        found = torch.zeros(len(heads), length)
        # Of a text that is read from left to right nothing earlier reads the span.
        first = start if block.causal else 0
        for place, rows, maps in _maps(block, heads, torch.arange(first, length), slice(start, stop), cancelled):
            found[place, first + rows.start : first + rows.stop] = maps.sum(-1)
    return found.amax(0) if question.fusion == "max" else found.mean(0)


def _maps(
    block: Block, heads: list[int], rows: Tensor, keys: slice | None, cancelled: Callable[[], bool]
) -> Iterator[tuple[slice, slice, LayerMaps]]:
    """(places among `heads`, places among `rows`, maps) within one tile each."""
    for together, portion in tiles(block, len(rows)):
        chosen = [head for head in together if head in heads]
        if not chosen:
            continue
        if cancelled():
            raise Cancelled
        maps = weights(block, chosen, queries=rows[portion], keys=keys)
        if not bool(maps.isfinite().all()):
            raise NotNumbers
        first = heads.index(chosen[0])
        yield slice(first, first + len(chosen)), portion, maps


_known_sinks: "WeakKeyDictionary[Trace, dict[tuple[str, str, int], tuple[tuple[int, ...], ...]]]" = WeakKeyDictionary()


def _sinks(
    trace: Trace, question: Question, text: Tokens, cancelled: Callable[[], bool]
) -> tuple[tuple[int, ...], ...]:
    """Sinks of every layer; worked out once per trace, as every move of the caret asks for them again."""
    known = _known_sinks.setdefault(trace, {})
    head = question.head if question.fusion == "single" else -1
    name = (question.part, question.fusion, head)
    if name not in known:
        found: list[tuple[int, ...]] = [()] * len(trace.heads(question.part))
        for block in trace.part_blocks(question.part):
            heads = _heads(block, question)
            if heads:
                readers = readers_of(block, text)
                received = _received(block, heads, question.fusion, text, readers, cancelled)
                found[block.layer] = sink_tokens(received, text, causal=block.causal, readers=readers)
        known[name] = tuple(found)
    return known[name]


def _received(
    block: Block, heads: list[int], fusion: str, text: Tokens, readers: Tensor, cancelled: Callable[[], bool]
) -> TokenVector:
    """What each key gets from the other queries in all: counted, or reckoned from some rows of a long text."""
    size = len(text)
    rows = read_rows(text)
    if len(rows) > WHOLE_BELOW:
        rows = rows[((torch.arange(SAMPLED) + 0.5) * len(rows) / SAMPLED).long()]
    fused = torch.zeros(len(rows), size)
    for _, portion, maps in _maps(block, heads, rows, None, cancelled):
        if fusion == "max":
            fused[portion] = torch.maximum(fused[portion], maps.amax(0))
        else:
            fused[portion] += maps.sum(0) / len(heads)
    fused.scatter_(1, rows[:, None], 0.0)
    seen = visible(block, rows)
    asked = seen.sum(0)
    asked[rows] -= seen.gather(1, rows[:, None])[:, 0].long()
    return fused.sum(0) * readers / asked.clamp_min(1)
