"""Weights from anywhere -> maps and tokens of every part, or an error that says what is wrong with them."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from attnwidget.arguments import truth
from attnwidget.engine.text.tokens import Tokens
from attnwidget.engine.trace.arrays import GeneratedSteps, layer_maps, layers, nothing
from attnwidget.engine.trace.records import Block
from attnwidget.errors import AttnWidgetError

OUTPUTS = {
    "attentions": "self",
    "encoder_attentions": "encoder",
    "decoder_attentions": "decoder",
    "cross_attentions": "cross",
}
"""Fields of transformers' outputs that hold weights -> the part that they belong to."""

ACTIVATION = re.compile(r"(blocks|encoder|decoder)\.(\d+)\.(attn|cross_attn)\.hook_pattern")
"""TransformerLens' name for the weights of a layer in an ActivationCache."""

NO_WEIGHTS = (
    "{} None: this model returned no weights, as is usual with fused attention (sdpa). Trace it with attnwidget, or "
    "load it with attn_implementation='eager' and run it with output_attentions=True."
)

BEAMS = (
    "These weights are from beam search: the rows of each step belong to the beams of that step, which may differ from "
    "the chosen text. Trace that text instead: with ids = output.sequences[:1], call aw.load(model).{}."
)

BOTH_SIDES = "For an encoder-decoder, give the decoder's tokens as tokens and the encoder's as key_tokens."


@dataclass(frozen=True)
class GivenMaps:
    """The given maps, checked: (part, layer, fp32 CPU tensor (head query key)) for every attention layer."""

    maps: tuple[tuple[str, int, Tensor], ...]
    text: Tokens
    sequences: dict[str, tuple[Tokens, Tokens]]
    depths: dict[str, int]


def given_maps(weights: Any, tokens: Any, key_tokens: Any, part: Any) -> GivenMaps:
    """Weights in any form, with their tokens. Forms and errors: see `Trace.from_weights`.

    Rows that are NaN throughout become zero; queries whose rows are NaN in all layers and heads are padding.
    """
    if not isinstance(part, str):
        raise AttnWidgetError(f"part={type(part).__name__} is not valid: give the name of a part, for example 'self'.")
    query_text = _text(tokens, "tokens")
    key_text = None if key_tokens is None else _text(key_tokens, "key_tokens")
    maps: list[tuple[str, int, Tensor]] = []
    pairs: dict[str, tuple[Tokens, Tokens]] = {}
    depths: dict[str, int] = {}
    parts = _parts(weights, part)
    for name, arrays in parts.items():
        query, key = _sequences(name, query_text, key_text, crossed="cross" in parts)
        hint = BOTH_SIDES if name in {"encoder", "decoder", "cross"} and key_text is None else ""
        found = layers(arrays)
        if _empty(found):
            raise AttnWidgetError(NO_WEIGHTS.format("Layer 0 is" if part == name else f"Layer 0 of part {name!r} is"))
        blank = torch.ones(len(query), dtype=torch.bool, device="cpu")
        for number, array in enumerate(found):
            if array is None:
                continue
            dense = layer_maps(array, number, len(query), len(key), hint=hint, steps=isinstance(found, GeneratedSteps))
            blank &= dense.isnan().all(-1).all(0)
            maps.append((name, number, dense.nan_to_num()))
        pairs[name] = _marked(query, key, blank)
        depths[name] = len(found)
    text = next((texts[0] for name, texts in pairs.items() if name != "encoder"), pairs[next(iter(pairs))][0])
    return GivenMaps(tuple(maps), text, pairs, depths)


def masked(
    blocks: Sequence[Block], texts: Mapping[str, tuple[Tokens, Tokens]] | None = None, *, causal: Any = None
) -> tuple[Block, ...]:
    """Blocks of given weights with their masks, inferred from zeros: `causal`, and a `mask` for windows.

    A softmax gives every key some weight, so a key with weight 0 in every head was masked. Only rows and keys that are
    not padding count, by `texts` (part -> query and key Tokens). Without `texts`, the weights must come from a model
    that ran; leading keys that no later query attends to are then padding.

    The layers of a part are judged together: all of them are causal if none attends to a later key; otherwise only
    those that attend to everything up to the query, or to a window's edge, and to nothing later.

    A window is recognised if in every row more than half of the heads attend to each key up to one distance, at least
    two keys, and no head attends further back (nor ahead, in layers that are not causal). Heads that attend to one key
    each are not a window. Cross-attention has neither.

    A given `causal` overrides the zeros: all keys up to the query are open (True), or all keys (False).

    Raises AttnWidgetError for a `causal` that is not a boolean or None, and for True with weights on later keys or on
    another sequence.
    """
    asked = truth(causal)
    if asked is None and causal is not None:
        raise AttnWidgetError(f"causal={causal!r} is not valid: give True, False, or None to infer it from the zeros.")
    groups: dict[Any, list[Block]] = {}
    for block in blocks:
        if block.dense is not None:
            groups.setdefault((block.part, block.shape[1:]), []).append(block)
    found: dict[Block, Block] = {}
    for (part, _), group in groups.items():
        maps = [block.dense for block in group if block.dense is not None]
        found.update(_judged(group, maps, None if texts is None else texts[part], asked))
    return tuple(found.get(block, block) for block in blocks)


