"""What attention layers put out, beside the plain formula."""

import pytest
import torch

from attnwidget.engine.capture import attention_output as output
from attnwidget.engine.capture.attention_output import fused_attention, written_out

SIZES = [(4, 4, 30, 30), (4, 2, 30, 37), (4, 1, 1, 9)]


class Attention(torch.nn.Module):
    is_causal = True
    num_key_value_groups = 2


def expected(query, key, value, mask, scale, *, causal=True, bias=None, softcap=None, sinks=None):
    groups = query.shape[1] // key.shape[1]
    key, value = key.repeat_interleave(groups, 1), value.repeat_interleave(groups, 1)
    scores = query @ key.transpose(2, 3) * scale
    if softcap is not None:
        scores = softcap * torch.tanh(scores / softcap)
    if bias is not None:
        scores = scores + bias
    if mask is not None and mask.dtype == torch.bool:
        scores = scores.masked_fill(~mask, -torch.inf)
    elif mask is not None:
        scores = scores + mask
    elif causal:
        queries, keys = scores.shape[-2:]
        scores = scores.masked_fill(torch.ones(queries, keys, dtype=torch.bool).triu(1 + keys - queries), -torch.inf)
    if sinks is not None:
        scores = torch.cat([scores, sinks.view(1, -1, 1, 1).expand(*scores.shape[:-1], 1)], -1)
    weights = scores.softmax(-1)
    return (weights[..., : key.shape[2]] @ value).transpose(1, 2)


def states(heads, shared, queries, keys, *, width=8):
    torch.manual_seed(0)
    return torch.randn(1, heads, queries, 8), torch.randn(1, shared, keys, 8), torch.randn(1, shared, keys, width)


def window(queries, keys):
    key, at = torch.arange(keys), torch.arange(queries)[:, None] + keys - queries
    return ((key <= at) & (key > at - 5))[None, None]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("tile", [2**20, 500])  # all at once, and in many portions
def test_soft_caps_sinks_and_biases_are_written_out(size, tile, monkeypatch):
    monkeypatch.setattr("attnwidget.engine.trace.recompute.TILE", tile)
    heads, _, queries, keys = size
    given = states(*size, width=6)
    masks = [
        None,
        window(queries, keys),
        window(queries, keys).expand(1, heads, -1, -1),
        torch.randn(1, 1, queries, keys),
    ]
    for mask in masks:
        for softcap in (None, 3.0):
            for sinks in (None, torch.randn(heads)):
                for bias in (None, torch.randn(1, heads, queries, keys)):
                    options = {"bias": bias, "softcap": softcap, "sinks": sinks}
                    found = written_out(*given, mask, 0.3, causal=True, **options)
                    assert torch.allclose(found, expected(*given, mask, 0.3, **options), atol=1e-5)


def test_without_a_mask_a_layer_that_is_not_causal_reads_everything():
    given = states(4, 2, 30, 30)
    found = written_out(*given, None, 0.3, causal=False, softcap=3.0)
    assert torch.allclose(found, expected(*given, None, 0.3, causal=False, softcap=3.0), atol=1e-5)


@pytest.mark.parametrize("keys", [30, 37])
@pytest.mark.parametrize("width", [6, 8])
def test_windows_are_read_one_by_one(keys, width, monkeypatch):
    monkeypatch.setattr(output, "ROWS_AT_ONCE", 7)
    given = states(4, 2, 30, keys, width=width)
    mask = window(30, keys)
    found = fused_attention(Attention(), *given, mask, scaling=0.3)
    assert torch.allclose(found, expected(*given, mask, 0.3), atol=1e-5)


def test_values_of_another_width_than_the_keys():
    given = states(4, 2, 30, 30, width=6)
    found = fused_attention(Attention(), *given, None, scaling=0.3)
    assert found.shape == (1, 30, 4, 6)
    assert torch.allclose(found, expected(*given, None, 0.3), atol=1e-5)


def test_which_keys_rows_of_a_mask_leave_open():
    rows = window(30, 30)[:, :, 10:12]
    assert output.open_keys(rows) == slice(6, 12)
    assert output.open_keys(torch.zeros_like(rows)) == slice(0, 30)  # padding: none may be left without keys
