"""Numbers that carry their recipe: small frozen records that numpy reads as arrays."""

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, eq=False, repr=False)
class _Result:
    values: np.ndarray
    recipe: str

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self.values, dtype=dtype) if copy is not False else np.asarray(self.values, dtype=dtype)

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, index: Any) -> Any:
        return self.values[index]

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of `values`."""
        return self.values.shape

    def __repr__(self) -> str:
        size = " x ".join(str(length) for length in self.shape)
        numbers = np.array2string(self.values, precision=3, suppress_small=True, threshold=64)
        return f"{type(self).__name__}({size}; {self.recipe})\n{numbers}"


class HeadScores(_Result):
    """One number per head: `values` is (layer head). Heads that a narrower layer lacks are NaN."""


class TokenMap(_Result):
    """One number per pair: `values` is (query key)."""


class TokenScores(_Result):
    """One number per token of the text: `values` is (key)."""
