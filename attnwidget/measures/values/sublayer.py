"""An attention sublayer as a sum: one vector per key, the residual, the biases; never one vector per pair."""

from collections.abc import Sequence
from typing import TypeAlias

import torch
from jaxtyping import Float
from torch import Tensor

from attnwidget.engine import Block, Stream, weights
from attnwidget.errors import AttnWidgetError, NotNumbers
from attnwidget.measures.rows import tiles
from attnwidget.measures.values.value_norms import values_of

Vectors: TypeAlias = Float[Tensor, "query out"]


def stream_of(block: Block) -> Stream:
    """The residual stream around a block. Raises AttnWidgetError, with the call that keeps it, if it is missing."""
    if block.inputs is None:
        raise AttnWidgetError(
            f'{block!r} has no residual stream (inputs). Keep it with model.trace(text, keep=("inputs",)); there is none '
            "if the layer's output is scaled or normed before it is added, or added together with an MLP's."
        )
    return block.inputs


def norms_of(blocks: Sequence[Block]) -> str:
    """Which of these layers are post-norm, as a phrase."""
    normed = sum(stream_of(block).norm is not None for block in blocks)
    if normed in {0, len(blocks)}:
        return "post-norm (the sum's norm is in it)" if normed else "pre-norm (no norm of the sum)"
    return f"{normed} of {len(blocks)} layers post-norm"


def residual_of(block: Block) -> Vectors:
    """x_i, in fp32 on the CPU. Raises what `stream_of` raises, and NotNumbers for NaN."""
    return _finite(stream_of(block).residual.float().cpu(), "hidden states")


def others_and_own(block: Block) -> tuple[Vectors, Vectors]:
    """(sum of T_ij over the other keys j, T_ii) for every query i of a square block, with T_ij = sum_h A_ij f^h(x_j).

    By matrix products, in fp32 on the CPU. Raises AttnWidgetError if values or projections are missing; NotNumbers for
    weights or values that are NaN.
    """
    given, projection = values_of(block)
    values = _finite(given[0].float().cpu(), "values")
    matrices = projection.of_heads(block.heads).float().cpu()
    _, length, _ = block.shape
    others, own = torch.zeros(2, length, len(matrices), dtype=torch.float32, device="cpu")
    group = block.heads // block.kv_heads
    for heads, portion in tiles(block, length):
        rows = torch.arange(length, device="cpu")[portion]
        places = torch.arange(len(rows), device="cpu")
        maps = _finite(weights(block, heads, queries=rows), "attention weights")
        for head, whole in zip(heads, maps, strict=True):
            if head in block.silenced:
                continue
            read, matrix = values[head // group], matrices[:, head].T
            own[portion] += whole[places, rows, None] * read[rows] @ matrix
            others[portion] += (
                whole.index_put((places, rows), torch.zeros((), dtype=torch.float32, device="cpu")) @ read @ matrix
            )
    return others, own


def summed(block: Block) -> Vectors:
    """What continues, or enters a post-norm layer's norm: sum_j T_ij + x_i + b_O. Raises as the functions above."""
    residual = residual_of(block)
    others, own = others_and_own(block)
    bias = values_of(block)[1].bias
    return others + own + residual if bias is None else others + own + residual + bias.float().cpu()


def _finite(tensor: Tensor, what: str) -> Tensor:
    if not bool(torch.isfinite(tensor).all()):
        raise NotNumbers(what)
    return tensor
