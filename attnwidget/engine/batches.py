"""Many runs in a few batches, and in smaller ones where memory does not suffice."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import torch
from torch import Tensor

from attnwidget.engine.stopping import go_on
from attnwidget.errors import NotEnoughMemory

One = TypeVar("One")


def in_batches(
    items: Sequence[One],
    at_most: int,
    run: Callable[[Sequence[One]], Tensor],
    done: Callable[[int], None] = lambda _done: None,
) -> Tensor:
    """What `run` gives for all items, joined along the first axis: at most so many of them at a time.

    A batch that memory does not suffice for is halved, and those after it too. `done` hears how many items are done.
    Raises what `run` raises, among that the lack of memory for a single item, and Cancelled inside `stopping_when`.
    """
    found: list[Tensor] = []
    start, size = 0, max(1, at_most)
    while start < len(items):
        go_on()
        batch = items[start : start + size]
        try:
            found.append(run(batch))
        except Exception as error:
            if len(batch) == 1 or not lacks_memory(error):
                raise
            size = len(batch) // 2
            continue
        start += len(batch)
        done(start)
    return torch.cat(found)


def lacks_memory(error: BaseException) -> bool:
    """Whether an error says that memory did not suffice.

    >>> lacks_memory(RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes"))
    True
    """
    # On the CPU, torch says so only in its message.
    words = ("can't allocate memory", "not enough memory")
    return isinstance(error, torch.OutOfMemoryError | MemoryError | NotEnoughMemory) or any(
        word in str(error) for word in words
    )
