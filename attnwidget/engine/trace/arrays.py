"""Arrays of any library and number type -> fp32 maps (head query key) on the CPU, checked."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import pad

from attnwidget.errors import AttnWidgetError
from attnwidget.shapes import LayerMaps

LARGEST_SUM = 1 + 2**-7
"""A row of weights sums to 1, or less with sinks; rounding to bfloat16 can add 1/256."""


FORGETS = (
    "This cache drops keys, so their columns are unknown. Generate with attnwidget instead: aw.load(model, "
    "tokenizer).generate(prompt)."
)

KEYS = "Give the tokens of the queries as tokens and those of all keys as key_tokens."


class GeneratedSteps(list[Any]):
    """One array per layer, put together from the steps of `generate`."""


def nothing(what: str) -> AttnWidgetError:
    """The error for input that holds no weights at all."""
    return AttnWidgetError(
        f"{what} Give one (head, query, key) array per layer. Models with fused attention return no weights: trace the "
        "model with attnwidget, or load it with attn_implementation='eager'."
    )


def layers(arrays: Any) -> Sequence[Any]:
    """One array, or None, per layer; the steps of `generate` are joined. Raises AttnWidgetError for anything else."""
    if getattr(arrays, "is_nested", False):
        arrays = list(arrays.unbind())
    if not isinstance(arrays, list | tuple):
        if getattr(arrays, "ndim", None) is None:
            raise nothing(f"{type(arrays).__name__} does not hold any layers.")
        if arrays.ndim not in {4, 5} and str(arrays.dtype) != "object":
            raise AttnWidgetError(
                f"One array of the shape {tuple(arrays.shape)} was given; it must be (layer, head, query, key). Put a "
                "single layer, (head, query, key), in a list."
            )
    if len(arrays) == 0:
        raise nothing("There are no attention weights here: the tuple is empty.")
    return _stitched(arrays) if isinstance(arrays, list | tuple) and _are_steps(arrays) else list(arrays)


def layer_maps(array: Any, number: int, queries: int, keys: int, *, hint: str = "", steps: bool = False) -> LayerMaps:
    """The maps of layer `number` for one text, with as many rows and columns as there are tokens.

    Rows that are NaN throughout are kept. `hint` is the advice to give if the counts differ. Raises AttnWidgetError for
    anything else.
    """
    maps = numbers(array, number)
    if maps.ndim == 4:
        if maps.shape[0] != 1 and steps:
            raise AttnWidgetError(
                f"Layer {number} has a batch of {maps.shape[0]} in every step. For several texts, generate one at a "
                "time; for beam search, trace the ids of the chosen text instead, as these rows may belong to other "
                "beams."
            )
        if maps.shape[0] != 1:
            raise AttnWidgetError(
                f"Layer {number} has a batch of {maps.shape[0]}. Choose one text, for example [a[:1] for a in weights]."
            )
        maps = maps[0]
    if maps.ndim != 3 or tuple(maps.shape[1:]) != (queries, keys) or len(maps) == 0:
        if steps and maps.ndim == 3 and maps.shape[1] == queries - 1:
            hint = "The last token was generated but never fed back, so it has no row. Give tokens[:-1]."
        elif steps and maps.ndim == 3 and queries == keys == maps.shape[1] > maps.shape[2]:
            hint = FORGETS
        elif not hint and maps.ndim == 3 and maps.shape[1] < maps.shape[2]:
            hint = KEYS
        raise AttnWidgetError(
            f"Layer {number} has the shape {tuple(maps.shape)}; with {queries} query and {keys} key tokens it must be "
            f"(heads, {queries}, {keys}). {hint or 'Check the tokens, including special ones.'}"
        )
    # Some models return NaN for a fully masked row: it is padding.
    broken = maps.isnan().any(-1)
    if bool((broken & ~maps.isnan().all(-1)).any()) or bool(maps.isinf().any()):
        raise AttnWidgetError(
            f"Layer {number} has NaN or infinite values in rows that are valid otherwise. Check how the weights were "
            "computed."
        )
    _refuse_no_weights(maps.nan_to_num(), number)
    return maps


def numbers(array: Any, number: int) -> Tensor:
    """Any array as an fp32 tensor on the CPU. Raises AttnWidgetError for anything else."""
    try:
        return _numbers(array)
    except _Other as error:
        raise AttnWidgetError(f"Layer {number} is {error}, not plain numbers. {error.remedy}") from None
    except (TypeError, ValueError, RuntimeError) as error:
        if isinstance(array, list | tuple) and len(array) and not isinstance(array[0], str):
            raise AttnWidgetError(
                f"Layer {number} is a list that cannot become a (head, query, key) array: "
                f"{str(error).splitlines()[0]}. Give all its heads the same number of rows and all rows the same "
                "length, with 0 for keys that are masked."
            ) from None
        raise nothing(
            f"Layer {number} is {type(array).__name__}, not an array. Give a torch, numpy or JAX array, or nested "
            "lists."
        ) from None


class _Other(Exception):
    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what)
        self.remedy = remedy


def _numbers(array: Any) -> Tensor:
    if isinstance(array, Tensor):
        if array.is_complex():
            raise _Other("complex", "Attention weights are real numbers: give array.real if that is what you mean.")
        if array.layout != torch.strided or array.is_nested:
            raise _Other("a sparse or nested tensor", "Give array.to_dense().")
        return array.detach().to("cpu", torch.float32)
    if isinstance(array, list | tuple):
        first: Any = array
        while isinstance(first, list | tuple) and len(first):
            first = first[0]
        if hasattr(first, "ndim"):
            return torch.stack([_numbers(one) for one in array])
        return torch.tensor(array, dtype=torch.float32, device="cpu")
    if not hasattr(array, "__array__"):
        raise TypeError
    values = np.asarray(array)
    if values.dtype.kind == "c":
        raise _Other("complex", "Attention weights are real numbers: give array.real if that is what you mean.")
    if values.dtype.kind not in "fiubV":  # V: bfloat16, as JAX's arrays become
        raise TypeError
    with np.errstate(over="ignore"):  # values too large become infinite, and are refused
        return torch.from_numpy(np.array(values, dtype=np.float32, order="C"))


def _refuse_no_weights(maps: Tensor, number: int) -> None:
    if maps.numel() and float(maps.min()) < 0:
        raise AttnWidgetError(
            f"Layer {number} contains {float(maps.min()):.4g}, but attention weights are never negative. If these are "
            "scores, take the softmax over the last axis first."
        )
    sums = maps.sum(-1)
    if sums.numel() and float(sums.max()) > LARGEST_SUM:
        head, query = divmod(int(sums.argmax()), sums.shape[1])
        raise AttnWidgetError(
            f"The weights of query {query} in layer {number}, head {head} sum to {float(sums.max()):.4g}, but the "
            "weights of a query sum to at most 1. Check that the keys are on the last axis and that the model was in "
            "eval mode (dropout makes sums larger)."
        )


def _are_steps(arrays: Sequence[Any]) -> bool:
    # A tuple of tuples of maps; lists of numbers are arrays, and lists of (query, key) arrays are heads.
    if not all(isinstance(step, list | tuple) and len(step) for step in arrays):
        return False
    inner = [array for step in arrays for array in step if array is not None]
    return all(getattr(array, "ndim", 0) >= 3 for array in inner)


def _stitched(steps: Sequence[Sequence[Any]]) -> GeneratedSteps:
    """One map per layer, joined from steps with growing rows: keys that did not exist yet get weight 0."""
    counts = {len(step) for step in steps}
    if len(counts) > 1:
        raise AttnWidgetError(
            f"The steps of this generation have {min(counts)} to {max(counts)} layers. Give all layers of every step, "
            "as `generate` returns them."
        )
    return GeneratedSteps(_layer_of(steps, layer) for layer in range(counts.pop()))


def _layer_of(steps: Sequence[Sequence[Any]], layer: int) -> Tensor | None:
    rows = [numbers(step[layer], layer) for step in steps if step[layer] is not None]
    if not rows:
        return None
    if len({row.shape[:-2] for row in rows}) > 1 or len(rows) < len(steps):
        raise AttnWidgetError(
            f"The steps of this generation have different batch sizes or heads in layer {layer}. For beam search, "
            "trace the ids of the chosen text instead."
        )
    widths = [row.shape[-1] for row in rows]
    read = np.cumsum([row.shape[-2] for row in rows])
    # Cross-attention has the same keys in every step; otherwise each processed token adds one key.
    if len(set(widths)) > 1 and len(set(widths - read)) > 1:
        raise AttnWidgetError(
            f"The rows of layer {layer} do not grow by one key per processed token ({widths[0]} to {widths[-1]} keys). "
            f"{FORGETS}"
        )
    return torch.cat([pad(row, (0, max(widths) - row.shape[-1])) for row in rows], dim=-2)
