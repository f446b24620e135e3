"""The query's row, or column, in every head, as bytes: for previews, never for printed numbers."""

from dataclasses import replace

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from attnwidget.engine import Block, Trace, kept_whole, weights
from attnwidget.frames.axes import Axes
from attnwidget.frames.frame import Selection
from attnwidget.frames.maps.readers import layer_rows, shares
from attnwidget.frames.maps.shown_map import sinks_of
from attnwidget.frames.maps.thumbnails import as_bytes
from attnwidget.frames.units import Sides, by_words, sides_of, tokens_in
from attnwidget.measures.rows import read_rows, tiles
from attnwidget.shapes import Indices, LayerMaps


def previews(trace: Trace, selection: Selection, axes: Axes) -> np.ndarray | None:
    """u8 (layer head unit): each head separately, weighted, by words and without its sinks as the selection says.

    None if this would need every whole map of a long text.
    """
    whole = selection.direction == "read_by" or not selection.plain
    if whole and not kept_whole(len(axes.queries), len(axes.keys)):
        return None
    counts = trace.heads(selection.part)
    sides = sides_of(axes, words=selection.words)
    out = np.zeros((len(counts), max(counts), len(sides.others(selection.direction))), np.uint8)
    for block in trace.part_blocks(selection.part):
        if selection.plain:
            vectors = _plain_vectors(trace, block, slice(*selection.query), selection.direction)
        else:
            vectors = _vectors(trace, block, selection, sides)
        out[block.layer, : block.heads] = as_bytes(vectors)
    return out


def _plain_vectors(trace: Trace, block: Block, span: slice, direction: str) -> Float[Tensor, "head token"]:
    if direction == "read_by":
        return trace.weights(block.layer, part=block.part, keys=span).sum(-1)
    heads, size, keys = block.shape
    if kept_whole(size, keys) or span.stop - span.start == 1:
        return trace.weights(block.layer, part=block.part, queries=span).mean(1)
    # A selection may be the whole text; all its rows are then all maps.
    sums = torch.zeros(heads, keys, dtype=torch.float32, device="cpu")
    for chosen, portion in tiles(block, span.stop - span.start):
        rows = slice(span.start + portion.start, span.start + portion.stop)
        sums[chosen] += weights(block, chosen, queries=rows).sum(1)
    return sums / (span.stop - span.start)


def _vectors(trace: Trace, block: Block, selection: Selection, sides: Sides) -> Float[Tensor, "head unit"]:
    start, stop = sides.asked(selection.direction).around(selection.query)
    hiding = selection.sinks != "show"
    every = hiding or selection.direction == "read_by"
    rows = torch.arange(len(sides.queries), device="cpu") if every else torch.arange(start, stop, device="cpu")
    maps = _layer_maps(trace, block, selection, sides, rows)
    if hiding:
        maps = _without_own_sinks(trace, block, selection, sides, maps)
    if selection.direction == "read_by":
        return maps[..., start:stop].sum(-1)
    return (maps[:, start:stop] if every else maps).mean(1)


def _layer_maps(trace: Trace, block: Block, selection: Selection, sides: Sides, rows: Indices) -> LayerMaps:
    maps = layer_rows(trace, block, list(range(block.heads)), tokens_in(sides.queries, rows), selection.weight)
    maps = shares(maps) if selection.weight == "norm" else maps
    return by_words(maps, sides.queries, sides.keys, rows) if selection.words else maps


def _without_own_sinks(trace: Trace, block: Block, selection: Selection, sides: Sides, maps: LayerMaps) -> LayerMaps:
    """Each head without its own sinks."""
    rows = read_rows(sides.queries.tokens)
    received = maps[:, rows].sum(1)
    if sides.square:
        received[:, rows] -= maps[:, rows, rows]
    for head in range(block.heads):
        alone = replace(selection, layer=block.layer, head=head, source="head", heads=())
        maps[head][:, list(sinks_of(trace, alone, sides, received[head]))] = 0.0
    return shares(maps) if selection.sinks == "renormalise" else maps
