"""The logits of many runs, in each of which one head is silenced: from the edited layer on, a layer's heads as one batch."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from attnwidget.engine.capture.attention_function import Call
from attnwidget.engine.edits.records import Silence
from attnwidget.engine.from_layers import RunsFromLayers, runs_from_layers
from attnwidget.engine.model import AttentionModel
from attnwidget.engine.stopping import go_on
from attnwidget.engine.trace.trace import Trace
from attnwidget.shapes import Logits


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
    from_layers: RunsFromLayers | None

    def logits(self, layer: int, heads: Sequence[int], part: str | None = None) -> Logits:
        """One row for each head of a layer, each silenced in a run of its own. Raises Cancelled inside `stopping_when`."""
        path, found = self.trace.block(layer, part).path, None
        if self.from_layers is not None:
            found = self.from_layers.logits(
                layer, len(heads), edited=lambda own: _SilencedBatch(path, tuple(heads[run] for run in own), self.by)
            )
        return torch.cat([self._whole(layer, head, part) for head in heads]) if found is None else found

    def _whole(self, layer: int, head: int, part: str | None) -> Logits:
        go_on()
        edit = Silence(layer, head, by=self.by, part=part if len(self.trace.parts) > 1 else None)
        again = self.model.trace(self.trace, edits=(*self.trace.edits, edit))
        return again.logits(self.position)


def silenced_runs(model: AttentionModel, trace: Trace, position: int, by: str = "zero") -> SilencedRuns:
    """Runs of the model over the inputs of a trace, from its kept layers where that gives the same."""
    return SilencedRuns(model, trace, position, by, runs_from_layers(model, trace, position, earlier=by == "zero"))
