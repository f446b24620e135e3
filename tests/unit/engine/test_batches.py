"""Batches of runs: none left out, and smaller ones where memory does not suffice."""

import pytest
import torch

from attnwidget.engine.batches import in_batches
from attnwidget.errors import NotEnoughMemory


def test_a_batch_that_does_not_fit_is_halved():
    sizes = []

    def run(items):
        sizes.append(len(items))
        if len(items) > 3:
            raise NotEnoughMemory("too many")
        return torch.tensor(items)

    done = []
    found = in_batches(list(range(10)), 8, run, done.append)
    assert found.tolist() == list(range(10))
    assert sizes == [8, 4, 2, 2, 2, 2, 2]
    assert done == [2, 4, 6, 8, 10]


@pytest.mark.parametrize("error", [NotEnoughMemory("one is too many"), ValueError("not about memory")])
def test_what_smaller_batches_do_not_mend_is_raised(error):
    def run(_items):
        raise error

    with pytest.raises(type(error)):
        in_batches([1, 2], 2, run)
