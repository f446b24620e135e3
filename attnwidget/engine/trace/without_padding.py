"""A trace of a sound without the positions of its padding, each weight as it is among all of them."""

from dataclasses import replace

from torch import Tensor

from attnwidget.engine.text.tokens import Tokens
from attnwidget.engine.trace.recompute import left_out, weights
from attnwidget.engine.trace.records import Block
from attnwidget.engine.trace.trace import Trace


def without_padding(trace: Trace) -> Trace:
    """The same trace without the positions behind the end of its sound: rows sum to what rests on the sound itself.

    As it is where there are none.
    """
    sizes = {part: tuple(map(kept_of, trace.tokens(part))) for part in trace.parts}
    if all(sizes[part] == tuple(map(len, trace.tokens(part))) for part in trace.parts):
        return trace
    known: dict[int, Tokens] = {}

    def cut(tokens: Tokens) -> Tokens:
        return known.setdefault(id(tokens), tokens if kept_of(tokens) == len(tokens) else tokens[: kept_of(tokens)])

    return replace(
        trace,
        blocks=tuple(_cut(block, *sizes[block.part]) for block in trace.blocks),
        text=cut(trace.text),
        sequences={part: (cut(query), cut(key)) for part, (query, key) in trace.sequences.items()},
        whole=trace,
        _whole={},
    )


def kept_of(tokens: Tokens) -> int:
    """How many of these positions there are before the padding of a sound."""
    return tokens.padding.index(True) if tokens.sounded and True in tokens.padding else len(tokens)


def _cut(block: Block, queries: int, keys: int) -> Block:
    if block.shape[1:] == (queries, keys):
        return block
    rows = slice(0, queries)
    if block.dense is not None:
        return replace(block, dense=block.dense[:, rows, :keys])
    if block.changes is not None and block.changes.patterns:
        return replace(block, q=None, k=None, dense=weights(block, queries=rows)[..., :keys])
    fewer = replace(block, q=_some(block.q, rows), mask=_some(block.mask, rows), bias=_some(block.bias, rows))
    if keys == block.shape[2]:
        return fewer
    beyond = left_out(fewer, keys)
    columns = slice(0, keys)
    return replace(
        fewer,
        k=_some(block.k, columns),
        v=_some(block.v, columns),
        mask=None if fewer.mask is None else fewer.mask[..., columns],
        bias=None if fewer.bias is None else fewer.bias[..., columns],
        beyond=beyond,
    )


def _some(tensor: Tensor | None, rows: slice) -> Tensor | None:
    return None if tensor is None else tensor[:, :, rows]
