"""A copy of a model as it was before training: the same configuration, new random weights."""

import copy

import torch

from attnwidget.engine.inputs.tensors import device_of
from attnwidget.engine.model import AttentionModel
from attnwidget.errors import AttnWidgetError

CHEAP = 200_000_000
"""Parameters up to which a copy is made: some seconds, and as much memory as the model itself takes."""


def untrained_copy(model: AttentionModel, seed: int = 0, largest: int = CHEAP) -> AttentionModel:
    """A copy with the initialisation of the model's own class, drawn by `seed`; the model and torch's draws stay as they
    are.

    Raises AttnWidgetError for a model of more than `largest` parameters, and for one that its configuration does not
    make.
    """
    module = model.model
    size = sum(parameter.numel() for parameter in module.parameters())
    if size > largest:
        raise AttnWidgetError(
            f"A copy of {size / 1e6:,.0f} million parameters is not made; up to {largest / 1e6:,.0f} million are."
        )
    refused = f"{model.name} cannot be made anew from its configuration."
    config = getattr(module, "config", None)
    if config is None or getattr(module, "quantization_method", None) is not None:
        raise AttnWidgetError(refused)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            fresh = type(module)(copy.deepcopy(config))
    except Exception as error:  # a class of somebody's own may take anything
        raise AttnWidgetError(refused) from error
    own = next(module.parameters(), None)
    fresh = fresh.to(device_of(module), None if own is None else own.dtype).eval()
    return AttentionModel(fresh, model.tokenizer, f"{model.name}, untrained", processor=model.processor)
