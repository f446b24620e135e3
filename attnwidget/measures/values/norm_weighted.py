"""Attention weighted by what it carries: the length of the vector that each key adds to each query."""

from typing import Any

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor

from attnwidget.engine import Block, Trace, fit_index, indices, parse_head, rows_together, weights
from attnwidget.errors import NotNumbers
from attnwidget.measures.given_trace import said_setting
from attnwidget.measures.measure import measure
from attnwidget.measures.results import TokenMap
from attnwidget.measures.values.value_norms import lengths, written_values
from attnwidget.shapes import AttentionMap, Indices


@measure
def norm_weighted(
    trace: Trace, layer: Any, head: Any = None, *, part: str | None = None, queries: Any = None
) -> TokenMap:
    """Norm-based attention (query key): the length of the vector that each key adds to each query.

    With a head (or layer="L5H3"), A^h_ij ||f^h(x_j)||, where f^h(x_j) = W_O^h v_j^h is what the head writes for a key;
    without one, ||sum_h A^h_ij f^h(x_j)|| over all heads of the layer, which may cancel each other. The bias of the
    values is part of v, that of the projection is left out. In units of the model's hidden states, not normalised: rows
    do not sum to 1. `queries` chooses rows, as in `trace.weights`; rows of padding are NaN. The residual stream and
    norms are ignored.

    For a whole layer only the inner products of its heads' vectors are held (key head head), in fp64, so that heads
    that cancel out give 0; vectors of token pairs are never built. Raises AttnWidgetError for a trace without values or
    output projections (given weights, the eager path, a gate or norm before the projection), and for a layer or head
    that does not exist; NotNumbers for weights or values that are NaN.
    Source: Kobayashi et al. 2020 (2020.emnlp-main.574, arXiv 2004.10102), ||alpha f(x)||; this form is ours.

    >>> import attnwidget as aw
    >>> trace = aw.load().trace("The cat sat on the mat.")
    >>> norm_weighted(trace, 1).shape                      # query key
    (7, 7)
    >>> print(norm_weighted(trace, "L1H2").recipe)
    norm-based attention A ||f|| of L1H2, f = W_O v with the value's bias and without the projection's, not normalised
    """
    if isinstance(layer, str):
        layer, head = parse_head(layer, head)
    block = trace.block(layer, part)
    rows = indices(queries, block.shape[1], "query")
    if head is None:
        found, what = _of_layer(block, rows), f"||sum_h A f|| over the {block.heads} heads of layer {block.layer}"
    else:
        number = fit_index("head", head, block.heads)
        found = _finite(weights(block, [number], queries=rows))[0] * lengths(block, number)
        what = f"A ||f|| of L{block.layer}H{number}"
    query_tokens, key_tokens = trace.tokens(part)
    padding = torch.tensor(query_tokens.padding, dtype=torch.bool, device="cpu")[rows]
    found[padding] = torch.nan
    recipe = (
        f"norm-based attention {what}, f = W_O v with the value's bias and without the projection's, not normalised"
    )
    recipe += ", rows of padding left out" if bool(padding.any()) else ""
    return TokenMap(
        found.numpy(),
        recipe + said_setting(trace, part),
        tuple(query_tokens.pieces[row] for row in rows.tolist()),
        key_tokens.pieces,
        tuple(rows.tolist()),
    )


def _of_layer(block: Block, rows: Indices) -> AttentionMap:
    """The square of a length is sum_hg A^h A^g G[h, g], with G_j[h, g] = <f^h(x_j), f^g(x_j)>."""
    products = _inner_products(block)
    _, _, width = block.shape
    found = torch.empty(len(rows), width, dtype=torch.float32, device="cpu")
    step = rows_together(block.heads * width)
    for start in range(0, len(rows), step):
        maps = _finite(weights(block, queries=rows[start : start + step]))
        shares = rearrange(maps, "head query key -> key query head").double()
        squares = torch.bmm(shares, products).mul_(shares).sum(-1)
        found[start : start + step] = squares.clamp_min_(0).sqrt_().T  # rounding may give numbers below 0
    return found


def _inner_products(block: Block) -> Float[Tensor, "key head other"]:
    _, _, width = block.shape
    found = torch.empty(width, block.heads, block.heads, dtype=torch.float64, device="cpu")
    start = 0
    for vectors in written_values(block):
        # In fp32, rounding would leave a thousandth of two heads that cancel out.
        precise = vectors.cpu().double() if vectors.device.type == "mps" else vectors.double()
        found[start : start + len(vectors)] = torch.bmm(precise, precise.transpose(1, 2))
        start += len(vectors)
    return found


def _finite(maps: Float[Tensor, "head query key"]) -> Float[Tensor, "head query key"]:
    if not bool(torch.isfinite(maps).all()):
        raise NotNumbers
    return maps
