"""One watched pass over several texts -> a trace of each, with copies of its own share and nothing of the others'."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from attnwidget.engine.capture.attention_function import Call, Watch, watching
from attnwidget.engine.capture.blocks import block_of
from attnwidget.engine.capture.forward import NothingSeen, refuse_unheard, run, what_runs
from attnwidget.engine.capture.parts import heard_in, whole_parts
from attnwidget.engine.capture.projection_search import Projections, follow_outputs
from attnwidget.engine.capture.random_draws import own_draws
from attnwidget.engine.capture.roles import Role
from attnwidget.engine.capture.sequences import sequences_of
from attnwidget.engine.capture.shadow import Shadow
from attnwidget.engine.inputs.inputs import Inputs
from attnwidget.engine.prediction_head import prediction_head, scores
from attnwidget.engine.trace.records import Block, ModelFacts
from attnwidget.engine.trace.trace import Trace


class OtherShapes(Exception):
    """What a pass computed cannot be divided among its texts. Never reaches a user."""


def traced_together(
    shadow: Shadow, inputs: Sequence[Inputs], forward: Mapping[str, Tensor], facts: ModelFacts
) -> list[Trace]:
    """A trace of each text, from one pass over `forward`, in which all of them are padded on the right.

    Raises OtherShapes or NothingSeen where attention cannot be divided among the texts, Cancelled between two layers, and
    AttnWidgetError for what the model cannot read.
    """
    module = shadow.module
    watch = Watch(shadow.names)
    runs = what_runs(module, Inputs(forward))
    with (
        shadow.lock,
        torch.no_grad(),
        own_draws(shadow.draws),
        watching(watch),
        follow_outputs(shadow, watch) as follower,
    ):
        output = run(runs, forward, {})
        projections = follower.learn()
    if not watch.calls:
        raise NothingSeen
    heard = heard_in(watch.calls, module, texts=len(inputs))
    if heard.refused:
        raise OtherShapes
    depths = {role.part: role.depth for role in heard.roles}
    hidden = getattr(output, "last_hidden_state", None)
    head = prediction_head(module) if runs is module.base_model else None
    traces = []
    for row, given in enumerate(inputs):
        share = _Share(row, {name: len(own) for name, own in given.tokens.items()})
        blocks, refused = whole_parts(_blocks(heard.calls, heard.roles, projections, share), {})
        if refused:
            raise OtherShapes
        if row == 0:
            refuse_unheard(blocks, facts)
        text, sequences = sequences_of(blocks, given, module.config)
        last = len(given.tokens.get("target", text))
        traces.append(
            Trace(
                blocks,
                text,
                shadow.path,
                facts,
                sequences,
                depths,
                hidden=hidden[row, :last].clone() if isinstance(hidden, Tensor) else None,
                head=head,
                scores=_copied(scores(output, facts.predicts, row, last)) if runs is module else None,
            )
        )
    return traces


@dataclass(eq=False)
class _Share:
    """What belongs to one text of a batch: of every tensor its row, without padding. Layers share masks and biases."""

    row: int
    lengths: Mapping[str, int]
    _cut: dict[tuple[int, int, int], Tensor | None] = field(default_factory=dict)

    def size(self, part: str) -> tuple[int, int]:
        """(queries, keys)."""
        text = self.lengths["text"]
        target = self.lengths.get("target", text)
        return {"cross": (target, text), "decoder": (target, target)}.get(part, (text, text))

    def of(self, tensor: Tensor, length: int) -> Tensor:
        if length > tensor.shape[2]:
            raise OtherShapes
        return tensor[self.row : self.row + 1, :, :length].clone()

    def over(self, tensor: Tensor | None, size: tuple[int, int], *, causal: bool | None = None) -> Tensor | None:
        """The share in a mask or bias. A boolean mask that says no more than what a pass over this text alone leaves out is
        left out, as it is there.
        """
        if tensor is None:
            return None
        name = (id(tensor), *size)
        if name not in self._cut:
            row = self.row if tensor.shape[0] > 1 else 0
            queries, keys = size
            if 1 < tensor.shape[2] < queries or tensor.shape[3] < keys:
                raise OtherShapes
            own = tensor[row : row + 1, :, :queries, :keys]
            self._cut[name] = None if own.dtype == torch.bool and _says_nothing(own, size, causal) else own.clone()
        return self._cut[name]


def _blocks(calls: Sequence[Call], found: Sequence[Role], projections: Projections, share: _Share) -> tuple[Block, ...]:
    blocks = []
    for call, role in zip(calls, found, strict=True):
        queries, keys = size = share.size(role.part)
        own = replace(
            call,
            q=share.of(call.q, queries),
            k=share.of(call.k, keys),
            v=share.of(call.v, keys),
            mask=share.over(call.mask, size, causal=call.causal),
            bias=share.over(call.bias, size),
            causal=call.causal and queries > 1,
        )
        blocks.append(block_of(own, role, projections.get(call.path)))
    return tuple(blocks)


def _copied(tensor: Tensor | None) -> Tensor | None:
    return None if tensor is None else tensor.clone()


def _says_nothing(mask: Tensor, size: tuple[int, int], causal: bool | None) -> bool:
    if not causal or size[0] == 1:
        return bool(mask.all())
    return bool((mask == torch.ones(size, dtype=torch.bool, device=mask.device).tril()).all())
