"""Numbers that carry their recipe: small frozen records that numpy reads as arrays."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from attnwidget.arguments import so_many, truth_of


class RankedHead(NamedTuple):
    """One head and its number."""

    layer: int
    head: int
    value: float

    def __repr__(self) -> str:
        return f"L{self.layer}H{self.head} {self.value:.4g}"


class RankedLayer(NamedTuple):
    """One layer and its number."""

    layer: int
    value: float

    def __repr__(self) -> str:
        return f"L{self.layer} {self.value:.4g}"


class RankedToken(NamedTuple):
    """One token, by its place among the tokens and by its piece, and its number."""

    position: int
    piece: str
    value: float

    def __repr__(self) -> str:
        return f"{self.position} {self.piece!r} {self.value:.4g}"


class RankedKey(NamedTuple):
    """A head, one of its keys, and their number."""

    head: int
    key: int
    piece: str
    value: float

    def __repr__(self) -> str:
        return f"H{self.head} {self.key} {self.piece!r} {self.value:.4g}"


class RankedPlace(NamedTuple):
    """A layer at a token, and their number."""

    layer: int
    position: int
    piece: str
    value: float

    def __repr__(self) -> str:
        return f"L{self.layer} {self.position} {self.piece!r} {self.value:.4g}"


class RankedPair(NamedTuple):
    """A query, a key, and their number."""

    query: int
    key: int
    query_piece: str
    key_piece: str
    value: float

    def __repr__(self) -> str:
        return f"{self.query} {self.query_piece!r} -> {self.key} {self.key_piece!r} {self.value:.4g}"


@dataclass(frozen=True, eq=False, repr=False)
class _Result(NDArrayOperatorsMixin):
    """An array with its recipe. Arithmetic, a - b or a > 0.5, gives plain arrays: the recipe no longer applies."""

    values: np.ndarray
    recipe: str

    __hash__ = object.__hash__  # equality is elementwise, as for arrays

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self.values, dtype=dtype) if copy is not False else np.asarray(self.values, dtype=dtype)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        if any(isinstance(out, _Result) for out in options.get("out", ())):
            return NotImplemented  # results are read-only
        return getattr(ufunc, method)(*(one.values if isinstance(one, _Result) else one for one in inputs), **options)

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

    def _best(self, count: Any, *, lowest: Any) -> list[tuple[int, ...]]:
        """The indices of the highest (or lowest) numbers, best first; ties keep their order. NaN is left out.

        Raises AttnWidgetError for a count that is not a whole number.
        """
        wanted = so_many(count)
        flat = np.asarray(self.values, np.float64).ravel()
        order = np.argsort(flat if truth_of("lowest", lowest) else -flat, kind="stable")
        chosen = [int(at) for at in order if not np.isnan(flat[at])][:wanted]
        return [tuple(int(axis) for axis in np.unravel_index(at, self.shape)) for at in chosen]


class HeadScores(_Result):
    """One number per head: `values` is (layer head). NaN for layers without attention and heads that a layer lacks."""

    def top(self, count: Any = 5, *, lowest: Any = False) -> tuple[RankedHead, ...]:
        """The heads with the highest numbers, best first; with `lowest`, those with the lowest.

        >>> HeadScores(np.array([[0.1, 0.9], [0.5, np.nan]]), "an example").top(2)
        (L0H1 0.9, L1H0 0.5)
        """
        best = self._best(count, lowest=lowest)
        return tuple(RankedHead(layer, head, float(self.values[layer, head])) for layer, head in best)


class LayerScores(_Result):
    """One number per layer: `values` is (layer). NaN for layers without attention."""

    def top(self, count: Any = 5, *, lowest: Any = False) -> tuple[RankedLayer, ...]:
        """The layers with the highest numbers, best first; with `lowest`, those with the lowest.

        >>> LayerScores(np.array([0.1, 0.9, np.nan]), "an example").top(2)
        (L1 0.9, L0 0.1)
        """
        return tuple(RankedLayer(layer, float(self.values[layer])) for (layer,) in self._best(count, lowest=lowest))


@dataclass(frozen=True, eq=False, repr=False)
class TokenScores(_Result):
    """One number per token: `values` is (key), `pieces` has the tokens as text."""

    pieces: tuple[str, ...] = ()

    def top(self, count: Any = 5, *, lowest: Any = False) -> tuple[RankedToken, ...]:
        """The tokens with the highest numbers, best first; with `lowest`, those with the lowest.

        >>> TokenScores(np.array([0.1, 0.9]), "an example", ("a", "b")).top(1)
        (1 'b' 0.9,)
        """
        return tuple(
            RankedToken(at, piece_of(self.pieces, at), float(self.values[at]))
            for (at,) in self._best(count, lowest=lowest)
        )


@dataclass(frozen=True, eq=False, repr=False)
class KeyScores(_Result):
    """One number per key of every head of a layer: `values` is (head key), `pieces` has the keys as text."""

    pieces: tuple[str, ...] = ()

    def top(self, count: Any = 5, *, lowest: Any = False) -> tuple[RankedKey, ...]:
        """The keys of any head with the highest numbers, best first; with `lowest`, those with the lowest.

        >>> KeyScores(np.array([[0.1, 0.9], [0.5, 0.2]]), "an example", ("a", "b")).top(2)
        (H0 1 'b' 0.9, H1 0 'a' 0.5)
        """
        return tuple(
            RankedKey(head, key, piece_of(self.pieces, key), float(self.values[head, key]))
            for head, key in self._best(count, lowest=lowest)
        )


@dataclass(frozen=True, eq=False, repr=False)
class TokenMap(_Result):
    """One number per pair: `values` is (query key), with the pieces of both axes.

    `query_positions` says which queries the rows are, if only some were chosen.
    """

    query_pieces: tuple[str, ...] = ()
    key_pieces: tuple[str, ...] = ()
    query_positions: tuple[int, ...] = ()

    def top(self, count: Any = 5, *, lowest: Any = False) -> tuple[RankedPair, ...]:
        """The pairs with the highest numbers, best first; with `lowest`, those with the lowest.

        >>> TokenMap(np.eye(2) * [1, 2], "an example", ("a", "b"), ("a", "b")).top(1)
        (1 'b' -> 1 'b' 2,)
        """
        return tuple(
            RankedPair(
                self.query_positions[row] if self.query_positions else row,
                key,
                piece_of(self.query_pieces, row),
                piece_of(self.key_pieces, key),
                float(self.values[row, key]),
            )
            for row, key in self._best(count, lowest=lowest)
        )


class PlaceScores(TokenMap):
    """One number per layer at each token: `values` is (layer token). A map whose rows are layers, called L0, L1, ..."""

    def top(  # type: ignore[override]  # places, not pairs
        self, count: Any = 5, *, lowest: Any = False
    ) -> tuple[RankedPlace, ...]:
        """The places with the highest numbers, best first; with `lowest`, those with the lowest.

        >>> PlaceScores(np.array([[0.1, 0.9], [0.5, 0.2]]), "an example", ("L0", "L1"), ("a", "b")).top(2)
        (L0 1 'b' 0.9, L1 0 'a' 0.5)
        """
        return tuple(
            RankedPlace(layer, at, piece_of(self.key_pieces, at), float(self.values[layer, at]))
            for layer, at in self._best(count, lowest=lowest)
        )


def piece_of(pieces: tuple[str, ...], at: int) -> str:
    """A token as text; "" if unknown."""
    return pieces[at] if at < len(pieces) else ""
