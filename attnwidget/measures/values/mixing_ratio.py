"""How much a layer mixes tokens, compared with how much of each token it keeps."""

import numpy as np

from attnwidget.engine import Block, Trace
from attnwidget.measures.given_trace import own_blocks, said_setting
from attnwidget.measures.measure import measure
from attnwidget.measures.results import LayerScores
from attnwidget.measures.rows import read_rows
from attnwidget.measures.values.sublayer import Vectors, norms_of, others_and_own, residual_of, stream_of


@measure
def mixing_ratio(trace: Trace, *, part: str | None = None) -> LayerScores:
    """||mixing|| / (||mixing|| + ||preserving||) of each layer, (layer) from 0 to 1: the mean over queries.

    Mixing is what attention brings a token from the others, sum_{j != i} L(T_ij), where T_ij = sum_h A^h_ij W_O^h
    v_j^h; preserving is what it keeps of the token itself, L(T_ii + x_i), where x_i is the residual stream. If the sum
    goes through a norm before the stream continues (post-norm models such as BERT), L is that norm's linear part: minus
    the mean for a layer norm, times gamma. Its deviation sigma_i, frozen at the true sum's, divides both and cancels.
    Otherwise L is the identity.

    Biases of the projection and the norm belong to neither. A layer whose attention adds nothing has 0. MLPs are
    ignored. Do not compare ratios of pre-norm and post-norm models: the residual of a pre-norm model grows with depth.

    Padding queries do not count, nor do queries where both vectors are 0. Layers without attention are NaN. The trace
    must have its residual streams, `keep=("inputs",)`. Raises AttnWidgetError for a trace without streams, values or
    projections, and for cross-attention; NotNumbers for NaN.
    Source: Kobayashi et al. 2021 (2021.emnlp-main.373, arXiv 2109.07152), AttnResLn-N, mixing ratio.

    >>> import attnwidget as aw
    >>> trace = aw.load().trace("The cat sat on the mat.", keep=("inputs",))
    >>> ratios = mixing_ratio(trace)
    >>> ratios.shape, bool((0 < ratios.values.min()) & (ratios.values.max() < 1))
    ((4,), True)
    """
    blocks = own_blocks(trace, part, "The mixing ratio")
    counted = read_rows(trace.tokens(part)[0])
    found = np.full(trace.layers(part), np.nan, np.float32)
    for block in blocks:
        mixing, preserving = (vectors[counted].norm(dim=-1).double() for vectors in _mixing_and_preserving(block))
        found[block.layer] = (mixing / (mixing + preserving)).nanmean()
    return LayerScores(
        found,
        f"mixing ratio ||sum of the other tokens' vectors|| / (that + ||own vector and residual||), "
        f"{norms_of(blocks)}, biases left out, mean over queries that are not padding{said_setting(trace, part)}",
    )


def _mixing_and_preserving(block: Block) -> tuple[Vectors, Vectors]:
    residual, norm = residual_of(block), stream_of(block).norm
    others, own = others_and_own(block)
    preserving = own + residual
    return (others, preserving) if norm is None else (norm.linear(others), norm.linear(preserving))
