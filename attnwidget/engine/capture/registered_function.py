"""Whether a model's attention is one of transformers' own, or a function that the user registered.

What the user's function computes may be anything, so only the weights that it returns itself are shown.
"""

from functools import partial
from typing import Any

from torch import nn
from transformers import AttentionInterface

KERNELS = ("flash", "flex", "paged", "/")
"""Markers in the names of kernels, including those from the hub: other ways of computing the same attention."""


def is_kernel(name: Any) -> bool:
    """Whether an implementation of that name needs a kernel that is not available on every machine.

    >>> is_kernel("flash_attention_2"), is_kernel("kernels-community/flash-attn"), is_kernel("sdpa")
    (True, True, False)
    """
    return isinstance(name, str) and any(mark in name for mark in KERNELS)


def own_attention(model: nn.Module) -> str | None:
    """The name of the first attention function in a model that is not transformers' own; None for plain attention."""
    names = {implementation(vars(part).get("config")): None for part in model.modules()}
    return next((name for name in names if is_own(name)), None)


def mark(model: nn.Module) -> tuple[Any, ...]:
    """Changes when a different user function computes a model's attention."""
    name = own_attention(model)
    return (name, id(AttentionInterface().get(name)))


def implementation(config: Any) -> str | None:
    """The attention implementation that a configuration names."""
    name = getattr(config, "_attn_implementation", None)
    return name if isinstance(name, str) else None


def is_own(name: str | None) -> bool:
    """Whether a name stands for a user's function. Decided by the function itself: its name may be anything."""
    registered = AttentionInterface()
    if name is None or name not in registered:
        return name not in {None, "eager", "sdpa"} and not is_kernel(name)
    function = registered[name]
    while isinstance(function, partial):
        function = function.func
    # Hub kernels are registered under the name of their repository, and may be its own functions.
    return "/" not in name and not str(getattr(function, "__module__", "")).startswith(("transformers.", "attnwidget."))
