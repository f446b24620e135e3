"""What an answer changes with, at the weights of one layer: passes in which these are given, several as one batch."""

from dataclasses import dataclass

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor

from attnwidget.engine.capture.attention_function import Call, Edited, unedited
from attnwidget.engine.capture.edited_pass import EditedPass
from attnwidget.engine.capture.shadow import shadow_of
from attnwidget.engine.gradients.differentiable import (
    Score,
    differentiable,
    followed_back,
    logits_of,
    refuse_unseen_attention,
    refuse_what_has_no_gradient,
)
from attnwidget.engine.gradients.outputs import called
from attnwidget.engine.model import AttentionModel
from attnwidget.engine.trace.records import Block
from attnwidget.engine.trace.trace import Trace


@dataclass(frozen=True, eq=False)
class _Given:
    """Gives a call's values by other weights (text head query key). Silenced heads stay as edits leave them."""

    own: Edited | None
    call: Call
    weights: Tensor
    silenced: tuple[int, ...]

    def mask(self, mask: Tensor | None) -> Tensor | None:
        return mask if self.own is None else self.own.mask(mask)

    def output(self, output: Tensor) -> Tensor:
        values = self.call.v
        grouped = rearrange(
            self.weights, "text (shared head) query key -> text shared (head query) key", shared=values.shape[1]
        )
        found = rearrange(
            grouped.to(values) @ values,
            "text shared (head query) dim -> text query (shared head) dim",
            query=self.weights.shape[2],
        )
        if self.own is None or not self.silenced:
            return found
        kept = self.own.output(output)
        return torch.stack(
            [(kept if head in self.silenced else found)[:, :, head] for head in range(found.shape[2])], 2
        )


def weight_gradients(
    model: AttentionModel,
    trace: Trace,
    block: Block,
    maps: Float[Tensor, "text head query key"],
    position: int | None,
    score: Score,
    instead: str,
) -> tuple[Float[Tensor, " text"], Float[Tensor, "text head query key"]]:
    """The score of a text under each of these weights of one layer, and its gradient by them, on the CPU.

    Raises AttnWidgetError where no gradient can be had; `instead` is the end of that sentence.
    """
    refuse_what_has_no_gradient(model, trace, instead)
    refuse_unseen_attention(model, instead)
    shadow, known = shadow_of(model.model), model.roles(trace)
    edited: EditedPass | None = model.edited_pass(trace)
    device = block.q.device if block.q is not None else torch.device("cpu")
    with differentiable(shadow):
        leaf = maps.to(device).clone().requires_grad_()

        def given(call: Call, own: Edited | None, part: str, layer: int) -> Edited | None:
            return _Given(own, call, leaf, block.silenced) if (part, layer) == (block.part, block.layer) else own

        forward = {name: one.expand(len(maps), *one.shape[1:]) for name, one in trace.forward.items()}
        logits = logits_of(shadow, forward, position, edited, called(known, edited or unedited, given))
        scores = torch.stack([score(row) for row in logits])
        (gradient,) = followed_back(model, scores.sum(), [leaf], instead)
    return scores.detach(), gradient.cpu()
