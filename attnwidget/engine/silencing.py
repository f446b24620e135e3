"""The logits of many runs, in each of which one head is silenced: from the edited layer on, a layer's heads as one batch."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from attnwidget.engine.capture.attention_function import Call
from attnwidget.engine.capture.replay import KeptLayers, keep_layers, run_from
from attnwidget.engine.capture.shadow import Shadow, shadow_of
from attnwidget.engine.edits.records import Silence
from attnwidget.engine.model import AttentionModel
from attnwidget.engine.prediction_head import answers_at_once, prediction_head
from attnwidget.engine.stopping import go_on
from attnwidget.engine.trace.trace import Trace
from attnwidget.shapes import Logits

TOGETHER = 4096
"""Tokens that are run at a time: more of them use more memory, and save nothing."""


@dataclass(frozen=True, eq=False)
class _SilencedBatch:
    """In run number i of a batch, head `heads[i]` of one layer gives nothing, or its mean over the text."""

    path: str
    heads: tuple[int, ...]
    by: str

    def __call__(self, call: Call) -> "_SilencedBatch | None":
        return self if call.path == self.path else None

    def mask(self, mask: Tensor | None) -> Tensor | None:
        return mask

    def output(self, output: Tensor) -> Tensor:
        found = output.clone()
        for run, head in enumerate(self.heads):
            found[run, :, head] = 0 if self.by == "zero" else output[run, :, head].mean(0)
        return found


@dataclass(frozen=True, eq=False)
class SilencedRuns:
    """Runs over the inputs of one trace. `position` is the row whose logits are asked for."""

    model: AttentionModel
    trace: Trace
    position: int
    by: str
    kept: KeptLayers | None

    def logits(self, layer: int, heads: Sequence[int], part: str | None = None) -> Logits:
        """One row for each head of a layer, each silenced in a run of its own. Raises Cancelled inside `stopping_when`."""
        block = self.trace.block(layer, part)
        if self.kept is None:
            return torch.cat([self._whole(layer, head, part) for head in heads])
        shadow = shadow_of(self.model.model)
        head_of_model = prediction_head(shadow.module)
        step = max(1, TOGETHER // len(self.kept.hidden))
        found: list[Tensor] = []
        for start in range(0, len(heads), step):
            go_on()
            own = tuple(heads[start : start + step])
            rows = run_from(shadow, self.kept, layer, len(own), _SilencedBatch(block.path, own, self.by))
            if rows is None or head_of_model is None:
                return torch.cat([self._whole(layer, head, part) for head in heads])
            with torch.no_grad():
                found.append(head_of_model(rows[:, self.position]).float().cpu())
        return torch.cat(found)

    def _whole(self, layer: int, head: int, part: str | None) -> Logits:
        go_on()
        edit = Silence(layer, head, by=self.by, part=part if len(self.trace.parts) > 1 else None)
        again = self.model.trace(self.trace, edits=(*self.trace.edits, edit))
        return again.logits(self.position)


def silenced_runs(model: AttentionModel, trace: Trace, position: int, by: str = "zero") -> SilencedRuns:
    """Runs of the model over the inputs of a trace, from its kept layers where that gives the same."""
    return SilencedRuns(model, trace, position, by, _kept(model, trace, position, by))


def _kept(model: AttentionModel, trace: Trace, position: int, by: str) -> KeptLayers | None:
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
    if by == "zero" and all(block.causal for block in trace.blocks):
        forward = {name: tensor[:, : position + 1] for name, tensor in forward.items()}
    return keep_layers(shadow, forward, lists.pop())
