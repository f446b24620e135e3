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
    "This cache forgets keys, so their columns are unknown; let attnwidget generate: "
    "aw.load(model, tokenizer).generate(prompt)."
)

KEYS = "Give the tokens of the queries as tokens and those of all keys as key_tokens."


class GeneratedSteps(list[Any]):
    """One array per layer, put together from the steps of `generate`."""


def nothing(what: str) -> AttnWidgetError:
    """The error for what holds no weights at all."""
    return AttnWidgetError(
        f"{what} Give one (head, query, key) array per layer. Models run with fused attention return none; trace the "
        "model with attnwidget, or load it with attn_implementation='eager'."
    )


def layers(arrays: Any) -> Sequence[Any]:
    """One array, or None, for every layer; the steps of `generate` are put together. Raises AttnWidgetError."""
    if getattr(arrays, "is_nested", False):
        arrays = list(arrays.unbind())
    if not isinstance(arrays, list | tuple):
        if getattr(arrays, "ndim", None) is None:
            raise nothing(f"{type(arrays).__name__} holds no layers.")
        if arrays.ndim not in {4, 5} and str(arrays.dtype) != "object":
            raise AttnWidgetError(
                f"One array of the shape {tuple(arrays.shape)} was given; it must be (layer, head, query, key). Put a "
                "single layer, (head, query, key), in a list."
            )
    if len(arrays) == 0:
        raise nothing("There are no attention weights here: the tuple is empty.")
    return _stitched(arrays) if isinstance(arrays, list | tuple) and _are_steps(arrays) else list(arrays)


def layer_maps(array: Any, number: int, queries: int, keys: int, *, hint: str = "", steps: bool = False) -> LayerMaps:
    """The maps of layer `number`, of one text, with as many rows and columns as there are tokens.

    Rows that are NaN throughout stay as they are. `hint` is what to say where the counts differ. Raises AttnWidgetError
    for everything that is not such maps.
    """
    maps = numbers(array, number)
    if maps.ndim == 4:
        if maps.shape[0] != 1 and steps:
            raise AttnWidgetError(
                f"Layer {number} holds a batch of {maps.shape[0]} in every step. Of several texts, generate one at a time; of "
                "beams, the rows need not be those of the text that was chosen: trace its ids instead."
            )
        if maps.shape[0] != 1:
            raise AttnWidgetError(
                f"Layer {number} holds a batch of {maps.shape[0]}. Choose one text, for example [a[:1] for a in weights]."
            )
        maps = maps[0]
    if maps.ndim != 3 or tuple(maps.shape[1:]) != (queries, keys) or len(maps) == 0:
        if steps and maps.ndim == 3 and maps.shape[1] == queries - 1:
            hint = "The last token was produced and never read, so it has no row: give tokens[:-1]."
        elif steps and maps.ndim == 3 and queries == keys == maps.shape[1] > maps.shape[2]:
            hint = FORGETS
        elif not hint and maps.ndim == 3 and maps.shape[1] < maps.shape[2]:
            hint = KEYS
        raise AttnWidgetError(
            f"Layer {number} has the shape {tuple(maps.shape)}; with {queries} query and {keys} key tokens it must be "
            f"(heads, {queries}, {keys}). {hint or 'Check the tokens, special ones included.'}"
        )
    # A fully masked row comes out as NaN from some models: it is padding, not a number.
    broken = maps.isnan().any(-1)
    if bool((broken & ~maps.isnan().all(-1)).any()) or bool(maps.isinf().any()):
        raise AttnWidgetError(f"Layer {number} holds values that are not numbers within otherwise good rows.")
    _refuse_no_weights(maps.nan_to_num(), number)
    return maps


