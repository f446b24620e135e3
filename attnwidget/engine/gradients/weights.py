"""What an answer changes with, at attention weights: passes in which these are given, several as one batch."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor

from attnwidget.engine.capture.attention_function import Call, Edited, unedited
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
class GivenWeights:
    """Weights in the place of those that some heads of a layer compute, one map for each of `heads`, text by text."""

    block: Block
    heads: tuple[int, ...]
    maps: Float[Tensor, "text head query key"]


@dataclass(frozen=True, eq=False)
class _Given:
    """Gives a call's values by other weights (text head query key). Silenced heads stay as edits leave them."""

    own: Edited | None
    call: Call
    heads: tuple[int, ...]
    weights: Tensor
    silenced: tuple[int, ...]

    def mask(self, mask: Tensor | None) -> Tensor | None:
        return mask if self.own is None else self.own.mask(mask)

    def output(self, output: Tensor) -> Tensor:
        kept = output if self.own is None else self.own.output(output)
        group = output.shape[2] // self.call.v.shape[1]
        chosen = [place for place, head in enumerate(self.heads) if head not in self.silenced]
        heads = [self.heads[place] for place in chosen]
        weights = self.weights if len(chosen) == len(self.heads) else self.weights[:, chosen]
        values = self.call.v[:, [head // group for head in heads]]
        found = rearrange(weights.to(values) @ values, "text head query dim -> text query head dim")
        if len(heads) == output.shape[2]:
            return found
        return kept.index_copy(2, torch.tensor(heads, device=kept.device, dtype=torch.long), found.to(kept))


@dataclass(frozen=True, eq=False)
class _Placed:
    """What is given, on the device of its layer."""

    of: GivenWeights
    maps: Tensor


def given_logits(
    model: AttentionModel, trace: Trace, given: Sequence[GivenWeights], position: int | None, instead: str
) -> Float[Tensor, "text vocabulary"]:
    """The logits after a position, or of the class, with these weights in the place of the heads' own.

    Several texts run as one batch. Raises AttnWidgetError where weights cannot be given; `instead` ends that sentence.
    """
    refuse_unseen_attention(model, instead)
    with differentiable(shadow_of(model.model)), torch.no_grad():
        return _logits(model, trace, [_Placed(one, one.maps.to(_device(one.block))) for one in given], position)


def weight_gradients(
    model: AttentionModel,
    trace: Trace,
    given: Sequence[GivenWeights],
    position: int | None,
    score: Score,
    instead: str,
) -> tuple[Float[Tensor, " text"], list[Float[Tensor, "text head query key"]]]:
    """The score of a text under each of these weights, and its gradients by them, on the CPU.

    Raises AttnWidgetError where no gradient can be had; `instead` is the end of that sentence.
    """
    refuse_what_has_no_gradient(model, trace, instead)
    refuse_unseen_attention(model, instead)
    with differentiable(shadow_of(model.model)):
        placed = [_Placed(one, one.maps.to(_device(one.block)).detach().clone().requires_grad_()) for one in given]
        logits = _logits(model, trace, placed, position)
        scores = torch.stack([score(row) for row in logits])
        gradients = followed_back(model, scores.sum(), [one.maps for one in placed], instead)
    return scores.detach(), [one.cpu() for one in gradients]


def _device(block: Block) -> torch.device:
    return block.q.device if block.q is not None else torch.device("cpu")


def _logits(model: AttentionModel, trace: Trace, placed: Sequence[_Placed], position: int | None) -> Tensor:
    at = {(one.of.block.part, one.of.block.layer): one for one in placed}
    edited = model.edited_pass(trace)

    def change(call: Call, own: Edited | None, part: str, layer: int) -> Edited | None:
        one = at.get((part, layer))
        return own if one is None else _Given(own, call, one.of.heads, one.maps, one.of.block.silenced)

    texts = len(placed[0].maps)
    forward = {name: one.expand(texts, *one.shape[1:]) for name, one in trace.forward.items()}
    heard = called(model.roles(trace), edited or unedited, change)
    return logits_of(shadow_of(model.model), forward, position, edited, heard)
