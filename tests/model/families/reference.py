"""Building a family, and its attention as transformers itself hands it out."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatch
from functools import reduce
from typing import Any

import pytest
import torch
from torch import Tensor

from .family import Family


def seeded(family: Family) -> Any:
    """A random model in eval mode whose attention is far from uniform."""
    with torch.random.fork_rng(devices=()), torch.no_grad():
        torch.manual_seed(5)
        model = family.build().eval()
        # named_parameters gives tied matrices once. Tables of sines, which do not learn, stay as they are.
        for name, parameter in model.named_parameters():
            if name.endswith("sinks") or (parameter.ndim >= 2 and not parameter.any()):
                # Position biases and sinks that begin as zeros would leave their part of the formula untested.
                parameter.normal_()
            elif parameter.ndim == 2 and parameter.requires_grad:
                parameter.mul_(family.gain)
    return model


def eager(family: Family) -> Any:
    """The same model, as one gets it who asks for eager attention when it is made.

    Later is too late for families with code of their own: some choose between classes at that moment, and some leave
    their causal mask out when they were made for sdpa and are asked for maps.
    """
    with torch.random.fork_rng(devices=()):
        reference = family.build(attn_implementation="eager").eval()
    reference.load_state_dict(seeded(family).state_dict())
    return reference


def maps_of(family: Family, reference: Any, inputs: dict[str, Tensor]) -> dict[str, list[Tensor]]:
    """Part -> one map (head query key) for each layer that attends, in their order; `reference` is an eager model.

    From `output_attentions` wherever transformers puts the maps into its output. What it leaves out (the vision towers
    of multimodal models) is taken from what the model file's own `eager_attention_forward` returns.
    """
    patterns = [where.removeprefix("within:") for where in family.maps.values() if where.startswith("within:")]
    inner = {where.removeprefix("inner:").split(".")[0] for where in family.maps.values() if where.startswith("inner:")}
    returned: dict[str, Any] = {}
    hooks = [
        getattr(reference, name).register_forward_hook(lambda _m, _given, out, name=name: returned.update({name: out}))
        for name in inner
    ]
    with torch.no_grad(), listening(reference, patterns) as heard:
        output = reference(**inputs, output_attentions=True)
    for hook in hooks:
        hook.remove()
    found = {}
    for part, where in family.maps.items():
        if where.startswith("within:"):
            maps = heard[where.removeprefix("within:")]
        elif where.startswith("inner:"):
            name, field = where.removeprefix("inner:").split(".")
            maps = list(returned[name][field])
        else:
            maps = [given for given in reduce(getattr, where.split("."), output) if isinstance(given, Tensor)]
        true = (family.layers or {}).get(part)
        if true is not None and len(maps) > len(true):
            maps = [maps[layer] for layer in true]  # one list for two parts
        found[part] = [given[0].float() for given in maps]
    return found


@contextmanager
def listening(model: Any, patterns: list[str]) -> Iterator[dict[str, list[Tensor]]]:
    """Pattern -> the weights that eager attention computes for the modules of that name, in the order of the calls."""
    heard: dict[str, list[Tensor]] = {pattern: [] for pattern in patterns}
    modules = [
        (module, pattern) for pattern in patterns for name, module in model.named_modules() if fnmatch(name, pattern)
    ]
    owners = {id(module): pattern for module, pattern in modules}
    files = {sys.modules[type(module).__module__] for module, _ in modules}

    def told(original: Any) -> Any:
        def attend(module: Any, *args: Any, **kwargs: Any) -> Any:
            output, weights = original(module, *args, **kwargs)
            if (pattern := owners.get(id(module))) is not None:
                heard[pattern].append(weights)
            return output, weights

        return attend

    with pytest.MonkeyPatch.context() as patch:
        for file in files:
            if hasattr(file, "eager_attention_forward"):
                patch.setattr(file, "eager_attention_forward", told(file.eager_attention_forward))
        yield heard
