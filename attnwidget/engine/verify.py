"""Trust is measured: the recomputed weights beside the model's own eager attention, on the user's text."""

import math
import threading
from dataclasses import dataclass
from typing import Any

import torch

from attnwidget.engine.forward import inputs
from attnwidget.engine.shadow import twin
from attnwidget.engine.trace import Trace
from attnwidget.errors import AttnWidgetError, NotNumbers

LONGEST = 256
"""Tokens up to which the explorer checks by itself: eager attention keeps every map of every layer."""


@dataclass(frozen=True)
class Verification:
    """The largest absolute difference between any two weights, over `layers` layers and `tokens` tokens."""

    error: float
    layers: int
    tokens: int
    path: str

    def __float__(self) -> float:
        return self.error

    def __repr__(self) -> str:
        return f"Verification(error={self.error:.1e}, {self.layers} layers, {self.tokens} tokens, {self.path})"


def against_eager(model: Any, trace: Trace, lock: threading.RLock) -> Verification:
    """Run a twin of the model with eager attention and compare all its maps with the trace."""
    eager = twin(model, "eager")
    eager.config.use_cache = False
    with lock, torch.no_grad():
        maps = eager.base_model(**inputs(eager, trace.text), output_attentions=True).attentions
    if len(maps) != len(trace.blocks):
        raise AttnWidgetError(
            f"Eager attention returned {len(maps)} maps for {len(trace.blocks)} layers, so they cannot be compared."
        )
    errors = [(trace.weights(layer) - given[0].float().cpu()).abs().max() for layer, given in enumerate(maps)]
    worst = float(torch.stack(errors).max())  # unlike max(), which passes over NaN
    if not math.isfinite(worst):
        raise NotNumbers
    return Verification(worst, len(errors), len(trace.text), trace.path)
