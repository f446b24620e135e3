"""Watching attention go by: one function registered with transformers, active only inside `watching`.

The function answers with scaled_dot_product_attention, at the speed of the bare model, and keeps references to what
the weights can be recomputed from. It is registered under a plain name: names that contain "sdpa" or "flash" are taken
for those, and an implementation without a mask function of its own silently loses every mask.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

from attnwidget.errors import Cancelled

NAME = "attnwidget"


@dataclass(frozen=True, eq=False)
class Call:
    """What one attention layer was asked, as it was asked. Shapes as in `Block`."""

    module: nn.Module
    q: Tensor
    k: Tensor
    v: Tensor
    scale: float
    mask: Tensor | None
    bias: Tensor | None
    softcap: float | None
    sinks: Tensor | None
    causal: bool


@dataclass(eq=False)
class Watch:
    """The calls of one forward pass, in their order, and a way to stop it between two layers."""

    cancelled: Callable[[], bool] = lambda: False
    progress: Callable[[int], None] = lambda _done: None
    calls: list[Call] = field(default_factory=list)


_active: ContextVar[Watch | None] = ContextVar("attnwidget_watch", default=None)


@contextmanager
def watching(watch: Watch) -> Iterator[Watch]:
    """Every attention call of this thread inside the block goes to `watch`."""
    token = _active.set(watch)
    try:
        yield watch
    finally:
        _active.reset(token)


def attend(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float | None = None,
    dropout: float = 0.0,
    is_causal: bool | None = None,
    position_bias: Tensor | None = None,
    softcap: float | None = None,
    s_aux: Tensor | None = None,
    **kwargs: Any,
) -> tuple[Tensor, Tensor | None]:
    """The attention function: output (batch query head dim), and no weights."""
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    causal = getattr(module, "is_causal", True) if is_causal is None else is_causal
    call = Call(
        module,
        query,
        key,
        value,
        scale,
        attention_mask,
        position_bias,
        softcap,
        s_aux,
        causal=bool(causal) and query.shape[2] > 1,
    )
    watch = _active.get()
    if watch is not None:
        if watch.cancelled():
            raise Cancelled
        watch.calls.append(call)
        watch.progress(len(watch.calls))
    if softcap is not None or s_aux is not None:
        return _plain_output(call), None
    return sdpa_attention_forward(
        module,
        query,
        key,
        value,
        attention_mask,
        dropout=dropout,
        scaling=scaling,
        is_causal=is_causal,
        position_bias=position_bias,
        # Not passed on: a user's output_attentions would only make the fused function warn.
        **{name: given for name, given in kwargs.items() if name != "output_attentions"},
    )


def _plain_output(call: Call) -> Tensor:
    # Soft caps and sinks have no fused kernel: the same formula as in recompute, for all heads at once.
    groups = call.q.shape[1] // call.k.shape[1]
    key, value = call.k.repeat_interleave(groups, 1), call.v.repeat_interleave(groups, 1)
    scores = torch.einsum("bhqd,bhkd->bhqk", call.q, key) * call.scale
    if call.softcap is not None:
        scores = call.softcap * torch.tanh(scores / call.softcap)
    if call.bias is not None:
        scores = scores + call.bias
    scores = scores.float()
    if call.mask is not None and call.mask.dtype == torch.bool:
        scores = scores.masked_fill(~call.mask, torch.finfo(scores.dtype).min)
    elif call.mask is not None:
        scores = scores + call.mask
    elif call.causal:
        scores = scores + torch.full_like(scores, float("-inf")).triu(1 + scores.shape[-1] - scores.shape[-2])
    if call.sinks is not None:
        sink = call.sinks.reshape(1, -1, 1, 1).expand(*scores.shape[:-1], 1).to(scores)
        weights = torch.cat([scores, sink], -1).softmax(-1)[..., :-1]
    else:
        weights = scores.softmax(-1)
    return torch.einsum("bhqk,bhkd->bqhd", weights.to(value.dtype), value).contiguous()


AttentionInterface.register(NAME, attend)
AttentionMaskInterface.register(NAME, sdpa_mask)
