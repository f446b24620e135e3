"""Shares of a logit: parts that sum to it, and what is left beside them, named."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from attnwidget.measures.results import HeadScores, TokenScores, _Result


@dataclass(frozen=True, eq=False, repr=False)
class LayerContributions:
    """What the attention and the MLP of each layer add to a logit: `values` is (layer 2), attention first.

    `rest` names what else there is; all of them together are `logit`.
    """

    values: np.ndarray
    recipe: str
    rest: Mapping[str, float]
    logit: float

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self.values, dtype=dtype) if copy is not False else np.asarray(self.values, dtype=dtype)

    @property
    def total(self) -> float:
        """The sum of all parts."""
        return _sum(self.values, self.rest)

    @property
    def attention(self) -> np.ndarray:
        """What each layer's attention adds (layer)."""
        return self.values[:, 0]

    @property
    def mlp(self) -> np.ndarray:
        """What each layer's MLP adds (layer)."""
        return self.values[:, 1]

    def __repr__(self) -> str:
        rows = "".join(
            f"\n  L{at:<3} attention {own:+8.3f}  MLP {mlp:+8.3f}" for at, (own, mlp) in enumerate(self.values)
        )
        return f"LayerContributions({len(self.values)} layers; {self.recipe}){rows}\n  {_said(self.rest, self.logit)}"


@dataclass(frozen=True, eq=False, repr=False)
class _Shares(_Result):
    """Shares of a logit and what is left beside them, which a record of scores has besides."""

    rest: Mapping[str, float] = field(default_factory=dict)
    logit: float = 0.0

    @property
    def total(self) -> float:
        """The sum of all parts."""
        return _sum(self.values, self.rest)

    def __repr__(self) -> str:
        return f"{super().__repr__()}\n{_said(self.rest, self.logit)}"


class HeadContributions(_Shares, HeadScores):
    """What each head adds to a logit (layer head); `rest` names what else there is, all together are `logit`."""


@dataclass(frozen=True, eq=False, repr=False)
class TokenContributions(_Shares, TokenScores):
    """What heads carry from each token into a logit (key); `rest` names what else there is, all together are `logit`."""


def _sum(values: np.ndarray, rest: Mapping[str, float]) -> float:
    return float(np.nansum(values, dtype=np.float64) + sum(rest.values()))


def _said(rest: Mapping[str, float], logit: float) -> str:
    return f"and {', '.join(f'{name} {value:+.3f}' for name, value in rest.items())}; logit {logit:.3f}"
