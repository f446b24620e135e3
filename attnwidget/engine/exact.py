"""Arithmetic in the precision that is written, whatever the code around it has asked torch for."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def exactly(device: str = "cpu") -> Iterator[None]:
    """Without gradients and without a user's autocast, which would round products to half precision on `device`.

    For what is not a generator: between its values the setting would be that of whoever asks for them.

    >>> with torch.autocast("cpu", dtype=torch.bfloat16), exactly():
    ...     (torch.ones(2, 2) @ torch.ones(2, 2)).dtype
    torch.float32
    """
    with torch.no_grad(), torch.autocast(device, enabled=False):
        yield
