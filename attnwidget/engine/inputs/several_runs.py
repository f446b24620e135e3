"""The arguments of a forward pass, for several runs as one batch."""

from collections.abc import Mapping

from torch import Tensor


def for_several_runs(forward: Mapping[str, Tensor], count: int) -> dict[str, Tensor]:
    """The same inputs so many times, one run after the other.

    What has no axis of one text (the pictures of a text, their packed patches and grids) is written out as often; all else
    is a view.

    >>> import torch
    >>> given = {"input_ids": torch.zeros(1, 5), "pixel_values": torch.zeros(2, 3, 8, 8)}
    >>> [tuple(tensor.shape) for tensor in for_several_runs(given, 4).values()]
    [(4, 5), (8, 3, 8, 8)]
    """
    return {
        name: one.expand(count, *one.shape[1:]) if one.shape[0] == 1 else one.repeat(count, *[1] * (one.ndim - 1))
        for name, one in forward.items()
    }
