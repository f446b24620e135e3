"""Verification: the recomputed weights against the model's own eager attention, on the user's text."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from attnwidget.engine.capture import eager
from attnwidget.engine.capture.attention_function import REFERENCE, NotWritten, Watch, watching
from attnwidget.engine.capture.forward import run, what_runs
from attnwidget.engine.capture.inner_outputs import inner_outputs
from attnwidget.engine.capture.random_draws import own_draws
from attnwidget.engine.capture.shadow import Shadow, attention_with_maps, twin
from attnwidget.engine.inputs.inputs import Inputs
from attnwidget.engine.trace.records import Block
from attnwidget.engine.trace.trace import Trace
from attnwidget.errors import AttnWidgetError, NotNumbers

LONGEST_VERIFIED = 256
"""Tokens up to which the explorer verifies automatically: eager attention keeps every map of every layer."""


@dataclass(frozen=True)
class Verification:
    """The largest absolute difference between any two weights, over `layers` layers and `tokens` tokens.

    `layers` counts the attention layers of all parts; `path` says where the weights come from.
    """

    error: float
    layers: int
    tokens: int
    path: str

    def __float__(self) -> float:
        return self.error

    def __repr__(self) -> str:
        return f"Verification(error={self.error:.1e}, {self.layers} layers, {self.tokens} tokens, {self.path})"


def against_eager(model: Any, trace: Trace, given: Inputs, shadow: Shadow) -> Verification:
    """Run a twin of the model on the same inputs, with the eager attention of its own file, and compare all maps."""
    with shadow.lock, torch.no_grad():
        pairs = _written(model, trace, given, shadow) if trace.path == "interface" else None
        pairs = pairs or _public(model, trace, given, shadow)
    errors = [(_beside(trace, block, maps) - maps).abs().max() for block, maps in pairs]
    worst = float(torch.stack(errors).max())  # unlike max(), which passes over NaN
    if not math.isfinite(worst):
        raise NotNumbers
    return Verification(worst, len(errors), len(trace.text), trace.path)


def _beside(trace: Trace, block: Block, maps: Tensor) -> Tensor:
    weights = trace.weights(block.layer, part=block.part)
    if block.sinks is not None and bool(((maps.sum(-1) - 1).abs() < 1e-3).all()):
        # Granite removes its sinks from the output, after the weights that it returns: these sum to 1 nevertheless.
        return weights / weights.sum(-1, keepdim=True)
    return weights


BlockMaps = Sequence[tuple[Block, Tensor]]


def _written(model: Any, trace: Trace, given: Inputs, shadow: Shadow) -> BlockMaps | None:
    """(block, map) as the model's file computes it; None for a model whose eager attention has another name."""
    reference = twin(model, REFERENCE)
    watch = Watch({id(part): path for path, part in reference.named_modules()})
    try:
        with own_draws(shadow.draws), watching(watch):
            run(what_runs(reference, given), given.forward, {})
    except NotWritten:
        return None
    shown = {block.path for block in trace.blocks}
    own = [(path, maps) for path, maps in watch.maps if path in shown]
    # A layer that computes the same weights twice returns them twice.
    heard = own if len(own) == len(trace.blocks) else list(dict(own).items())
    if [path for path, _ in heard] != [block.path for block in trace.blocks]:
        return None
    return [(block, maps[0].float().cpu()) for block, (_, maps) in zip(trace.blocks, heard, strict=True)]


def _public(model: Any, trace: Trace, given: Inputs, shadow: Shadow) -> BlockMaps:
    """(block, map) as the model's output carries it."""
    reference = twin(model, attention_with_maps(model))
    runs = what_runs(reference, given)
    with own_draws(shadow.draws), inner_outputs(reference) as inner:
        output = run(runs, given.forward, {"output_attentions": True})
    blocks, _ = eager.blocks(output, reference, runs, inner)
    by_part = {part: [block for block in blocks if block.part == part] for part in trace.parts}
    for part, own in by_part.items():
        if len(own) != len(trace.part_blocks(part)):
            raise AttnWidgetError(
                f"Eager attention returned {len(own)} maps for {len(trace.part_blocks(part))} layers of part {part!r}, "
                "so they cannot be compared."
            )
    return [
        (block, other.dense)
        for part, own in by_part.items()
        for block, other in zip(trace.part_blocks(part), own, strict=True)
        if other.dense is not None
    ]
