"""An edited text, computed from its first changed token on: keys and values of the earlier tokens are reused.

The cache is filled with the keys and values of the earlier trace, in layers that keep every column; models that cache
something else (DeepSeek's compressed latents) get back what they had cached. Nothing is cropped in place, so a pass
that is cancelled or fails leaves the earlier trace as it was.
"""

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeAlias
from weakref import WeakKeyDictionary

import torch
from torch import Tensor
from transformers import DynamicCache

from attnwidget.engine.capture.attention_function import Call, Watch, watching
from attnwidget.engine.capture.blocks import block_of
from attnwidget.engine.capture.edited_pass import EditedPass, changing_layers
from attnwidget.engine.capture.forward import run, what_runs
from attnwidget.engine.capture.projection_search import follow_outputs
from attnwidget.engine.capture.roles import Role
from attnwidget.engine.capture.shadow import Shadow
from attnwidget.engine.edits.changes import first_changed, row_by_row
from attnwidget.engine.edits.records import Edit
from attnwidget.engine.inputs.inputs import Inputs
from attnwidget.engine.prediction_head import prediction_head
from attnwidget.engine.trace.records import Block
from attnwidget.engine.trace.stitch import Masks, stitched
from attnwidget.engine.trace.trace import Trace
from attnwidget.errors import AttnWidgetError

SHORTEST_PREFIX = 16
"""Shared tokens from which reuse is worthwhile."""

PROBE = 12, 7
"""Tokens of the text on which reuse is tested once per model, and how many of them count as shared."""

STATEFUL_ROPE = {"dynamic", "longrope"}
"""Position encodings where early positions depend on the length of the text."""

Layers: TypeAlias = Sequence[tuple[Tensor, Tensor]]
"""What a model caches, layer by layer."""

_ways: "WeakKeyDictionary[Any, str]" = WeakKeyDictionary()
"""How each shadow's passes are continued: from "keys" and values, from its own "cache", or "never"."""


def needs_cache(shadow: Shadow) -> bool:
    """Whether passes of this model can be continued only when they have filled a cache."""
    return _ways.get(shadow.module) == "cache"


def cached(cache: Any) -> Layers:
    """What a pass left in a cache, as `Trace` keeps it."""
    return tuple((layer.keys, layer.values) for layer in cache.layers)


def reread(
    shadow: Shadow,
    earlier: Trace,
    given: Inputs,
    progress: Callable[[int], None],
    edited: EditedPass | None = None,
) -> Trace | None:
    """A trace of the new text that computes only what follows the beginning shared with an earlier trace.

    None if that is impossible or not worthwhile: another kind of input, too little in common, a model with state
    besides keys and values, or one that failed the trial against a full pass on this text.
    """
    edits = () if edited is None else edited.edits
    shared = min(common_start(earlier, given), alike_until(earlier.edits, edits))
    if shared < SHORTEST_PREFIX or 4 * shared < len(given.tokens["text"]) or not _could(shadow, earlier):
        return None
    with shadow.lock:
        if shadow.module not in _ways:
            _ways[shadow.module] = _trial(shadow, earlier)
    layers = earlier.cache or [
        (block.k, block.v) for block in earlier.blocks if block.k is not None and block.v is not None
    ]
    if _ways[shadow.module] == "never" or (needs_cache(shadow) and not earlier.cache):
        return None
    return _continued(shadow, earlier, shared, layers, given, progress, edited)


def common_start(earlier: Trace, given: Inputs) -> int:
    """How many tokens both texts begin with; at least one token of the new text is always left to compute."""
    text = given.tokens.get("text")
    if text is None or given.forward.keys() - {"input_ids", "token_type_ids"}:
        return 0
    if any(earlier.text.padding) or "decoder" in earlier.parts:
        return 0
    same = 0
    for old, new in zip(_read(earlier.text), _read(text), strict=False):
        if old != new:
            break
        same += 1
    return min(same, len(text) - 1)


def alike_until(earlier: tuple[Edit, ...], edits: tuple[Edit, ...]) -> int:
    """How many of the first tokens are computed in the same way under both edits."""
    if earlier == edits:
        return sys.maxsize if row_by_row(edits) else 0
    apart = [edit for edit in (*earlier, *edits) if edit not in earlier or edit not in edits]
    shared = [edit for edit in edits if edit in earlier]
    return first_changed(apart) if apart and row_by_row(shared) else 0


def _read(tokens: Any) -> list[tuple[int, int]]:
    return list(zip(tokens.ids, tokens.segment, strict=True))


def _could(shadow: Shadow, earlier: Trace) -> bool:
    blocks, module = earlier.blocks, shadow.module
    return (
        shadow.path == earlier.path == "interface"
        and len(earlier.parts) == 1
        and len(blocks) == earlier.layers()
        and not getattr(module, "_is_stateful", False)
        and not shadow.draws  # a second pass would draw other numbers
        and all(block.k is not None and block.v is not None for block in blocks)
        and all(block.causal or block.mask is not None for block in blocks)
        and all(block.bias is None and (block.mask is None or block.mask.dtype == torch.bool) for block in blocks)
        and not turns_by_length(module)
        and earlier.hidden is not None
    )


