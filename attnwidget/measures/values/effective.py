"""Effective attention: the part of one head's weights that acts on its output, without what the values cancel."""

from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from attnwidget.engine import Block, Trace, fit_index, indices, parse_head, rows_together, weights
from attnwidget.errors import AttnWidgetError, NotNumbers
from attnwidget.measures.given_trace import said_setting
from attnwidget.measures.measure import measure
from attnwidget.measures.results import TokenMap
from attnwidget.measures.rows import read_rows
from attnwidget.shapes import AttentionMap, Indices

RANK = 1e-6
"""Singular values of T below this share of the largest count as 0: the residue of equal values after fp32 rounding."""


@measure
def effective(trace: Trace, layer: Any, head: Any = None, *, part: str | None = None, queries: Any = None) -> TokenMap:
    """Effective attention (query key) of one head: A without its component in the left null space of T = V W_O.

    Different patterns of attention give a head the same output if the vectors that its keys would add, the rows of T
    (key out), are linearly dependent: always the case with more keys than the head's width. The part of A that cancels
    out is removed, so A_eff T = A T still holds, and no shorter rows do the same. Entries may be negative, and rows
    need not sum to 1. If T has as many independent rows as there are keys, the result is A itself.

    The projection ignores the causal mask: entries above the diagonal may differ from 0. T = V if no output projection
    is known. Biases of the projection are added to every row equally and do not matter.

    Computed in fp64; singular values of T below 1e-6 of the largest count as 0. Padding is left out: its rows are NaN,
    its columns 0. `queries` chooses rows, as in `trace.weights`. Raises AttnWidgetError for a trace without values, for
    a layer without a head, and for layers, heads or queries that do not exist; NotNumbers for weights or values that
    are NaN.
    Source: Brunner et al. 2020 (arXiv 1908.04211), effective attention; the tolerance, and T with W_O for one head, are
    ours.

    >>> import attnwidget as aw
    >>> trace = aw.load().trace("The cat sat on the mat.")
    >>> found = effective(trace, "L1H2")
    >>> found.shape                                        # query key
    (7, 7)
    >>> print(found.recipe.partition(",")[0])
    effective attention of L1H2
    """
    if isinstance(layer, str):
        layer, head = parse_head(layer, head)
    block = trace.block(layer, part)
    if head is None:
        raise AttnWidgetError(
            f"Effective attention needs a head, and none was given. Use effective(trace, 'L{block.layer}H0') for one "
            f"of the {block.heads} heads of layer {block.layer}."
        )
    number = fit_index("head", head, block.heads)
    query_tokens, key_tokens = trace.tokens(part)
    counted = read_rows(key_tokens)
    rows = indices(queries, block.shape[1], "query")
    written = _written(block, number)[counted]
    kept = _row_space(written)
    found = _projected(block, number, rows, counted, kept)
    found[torch.tensor(query_tokens.padding, dtype=torch.bool, device="cpu")[rows]] = torch.nan
    return TokenMap(
        found.numpy(),
        _recipe(block, number, kept.shape[1], counted) + said_setting(trace, part),
        tuple(query_tokens.pieces[row] for row in rows.tolist()),
        key_tokens.pieces,
        tuple(rows.tolist()),
    )


def _written(block: Block, head: int) -> Float[Tensor, "key dim"]:
    """Vectors with the same linear dependencies as the rows of V W_O, in fp64; those of V if there is no W_O."""
    if block.v is None:
        raise AttnWidgetError(
            f"{block!r} has no values (v), which effective attention depends on. Trace the text with a model that "
            "follows transformers' attention interface, aw.load(model).trace(text); save traces with values=True."
        )
    values = block.v[0, head // (block.heads // block.kv_heads)].detach().cpu().double()
    if head in block.silenced:
        values = torch.zeros_like(values)
    if block.projection is not None:
        # V W^T = (V R^T) Q^T with W = Q R: the columns of Q only rotate the vectors, and W has many rows.
        weight = block.projection.of_heads(block.heads)[:, head].detach().cpu().double()
        values = values @ torch.linalg.qr(weight, mode="r").R.T
    if not bool(torch.isfinite(values).all()):
        raise NotNumbers("values")
    return values


def _row_space(written: Float[Tensor, "key dim"]) -> Float[Tensor, "key rank"]:
    """An orthonormal basis of what weights must keep: the left singular vectors of T with nonzero singular values."""
    left, singular, _ = torch.linalg.svd(written, full_matrices=False)
    largest = singular.max() if len(singular) else singular.sum()
    return left[:, singular > RANK * largest]


def _projected(
    block: Block, head: int, rows: Indices, counted: Int[Tensor, " counted"], kept: Float[Tensor, "counted rank"]
) -> AttentionMap:
    width = block.shape[2]
    found = torch.zeros(len(rows), width, dtype=torch.float32, device="cpu")
    for portion in torch.arange(len(rows), device="cpu").split(rows_together(width)):
        maps = weights(block, [head], queries=rows[portion])[0]
        if not bool(torch.isfinite(maps).all()):
            raise NotNumbers
        maps = maps[:, counted]
        if kept.shape[1] < kept.shape[0]:
            maps = (maps.double() @ kept @ kept.T).float()
        found[portion[:, None], counted] = maps
    return found


def _recipe(block: Block, head: int, rank: int, counted: Int[Tensor, " counted"]) -> str:
    carried = "V W_O" if block.projection is not None else "V (no output projection is known)"
    own = "all of A" if rank == len(counted) else "A without its component in the left null space of T"
    padding = ", padding left out" if len(counted) < block.shape[2] else ""
    return (
        f"effective attention of L{block.layer}H{head}, {own}, T = {carried} of rank {rank} for {len(counted)} keys "
        f"(singular values below {RANK:g} of the largest count as 0){padding}, rows may be negative and need not sum to "
        "1, not normalised"
    )
