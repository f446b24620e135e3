"""Weights from anywhere -> clean tensors, or one sentence that says what is wrong with them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from attnwidget.errors import AttnWidgetError
from attnwidget.shapes import LayerMaps


def all_maps(layers: dict[str, Any], queries: int, keys: int) -> list[tuple[str, int, Tensor]]:
    """(part, layer, fp32 CPU tensor (head query key)) of every layer, checked against the token counts.

    Rows that are NaN throughout are left as they are: they are padding.
    """
    maps = []
    for part, arrays in layers.items():
        if not isinstance(arrays, list | tuple | torch.Tensor | np.ndarray):
            raise _nothing(f"{type(arrays).__name__} holds no layers.")
        maps += [(part, number, _one(array, number, queries, keys)) for number, array in enumerate(arrays)]
    if not maps:
        raise _nothing("There are no attention weights here: the tuple is empty.")
    return maps


def padding_rows(maps: Sequence[Tensor]) -> list[bool]:
    """Which queries are padding: their rows are NaN in every layer and head."""
    blank: list[bool] = torch.stack([layer.isnan().all(-1).all(0) for layer in maps]).all(0).tolist()
    return blank


def _nothing(what: str) -> AttnWidgetError:
    return AttnWidgetError(
        f"{what} Give one (head, query, key) array per layer. Models run with fused attention return none; trace the "
        "model with attnwidget, or load it with attn_implementation='eager'."
    )


def is_causal(maps: LayerMaps) -> bool:
    """Whether no query reads a later key, on square maps of more than one token."""
    square = maps.shape[-1] == maps.shape[-2] > 1
    return square and not bool(maps.nan_to_num().triu(1).any())


def _one(array: Any, number: int, queries: int, keys: int) -> Tensor:
    if array is None:
        raise AttnWidgetError(
            f"Layer {number} is None: this model returned no weights. Trace it with attnwidget, or load it with "
            "attn_implementation='eager' and output_attentions=True."
        )
    try:
        maps = torch.as_tensor(array).detach().to("cpu", torch.float32)
    except (TypeError, ValueError, RuntimeError):
        raise _nothing(f"Layer {number} is {type(array).__name__}, which is no array.") from None
    if maps.ndim == 4:
        if maps.shape[0] != 1:
            raise AttnWidgetError(
                f"Layer {number} holds a batch of {maps.shape[0]}. Choose one text, for example [a[:1] for a in weights]."
            )
        maps = maps[0]
    if maps.ndim != 3 or tuple(maps.shape[1:]) != (queries, keys):
        raise AttnWidgetError(
            f"Layer {number} has the shape {tuple(maps.shape)}; with {queries} query and {keys} key tokens it must be "
            f"(heads, {queries}, {keys}). Check the tokens, special ones included."
        )
    # A fully masked row comes out as NaN from some models: it is padding, not a number.
    broken = maps.isnan().any(-1)
    if bool((broken & ~maps.isnan().all(-1)).any()) or bool(maps.isinf().any()):
        raise AttnWidgetError(f"Layer {number} holds values that are not numbers within otherwise good rows.")
    return maps
