"""What an answer changes with, at the output of every attention layer: one pass there, and one back."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from attnwidget.engine.capture.attention_function import Call, Edited, unedited
from attnwidget.engine.capture.edited_pass import Known
from attnwidget.engine.capture.shadow import shadow_of
from attnwidget.engine.gradients.differentiable import (
    Score,
    differentiable,
    followed_back,
    logits_of,
    refuse_unseen_attention,
    refuse_what_has_no_gradient,
    roles_of,
)
from attnwidget.engine.model import AttentionModel
from attnwidget.engine.trace.trace import Trace


@dataclass(frozen=True, eq=False)
class OutputGradient:
    """The output of one attention call and the gradient of the answer by it, both (query head dim)."""

    part: str
    layer: int
    output: Tensor
    gradient: Tensor


@dataclass(frozen=True, eq=False)
class _Leaf:
    """Leaves a call as it is, and keeps what it gave and a place for its gradient."""

    own: Edited | None
    keep: Callable[[Tensor, Tensor], None]

    def mask(self, mask: Tensor | None) -> Tensor | None:
        return mask if self.own is None else self.own.mask(mask)

    def output(self, output: Tensor) -> Tensor:
        found = output if self.own is None else self.own.output(output)
        leaf = torch.zeros_like(found, requires_grad=True)
        self.keep(found.detach(), leaf)
        return found + leaf


@dataclass(eq=False)
class _Outputs:
    """The outputs of the calls of one pass."""

    known: Known
    edited: Callable[[Call], Edited | None]
    found: list[tuple[str, int, Tensor, Tensor]] = field(default_factory=list)
    _times: Counter[str] = field(default_factory=Counter)

    def __call__(self, call: Call) -> Edited | None:
        own = self.edited(call)
        name = (call.path, self._times[call.path])
        self._times[call.path] += 1
        if name not in self.known:
            return own
        role = self.known[name].role
        return _Leaf(own, lambda output, leaf: self.found.append((role.part, role.layer, output, leaf)))


def output_gradients(
    model: AttentionModel, trace: Trace, position: int | None, score: Score, instead: str
) -> list[OutputGradient]:
    """The output of every attention layer of a text, and the gradient of a score of its logits by it.

    Costs about two passes: one there, and one back, without those of the parameters. Raises AttnWidgetError where no
    gradient can be had; `instead` is the end of that sentence.
    """
    refuse_what_has_no_gradient(model, trace, instead)
    refuse_unseen_attention(model, instead)
    edited = model.edited_pass(trace)
    outputs = _Outputs(roles_of(model, trace), edited or unedited)
    shadow = shadow_of(model.model)
    with differentiable(shadow):
        logits = logits_of(shadow, trace.forward, position, edited, outputs)
        gradients = followed_back(model, score(logits[0]), [leaf for *_, leaf in outputs.found], instead)
    return [
        OutputGradient(part, layer, output[0], gradient[0])
        for (part, layer, output, _), gradient in zip(outputs.found, gradients, strict=True)
    ]
