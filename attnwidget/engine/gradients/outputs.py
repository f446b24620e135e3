"""What an answer changes with, at the output of every attention layer: one pass there, and one back."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

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
)
from attnwidget.engine.model import AttentionModel
from attnwidget.engine.trace.trace import Trace
from attnwidget.shapes import AttentionMap


@dataclass(frozen=True, eq=False)
class OutputGradient:
    """The output of one attention call and the gradient of the answer by it, both (query head dim).

    `values` are what its weights were applied to (kv_head key dim).
    """

    part: str
    layer: int
    output: Tensor
    gradient: Tensor
    values: Tensor

    def by_weights(self, head: int) -> AttentionMap:
        """The gradient of the answer by the weights of one head, in fp32 on the CPU; of all keys, also unread ones."""
        group = self.gradient.shape[1] // len(self.values)
        return (self.gradient[:, head].float() @ self.values[head // group].float().T).cpu()


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


def called(
    known: Known,
    edited: Callable[[Call], Edited | None],
    change: Callable[[Call, Edited | None, str, int], Edited | None],
) -> Callable[[Call], Edited | None]:
    """Hears the calls of one pass: `change` is told each one, what edits do to it, its part and its layer."""
    times: Counter[str] = Counter()

    def hear(call: Call) -> Edited | None:
        own = edited(call)
        name = (call.path, times[call.path])
        times[call.path] += 1
        return change(call, own, known[name].role.part, known[name].role.layer) if name in known else own

    return hear


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
    found: list[tuple[str, int, Tensor, Tensor, Tensor]] = []

    def followed(call: Call, own: Edited | None, part: str, layer: int) -> Edited:
        return _Leaf(own, lambda output, leaf: found.append((part, layer, output, call.v.detach()[0], leaf)))

    hear = called(model.roles(trace), edited or unedited, followed)
    shadow = shadow_of(model.model)
    with differentiable(shadow):
        logits = logits_of(shadow, trace.forward, position, edited, hear)
        gradients = followed_back(model, score(logits[0]), [leaf for *_, leaf in found], instead)
    return [
        OutputGradient(part, layer, output[0], gradient[0], values)
        for (part, layer, output, values, _), gradient in zip(found, gradients, strict=True)
    ]