def _judged(
    blocks: list[Block], maps: list[Tensor], text: tuple[Tokens, Tokens] | None, causal: bool | None
) -> dict[Block, Block]:
    """The masked blocks of one part, all of one size."""
    before = _before(blocks[0], text)
    if before is None and causal:
        raise AttnWidgetError(f"{blocks[0]!r} attends to another sequence, so it cannot be causal. Leave causal= out.")
    if before is None or causal is False:
        return {}
    read = torch.zeros(maps[0].shape[1:], dtype=torch.bool, device="cpu")
    for head in (head for layer in maps for head in layer):
        read |= head > 0
    rows, columns = _counted(read, text)
    back = (rows + before)[:, None] - columns
    earlier = not bool((read[rows][:, columns] & (back < 0)).any())
    if causal and not earlier:
        raise AttnWidgetError("causal=True, but some queries attend to later keys. Leave it out, or give causal=False.")
    if causal:
        return {block: replace(block, causal=True) for block in blocks}
    if len(columns) < 2 or not len(rows):
        return {}
    masks: dict[tuple[int, int], Tensor] = {}  # layers share them
    found = {}
    for block, layer in zip(blocks, maps, strict=True):
        low, high = _band(layer, rows, columns, back)
        looks_back = earlier or (low == 0 and high > 0)
        windowed = 0 < high < int(back.max()) and low == (0 if looks_back else -high)
        if windowed and (low, high) not in masks:
            masks[low, high] = _within(low, high, before, read.shape)
        found[block] = replace(block, causal=looks_back, mask=masks[low, high] if windowed else None)
    return found


def _before(block: Block, text: tuple[Tokens, Tokens] | None) -> int | None:
    """The number of keys before the first query; None if queries and keys come from two sequences."""
    _, queries, keys = block.shape
    before = keys - queries
    if block.part == "cross" or before < 0 or (text is None and before):
        return None
    if text is None:
        return before
    query, key = text
    return query.place_in(key)


def _counted(
    read: Bool[Tensor, "query key"], text: tuple[Tokens, Tokens] | None
) -> tuple[Int[Tensor, " row"], Int[Tensor, " column"]]:
    """The queries and keys that are not padding."""
    if text is not None:
        query, key = (torch.tensor(own.padding, dtype=torch.bool, device="cpu") for own in text)
        return (~query).nonzero()[:, 0], (~key).nonzero()[:, 0]
    every = torch.arange(len(read), device="cpu")
    # A query of left padding may attend to nothing, and eager attention then lets it attend to everything.
    first = torch.where(read.any(-1), read.int().argmax(-1), len(read))
    unread_before = first.flip(0).cummin(0).values.flip(0) >= every
    begins = int(unread_before[: max(1, len(read) - 1)].nonzero().max())
    return every[begins:], every[begins:]


def _band(
    layer: Tensor, rows: Int[Tensor, " row"], columns: Int[Tensor, " column"], back: Int[Tensor, "row column"]
) -> tuple[int, int]:
    """(nearest, farthest) attended key, counted backwards; (0, 0) unless most heads attend to each one in between."""
    readers = torch.zeros(back.shape, dtype=torch.int32, device="cpu")
    for head in layer:
        readers += head[rows][:, columns] > 0
    reached = back[readers > 0]
    if not len(reached):
        return 0, 0
    low, high = int(reached.min()), int(reached.max())
    inside = (back >= low) & (back <= high)
    return (low, high) if bool((2 * readers[inside] > len(layer)).all()) else (0, 0)


def _within(low: int, high: int, before: int, size: torch.Size) -> Bool[Tensor, "batch head query key"]:
    back = torch.arange(before, before + size[0], device="cpu")[:, None] - torch.arange(size[1], device="cpu")
    return ((back >= low) & (back <= high))[None, None]


def _sequences(part: str, query_text: Tokens, key_text: Tokens | None, *, crossed: bool) -> tuple[Tokens, Tokens]:
    # In an encoder-decoder, the queries are the decoder's and the keys the encoder's.
    if part == "encoder":
        return (query_text, query_text) if key_text is None else (key_text, key_text)
    if part == "decoder" or key_text is None or (part == "self" and crossed):
        return query_text, query_text
    return query_text, key_text


