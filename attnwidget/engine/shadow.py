"""The shadow: a second module tree over the same weights, with its own config and in eval mode.

The user's module is never switched, hooked or locked; what runs here is a copy of its structure whose parameters and
buffers are the very same tensors.
"""

import copy
import threading
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from torch import nn

from attnwidget.engine import capture
from attnwidget.errors import AttnWidgetError


@dataclass(frozen=True, eq=False)
class Shadow:
    """A runnable copy. `names` maps every module (by id) to its path; `lock` is held during a forward pass."""

    module: Any
    names: dict[int, str]
    signature: int
    lock: threading.RLock


_shadows: "WeakKeyDictionary[nn.Module, Shadow]" = WeakKeyDictionary()
_making = threading.Lock()


def shadow_of(model: nn.Module) -> Shadow:
    """The one shadow of a module, made anew when its tree or its tensors have changed (adapters added, moved, cast)."""
    signature = _signature(model)
    with _making:
        known = _shadows.get(model)
        if known is not None and known.signature == signature:
            return known
        module = twin(model, capture.NAME)
        lock = threading.RLock() if known is None else known.lock
        made = Shadow(module, {id(part): path for path, part in module.named_modules()}, signature, lock)
        _shadows[model] = made
        return made


def twin(model: Any, attention: str) -> Any:
    """A copy of the module tree over the same tensors, in eval mode, set to one attention implementation.

    Raises AttnWidgetError when the model's code does not take its attention from transformers' interface.
    """
    tensors = {id(tensor): tensor for tensor in [*model.parameters(), *model.buffers()]}
    module = copy.deepcopy(model, memo=tensors)
    module.eval()
    for part in module.modules():
        _drop_hooks_of_others(part)
    # The switch only warns on models that cannot follow it, so ask first.
    if not module._can_set_attn_implementation():  # noqa: SLF001  the only place that knows
        raise AttnWidgetError(
            f"{type(model).__name__} computes attention in its own code, outside transformers' attention interface, and "
            "attnwidget cannot read it yet. Models of the GPT-2, Llama and BERT kind work; for others, give weights to "
            "Trace.from_weights."
        )
    module.set_attn_implementation(attention)
    return module


def _drop_hooks_of_others(part: nn.Module) -> None:
    # What a user records of their model must not fill up with what is typed here. transformers' own hooks collect the
    # outputs that eager attention is asked for.
    for hooks in (part._forward_hooks, part._forward_pre_hooks):  # noqa: SLF001  torch has no public way
        for number, hook in list(hooks.items()):
            if not getattr(hook, "__module__", "").startswith("transformers."):
                del hooks[number]


def _signature(model: nn.Module) -> int:
    tensors = [*model.named_parameters(), *model.named_buffers()]
    kinds = tuple(type(part).__name__ for part in model.modules())
    return hash((tuple((name, id(tensor)) for name, tensor in tensors), kinds))
