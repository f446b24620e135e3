"""How relevance passes through attention layers: the rules of Chefer et al. 2021, of matrices alone."""

import torch
from jaxtyping import Float
from torch import Tensor

from attnwidget.shapes import AttentionMap, KeyMap, LayerMaps, QueryMap


def relevant(weights: LayerMaps, gradients: LayerMaps) -> AttentionMap:
    """What a layer passes on: the mean over its heads of weights x gradients, without what is negative. Eq. 5."""
    return (weights * gradients).clamp(min=0).mean(0)


def without_itself(relevance: AttentionMap) -> AttentionMap:
    """Rows of what came from others, made to sum to 1, and 1 for the token itself; rows that got nothing stay 0. Eq. 8, 9.

    >>> without_itself(torch.tensor([[1.0, 0.0], [0.5, 1.5]]))
    tensor([[1.0000, 0.0000],
            [0.5000, 1.5000]])
    """
    one = torch.eye(len(relevance), dtype=relevance.dtype, device=relevance.device)
    others = relevance - one
    sums = others.sum(-1, keepdim=True)
    return torch.where(sums == 0, 0.0, others / torch.where(sums == 0, 1.0, sums)) + one


def through(passed: AttentionMap, relevance: Float[Tensor, "query source"]) -> Float[Tensor, "query source"]:
    """Relevance after a layer of self-attention. Eq. 6, 7."""
    return relevance + passed @ relevance


def across(passed: AttentionMap, of_queries: QueryMap, of_keys: KeyMap) -> AttentionMap:
    """What cross-attention adds to the relevance of its keys' tokens for its queries. Eq. 10, transposed as released."""
    return without_itself(of_queries).T @ passed @ without_itself(of_keys)
