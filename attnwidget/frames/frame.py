"""Selection and Frame: what is looked at, and what the eye needs for it and not a byte more."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

Direction: TypeAlias = Literal["reads", "read_by"]
Source: TypeAlias = Literal["head", "layer", "rollout"]


@dataclass(frozen=True)
class Selection:
    """Where the eye is: `query` is a half-open range of tokens; `source` says which map is shown.

    "head" is the chosen head, "layer" the mean of its layer's heads, "rollout" all layers together.
    """

    layer: int = 0
    head: int = 0
    query: tuple[int, int] = (0, 1)
    direction: Direction = "reads"
    source: Source = "head"
    part: str = "self"


@dataclass(frozen=True, repr=False, eq=False)
class Frame:
    """A header of plain data and named arrays, in the order they travel. See README.md beside this file."""

    header: Mapping[str, Any]
    blocks: Mapping[str, np.ndarray]

    def __repr__(self) -> str:
        arrays = ", ".join(f"{name} {array.dtype}{list(array.shape)}" for name, array in self.blocks.items())
        return f"Frame({self.header.get('title', '')}; {arrays})"
