"""A user's tensor or array -> a dense tensor of plain numbers on the model's device."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from attnwidget.errors import AttnWidgetError, EmptyText

POSSIBLE_INPUTS = (
    "Give a text, token ids ([n] or [1, n]), chat messages ({'role': ..., 'content': ...}), or a mapping of forward "
    "inputs, for example what the model's tokenizer or processor returns."
)

BATCHES = {
    "input_ids",
    "decoder_input_ids",
    "attention_mask",
    "decoder_attention_mask",
    "token_type_ids",
    "labels",
    "inputs_embeds",
    "decoder_inputs_embeds",
    "input_values",
    "input_features",
}
"""Inputs whose first axis is the batch in every model; others may begin with images, patches or position axes."""

OF_TOKENS = {"input_ids", "decoder_input_ids", "attention_mask", "decoder_attention_mask", "token_type_ids", "labels"}
"""Those with one number per token, where the batch axis may be left out."""

NO_TENSOR = (TypeError, ValueError, RuntimeError, OverflowError, NotImplementedError)
"""What torch raises for values that are not tensors, or whose numbers are not available."""


def tensor_of(model: Any, key: str, value: Any) -> Tensor:
    """One input of a forward pass, floats in the model's own dtype. Raises AttnWidgetError for unusable values."""
    try:
        tensor = dense(value)
    except NO_TENSOR:
        raise AttnWidgetError(
            f"{key} is {type(value).__name__}, not a tensor of plain numbers. {POSSIBLE_INPUTS}"
        ) from None
    if key in OF_TOKENS and tensor.ndim == 1:
        tensor = tensor[None]
    several = key in BATCHES and tensor.ndim > 0 and tensor.shape[0] != 1
    if key.endswith("attention_mask") and tensor.ndim != 2:
        several = False  # masks with more axes are left to the model
    if tensor.ndim == 0 or several:
        raise _several(key, tensor)
    tensor = tensor.to(device_of(model))
    if tensor.is_floating_point():
        if not bool(tensor.isfinite().all()):
            raise AttnWidgetError(f"{key} contains NaN or infinite values. Give finite numbers.")
        return tensor.to(model.dtype)
    return tensor


def dense(value: Any) -> Tensor:
    """A dense tensor of real numbers. Raises one of UNREADABLE for anything else."""
    # Regardless of the user's torch defaults: as_tensor would move a tensor, too.
    tensor = value if isinstance(value, Tensor) else torch.as_tensor(value, device="cpu")
    if tensor.is_nested or tensor.layout != torch.strided or tensor.is_meta or tensor.is_quantized:
        raise TypeError
    return tensor


def refuse_images(forward: Mapping[str, Tensor], known: set[str] | None) -> None:
    """Raise AttnWidgetError for several images, if each is an input of its own and not part of one text."""
    images = forward.get("pixel_values")
    if images is None or images.ndim != 4 or images.shape[0] == 1 or "image_grid_thw" in (known or ()):
        return
    if not forward.keys() & {"input_ids", "inputs_embeds"}:
        raise _several("pixel_values", images)


def _several(key: str, tensor: Tensor) -> AttnWidgetError:
    return AttnWidgetError(
        f"{key} has the shape {tuple(tensor.shape)}; a trace holds one input, so the first axis must be a batch of 1. "
        f"Choose one, for example inputs[{key!r}][:1]."
    )


def device_of(model: Any) -> Any:
    """The device that the model's inputs belong on."""
    try:
        device = model.get_input_embeddings().weight.device
    except (AttributeError, NotImplementedError):
        device = model.device
    # Weights offloaded by accelerate have no device; it moves inputs to where they are needed.
    return torch.device("cpu") if device.type == "meta" else device


def plain_ids(x: Any, first: int | None = None) -> list[int]:
    """Token ids of one text from a list or array of shape [n] or [1, n]. Raises AttnWidgetError for anything else."""
    if x is None or isinstance(x, dict):
        raise AttnWidgetError(f"Input of type {type(x).__name__} is not supported. {POSSIBLE_INPUTS}")
    try:
        ids = dense(x).cpu()
    except NO_TENSOR:
        raise AttnWidgetError(f"Input of type {type(x).__name__} is not supported. {POSSIBLE_INPUTS}") from None
    if ids.ndim == 2 and ids.shape[0] == 1:
        ids = ids[0]
    if ids.numel() == 0:
        raise EmptyText("No token ids were given. Give at least one.")
    if ids.ndim != 1 or ids.is_floating_point() or ids.is_complex() or ids.dtype == torch.bool:
        raise AttnWidgetError(
            f"Token ids must be whole numbers of shape [n] or [1, n]; this is {tuple(ids.shape)} of {ids.dtype}. "
            "Trace one text at a time."
        )
    return [int(number) for number in ids[:first]]
