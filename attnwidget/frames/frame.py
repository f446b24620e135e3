"""Selection and Frame: what is looked at, and exactly what the page needs to draw it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

Direction: TypeAlias = Literal["reads", "read_by"]
MapSource: TypeAlias = Literal["head", "layer", "rollout"]
HeadFusion: TypeAlias = Literal["mean", "max"]
SinkChoice: TypeAlias = Literal["show", "hide", "renormalise"]
Weight: TypeAlias = Literal["attention", "norm"]
Fusion: TypeAlias = Literal["mean", "single", "max"]
"""How a layer's heads are fused: their mean, the chosen one alone, or the largest at each token."""
HeadName: TypeAlias = tuple[int, int]
"""(layer, head)"""

MOST_HEADS = 64
"""The most heads that may be looked at together; for more, use a layer's mean or a rollout."""


@dataclass(frozen=True)
class Selection:
    """What is looked at: `query` is a half-open range of tokens; `source` says which map is shown, the rest how.

    "head" is the chosen head, or `heads` if there are several; "layer" is all heads of the layer, "rollout" all layers
    together. Several heads are fused by `fusion`. `weight` "norm" is attention weighted by the value's norm, `words`
    shows words instead of their pieces, and `sinks` may be hidden, optionally with the rest of each row renormalised.
    """

    layer: int = 0
    head: int = 0
    query: tuple[int, int] = (0, 1)
    direction: Direction = "reads"
    source: MapSource = "head"
    part: str = "self"
    heads: tuple[HeadName, ...] = ()
    fusion: HeadFusion = "mean"
    words: bool = False
    sinks: SinkChoice = "show"
    weight: Weight = "attention"

    @property
    def chosen(self) -> tuple[HeadName, ...]:
        """The chosen heads, one or several.

        >>> Selection(1, 2).chosen, Selection(1, 2, heads=((0, 1), (1, 2))).chosen
        (((1, 2),), ((0, 1), (1, 2)))
        """
        return self.heads or ((self.layer, self.head),)

    @property
    def plain(self) -> bool:
        """Whether the map is shown as computed: tokens, attention, and all sinks."""
        return not self.words and self.sinks == "show" and self.weight == "attention"


@dataclass(frozen=True)
class Question:
    """A question to every layer: `query` is a half-open range of tokens, `head` only matters for fusion "single".

    `words`, `sinks` and `weight` are as in `Selection`.
    """

    query: tuple[int, int]
    direction: Direction = "reads"
    fusion: Fusion = "mean"
    head: int = 0
    part: str = "self"
    words: bool = False
    sinks: SinkChoice = "show"
    weight: Weight = "attention"

    def of_layer(self, layer: int) -> Selection:
        """The map of one layer in question.

        >>> Question((0, 1), fusion="max").of_layer(3).source
        'layer'
        """
        one = self.fusion == "single"
        return Selection(
            layer=layer,
            head=self.head if one else 0,
            query=self.query,
            direction=self.direction,
            source="head" if one else "layer",
            part=self.part,
            fusion="max" if self.fusion == "max" else "mean",
            words=self.words,
            sinks=self.sinks,
            weight=self.weight,
        )


@dataclass(frozen=True, repr=False, eq=False)
class Frame:
    """A header of plain data and named arrays, in the order of transmission. See README.md beside this file."""

    header: Mapping[str, Any]
    blocks: Mapping[str, np.ndarray]

    def __repr__(self) -> str:
        arrays = ", ".join(f"{name} {array.dtype}{list(array.shape)}" for name, array in self.blocks.items())
        return f"Frame({self.header.get('title', '')}; {arrays})"
