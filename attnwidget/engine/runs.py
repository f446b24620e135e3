"""The logits of many runs over one text, each with its own edits or its own tokens: several runs as one batch."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from attnwidget.engine.batches import in_batches
from attnwidget.engine.capture.attention_function import Call
from attnwidget.engine.capture.edited_output import mask_of_runs
from attnwidget.engine.capture.replay import hidden_rows, near
from attnwidget.engine.capture.shadow import Shadow, shadow_of
from attnwidget.engine.edits.changes import changes_of, refuse_tokens_beyond, refuse_what_is_not_there
from attnwidget.engine.edits.records import Cut, Edit, Hide
from attnwidget.engine.model import AttentionModel
from attnwidget.engine.prediction_head import answers_at_once, prediction_head
from attnwidget.engine.trace.edited_blocks import head_counts
from attnwidget.engine.trace.records import Block
from attnwidget.engine.trace.trace import Trace
from attnwidget.errors import AttnWidgetError
from attnwidget.shapes import Logits

TOKENS_AT_ONCE = 1024
"""Tokens that are run at a time: more of them save nothing."""

TRIED = 12
"""Tokens of a text on which it is tried, once per model, that runs in a batch give what each gives alone."""

_batches: "WeakKeyDictionary[Any, bool]" = WeakKeyDictionary()
"""By the module of a shadow: whether they do."""


@dataclass(frozen=True, eq=False)
class Run:
    """One run: what is changed beside the edits of the trace, other inputs than its own, and the row that is asked for."""

    position: int
    edits: tuple[Edit, ...] = ()
    forward: Mapping[str, Tensor] | None = None


@dataclass(frozen=True, eq=False)
class ManyRuns:
    """Runs that differ from a trace in one thing each; `batched` says that several may be one batch."""

    model: AttentionModel
    trace: Trace
    batched: bool

    def logits(self, runs: Sequence[Run], done: Callable[[int], None] = lambda _done: None) -> Logits:
        """The logits of the row that each run asks for: (run vocabulary).

        Runs with inputs of their own have as many tokens as one another. `done` hears how many are done. Raises what
        `model.trace` raises, and Cancelled inside `stopping_when`.
        """
        every = [(*self.trace.edits, *run.edits) for run in runs]
        if not self.batched or not all(said_by_a_mask(edit) for edits in every for edit in edits):
            return in_batches(runs, 1, self._alone, done)
        heads = head_counts(self.trace.blocks)
        depths = {part: self.trace.layers(part) for part in self.trace.parts}
        sizes = {block.part: block.shape[1:] for block in self.trace.blocks}
        for edits in every:
            refuse_what_is_not_there(edits, heads, depths)
            refuse_tokens_beyond(edits, sizes)
        tokens = max(run.position for run in runs) + 1 if self._causal else len(self.trace.text)
        return in_batches(runs, TOKENS_AT_ONCE // tokens, self._together, done)

    @property
    def _causal(self) -> bool:
        return all(block.causal for block in self.trace.blocks)

    def _together(self, runs: Sequence[Run]) -> Tensor:
        shadow = shadow_of(self.model.model)
        head = prediction_head(shadow.module)
        forwards = [run.forward or self.trace.forward for run in runs]
        forward = {name: torch.cat([one[name] for one in forwards]) for name in forwards[0]}
        if self._causal:
            forward = {name: tensor[:, : max(run.position for run in runs) + 1] for name, tensor in forward.items()}
        edits = [(*self.trace.edits, *run.edits) for run in runs]
        blocks = {block.path: block for block in self.trace.blocks}
        rows = hidden_rows(shadow, forward, _MaskedBatch(blocks, self.trace.layers(), edits))
        if rows is None or head is None:
            raise AttnWidgetError(f"{self.trace.model.name} gave no hidden states this time. Trace the text again.")
        places = torch.tensor([run.position for run in runs], device=rows.device, dtype=torch.long)
        with torch.no_grad():
            return head(rows[torch.arange(len(runs), device=rows.device), places]).float().cpu()

    def _alone(self, runs: Sequence[Run]) -> Tensor:
        """A single run, by a pass like any other."""
        run = runs[0]
        edits = (*self.trace.edits, *run.edits)
        if run.forward is None:
            again = self.model.trace(self.trace, edits=edits, reuse=self.trace)
        else:
            again = self.model.trace(run.forward, edits=edits)
        return again.logits(run.position)


@dataclass(eq=False)
class _MaskedBatch:
    """Tells the attention function what each run of a batch must not read, layer by layer."""

    blocks: Mapping[str, Block]
    depth: int
    edits: Sequence[tuple[Edit, ...]]
    _made: dict[Any, tuple[Tensor | None, Tensor | None]] = field(default_factory=dict)

    def __call__(self, call: Call) -> "_MaskedCall | None":
        block = self.blocks.get(call.path)
        if block is None or not any(self.edits):
            return None
        named = any(isinstance(edit, Cut) and edit.heads for edits in self.edits for edit in edits)
        # Layers share a mask, and then what the runs make of it.
        name = (id(call.mask), call.causal, call.q.shape[2], call.k.shape[2], block.layer if named else None)
        if name not in self._made:
            self._made[name] = (call.mask, self._mask(call, block))
        return _MaskedCall(self._made[name][1])

    def _mask(self, call: Call, block: Block) -> Tensor | None:
        parts = (block.part,)
        each = [changes_of(own, block.part, block.layer, self.depth, block.heads, parts) for own in self.edits]
        size = (call.q.shape[2], call.k.shape[2])
        return mask_of_runs(call.mask, each, block.heads, size, causal=call.causal, device=call.q.device)


@dataclass(frozen=True, eq=False)
class _MaskedCall:
    made: Tensor | None

    def mask(self, mask: Tensor | None) -> Tensor | None:
        return mask if self.made is None else self.made

    def output(self, output: Tensor) -> Tensor:
        return output


def said_by_a_mask(edit: Edit) -> bool:
    """Whether an edit only leaves out what is read, before the softmax."""
    return isinstance(edit, Hide) or (isinstance(edit, Cut) and edit.renormalise)


def many_runs(model: AttentionModel, trace: Trace) -> ManyRuns:
    """Runs of a model that differ from a trace of it in one thing each, in batches where that gives the same."""
    shadow = shadow_of(model.model)
    plain = bool(trace.forward) and trace.forward.keys() <= {"input_ids", "token_type_ids"}
    once = len({block.path for block in trace.blocks}) == len(trace.blocks)
    could = shadow.path == trace.path == "interface" and plain and once and len(trace.parts) == 1 and not shadow.draws
    if not could or answers_at_once(shadow.module) or prediction_head(shadow.module) is None:
        return ManyRuns(model, trace, batched=False)
    with shadow.lock:
        if shadow.module not in _batches:
            _batches[shadow.module] = _agrees(shadow, trace.forward["input_ids"])
    return ManyRuns(model, trace, batched=_batches[shadow.module])


def _agrees(shadow: Shadow, ids: Tensor) -> bool:
    first = ids[:, :TRIED]
    try:
        each = [hidden_rows(shadow, {"input_ids": one}) for one in (first, first.flip(-1))]
        found = hidden_rows(shadow, {"input_ids": torch.cat([first, first.flip(-1)])})
    except AttnWidgetError:
        return False
    if found is None or each[0] is None or each[1] is None:
        return False
    alone = torch.cat([one for one in each if one is not None])
    return found.shape == alone.shape and near(found, alone)
