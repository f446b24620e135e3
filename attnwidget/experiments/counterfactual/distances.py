"""How far two distributions are from each other, row by row; in torch, so that a search can follow them back."""

from jaxtyping import Float
from torch import Tensor


def jensen_shannon(one: Float[Tensor, "*rows key"], other: Float[Tensor, "*rows key"]) -> Float[Tensor, "*rows"]:
    """The Jensen-Shannon divergence of rows of weights, in nats: from 0 to ln 2. Rows are divided by their sums.

    >>> import torch
    >>> jensen_shannon(torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0]))
    tensor(0.6931)
    """
    first, second = (each / each.sum(-1, keepdim=True).clamp(min=1e-30) for each in (one, other))
    middle = (first + second) / 2
    # x log x is 0 at 0, and so is its gradient here.
    entropies = [-(each * each.clamp(min=1e-30).log()).sum(-1) for each in (middle, first, second)]
    return (entropies[0] - (entropies[1] + entropies[2]) / 2).clamp(min=0)


def total_variation(
    one: Float[Tensor, "*rows outcome"], other: Float[Tensor, "*rows outcome"]
) -> Float[Tensor, "*rows"]:
    """Half of the sum of all differences: from 0 to 1, the most that any event's probability differs.

    >>> import torch
    >>> total_variation(torch.tensor([0.75, 0.25]), torch.tensor([0.5, 0.5]))
    tensor(0.2500)
    """
    return (one - other).abs().sum(-1) / 2
