"""Pieces of one layer put together, beside the block that they were cut from."""

from typing import Any

import pytest
import torch
from torch import Tensor

from attnwidget.engine.trace import recompute
from attnwidget.engine.trace.records import Block
from attnwidget.engine.trace.stitch import stitched
from attnwidget.engine.trace.trace import Trace


def _block(queries: int, keys: int, **more: Any) -> Block:
    generator = torch.Generator().manual_seed(queries * 100 + keys)
    q = torch.randn(1, 4, queries, 8, generator=generator)
    k = torch.randn(1, 2, keys, 8, generator=generator)
    return Block("self", 0, "attn", 4, 2, q=q, k=k, v=k, scale=0.3, **more)


def _pieces(mask: Tensor, *stops: int) -> tuple[Block, list[Block]]:
    """A block with this mask, and the same block in pieces that end at these rows."""
    whole = _block(len(mask), len(mask), mask=mask[None, None])
    pieces, start = [], 0
    for stop in (*stops, len(mask)):
        pieces.append(
            Block(
                "self",
                0,
                "attn",
                4,
                2,
                q=whole.q[:, :, start:stop],
                k=whole.k[:, :, :stop],
                v=whole.v[:, :, :stop],
                scale=0.3,
                mask=mask[None, None, start:stop, :stop],
            )
        )
        start = stop
    return whole, pieces


WINDOW = torch.ones(9, 9, dtype=torch.bool).tril().triu(-3)


@pytest.mark.parametrize("stops", [(4,), (1, 2, 3), (3, 8), (1, 5, 6)])
def test_pieces_of_any_number_of_rows_make_the_block_they_were_cut_from(stops):
    whole, pieces = _pieces(WINDOW, *stops)
    found = stitched(pieces)
    assert torch.equal(found.mask, whole.mask)
    assert torch.equal(found.q, whole.q)
    torch.testing.assert_close(recompute.weights(found), recompute.weights(whole))


def test_masks_that_say_no_more_than_causal_are_dropped():
    causal = torch.ones(9, 9, dtype=torch.bool).tril()
    whole, pieces = _pieces(causal, 4, 6)
    found = stitched(pieces)
    assert found.mask is None
    assert found.causal
    torch.testing.assert_close(recompute.weights(found), recompute.weights(whole))


def test_a_beginning_that_sees_itself_whole_stays_so():
    both = torch.ones(9, 9, dtype=torch.bool).tril()
    both[:4, :4] = True
    _, pieces = _pieces(both, 4, 7)
    found = stitched(pieces)
    assert torch.equal(found.mask[0, 0], both)


def test_what_does_not_make_one_map_is_not_put_together():
    first, second = _block(5, 5, causal=True), _block(1, 6)
    assert stitched([first, second]) is not None
    assert stitched([first, _block(1, 5)]) is None  # a cache that forgets
    assert stitched([first, _block(1, 6, softcap=3.0)]) is None
    assert stitched([first, _block(1, 6, sinks=torch.zeros(4))]) is None
    assert stitched([first, _block(1, 6, bias=torch.zeros(1, 4, 1, 6))]) is None
    assert stitched([first, _block(1, 6, mask=torch.zeros(1, 1, 1, 6))]) is None
    dense = Trace.from_weights(torch.eye(3).expand(1, 2, 3, 3), ["a", "b", "c"]).blocks[0]
    assert stitched([dense, dense]) is None
