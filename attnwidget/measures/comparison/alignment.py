"""How a decoder's heads follow the source: how sharply, in what order, and how much of it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float
from scipy.stats import kendalltau
from torch import Tensor

from attnwidget.arguments import real_number, truth_of
from attnwidget.engine import Trace, fit_index, parse_head, visible
from attnwidget.errors import AttnWidgetError
from attnwidget.measures.heads.entropy import row_entropy
from attnwidget.measures.measure import measure
from attnwidget.measures.portions import Portion, portions
from attnwidget.measures.results import HeadScores, RankedPair, piece_of
from attnwidget.shapes import LayerMaps

DECIMALS = 3
"""In tokens: expected positions closer than this are ties, or rounding would order uniform rows."""


@dataclass(frozen=True, eq=False, repr=False)
class Alignment:
    """How every head of a cross-attention aligns target and source; the scores are (layer head).

    `sharpness` is 1 for heads that attend to one source token at a time and 0 for uniform ones. `monotonicity` is 1 for
    heads that go through the source in order, -1 in reverse, 0 in no order. `coverage` is the share of source tokens
    that are attended to. NaN for layers without attention, heads that a layer lacks, and heads that attend to nothing.
    """

    sharpness: HeadScores
    monotonicity: HeadScores
    coverage: HeadScores
    recipe: str
    heads: tuple[int, ...]
    sources: np.ndarray  # (layer head query): the source token of each target token, -1 for none
    weights: np.ndarray  # (layer head query): with which weight
    query_pieces: tuple[str, ...]
    key_pieces: tuple[str, ...]

    def links(self, layer: Any, head: Any = None) -> tuple[RankedPair, ...]:
        """For each target token, the source token that one head attends to most there, with its weight, in target
        order.

        The head is named as in `Trace.weights`; among ties the first source token counts. The row of a target token is
        the one where it is the decoder's input and the next token is predicted; the row before it, which predicts the
        token, has the link one target token earlier. Which of both aligns is a matter of the model: Chen et al. find it is
        the row of the token itself; on tiny-translator it is the row before, by far (alignment error rate of the mean of
        all heads 0.12, and 0.80 for the row of the token: docs/LEAGUE.md). Padding and empty rows have no link.
        Raises AttnWidgetError for a head that does not exist.
        Source: Chen et al. 2020 (2004.14837), whose Shift-Att this is without its choice of a layer.
        """
        if isinstance(layer, str):
            layer, head = parse_head(layer, head)
        number = fit_index("layer", layer, len(self.heads))
        if not self.heads[number]:
            raise AttnWidgetError(f"Layer {number} has no attention in this part. Choose another layer.")
        row = number, fit_index("head", head, self.heads[number])
        return tuple(
            RankedPair(
                query,
                int(key),
                piece_of(self.query_pieces, query),
                piece_of(self.key_pieces, int(key)),
                float(self.weights[row][query]),
            )
            for query, key in enumerate(self.sources[row])
            if key >= 0
        )

    def __repr__(self) -> str:
        tables = ("sharpness", "monotonicity", "coverage")
        best = [f"  most {name:<13} {', '.join(map(repr, getattr(self, name).top(4)))}" for name in tables]
        layers, heads = self.sharpness.shape
        return "\n".join([f"Alignment({layers} x {heads}; {self.recipe})", *best])


@measure
def alignment(trace: Trace, *, part: str = "cross", special: Any = True, least: Any = 0.5) -> Alignment:
    """How each head of a cross-attention follows the source: sharpness, monotonicity, coverage (layer head), and links.

    Queries are target tokens, keys source tokens. With p a row as shares of its weight on the source (rows that sum to 1
    stay as they are; with sinks outside the source they are divided by their sum):

    - sharpness = 1 - H(p) / log(number of visible source tokens), the mean over rows;
    - monotonicity = Kendall's tau-b between target positions and expected source positions sum_j j p_j, to a thousandth
      of a token: 1 if they always rise, 0 if they never move, NaN for a single row. It only looks at the order, so a
      head that hardly moves may score high: consider it together with sharpness;
    - coverage = the share of source tokens whose received weights sum to at least `least` over all rows, not normalised.

    Padding never counts. Special source tokens count, and heads often rest on them; `special=False` leaves them out,
    and the weights on the others are divided by their sum. All target tokens are rows: that of the start token predicts
    the first word. Weights given without a mask may attend to every source token.

    Raises AttnWidgetError for self-attention, a part that does not exist, a `least` that is not above 0, and a source
    where no token counts; NotNumbers for weights that are NaN.
    Source: the numbers are ours; tau for word order: Birch & Osborne 2011 (P11-1103); coverage: Tu et al. 2016
    (P16-1008), there learned; links: Chen et al. 2020 (2004.14837).

    >>> import torch
    >>> from attnwidget import Trace
    >>> straight = torch.eye(3)[None]
    >>> found = alignment(Trace.from_weights([straight], ["le", "chat", "dort"], ["the", "cat", "sleeps"], part="cross"))
    >>> float(found.sharpness[0, 0]), float(found.monotonicity[0, 0]), float(found.coverage[0, 0])
    (1.0, 1.0, 1.0)
    >>> found.links("L0H0")[1]
    1 'chat' -> 1 'cat' 1
    """
    _check(trace, part, special, least)
    special, least = bool(special), float(least)
    queries, keys = trace.tokens(part)
    counted = torch.tensor(
        [not padding and (special or not own) for padding, own in zip(keys.padding, keys.special, strict=True)],
        dtype=torch.bool,
        device="cpu",
    )
    if not counted.any():
        raise AttnWidgetError("The source has no tokens to align with. Use special=True, or give a source with words.")
    heads = trace.heads(part)
    found = _Sums.empty((len(heads), max(heads)), len(queries), len(keys))
    for portion in portions(trace, part):
        found.add(portion, counted)
    kept = "special source tokens kept" if special else "special source tokens left out"
    recipe = f"{kept}, padding left out, rows as shares of their weight on the source"
    return Alignment(
        HeadScores(found.sharpness(), f"sharpness: 1 - entropy as a share of its maximum, mean over rows, {recipe}"),
        HeadScores(
            found.monotonicity(), f"monotonicity: Kendall's tau-b of target and expected source positions, {recipe}"
        ),
        HeadScores(
            found.coverage(counted, heads, least),
            f"coverage: share of source tokens that receive at least {least:g} over all rows, {kept}, not normalised",
        ),
        f"cross-attention alignment, {recipe}",
        heads,
        found.sources,
        found.weights,
        queries.pieces,
        keys.pieces,
    )


@dataclass(frozen=True, eq=False)
class _Sums:
    """Sums collected for every head, a portion at a time; NaN and -1 for empty rows."""

    rows: np.ndarray  # (layer head query): the sharpness of each row
    places: np.ndarray  # (layer head query): the expected source position
    received: np.ndarray  # (layer head key)
    sources: np.ndarray
    weights: np.ndarray

    @staticmethod
    def empty(heads: tuple[int, int], queries: int, keys: int) -> "_Sums":
        nothing = np.full((*heads, queries), np.nan, np.float32)
        return _Sums(
            nothing,
            nothing.astype(np.float64),
            np.zeros((*heads, keys)),
            np.full((*heads, queries), -1, np.int32),
            nothing.copy(),
        )

    def add(self, portion: Portion, counted: Bool[Tensor, " key"]) -> None:
        seen = _may_read(portion) & counted
        maps = portion.maps * counted
        total = maps.sum(-1, keepdim=True)
        shares = maps / torch.where(total > 0, total, torch.nan)
        where = np.ix_(np.array([portion.block.layer]), np.array(portion.heads), portion.rows.numpy())
        self.rows[where] = _sharpness(shares, seen).numpy()[None]
        steps = torch.arange(maps.shape[-1], dtype=torch.float64, device="cpu")
        self.places[where] = (shares.double() @ steps).numpy()[None]
        self.received[portion.block.layer, portion.heads] += maps.double().sum(1).numpy()
        weight, source = maps.masked_fill(~counted, -1).max(-1)
        self.sources[where] = torch.where(total[..., 0] > 0, source, -1).numpy()[None]
        self.weights[where] = torch.where(total[..., 0] > 0, weight, torch.nan).numpy()[None]

    def sharpness(self) -> np.ndarray:
        count = (~np.isnan(self.rows)).sum(-1)
        total = np.nansum(self.rows, -1, dtype=np.float64)
        return np.where(count > 0, total / np.maximum(count, 1), np.nan).astype(np.float32)

    def monotonicity(self) -> np.ndarray:
        flat = self.places.reshape(-1, self.places.shape[-1])
        return np.array([_order(row) for row in flat], np.float32).reshape(self.places.shape[:2])

    def coverage(self, counted: Bool[Tensor, " key"], heads: tuple[int, ...], least: float) -> np.ndarray:
        # Sums that miss the bound only by rounding still count.
        reached = (self.received[..., counted.numpy()] >= least * (1 - 1e-5)).mean(-1)
        there = np.arange(reached.shape[1]) < np.array(heads)[:, None]
        return np.where(there, reached, np.nan).astype(np.float32)


def _sharpness(shares: LayerMaps, seen: Bool[Tensor, "query key"]) -> Float[Tensor, "head query"]:
    """1 - normalised entropy of every row; NaN for rows that attend to nothing, or have a single visible key."""
    most = seen.sum(-1).float().log()
    return (1 - row_entropy(shares) / torch.where(most > 0, most, torch.nan)).clamp(0, 1)


def _order(places: np.ndarray) -> float:
    """Kendall's tau-b between row numbers and positions; 0 if all positions are equal."""
    rows = np.flatnonzero(~np.isnan(places))
    known = places[rows].round(DECIMALS)
    if len(known) < 2:
        return float("nan")
    return 0.0 if (known == known[0]).all() else float(kendalltau(rows, known).statistic)


def _may_read(portion: Portion) -> Bool[Tensor, "query key"]:
    # A square map that happens to be triangular does not imply a mask here: its axes are two sequences.
    everything = torch.ones(portion.maps.shape[1:], dtype=torch.bool, device="cpu")
    return everything if portion.block.mask is None else visible(portion.block, portion.rows)


def _check(trace: Trace, part: Any, special: Any, least: Any) -> None:
    truth_of("special", special)
    number = real_number(least)
    if number is None or not 0 < number < float("inf"):
        raise AttnWidgetError(f"least={least!r} is not valid: give a number above 0, for example 0.5.")
    known = part in trace.parts
    if (not known and "cross" not in trace.parts) or (known and part != "cross" and _one_text(trace, part)):
        own = part if known else ", ".join(trace.parts)
        raise AttnWidgetError(
            f"Alignment needs attention between two sequences, but {own} attends to its own. Trace an encoder-decoder, "
            "or give weights with part='cross' and key_tokens=."
        )


def _one_text(trace: Trace, part: str) -> bool:
    queries, keys = trace.tokens(part)
    return queries.place_in(keys) is not None
