"""The memory that a forward pass will need, estimated before it starts; what cannot fit is refused."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import torch

from attnwidget.engine.free_memory import available
from attnwidget.engine.loading.facts import config_value, heads_by_layer
from attnwidget.engine.prediction_head import answers_at_once, predicts
from attnwidget.engine.trace.recompute import TILE
from attnwidget.errors import OutOfMemory

SMALL_READING = 2**28
"""Bytes below which free memory is not checked: such a pass is worth trying anywhere."""

SLACK = 1.25
"""Kept tensors lie between freed ones, so more memory is held than is used."""

WIDEST_COPIES = 8
"""Copies of a layer's widest activation that exist at the same time: measured over families, see tests/benchmarks."""

FOLLOWED_COPIES = 6
"""Copies of a layer's widest activation that a pass with gradients keeps for the way back: measured, see the tests."""

MASK = 7
"""Bytes for each pair of tokens while a window's mask is built and passed to a fused kernel."""

SCORE_TILES = 4
"""Tiles of fp32 scores that exist at the same time where soft caps and sinks rule out a fused kernel."""

MAPS = 3
"""Scores, softmax and a copy of it: the maps that one layer of eager attention holds at the same time."""


def refuse_what_cannot_fit(model: Any, tokens: int, path: str, *, texts: int = 1) -> None:
    """Raise OutOfMemory, with the numbers, if this many tokens need more memory than is free.

    `path` is that of the trace, "interface" or "eager", or "gradients" for a pass that is followed back; `texts` is how many
    of this length are one pass. If the need or the free memory is unknown, nothing is refused.
    Takes a few microseconds for short texts.
    """
    need = needed(model, tokens, path)
    if need is None or texts * need < SMALL_READING:
        return
    need *= texts
    places = getattr(model, "hf_device_map", None) or {}
    if len(set(places.values())) > 1:
        return  # the model spans several devices
    free = available(model.device)
    if free is not None and need > free:
        half = ", or load the model in half precision, dtype='bfloat16'" if model.dtype.itemsize > 2 else ""
        raise OutOfMemory(tokens, need, free, longest(model, tokens, path, free), half)


def needed(model: Any, tokens: int, path: str) -> int | None:
    """Peak bytes that this many tokens add, from the model's configuration; None if it does not say.

    Counts the kept queries, keys and values, the widest activation, masks and biases, on the path "eager" all maps, and for
    "gradients" what every layer keeps for the way back.
    An encoder-decoder is assumed to process as many tokens on either side.
    """
    if getattr(model, "config", None) is None:
        return None
    # Evaluating a configuration takes longer than everything else here, and the result does not change.
    known = _costs.setdefault(model, {})
    dtype = model.dtype
    if (path, dtype) not in known:
        known[path, dtype] = _cost(model, path, dtype.itemsize)
    cost = known[path, dtype]
    return None if cost is None else cost.of(tokens)


def longest(model: Any, tokens: int, path: str, free: int) -> int:
    """How many of these tokens can be processed within `free` bytes."""
    fits, too_many = 0, tokens
    while too_many - fits > 1:
        middle = (fits + too_many) // 2
        if (needed(model, middle, path) or 0) <= free:
            fits = middle
        else:
            too_many = middle
    return fits


@dataclass(frozen=True)
class _Cost:
    """Bytes for each token and for each pair of tokens; a mask is made of texts longer than `window`.

    `tiled` is how many heads' scores are worked out tile by tile, 0 where a fused kernel does it.
    """

    token: float
    pair: float
    tiled: int
    window: int | None

    def of(self, tokens: int) -> int:
        masked = self.window is not None and tokens > self.window
        scores = SCORE_TILES * 4 * min(TILE, self.tiled * tokens**2)
        return int(self.token * tokens + (self.pair + MASK * masked) * tokens**2 + scores)


_costs: "WeakKeyDictionary[Any, dict[tuple[str, torch.dtype], _Cost | None]]" = WeakKeyDictionary()


def _cost(model: Any, path: str, size: int) -> _Cost | None:
    heads = heads_by_layer(model)
    config = model.config.get_text_config()
    width = _number([config], "hidden_size", "d_model")
    if not any(heads) or width is None:
        return None
    most = max(heads)
    stacks = 3 if getattr(model.config, "is_encoder_decoder", False) else 1  # encoder, decoder, and cross-attention
    layers = list(config.per_layer_config) if getattr(config, "is_heterogeneous", False) else [config] * len(heads)
    kept = stacks * sum(_kept(layer, count, width) for layer, count in zip(layers, heads, strict=False))
    token = size * (SLACK * kept + WIDEST_COPIES * max(_widest(layer, most, width) for layer in layers))
    if path == "gradients":
        token += size * FOLLOWED_COPIES * stacks * sum(_widest(layer, most, width) for layer in layers)
    if (answers_at_once(model) or predicts(model) is None) and model.get_output_embeddings() is not None:
        token += size * (_number(layers, "vocab_size") or 0)
    pair = 0.0
    if _number(layers, "relative_attention_num_buckets") is not None:
        # The bias itself, its copy with the mask for the fused kernel, and a few tables of distances.
        pair += 3 * most * size + 3 * 8
    if path == "eager":
        # In half precision the maps exist twice: as the model returns them, and in fp32.
        pair += stacks * sum(heads) * (size if size == 4 else size + 4) + MAPS * most * size
    # Sinks appear in no configuration: they are parameters of the attention.
    sinks = any(name.endswith(".sinks") for name, _ in model.named_parameters())
    capped = path != "eager" and (sinks or _number(layers, "attn_logit_softcapping") is not None)
    window = _number(layers, "sliding_window", "local_attention", "attention_chunk_size")
    return _Cost(token, pair, most if capped else 0, window)


def _kept(config: Any, heads: int, width: int) -> int:
    """Entries of q, k and v for each token in a layer with this many heads."""
    if heads == 0:
        return 0
    shared = _number([config], "num_key_value_heads", "num_kv_heads") or heads
    if getattr(config, "multi_query", False) is True:
        shared = 1
    same = _number([config], "head_dim", "d_kv") or width // heads
    halves = _number([config], "qk_nope_head_dim"), _number([config], "qk_rope_head_dim")
    dim = sum(half or 0 for half in halves) or same
    return heads * dim + shared * dim + shared * (_number([config], "v_head_dim") or same)


def _widest(config: Any, heads: int, width: int) -> int:
    """Entries of the widest activation for each token: an MLP's hidden layer, or that of all experts of a token."""
    names = ("intermediate_size", "n_inner", "d_ff", "encoder_ffn_dim", "ffn_dim", "hidden_dim", "ffn_hidden_size")
    inside = _number([config], *names) or 4 * width
    met = _number([config], "num_experts_per_tok") or 1
    expert = (_number([config], "moe_intermediate_size") or inside) * met if met > 1 else 0
    return max(inside, expert, _kept(config, heads, width))


def _number(configs: Sequence[Any], *names: str) -> int | None:
    """The first of these names that a configuration sets to a number above 0."""
    for config in configs:
        for name in names:
            value = config_value(config, name)
            if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
                return int(value) or 1
    return None
