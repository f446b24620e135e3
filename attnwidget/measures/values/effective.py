"""Effective attention: what of one head's weights acts on its output, without what the values cancel out."""

from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from attnwidget.engine import Block, Trace, fit_index, indices, parse_head, rows_together, weights
from attnwidget.errors import AttnWidgetError, NotNumbers
from attnwidget.measures.given_trace import said_part
from attnwidget.measures.measure import measure
from attnwidget.measures.results import TokenMap
from attnwidget.measures.rows import read_rows
from attnwidget.shapes import AttentionMap, Indices

RANK = 1e-6
"""Singular values of T below this share of the largest count as 0: what rounding in fp32 leaves of equal values."""


@measure
def effective(trace: Trace, layer: Any, head: Any = None, *, part: str | None = None, queries: Any = None) -> TokenMap:
    """Effective attention (query key) of one head: A without its component in the left null space of T = V W_O.

    Several patterns of attention give a head the same output wherever the vectors that its keys would add, the rows of
    T (key out), depend on each other: always when there are more keys than a head is wide. The part of A that these
    cancel is taken away, so A_eff T = A T still and no shorter rows do the same. Entries may be negative, and rows
    need not sum to 1. Where T has as many independent rows as there are keys, it is A itself. The projection knows no
    causal mask: entries above the diagonal may be other than 0. T = V where no output projection is known. Biases of
    the projection are added to every row alike and play no part.

    Computed in fp64; singular values of T below 1e-6 of the largest count as 0. Padding is left out: its rows are
    NaN, its columns 0. `queries` chooses rows, as in `trace.weights`. Raises AttnWidgetError for a trace without values, for
    a layer without a head, and for what is not there; NotNumbers for weights or values that are NaN.
    Source: Brunner et al. 2020 (arXiv 1908.04211), effective attention; the tolerance and T with W_O for one head ours.

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
            f"Effective attention is that of one head, and none was given. Say effective(trace, 'L{block.layer}H0') for "
            f"one of the {block.heads} heads of layer {block.layer}."
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
        _recipe(block, number, kept.shape[1], counted) + said_part(trace, part),
        tuple(query_tokens.pieces[row] for row in rows.tolist()),
        key_tokens.pieces,
        tuple(rows.tolist()),
    )


def _written(block: Block, head: int) -> Float[Tensor, "key dim"]:
    """Vectors with the same dependencies as the rows of V W_O, in fp64; those of V where there is no W_O."""
    if block.v is None:
        raise AttnWidgetError(
            f"{block!r} carries no values (v), and effective attention is what of the weights they do not cancel. Trace "
            "the text with a model that follows transformers' attention interface, aw.load(model).trace(text); of a "
            "saved trace, save it with values=True."
        )
    values = block.v[0, head // (block.heads // block.kv_heads)].detach().cpu().double()
    if block.projection is not None:
        # V W^T = (V R^T) Q^T with W = Q R: the columns of Q only turn the vectors, and a model is wide.
        weight = block.projection.of_heads(block.heads)[:, head].detach().cpu().double()
        values = values @ torch.linalg.qr(weight, mode="r").R.T
    if not bool(torch.isfinite(values).all()):
        raise NotNumbers("values")
    return values


def _row_space(written: Float[Tensor, "key dim"]) -> Float[Tensor, "key rank"]:
    """An orthonormal basis of what weights must not lose: the left singular vectors of T that are not cancelled."""
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