def numbers(array: Any, number: int) -> Tensor:
    """Any array as an fp32 tensor on the CPU. Raises AttnWidgetError for what is none."""
    try:
        return _numbers(array)
    except _Other as error:
        raise AttnWidgetError(f"Layer {number} is {error}, not plain numbers. {error.remedy}") from None
    except (TypeError, ValueError, RuntimeError) as error:
        if isinstance(array, list | tuple) and len(array) and not isinstance(array[0], str):
            raise AttnWidgetError(
                f"Layer {number} is a list that makes no (head, query, key) array: {str(error).splitlines()[0]}. Give "
                "all its heads the same number of rows and all rows the same length, with 0 where nothing can be read."
            ) from None
        raise nothing(f"Layer {number} is {type(array).__name__}, which is no array.") from None


class _Other(Exception):
    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what)
        self.remedy = remedy


def _numbers(array: Any) -> Tensor:
    if isinstance(array, Tensor):
        if array.is_complex():
            raise _Other("complex", "Attention weights are real; give array.real where that is meant.")
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
        raise _Other("complex", "Attention weights are real; give array.real where that is meant.")
    if values.dtype.kind not in "fiubV":  # V: bfloat16, as JAX's arrays become
        raise TypeError
    with np.errstate(over="ignore"):  # what is too large becomes infinite, and is refused as such
        return torch.from_numpy(np.array(values, dtype=np.float32, order="C"))


def _refuse_no_weights(maps: Tensor, number: int) -> None:
    if maps.numel() and float(maps.min()) < 0:
        raise AttnWidgetError(
            f"Layer {number} holds {float(maps.min()):.4g}, and attention weights are never negative. Of scores, take "
            "the softmax over the last axis first."
        )
    sums = maps.sum(-1)
    if sums.numel() and float(sums.max()) > LARGEST_SUM:
        head, query = divmod(int(sums.argmax()), sums.shape[1])
        raise AttnWidgetError(
            f"The weights of query {query} in layer {number}, head {head} sum to {float(sums.max()):.4g}, and a query "
            "has 1 to give. Check that the keys are on the last axis and that the model was in eval mode: dropout makes "
            "sums larger."
        )


def _are_steps(arrays: Sequence[Any]) -> bool:
    # A tuple of tuples of maps; lists of numbers are arrays, and lists of (query, key) arrays are heads.
    if not all(isinstance(step, list | tuple) and len(step) for step in arrays):
        return False
    inner = [array for step in arrays for array in step if array is not None]
    return all(getattr(array, "ndim", 0) >= 3 for array in inner)


def _stitched(steps: Sequence[Sequence[Any]]) -> GeneratedSteps:
    """One map per layer from steps whose rows grow longer: what was not there yet gets no weight."""
    counts = {len(step) for step in steps}
    if len(counts) > 1:
        raise AttnWidgetError(
            f"The steps of this generation have {min(counts)} to {max(counts)} layers. Give all layers of every step, as "
            "generate returns them."
        )
    return GeneratedSteps(_layer_of(steps, layer) for layer in range(counts.pop()))


def _layer_of(steps: Sequence[Sequence[Any]], layer: int) -> Tensor | None:
    rows = [numbers(step[layer], layer) for step in steps if step[layer] is not None]
    if not rows:
        return None
    if len({row.shape[:-2] for row in rows}) > 1 or len(rows) < len(steps):
        raise AttnWidgetError(
            f"The steps of this generation differ in the batch, heads or layers of layer {layer}. Of a search with beams, "
            "trace the ids of the text that was chosen instead."
        )
    widths = [row.shape[-1] for row in rows]
    read = np.cumsum([row.shape[-2] for row in rows])
    # Cross-attention has the same keys in every step; otherwise each token that is read is one key more.
    if len(set(widths)) > 1 and len(set(widths - read)) > 1:
        raise AttnWidgetError(
            f"The rows of layer {layer} do not grow by the tokens that were read ({widths[0]} to {widths[-1]} keys). "
            f"{FORGETS}"
        )
    return torch.cat([pad(row, (0, max(widths) - row.shape[-1])) for row in rows], dim=-2)
