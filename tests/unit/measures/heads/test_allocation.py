"""Shares of attention by kind of key: each key counts once, and together they are the row."""

from dataclasses import replace

import numpy as np
import pytest
import torch

import attnwidget as aw
from attnwidget.engine import PatchPlace, Tokens


def traced(*, padding=False):
    pieces = ["<s>", "see", "<image>", "<image>", "cat", "</s>"]
    tokens = Tokens.from_pieces(pieces)
    places = (None, None, PatchPlace(0, 0), PatchPlace(0, 1), None, None)
    tokens = replace(tokens, places=places, padding=(False,) * 5 + (padding,))
    weights = torch.rand(2, 3, 6, 6, generator=torch.Generator().manual_seed(0)).softmax(-1)
    return aw.Trace.from_weights(list(weights), tokens), weights


def test_every_key_is_of_one_kind():
    trace, weights = traced()
    found = aw.allocation(trace, 4)
    row = weights[:, :, 4].numpy()
    assert found.tokens == {"picture": 2, "first": 1, "special": 1, "text": 2}
    assert np.allclose(found["picture"], row[..., 2:4].sum(-1), atol=1e-6)
    assert np.allclose(found["first"], row[..., 0], atol=1e-6)
    assert np.allclose(found["special"], row[..., 5], atol=1e-6)
    assert np.allclose(found["text"], row[..., [1, 4]].sum(-1), atol=1e-6)
    assert np.allclose(np.asarray(found).sum(0), 1, atol=1e-5)


def test_without_a_query_it_is_the_mean_of_all_rows_and_agrees_with_share():
    trace, weights = traced()
    found = aw.allocation(trace)
    assert np.allclose(found["picture"], weights[..., 2:4].sum(-1).mean(-1), atol=1e-6)
    assert np.allclose(found["picture"], aw.share(trace, [2, 3]).values, atol=1e-6)
    assert found.top(2) == found["picture"].top(2)


def test_padding_is_of_no_kind_and_no_query():
    trace, _ = traced(padding=True)
    assert aw.allocation(trace).tokens["special"] == 0
    with pytest.raises(aw.AttnWidgetError, match="padding"):
        aw.allocation(trace, -1)
