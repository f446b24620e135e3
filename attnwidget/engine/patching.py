"""The logits of many runs of a text, in each of which one head, or one row of a layer, is that of another run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from attnwidget.engine.capture.attention_function import Call
from attnwidget.engine.capture.edited_output import head_output
from attnwidget.engine.capture.edited_pass import known_roles
from attnwidget.engine.capture.layer_outputs import hidden_of
from attnwidget.engine.capture.shadow import shadow_of
from attnwidget.engine.edits.records import Patch
from attnwidget.engine.from_layers import RunsFromLayers, runs_from_layers
from attnwidget.engine.model import AttentionModel
from attnwidget.engine.stopping import go_on
from attnwidget.engine.trace.trace import Trace
from attnwidget.shapes import Logits


@dataclass(frozen=True, eq=False)
class _PatchedBatch:
    """In each run of a batch, by its number, one head of a layer gives what it gave in another run (query dim)."""

    path: str
    given: Mapping[int, tuple[int, Tensor]]

    def __call__(self, call: Call) -> "_PatchedBatch | None":
        return self if call.path == self.path else None

    def mask(self, mask: Tensor | None) -> Tensor | None:
        return mask

    def output(self, output: Tensor) -> Tensor:
        found = output.clone()
        for run, (head, other) in self.given.items():
            found[run, :, head] = other[: output.shape[1]].to(output)
        return found


@dataclass(frozen=True, eq=False)
class PatchedRuns:
    """Runs over the inputs of `trace`, each with one thing of the run `other`. `position` is the row of the logits."""

    model: AttentionModel
    trace: Trace
    other: Trace
    position: int
    runs: RunsFromLayers | None
    others: RunsFromLayers | None

    @property
    def whole(self) -> bool:
        """Whether every run is a whole pass, since the model cannot be run from a layer on."""
        return self.runs is None

    def heads(self, layer: int, heads: Sequence[int], part: str | None = None) -> Logits:
        """One row for each head of a layer, each patched in a run of its own. Raises Cancelled inside `stopping_when`."""
        found = None
        if self.runs is not None:
            own, other = self.trace.block(layer, part), self.other.block(layer, part)
            outputs = [head_output(other, head) for head in heads]
            found = self.runs.logits(
                layer,
                len(heads),
                edited=lambda some: _PatchedBatch(
                    own.path, {run: (heads[at], outputs[at]) for run, at in enumerate(some)}
                ),
            )
        return self._whole([Patch(layer, head, of=self.other, part=part) for head in heads]) if found is None else found

    def rows(self, layer: int, positions: Sequence[int], part: str | None = None) -> Logits:
        """One row for each position at which the layer hands on what it did in the other run; raises as `heads`."""
        found = None
        if self.runs is not None and self.others is not None:
            before, after = (hidden_of(runs.kept.outputs[layer])[0] for runs in (self.runs, self.others))

            def handed_on(some: Sequence[int]) -> Tensor:
                own = [positions[run] for run in some]
                hidden = before.expand(len(own), *before.shape).clone()
                hidden[range(len(own)), own] = after[own]
                return hidden

            found = self.runs.logits(layer + 1, len(positions), handed_on=handed_on)
        every = [Patch(layer, of=self.other, at=position, part=part) for position in positions]
        return self._whole(every) if found is None else found

    def apart(self, layer: int) -> tuple[int, ...]:
        """The positions at which a layer hands on something else than in the other run, as far as it can matter."""
        if self.runs is None or self.others is None:
            return tuple(range(len(self.trace.text)))
        before, after = (hidden_of(runs.kept.outputs[layer])[0] for runs in (self.runs, self.others))
        return tuple((before != after).any(-1).nonzero()[:, 0].tolist())

    def _whole(self, patches: Sequence[Patch]) -> Logits:
        found = []
        for patch in patches:
            go_on()
            again = self.model.trace(self.trace, edits=(*self.trace.edits, patch), reuse=self.trace)
            found.append(again.logits(self.position))
        return torch.cat(found)


def patched_runs(model: AttentionModel, trace: Trace, other: Trace, position: int) -> PatchedRuns:
    """Runs of the model over the inputs of a trace, from its kept layers where that gives the same."""
    runs, others = (runs_from_layers(model, one, position) for one in (trace, other))
    known = known_roles(shadow_of(model.model).module)
    # Where a layer attends twice, a block does not have all that its heads gave.
    if runs is None or others is None or known is None or len(known) != len(trace.blocks):
        runs = others = None
    return PatchedRuns(model, trace, other, position, runs, others)
