"""Arithmetic in the precision written in the code, whatever torch settings surround it."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def exactly(device: str = "cpu") -> Iterator[None]:
    """Run without gradients and without a user's autocast, which would round products to half precision on `device`.

    Not for generators: between two values they would run with the settings of their caller.

    >>> with torch.autocast("cpu", dtype=torch.bfloat16), exactly():
    ...     (torch.ones(2, 2) @ torch.ones(2, 2)).dtype
    torch.float32
    """
    with torch.no_grad(), torch.autocast(device, enabled=False):
        yield
