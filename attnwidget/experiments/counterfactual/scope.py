"""Where attention is replaced: some heads together, and the rows of them on which the answer rests."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from attnwidget.engine import (
    AttentionModel,
    Block,
    GivenPasses,
    GivenWeights,
    Paint,
    Trace,
    fit_index,
    indices,
    output_gradients,
    parse_head,
    visible,
    weights,
)
from attnwidget.errors import AttnWidgetError
from attnwidget.experiments.counterfactual.distances import total_variation
from attnwidget.experiments.effects.answers import Asked, logits_at
from attnwidget.shapes import LayerMaps

PAINT_INSTEAD = "Paint a pattern by hand instead (aw.effect(model, trace, aw.Paint('L5H3', 'uniform')))"

TOKENS_AT_A_TIME = 1024
"""Tokens that are run at a time."""


@dataclass(frozen=True, eq=False)
class OwnRows:
    """What some heads of a layer attend to, and which of their rows are to be replaced.

    `may` says which keys a query may read. `counted` are the rows with a choice, on which the answer can rest.
    """

    block: Block
    heads: tuple[int, ...]
    own: LayerMaps
    may: Bool[Tensor, "query key"]
    counted: Bool[Tensor, "head query"]


@dataclass(frozen=True, eq=False)
class Scope:
    """Heads that get other patterns together. `words` names them."""

    model: AttentionModel
    trace: Trace
    asked: Asked
    part: str | None
    layers: tuple[OwnRows, ...]
    words: str

    @property
    def at_once(self) -> int:
        """How many texts are run as one batch: passes with edits run alone."""
        return 1 if self.trace.edits else max(1, TOKENS_AT_A_TIME // len(self.trace.text))

    @property
    def rows(self) -> int:
        """How many rows are replaced."""
        return sum(int(layer.counted.sum()) for layer in self.layers)

    @cached_property
    def prediction(self) -> Float[Tensor, " outcome"]:
        """The probabilities of what the model says."""
        with torch.inference_mode(mode=False):
            return logits_at(self.trace, self.asked).double().softmax(-1)

    @cached_property
    def passes(self) -> GivenPasses:
        """Passes with other patterns."""
        return GivenPasses(self.model, self.trace, self.asked.position, PAINT_INSTEAD)

    def given(self, maps: Sequence[Tensor]) -> list[GivenWeights]:
        """Patterns (text head query key), layer by layer, as passes take them."""
        return [GivenWeights(layer.block, layer.heads, one) for layer, one in zip(self.layers, maps, strict=True)]

    def logits(self, maps: Sequence[Tensor]) -> Float[Tensor, "text outcome"]:
        """What the model says under each of some patterns, (text head query key) layer by layer."""
        return self.passes.logits(self.given(maps))

    def changes(self, logits: Float[Tensor, "text outcome"]) -> Float[Tensor, " text"]:
        """How much the model's prediction differs from its own, by total variation."""
        return total_variation(logits.double().softmax(-1), self.prediction.expand(len(logits), -1))

    def painted(self, maps: Sequence[LayerMaps]) -> tuple[Paint, ...]:
        """One pattern for each layer as edits, head by head."""
        part = self.part if len(self.trace.parts) > 1 else None
        return tuple(
            Paint(layer.block.layer, head, pattern, part=part)
            for layer, one in zip(self.layers, maps, strict=True)
            for head, pattern in zip(layer.heads, one, strict=True)
        )


def scope_of(
    model: AttentionModel, trace: Trace, asked: Asked, heads: Any, part: str | None, queries: Any = None
) -> Scope:
    """The heads that are named, all of them for None, with the rows on which the answer rests.

    A row counts if it may read two keys or more, and if the answer would change with what the head writes there: found by
    one pass and one back. Raises AttnWidgetError for a head that is not there, where no gradient can be had, and where
    the answer rests on none of the rows.
    """
    named = _named(trace, heads, part)
    wanted = None if queries is None else set(_queries(trace, part, queries))
    gradients = output_gradients(model, trace, asked.position, asked.in_graph, PAINT_INSTEAD)
    rests = {(one.part, one.layer): one.gradient.detach().cpu().ne(0).any(-1) for one in gradients}
    layers = []
    for block, chosen in named:
        may = visible(block)
        choice = may.sum(-1) > 1
        if wanted is not None:
            choice &= torch.tensor([query in wanted for query in range(len(choice))], dtype=torch.bool, device="cpu")
        counted = rests[block.part, block.layer].T[list(chosen)] & choice
        if counted.any():
            layers.append(_kept_for_gradients(block, chosen, weights(block, list(chosen)), may, counted))
    words = said_heads(heads)
    if not layers:
        raise AttnWidgetError(
            f"The answer ({asked.recipe}) rests on no row of {words} that has a choice, so any pattern gives the same there. "
            "Choose another head, other queries, or another position of the answer."
        )
    return Scope(model, trace, asked, part, tuple(layers), words)


def _kept_for_gradients(block: Block, chosen: tuple[int, ...], *found: Tensor) -> OwnRows:
    """Tensors made in a user's inference mode cannot be kept for a gradient: their copies can."""
    with torch.inference_mode(mode=False):
        own, may, counted = (one.clone() for one in found)
    return OwnRows(block, chosen, own, may, counted)


def said_heads(heads: Any) -> str:
    """The heads as somebody gave them, in words."""
    if heads is None:
        return "all heads"
    return ", ".join(map(_said, heads)) if isinstance(heads, list | tuple | set) else str(heads)


def _said(head: Any) -> str:
    layer, number = (head, None) if isinstance(head, str) else head
    return layer if number is None else f"L{layer}H{number}"


def _named(trace: Trace, heads: Any, part: str | None) -> Iterator[tuple[Block, tuple[int, ...]]]:
    """Blocks and their chosen heads, without those that edits have silenced."""
    blocks = {block.layer: block for block in trace.part_blocks(part)}
    chosen: dict[int, set[int]] = {}
    for one in heads if isinstance(heads, list | tuple | set) else [heads]:
        if one is None:
            for layer, block in blocks.items():
                chosen[layer] = set(range(block.heads))
            continue
        layer, head = parse_head(one) if isinstance(one, str) else _pair(one)
        block = trace.block(layer, part)
        own = range(block.heads) if head is None else [fit_index("head", head, block.heads)]
        chosen.setdefault(block.layer, set()).update(own)
    for layer, numbers in sorted(chosen.items()):
        left = tuple(sorted(numbers - set(blocks[layer].silenced)))
        if left:
            yield blocks[layer], left


def _pair(given: Any) -> tuple[int, int | None]:
    try:
        layer, head = given
    except (TypeError, ValueError):
        raise AttnWidgetError(
            f"{given!r:.60} is not a head. Give names like 'L5H3' or 'L5', or pairs (layer, head), counted from 0."
        ) from None
    return layer, head


def _queries(trace: Trace, part: str | None, queries: Any) -> list[int]:
    return indices(queries, len(trace.tokens(part)[0]), "query").tolist()