def turns_by_length(module: Any) -> bool:
    """Whether the positions of a text are encoded by its length, by what the configuration says."""
    rope = getattr(module.config.get_text_config(), "rope_parameters", None) or {}
    kinds = [rope, *(value for value in rope.values() if isinstance(value, dict))]
    return any(kind.get("rope_type") in STATEFUL_ROPE for kind in kinds)


def _trial(shadow: Shadow, earlier: Trace) -> str:
    """The way in which a few tokens of this text, in two passes, give the result of a single pass."""
    count, shared = PROBE
    ids = torch.tensor([earlier.text.ids[:count]], dtype=torch.long, device="cpu")
    cache = DynamicCache()
    try:
        whole = _plain(shadow, ids)
        first = _plain(shadow, ids[:, :shared], past_key_values=cache, use_cache=True)
    except AttnWidgetError:
        return "never"
    own = cached(cache)  # before the cache grows
    if _agrees(shadow, ids, whole, [(call.k, call.v) for call in first[0]], shared):
        return "keys"
    return "cache" if _agrees(shadow, ids, whole, own, shared) else "never"


def _agrees(shadow: Shadow, ids: Tensor, whole: tuple[list[Call], Tensor], layers: Layers, shared: int) -> bool:
    try:
        rest = _plain(shadow, ids[:, shared:], past_key_values=_filled(layers, shared), use_cache=True)
    except AttnWidgetError:
        return False
    if len(rest[0]) != len(whole[0]):
        return False
    pairs = [(piece.k, block.k) for piece, block in zip(rest[0], whole[0], strict=True)]
    pairs += [(piece.q, block.q[:, :, shared:]) for piece, block in zip(rest[0], whole[0], strict=True)]
    pairs += [(rest[1], whole[1][shared:])]
    return all(_alike(*pair) for pair in pairs)


def _alike(one: Tensor, other: Tensor) -> bool:
    if one.shape != other.shape:
        return False
    # The same sums in a different order: a few units in the last place, accumulated.
    tolerance = 64 * torch.finfo(one.dtype).eps
    return bool((one - other).abs().max() <= tolerance * max(1.0, float(other.abs().max())))


def _plain(shadow: Shadow, ids: Tensor, **options: Any) -> tuple[list[Call], Tensor]:
    watch = Watch(shadow.names)
    device = shadow.module.get_input_embeddings().weight.device
    with torch.no_grad(), watching(watch):
        output = run(shadow.module.base_model, {"input_ids": ids.to(device)}, options)
    return watch.calls, output.last_hidden_state[0]


def _filled(layers: Layers, shared: int) -> DynamicCache:
    cache = DynamicCache()
    for index, (key, value) in enumerate(layers):
        # Nothing is copied here: the model's first cache update joins old and new.
        cache.update(key[:, :, :0], value[:, :, :0], index)
        cache.layers[index].keys = key[:, :, :shared]
        cache.layers[index].values = value[:, :, :shared]
    return cache


def _continued(
    shadow: Shadow,
    earlier: Trace,
    shared: int,
    layers: Layers,
    given: Inputs,
    progress: Callable[[int], None],
    edited: EditedPass | None,
) -> Trace | None:
    watch = Watch(shadow.names, progress)
    if edited is not None:
        edited.starts_after(shared)
        watch.edited = edited
    suffix = {name: tensor[:, shared:] for name, tensor in given.forward.items()}
    cache = _filled(layers, shared)
    with (
        shadow.lock,
        torch.no_grad(),
        watching(watch),
        follow_outputs(shadow, watch) as follower,
        changing_layers(edited, shadow, watch),
    ):
        runs = what_runs(shadow.module, given)
        if runs is not shadow.module.base_model:
            return None
        output = run(runs, suffix, {"past_key_values": cache, "use_cache": True})
        projections = follower.learn()
    depth = earlier.layers()
    pieces = [
        block_of(call, Role(block.part, block.layer, depth), projections.get(call.path))
        for call, block in zip(watch.calls, earlier.blocks, strict=False)
    ]
    if len(pieces) != len(earlier.blocks) or earlier.hidden is None:
        return None
    masks: Masks = {}
    blocks = [stitched([_beginning(old, shared), new], masks) for old, new in zip(earlier.blocks, pieces, strict=True)]
    if any(block is None for block in blocks):
        return None
    text = given.tokens["text"]
    whole = [replace(block, changes=None) for block in blocks if block is not None]
    return replace(
        earlier,
        blocks=tuple(whole) if edited is None else edited.marked(whole),
        edits=() if edited is None else edited.edits,
        text=text,
        sequences=dict.fromkeys(earlier.parts, (text, text)),
        hidden=torch.cat([earlier.hidden[:shared], output.last_hidden_state[0]]),
        head=prediction_head(shadow.module),
        cache=cached(cache) if earlier.cache else (),
        steps=(),
        _whole={},
    )


def _beginning(block: Block, shared: int) -> Block:
    def cut(tensor: Tensor | None) -> Tensor | None:
        return None if tensor is None else tensor[:, :, :shared]

    mask = None if block.mask is None else block.mask[:, :, :shared, :shared]
    return replace(block, q=cut(block.q), k=cut(block.k), v=cut(block.v), mask=mask, inputs=None)
