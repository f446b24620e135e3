"""The logits of many runs that begin at a layer: what comes before it is kept from one pass, and several are one batch."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from attnwidget.engine.batches import in_batches
from attnwidget.engine.capture.attention_function import Call, Edited
from attnwidget.engine.capture.replay import KeptLayers, keep_layers, run_from
from attnwidget.engine.capture.shadow import Shadow, shadow_of
from attnwidget.engine.model import AttentionModel
from attnwidget.engine.prediction_head import answers_at_once, prediction_head
from attnwidget.engine.trace.trace import Trace
from attnwidget.shapes import Logits

TOGETHER = 1024
"""Tokens that are run at a time: more of them use more memory, and save nothing."""


@dataclass(frozen=True, eq=False)
class RunsFromLayers:
    """Runs over the inputs of one trace, from its kept layers on. `position` is the row whose logits are asked for."""

    shadow: Shadow
    kept: KeptLayers
    position: int

    def logits(
        self,
        layer: int,
        count: int,
        *,
        edited: Callable[[Sequence[int]], Callable[[Call], Edited | None]] | None = None,
        handed_on: Callable[[Sequence[int]], Tensor] | None = None,
    ) -> Logits | None:
        """One row for each of `count` runs that begin at a layer; None if the model gives none.

        Of the runs of a batch, by their numbers, `edited` says what is changed in each attention call, and `handed_on`
        what the layer before hands on (run position dim). Raises Cancelled inside `stopping_when`.
        """
        head = prediction_head(self.shadow.module)

        def together(own: Sequence[int]) -> Tensor:
            changed = None if edited is None else edited(own)
            begun = None if handed_on is None else handed_on(own)
            rows = run_from(self.shadow, self.kept, layer, len(own), changed, begun)
            if rows is None or head is None:
                raise _NoRows
            with torch.no_grad():
                return head(rows[:, self.position]).float().cpu()

        try:
            return in_batches(range(count), TOGETHER // len(self.kept.hidden), together)
        except _NoRows:
            return None


class _NoRows(Exception):
    """The body of the model gave no hidden rows. Never reaches a user."""


def runs_from_layers(
    model: AttentionModel, trace: Trace, position: int, *, earlier: bool = True
) -> RunsFromLayers | None:
    """Runs over the inputs of a trace, from its layers on; None where that is not possible, or would not give the same.

    Causal models are run up to the position that is asked for, unless what comes after it counts (`earlier` False).
    """
    shadow: Shadow = shadow_of(model.model)
    module: Any = shadow.module
    plain = trace.forward.keys() <= {"input_ids", "token_type_ids"} and bool(trace.forward)
    # One list of layers, each of them with one attention, in the order of their numbers.
    paths = {block.path for block in trace.blocks}
    lists = {block.path.rpartition(f".{block.layer}.")[0] for block in trace.blocks}
    if (
        shadow.path != "interface"
        or trace.edits
        or not plain
        or len(trace.parts) != 1
        or len(paths) != len(trace.blocks)
        or len(lists) != 1
        or "" in lists
        or answers_at_once(module)
        or prediction_head(module) is None
    ):
        return None
    forward = dict(trace.forward)
    if earlier and all(block.causal for block in trace.blocks):
        forward = {name: tensor[:, : position + 1] for name, tensor in forward.items()}
    kept = keep_layers(shadow, forward, lists.pop())
    return None if kept is None else RunsFromLayers(shadow, kept, position)
