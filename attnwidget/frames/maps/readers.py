"""Exact rows of the selected map, token by token: its heads fused, weighted by the value's norm if requested."""

from collections.abc import Callable
from typing import TypeAlias
from weakref import WeakKeyDictionary

import torch
from jaxtyping import Float
from torch import Tensor

from attnwidget.engine import Block, Trace, go_on, kept_whole, weights
from attnwidget.frames.frame import Selection
from attnwidget.measures.paths.rollout import rollout
from attnwidget.measures.rows import tiles
from attnwidget.measures.values.value_norms import lengths
from attnwidget.shapes import AttentionMap, Indices, LayerMaps

Reader: TypeAlias = Callable[[Indices], AttentionMap]
"""Any rows of one map, on demand."""


def blocks_read(trace: Trace, selection: Selection) -> dict[Block, tuple[int, ...]]:
    """The layers that a map uses, and the heads of each; all of them for a rollout."""
    blocks = {block.layer: block for block in trace.part_blocks(selection.part)}
    if selection.source == "rollout":
        return {block: tuple(range(block.heads)) for block in blocks.values()}
    if selection.source == "layer":
        block = blocks[selection.layer]
        return {block: tuple(range(block.heads))}
    return {
        blocks[layer]: tuple(sorted({head for other, head in selection.chosen if other == layer}))
        for layer in sorted({layer for layer, _ in selection.chosen})
    }


def token_rows(trace: Trace, selection: Selection) -> Reader:
    """Exact rows on demand, token by token.

    Heads are weighted by what they write before they are fused, and then their rows are divided by their sums: shares
    of what is written, comparable with attention. A rollout uses attention alone. The returned function raises
    AttnWidgetError for a trace without values or output projections.
    """
    if selection.source == "rollout":
        whole, _ = rolled_out(trace, selection.part)
        return lambda rows: whole[rows]
    read = blocks_read(trace, selection)
    number = sum(len(heads) for heads in read.values())
    width = next(iter(read)).shape[2]

    def fused(rows: Indices) -> AttentionMap:
        found = torch.zeros(len(rows), width, dtype=torch.float32, device="cpu")
        for block, heads in read.items():
            for together, portion in tiles(block, len(rows)):
                chosen = [head for head in together if head in heads]
                if not chosen:
                    continue
                go_on()
                maps = layer_rows(trace, block, chosen, rows[portion], selection.weight)
                if selection.fusion == "max":
                    found[portion] = torch.maximum(found[portion], maps.amax(0))
                else:
                    found[portion] += maps.sum(0)
        if selection.fusion == "mean" and number > 1:
            found /= number
        return shares(found) if selection.weight == "norm" else found

    return fused


def layer_rows(trace: Trace, block: Block, heads: list[int], rows: Indices, weight: str) -> LayerMaps:
    """Rows of some heads of a layer, weighted by what each head writes for each key if requested."""
    if kept_whole(*block.shape[1:]):
        # The trace keeps the maps of short texts.
        maps = trace.weights(block.layer, part=block.part, queries=rows)
        maps = maps if len(heads) == block.heads else maps[heads]
    else:
        maps = weights(block, heads, queries=rows)
    if weight == "norm":
        maps = maps * value_lengths(trace, block)[heads][:, None]
    return maps


def shares(maps: Float[Tensor, "*stack query key"]) -> Float[Tensor, "*stack query key"]:
    """Rows divided by their sums; a row of zeros is kept.

    >>> shares(torch.tensor([[1.0, 3.0], [0.0, 0.0]])).tolist()
    [[0.25, 0.75], [0.0, 0.0]]
    """
    return maps / maps.sum(-1, keepdim=True).clamp_min(torch.finfo(torch.float32).tiny)


_lengths: "WeakKeyDictionary[Trace, dict[tuple[str, int], Float[Tensor, 'head key']]]" = WeakKeyDictionary()


def value_lengths(trace: Trace, block: Block) -> Float[Tensor, "head key"]:
    """||W_O v|| of every head and key of a block, computed once per trace: every move of the caret needs it.

    Raises AttnWidgetError for a trace without values or output projections, and says which.
    """
    known = _lengths.setdefault(trace, {})
    name = (block.part, block.layer)
    if name not in known:
        known[name] = lengths(block)
    return known[name]


_rollouts: "WeakKeyDictionary[Trace, dict[str, tuple[AttentionMap, str]]]" = WeakKeyDictionary()


def rolled_out(trace: Trace, part: str) -> tuple[AttentionMap, str]:
    """The whole rollout and its recipe, computed once per trace: every move of the caret needs another row."""
    kept = _rollouts.setdefault(trace, {})
    if part not in kept:
        result = rollout(trace, part=part)
        kept[part] = torch.from_numpy(result.values), result.recipe
    return kept[part]
