"""Weights from anywhere -> maps and tokens of every part, or one sentence that says what is wrong with them."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from attnwidget.engine.arrays import Steps, checked, layers, nothing
from attnwidget.engine.tokens import Tokens
from attnwidget.errors import AttnWidgetError
from attnwidget.shapes import LayerMaps

OUTPUTS = {
    "attentions": "self",
    "encoder_attentions": "encoder",
    "decoder_attentions": "decoder",
    "cross_attentions": "cross",
}
"""Where the outputs of transformers keep their weights -> the part that they belong to."""

ACTIVATION = re.compile(r"(blocks|encoder|decoder)\.(\d+)\.(attn|cross_attn)\.hook_pattern")
"""How TransformerLens calls the weights of a layer in an ActivationCache."""

NONE = (
    "{} None: this model returned no weights, as models with fused attention (sdpa) do. Trace it with attnwidget, or "
    "load it with attn_implementation='eager' and run it with output_attentions=True."
)

SIDES = "Of an encoder-decoder, give the decoder's tokens as tokens and the encoder's as key_tokens."


@dataclass(frozen=True)
class Given:
    """Maps as they were given, checked: (part, layer, fp32 CPU tensor (head query key)) of every layer that attends."""

    maps: tuple[tuple[str, int, Tensor], ...]
    text: Tokens
    sequences: dict[str, tuple[Tokens, Tokens]]
    depths: dict[str, int]


def read(weights: Any, tokens: Any, key_tokens: Any, part: Any) -> Given:
    """Weights in any form beside their tokens. Forms and errors: see `Trace.from_weights`.

    Rows that are NaN throughout become zero, and queries for which that holds in all layers and heads are padding.
    """
    if not isinstance(part, str):
        raise AttnWidgetError(f"part is {type(part).__name__}. Give the name of a part, such as 'self'.")
    query_text = _text(tokens, "tokens")
    key_text = None if key_tokens is None else _text(key_tokens, "key_tokens")
    maps: list[tuple[str, int, Tensor]] = []
    pairs: dict[str, tuple[Tokens, Tokens]] = {}
    depths: dict[str, int] = {}
    parts = _parts(weights, part)
    for name, arrays in parts.items():
        query, key = _sequences(name, query_text, key_text, crossed="cross" in parts)
        hint = SIDES if name in {"encoder", "decoder", "cross"} and key_text is None else ""
        found = layers(arrays)
        if _empty(found):
            raise AttnWidgetError(NONE.format("Layer 0 is" if part == name else f"Layer 0 of part {name!r} is"))
        blank = torch.ones(len(query), dtype=torch.bool, device="cpu")
        for number, array in enumerate(found):
            if array is None:
                continue
            dense = checked(array, number, len(query), len(key), hint=hint, steps=isinstance(found, Steps))
            blank &= dense.isnan().all(-1).all(0)
            maps.append((name, number, dense.nan_to_num()))
        pairs[name] = _marked(query, key, blank)
        depths[name] = len(found)
    text = next((texts[0] for name, texts in pairs.items() if name != "encoder"), pairs[next(iter(pairs))][0])
    return Given(tuple(maps), text, pairs, depths)


def is_causal(maps: LayerMaps) -> bool:
    """Whether no query reads a later key, on square maps of more than one token."""
    square = maps.shape[-1] == maps.shape[-2] > 1
    return square and not bool(maps.nan_to_num().triu(1).any())


def _sequences(part: str, query_text: Tokens, key_text: Tokens | None, *, crossed: bool) -> tuple[Tokens, Tokens]:
    # Of an encoder-decoder, the queries are the decoder's and the keys the encoder's.
    if part == "encoder":
        return (query_text, query_text) if key_text is None else (key_text, key_text)
    if part == "decoder" or key_text is None or (part == "self" and crossed):
        return query_text, query_text
    return query_text, key_text


def _marked(query: Tokens, key: Tokens, blank: Tensor) -> tuple[Tokens, Tokens]:
    """The tokens with those queries marked as padding whose rows hold nothing."""
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
            f"{name} holds {strange} where each token must be text. From ids, tokenizer.convert_ids_to_tokens(ids) "
            "makes them."
        )
    return Tokens.from_pieces([str(piece) for piece in pieces])


def _parts(weights: Any, part: str) -> dict[str, Any]:
    """Part -> whatever holds its layers."""
    if isinstance(weights, list | tuple) or hasattr(weights, "ndim"):
        return {part: weights}
    if hasattr(weights, "keys") and hasattr(weights, "__getitem__"):
        names = [name for name in weights.keys() if isinstance(name, str)]  # noqa: SIM118  a cache is no mapping
        if any(".hook_" in name or name.startswith("hook_") for name in names):
            return _activations(weights, names, part)
    found = {name: _held(weights, name) for name in OUTPUTS if _has(weights, name)}
    if found:
        return _output(weights, found, part)
    if not isinstance(weights, Mapping):
        raise nothing(f"{type(weights).__name__} holds no layers.")
    if hasattr(weights, "to_tuple"):
        raise AttnWidgetError(
            f"{type(weights).__name__} holds no attentions of its own, only {', '.join(map(str, weights))}. Give the "
            "part of it that does, for example output.text_model_output."
        )
    if not weights:
        raise nothing("There are no attention weights here: the mapping or tuple is empty.")
    strange = next((name for name in weights if not isinstance(name, str)), None)
    if strange is not None:
        raise AttnWidgetError(
            f"The mapping has the key {strange!r}. Give a mapping from the name of a part to its layers, or the layers "
            "alone in a list."
        )
    if all(_empty(arrays) for arrays in weights.values()):
        raise AttnWidgetError(NONE.format("All parts are empty or"))
    return dict(weights)


def _output(output: Any, found: dict[str, Any], part: str) -> dict[str, Any]:
    held = {name: arrays for name, arrays in found.items() if not _empty(arrays)}
    if not held:
        raise AttnWidgetError(NONE.format(f"{', '.join(found)} of this {type(output).__name__} are empty or"))
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
            f"This cache of {len(names)} activations holds no attention patterns. Run the model with a names_filter that "
            "keeps 'blocks.0.attn.hook_pattern' and its kind, or with none."
        )
    return {side: [own.get(number) for number in range(max(own) + 1)] for side, own in found.items()}


def _has(weights: Any, name: str) -> bool:
    return hasattr(weights, name) or (isinstance(weights, Mapping) and name in weights)


def _held(weights: Any, name: str) -> Any:
    return weights[name] if isinstance(weights, Mapping) and name in weights else getattr(weights, name)


def _empty(arrays: Any) -> bool:
    """Whether there is no array in any layer, or in any step."""
    return arrays is None or (isinstance(arrays, list | tuple) and all(_empty(array) for array in arrays))