def _marked(query: Tokens, key: Tokens, blank: Tensor) -> tuple[Tokens, Tokens]:
    """The tokens, with queries whose rows are empty marked as padding."""
    seen = replace(query, padding=tuple(map(bool.__or__, query.padding, blank.tolist())))
    return seen, seen if key is query else key


def _text(tokens: Any, name: str) -> Tokens:
    if isinstance(tokens, Tokens):
        return tokens
    if isinstance(tokens, str) or not isinstance(tokens, Iterable) or getattr(tokens, "ndim", 1) == 0:
        raise AttnWidgetError(
            f"{name} is {type(tokens).__name__}, not a list of tokens. Give one piece of text per token, for example "
            "tokenizer.convert_ids_to_tokens(ids), or Tokens."
        )
    pieces = list(tokens)
    strange = next((type(piece).__name__ for piece in pieces if not isinstance(piece, str)), None)
    if strange is not None:
        raise AttnWidgetError(
            f"{name} contains {strange}, but each token must be text. tokenizer.convert_ids_to_tokens(ids) turns ids "
            "into tokens."
        )
    return Tokens.from_pieces([str(piece) for piece in pieces])


def _parts(weights: Any, part: str) -> dict[str, Any]:
    """Part -> whatever holds its layers."""
    if isinstance(weights, list | tuple) or hasattr(weights, "ndim"):
        return {part: weights}
    if hasattr(weights, "keys") and hasattr(weights, "__getitem__"):
        names = [name for name in weights.keys() if isinstance(name, str)]  # noqa: SIM118  a cache is not a mapping
        if any(".hook_" in name or name.startswith("hook_") for name in names):
            return _activations(weights, names, part)
    found = {name: _held(weights, name) for name in OUTPUTS if _has(weights, name)}
    if found:
        return _output(weights, found, part)
    if not isinstance(weights, Mapping):
        raise nothing(f"{type(weights).__name__} does not hold any layers.")
    if hasattr(weights, "to_tuple"):
        raise AttnWidgetError(
            f"{type(weights).__name__} has no attentions of its own, only {', '.join(map(str, weights))}. Give the "
            "part that has them, for example output.text_model_output."
        )
    if not weights:
        raise nothing("There are no attention weights here: the mapping or tuple is empty.")
    strange = next((name for name in weights if not isinstance(name, str)), None)
    if strange is not None:
        raise AttnWidgetError(
            f"The mapping has the key {strange!r}. Give a mapping from part names to layers, or the layers alone in a "
            "list."
        )
    if all(_empty(arrays) for arrays in weights.values()):
        raise AttnWidgetError(NO_WEIGHTS.format("All parts are empty or"))
    return dict(weights)


def _output(output: Any, found: dict[str, Any], part: str) -> dict[str, Any]:
    held = {name: arrays for name, arrays in found.items() if not _empty(arrays)}
    if not held:
        raise AttnWidgetError(NO_WEIGHTS.format(f"{', '.join(found)} of this {type(output).__name__} are empty or"))
    if _has(output, "beam_indices") and _held(output, "beam_indices") is not None:
        raise AttnWidgetError(BEAMS.format("trace(ids)" if "attentions" in held else "trace(x, target=ids)"))
    return {part if name == "attentions" else OUTPUTS[name]: arrays for name, arrays in held.items()}


def _activations(cache: Any, names: list[str], part: str) -> dict[str, Any]:
    """Part -> layers of a TransformerLens ActivationCache, by the numbers in its keys."""
    found: dict[str, dict[int, Any]] = {}
    for name in names:
        match = ACTIVATION.fullmatch(name)
        if match is not None:
            side = part if match[1] == "blocks" else match[1]
            own = found.setdefault("cross" if match[3] == "cross_attn" else side, {})
            own[int(match[2])] = cache[name]
    if not found:
        raise AttnWidgetError(
            f"This cache of {len(names)} activations has no attention patterns. Run the model with a names_filter that "
            "keeps 'blocks.0.attn.hook_pattern' and so on, or without a filter."
        )
    return {side: [own.get(number) for number in range(max(own) + 1)] for side, own in found.items()}


def _has(weights: Any, name: str) -> bool:
    return hasattr(weights, name) or (isinstance(weights, Mapping) and name in weights)


def _held(weights: Any, name: str) -> Any:
    return weights[name] if isinstance(weights, Mapping) and name in weights else getattr(weights, name)


def _empty(arrays: Any) -> bool:
    """Whether there is no array in any layer, or in any step."""
    return arrays is None or (isinstance(arrays, list | tuple) and all(_empty(array) for array in arrays))
