"""What an answer changes with, at attention weights: passes in which these are given, several as one batch."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor

from attnwidget.engine.capture.attention_function import Call, Edited, unedited
from attnwidget.engine.capture.edited_pass import Known
from attnwidget.engine.capture.replay import KeptLayers, skipping
from attnwidget.engine.capture.shadow import Shadow, shadow_of
from attnwidget.engine.from_layers import runs_from_layers
from attnwidget.engine.gradients.differentiable import (
    Score,
    differentiable,
    followed_back,
    logits_of,
    refuse_unseen_attention,
    refuse_what_has_no_gradient,
)
from attnwidget.engine.gradients.outputs import called
from attnwidget.engine.inputs.several_runs import for_several_runs
from attnwidget.engine.model import AttentionModel
from attnwidget.engine.trace.records import Block
from attnwidget.engine.trace.trace import Trace

WORTH_KEEPING = 4
"""Layers up to which keeping what they give costs more than it saves."""


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


@dataclass(frozen=True, eq=False)
class GivenPasses:
    """Passes over the inputs of a trace with weights given to some of its heads, several texts as one batch.

    `position` is the row whose logits are asked for, None for a class; `instead` ends the sentence of what cannot be done.
    """

    model: AttentionModel
    trace: Trace
    position: int | None
    instead: str

    def logits(self, given: Sequence[GivenWeights]) -> Float[Tensor, "text vocabulary"]:
        """What the model says, text by text. Raises AttnWidgetError where weights cannot be given."""
        with self._from(given), torch.no_grad():
            return self._logits([_Placed(one, one.maps.to(_device(one.block))) for one in given])

    def gradients(
        self, given: Sequence[GivenWeights], score: Score
    ) -> tuple[Float[Tensor, " text"], list[Float[Tensor, "text head query key"]]]:
        """The score of a text under each of these weights, and its gradients by them, on the CPU.

        Raises AttnWidgetError where no gradient can be had.
        """
        refuse_what_has_no_gradient(self.model, self.trace, self.instead)
        with self._from(given):
            placed = [_Placed(one, one.maps.to(_device(one.block)).detach().clone().requires_grad_()) for one in given]
            logits = self._logits(placed)
            scores = torch.stack([score(row) for row in logits])
            gradients = followed_back(self.model, scores.sum(), [one.maps for one in placed], self.instead)
        return scores.detach(), [one.cpu() for one in gradients]

    # To look through a large model for what has changed takes as long as some of its layers: once for all passes.
    @cached_property
    def _shadow(self) -> Shadow:
        refuse_unseen_attention(self.model, self.instead)
        return shadow_of(self.model.model)

    @cached_property
    def _roles(self) -> Known:
        return self.model.roles(self.trace)

    @cached_property
    def _kept(self) -> KeptLayers | None:
        """What the layers gave, so that passes begin at the first that is changed; None where that is not possible."""
        found = None
        if self.position is not None and len(self.trace.blocks) > WORTH_KEEPING:
            with torch.inference_mode(mode=False):  # what is kept is part of a graph
                found = runs_from_layers(self.model, self.trace, self.position, earlier=False)
        return None if found is None else found.kept

    @contextmanager
    def _from(self, given: Sequence[GivenWeights]) -> Iterator[None]:
        """Inside, passes can be followed back, and begin at the first layer that is given something."""
        first = min(one.block.layer for one in given)
        kept = self._kept if first > 0 else None
        with differentiable(self._shadow):
            if kept is None:
                yield
            else:
                with skipping(kept, first, len(given[0].maps)):
                    yield

    def _logits(self, placed: Sequence[_Placed]) -> Tensor:
        at = {(one.of.block.part, one.of.block.layer): one for one in placed}

        def change(call: Call, own: Edited | None, part: str, layer: int) -> Edited | None:
            one = at.get((part, layer))
            return own if one is None else _Given(own, call, one.of.heads, one.maps, one.of.block.silenced)

        texts = len(placed[0].maps)
        forward = for_several_runs(self.trace.forward, texts)
        edited = self.model.edited_pass(self.trace)
        heard = called(self._roles, edited or unedited, change)
        return logits_of(self._shadow, forward, self.position, edited, heard)


def _device(block: Block) -> torch.device:
    return block.q.device if block.q is not None else torch.device("cpu")
