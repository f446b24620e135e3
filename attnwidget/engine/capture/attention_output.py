"""The output of an attention layer, by the fused kernel wherever possible, and never with a whole map in memory."""

from typing import Any

import torch
from einops import rearrange
from torch import Tensor, nn
from torch.nn.functional import pad
from transformers.integrations.sdpa_attention import sdpa_attention_forward

from attnwidget.engine.trace.recompute import rows_together

ROWS_AT_ONCE = 1024
"""Queries of a masked layer per kernel call: the kernel converts the mask to float, and only visible keys need be
passed."""


def fused_attention(
    module: nn.Module, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, **options: Any
) -> Tensor:
    """Output (batch query head dim) of scaled_dot_product_attention.

    Windows are computed one by one: a quarter of the time and a fifth of the memory at 8,192 tokens.
    """
    width = value.shape[-1]
    if width < query.shape[-1]:
        # For unequal widths (multi-head latent attention) the CPU kernel would build every map.
        value = pad(value, (0, query.shape[-1] - width))
    if (
        mask is None
        or mask.dtype != torch.bool
        or query.shape[2] <= ROWS_AT_ONCE
        or options.get("position_bias") is not None
    ):
        output, _ = sdpa_attention_forward(module, query, key, value, mask, **options)
        return output[..., :width]
    found = []
    for start in range(0, query.shape[2], ROWS_AT_ONCE):
        rows = mask[:, :, start : start + ROWS_AT_ONCE]
        keys = open_keys(rows)
        output, _ = sdpa_attention_forward(
            module,
            query[:, :, start : start + ROWS_AT_ONCE],
            key[:, :, keys],
            value[:, :, keys],
            rows[..., keys],
            **options,
        )
        found.append(output)
    return torch.cat(found, 1)[..., :width]


def open_keys(rows: Tensor) -> slice:
    """The range of keys visible to some of these rows of a mask; all keys if no row sees any."""
    found = rows.flatten(0, 2).any(0).nonzero()
    return slice(int(found[0]), int(found[-1]) + 1) if len(found) else slice(0, rows.shape[-1])


def written_out(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor | None,
    scale: float,
    *,
    causal: bool,
    bias: Tensor | None = None,
    softcap: float | None = None,
    sinks: Tensor | None = None,
) -> Tensor:
    """The same with soft caps and sinks, which no fused kernel has: the formula, a few heads and rows at a time."""
    batch, heads, queries, _ = query.shape
    shared, keys = key.shape[1:3]
    group = heads // shared
    out = value.new_empty(batch, queries, heads, value.shape[-1])
    # A few rows of all heads would load all keys again for each: so as many rows as fit are taken first.
    together = rows_together(group * queries * keys)
    for at in range(0, shared, together):
        last = min(at + together, shared)
        own = slice(at * group, last * group)
        step = rows_together((last - at) * group * keys)
        for start in range(0, queries, step):
            rows = slice(start, min(start + step, queries))
            open_to = slice(0, keys)
            if mask is not None and mask.dtype == torch.bool:
                open_to = open_keys(mask[:, _heads(mask, own), rows])
            elif mask is None and causal:
                open_to = slice(0, rows.stop + keys - queries)
            scores = _scores(query[:, own, rows], key[:, at:last, open_to]) * scale
            if softcap is not None:
                scores = softcap * torch.tanh(scores / softcap)
            if bias is not None:
                scores = scores + bias[:, _heads(bias, own), rows, open_to]
            scores = scores.float()
            if mask is not None and mask.dtype == torch.bool:
                scores = scores.masked_fill(~mask[:, _heads(mask, own), rows, open_to], torch.finfo(scores.dtype).min)
            elif mask is not None:
                scores = scores + mask[:, _heads(mask, own), rows, open_to]
            elif causal:
                last_key = torch.arange(rows.start, rows.stop, device=scores.device)[:, None] + keys - queries
                scores = scores.masked_fill(torch.arange(open_to.stop, device=scores.device) > last_key, float("-inf"))
            weights = _softmax(scores, None if sinks is None else sinks[own])
            out[:, rows, own] = _weighed(weights.to(value.dtype), value[:, at:last, open_to])
    return out


def _softmax(scores: Tensor, sinks: Tensor | None) -> Tensor:
    if sinks is None:
        return scores.softmax(-1)
    sink = sinks.reshape(1, -1, 1, 1).expand(*scores.shape[:-1], 1).to(scores)
    return torch.cat([scores, sink], -1).softmax(-1)[..., :-1]


def _scores(query: Tensor, key: Tensor) -> Tensor:
    # Heads that share a key head become rows of one product: no key is copied.
    packed = rearrange(query, "batch (shared head) query dim -> batch shared (head query) dim", shared=key.shape[1])
    return rearrange(
        packed @ key.transpose(2, 3),
        "batch shared (head query) key -> batch (shared head) query key",
        query=query.shape[2],
    )


def _weighed(weights: Tensor, value: Tensor) -> Tensor:
    packed = rearrange(weights, "batch (shared head) query key -> batch shared (head query) key", shared=value.shape[1])
    return rearrange(
        packed @ value, "batch shared (head query) dim -> batch query (shared head) dim", query=weights.shape[2]
    )


def _heads(stack: Tensor, own: slice) -> slice:
    return slice(0, 1) if stack.shape[1] == 1 else own
