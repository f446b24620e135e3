"""Selection and Frame: what is looked at, and what the eye needs for it and not a byte more."""

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
"""What a layer's heads become: their mean, the one that was chosen, or at each token the largest of them."""
HeadName: TypeAlias = tuple[int, int]
"""(layer, head)"""

MOST_HEADS = 64
"""Heads that may be looked at together: more are a layer's mean, or a rollout."""


@dataclass(frozen=True)
class Selection:
    """Where the eye is: `query` is a half-open range of tokens; `source` says which map is shown, the rest how.

    "head" is the chosen head, or `heads` where there are several, "layer" all heads of the layer, "rollout" all layers
    together. What is of several heads is fused by `fusion`. `weight` "norm" is attention weighted by the value's norm,
    `words` shows words instead of their pieces, `sinks` may be hidden, and the rest of a row renormalised.
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
        """The heads that are chosen, one or several.

        >>> Selection(1, 2).chosen, Selection(1, 2, heads=((0, 1), (1, 2))).chosen
        (((1, 2),), ((0, 1), (1, 2)))
        """
        return self.heads or ((self.layer, self.head),)

    @property
    def plain(self) -> bool:
        """Whether the map is shown as it was computed: tokens, attention, sinks and all."""
        return not self.words and self.sinks == "show" and self.weight == "attention"


@dataclass(frozen=True)
class Question:
    """What is asked of every layer: `query` is a half-open range of tokens, `head` counts for fusion "single" alone.

    Words, sinks and weight are those of a `Selection`.
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
        """The map of one layer that is asked about.

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
    """A header of plain data and named arrays, in the order they travel. See README.md beside this file."""

    header: Mapping[str, Any]
    blocks: Mapping[str, np.ndarray]

    def __repr__(self) -> str:
        arrays = ", ".join(f"{name} {array.dtype}{list(array.shape)}" for name, array in self.blocks.items())
        return f"Frame({self.header.get('title', '')}; {arrays})"
