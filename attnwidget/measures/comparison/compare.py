"""Two traces compared: where the attention of one differs from that of the other."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from attnwidget.arguments import share_or_none
from attnwidget.engine import Block, Tokens, Trace, fit_index, fit_together, parse_head, rows_together, weights
from attnwidget.errors import AttnWidgetError
from attnwidget.measures.comparison.aligned_tokens import AlignedTokens, aligned_tokens
from attnwidget.measures.comparison.replacements import Replacement, replacements
from attnwidget.measures.given_trace import require_trace, said_setting
from attnwidget.measures.portions import refuse_nan
from attnwidget.measures.results import HeadScores, RankedPair, TokenMap
from attnwidget.shapes import AttentionMap, LayerMaps


@dataclass(frozen=True, eq=False, repr=False)
class Comparison:
    """What changed from trace `a` to trace `b`, over the tokens that have a partner in the other text.

    `queries` and `keys` say which tokens these are: the same ones, and those that stand in the place of others.
    `replaced` lists what was changed in the text, stretch by stretch. `mean_difference`, `largest_difference` (of |b - a|) and
    `changed_share` (pairs beyond `threshold`) are per head: `.top()` gives the heads that changed most; `mean` and
    `maximum` are over all heads. `mean_map` is the mean of b - a over all heads and layers; `exceeding` has its pairs
    beyond the threshold, largest first, by their positions in `a`. `unaligned_mass` is the mean weight that the queries
    of a and of b give to keys without a partner, which is in no other number here.
    """

    a: Trace
    b: Trace
    part: str | None
    threshold: float
    queries: AlignedTokens
    keys: AlignedTokens
    replaced: tuple[Replacement, ...]
    mean_difference: HeadScores
    largest_difference: HeadScores
    changed_share: HeadScores
    mean_map: TokenMap
    exceeding: tuple[RankedPair, ...]
    unaligned_mass: tuple[float, float]
    recipe: str

    @property
    def mean(self) -> float:
        """Mean |b - a| over all heads and pairs."""
        return float(np.nanmean(self.mean_difference.values))

    @property
    def maximum(self) -> float:
        """Largest |b - a| of any head and pair."""
        return float(np.nanmax(self.largest_difference.values))

    def __repr__(self) -> str:
        heads = ", ".join(map(repr, self.largest_difference.top(3)))
        some = ", ".join(map(repr, self.replaced[:3])) + (" ..." if len(self.replaced) > 3 else "")
        replaced = f"replaced: {some}\n" if self.replaced else ""
        return (
            f"Comparison({len(self.queries)} of {len(self.a.tokens(self.part)[0])} and "
            f"{len(self.b.tokens(self.part)[0])} queries, mean {self.mean:.4g}, maximum {self.maximum:.4g}, "
            f"{len(self.exceeding)} pairs of the mean map beyond {self.threshold:g}; {self.recipe})\n"
            f"{replaced}most changed heads: {heads}"
        )

    def map(self, layer: Any, head: Any = None) -> TokenMap:
        """The difference b - a of one head, (query key) over the tokens with a partner; the head is named as in
        `Trace.weights`.

        Rows and columns are these tokens: `queries` and `keys` have their positions in both texts. Those that were
        replaced are named by both, "Paris → Oslo". Raises AttnWidgetError for a head that does not exist.

        >>> import attnwidget as aw
        >>> model = aw.load()
        >>> changed = compare(model.trace("The cat sat on the mat."), model.trace("The dog sat on the mat."))
        >>> changed.map("L1H2").shape, changed.map("L1H2").query_pieces[1]
        ((7, 7), 'cat → dog')
        """
        if isinstance(layer, str):
            layer, head = parse_head(layer, head)
        if head is None:
            raise AttnWidgetError(
                f"map({layer!r}) needs a head: it shows the difference of one head at a time. Write map({layer!r}, 0) "
                "or map('L5H3'); `mean_map` has the mean over all heads."
            )
        ours = self.a.block(layer, self.part)
        theirs = self.b.block(layer, self.part)
        number = fit_index("head", head, ours.heads)
        values, _ = changed_map(ours, theirs, Paired(self.queries, self.keys, self.replaced), number)
        return TokenMap(
            values,
            f"b - a of L{ours.layer}H{number}: {self.recipe}",
            *_pieces(self.a.tokens(self.part), self.b.tokens(self.part), self.queries, self.keys),
        )

    def where(self, layer: Any, head: Any = None) -> tuple[RankedPair, ...]:
        """The pairs of one head that changed by more than the threshold, largest first, by their positions in `a`.

        The values are b - a, of either sign. Raises AttnWidgetError for a head that does not exist.
        """
        return _beyond(self.map(layer, head), self.threshold, self.queries, self.keys)


@dataclass(frozen=True)
class Paired:
    """Which tokens of two texts are compared, as queries and as keys, and what was changed in the text."""

    queries: AlignedTokens
    keys: AlignedTokens
    replaced: tuple[Replacement, ...]


def compare(a: Trace, b: Trace, *, part: str | None = None, threshold: Any = 0.1) -> Comparison:
    """What changed from one trace to another: one text in two models of the same shape, or two texts.

    Weights are compared as they are, over the tokens that both texts share and those that were replaced by others, in
    their places (`aligned_tokens`; queries and keys separately if they are two texts). Keys without a partner are
    dropped without renormalising, and `unaligned_mass` says how much is left out. Masked pairs count as 0. `threshold` (0 to 1) is the absolute difference above which a
    pair is listed. Layers without attention are NaN.

    Raises AttnWidgetError for traces with different numbers of layers or heads, an ambiguous part, texts without a
    common token, and a threshold outside 0 to 1; NotNumbers for weights that are NaN.
    Source: ours; differences of maps before and after fine-tuning follow Kovaleva et al. 2019 (D19-1445).

    >>> import attnwidget as aw
    >>> model = aw.load()
    >>> cat, dog = model.trace("The cat sat on the mat."), model.trace("The dog sat on the mat.")
    >>> compare(cat, cat).maximum
    0.0
    >>> compare(cat, dog).replaced
    ('cat' -> 'dog',)
    >>> compare(cat, dog).queries.same
    (True, False, True, True, True, True, True)
    """
    require_trace(a)
    require_trace(b)
    beyond = share_or_none(threshold)
    if beyond is None:
        raise AttnWidgetError(f"threshold={threshold!r} is not valid: give a number from 0 to 1.")
    shared = paired(a, b, part)
    queries, keys = shared.queries, shared.keys
    found = _summed(a, b, part, queries, keys, beyond)
    recipe = _recipe(found.unaligned, queries, keys) + said_setting(a, part)
    mean_map = TokenMap(
        found.mean_map.numpy(),
        f"mean over all heads and layers: {recipe}",
        *_pieces(a.tokens(part), b.tokens(part), queries, keys),
    )
    return Comparison(
        a,
        b,
        part,
        beyond,
        queries,
        keys,
        shared.replaced,
        HeadScores(found.mean, f"mean absolute difference: {recipe}"),
        HeadScores(found.largest, f"largest absolute difference: {recipe}"),
        HeadScores(found.changed, f"share of pairs that differ by more than {beyond:g}: {recipe}"),
        mean_map,
        _beyond(mean_map, beyond, queries, keys),
        found.unaligned,
        recipe,
    )


def paired(a: Trace, b: Trace, part: str | None) -> Paired:
    """What is compared of two traces. Raises AttnWidgetError for other layers or heads, and for no common token."""
    _refuse_other_shapes(a, b, part)
    queries, keys = _aligned(a.tokens(part), b.tokens(part))
    return Paired(queries, keys, _replaced(a.tokens(part), b.tokens(part), queries, keys))


def changed_map(
    ours: Block, theirs: Block, shared: Paired, head: int
) -> tuple[Float[np.ndarray, "query key"], tuple[float, float]]:
    """The difference b - a of one head of a layer, and the mean weight of a row on keys without a partner, in a and in b."""
    queries, keys = shared.queries, shared.keys
    values = torch.zeros(len(queries), len(keys), dtype=torch.float32, device="cpu")
    lost = [0.0, 0.0]
    for found in _differences(ours, theirs, queries, keys, [head]):
        values[found.rows] = found.signed[0]
        for side in (0, 1):
            lost[side] += float(found.lost[side].double().sum())
    return values.numpy(), (lost[0] / len(queries), lost[1] / len(queries))


def largest_changes(ours: Block, theirs: Block, shared: Paired) -> Float[np.ndarray, " head"]:
    """The largest |b - a| of every head of a layer."""
    largest = np.zeros(ours.heads, np.float32)
    for found in _differences(ours, theirs, shared.queries, shared.keys, list(range(ours.heads))):
        largest[found.heads] = np.maximum(largest[found.heads], found.signed.abs_().amax((1, 2)).numpy())
    return largest


def _recipe(left_out: tuple[float, float], queries: AlignedTokens, keys: AlignedTokens) -> str:
    return (
        f"weights of b minus weights of a over {len(queries)} queries x {len(keys)} keys, {said_pairing(queries, keys)}, "
        f"keys without a partner dropped ({left_out[0]:.1%} of a row's weight in a, {left_out[1]:.1%} in b), not "
        "normalised again"
    )


def said_pairing(queries: AlignedTokens, keys: AlignedTokens) -> str:
    """How the tokens of two texts were paired, for a recipe."""
    kept = all(queries.same) and all(keys.same)
    return "which both texts have" if kept else "replaced ones paired by their places"


@dataclass(frozen=True, eq=False)
class _Portion:
    """b - a for some rows of some heads of a layer, and the weight that each row gives to keys without a partner."""

    heads: list[int]
    rows: slice
    signed: LayerMaps
    lost: tuple[Float[Tensor, "head query"], Float[Tensor, "head query"]]


@dataclass(frozen=True, eq=False)
class _Summed:
    """Results of one pass over all heads: three (layer head) tables, the mean map, and the left-out mass of a and b."""

    mean: np.ndarray
    largest: np.ndarray
    changed: np.ndarray
    mean_map: AttentionMap
    unaligned: tuple[float, float]


def _summed(
    a: Trace, b: Trace, part: str | None, queries: AlignedTokens, keys: AlignedTokens, threshold: float
) -> _Summed:
    counts = a.heads(part)
    exists = np.arange(max(counts)) < np.array(counts)[:, None]
    total, largest, changed = np.where(exists, np.zeros((3, *exists.shape)), np.nan)
    mean_map = torch.zeros(len(queries), len(keys), dtype=torch.float32, device="cpu")
    lost = [0.0, 0.0]
    for ours, theirs in zip(a.part_blocks(part), b.part_blocks(part), strict=True):
        for portion in _differences(ours, theirs, queries, keys, list(range(ours.heads))):
            size = portion.signed.abs()
            at = ours.layer, portion.heads
            total[at] += size.sum((1, 2), dtype=torch.float64).numpy()
            largest[at] = np.maximum(largest[at], size.amax((1, 2)).numpy())
            changed[at] += (size > threshold).sum((1, 2)).numpy()
            mean_map[portion.rows] += portion.signed.sum(0) / sum(counts)
            for side in (0, 1):
                lost[side] += float(portion.lost[side].double().sum())
    pairs, rows = len(queries) * len(keys), sum(counts) * len(queries)
    mean, most, share = (table.astype(np.float32) for table in (total / pairs, largest, changed / pairs))
    return _Summed(mean, most, share, mean_map, (lost[0] / rows, lost[1] / rows))


def _differences(
    ours: Block, theirs: Block, queries: AlignedTokens, keys: AlignedTokens, heads: list[int]
) -> Iterator[_Portion]:
    """These heads of a layer, with as many rows at a time as fit a tile in both traces."""
    wider = max(ours, theirs, key=lambda block: block.shape[-1])
    width = wider.shape[-1]
    together = fit_together(len(heads) * len(queries) * width)
    step = len(queries) if together else rows_together(width)
    for some in [heads] if together else [[head] for head in heads]:
        for start in range(0, len(queries), step):
            rows = slice(start, min(start + step, len(queries)))
            first, lost_first = _rows(ours, some, queries.first[rows], keys.first)
            second, lost_second = _rows(theirs, some, queries.second[rows], keys.second)
            yield _Portion(some, rows, second - first, (lost_first, lost_second))


def _rows(
    block: Block, heads: list[int], queries: tuple[int, ...], keys: tuple[int, ...]
) -> tuple[LayerMaps, Float[Tensor, "head query"]]:
    """The weights of these rows on keys with a partner, and the sum of the others."""
    maps = weights(block, heads, queries=queries)
    refuse_nan(maps)
    if len(keys) == maps.shape[-1]:
        return maps, torch.zeros(maps.shape[:2], dtype=torch.float32, device="cpu")
    kept = maps.index_select(-1, torch.tensor(keys, dtype=torch.long, device="cpu"))
    return kept, (maps.sum(-1) - kept.sum(-1)).clamp_min(0)


def _refuse_other_shapes(a: Trace, b: Trace, part: str | None) -> None:
    ours, theirs = a.heads(part), b.heads(part)
    if ours != theirs:
        raise AttnWidgetError(
            f"Only traces with the same layers and heads can be compared, head by head: a has {_geometry(ours)} and b "
            f"has {_geometry(theirs)}."
        )


def _geometry(heads: tuple[int, ...]) -> str:
    each = str(heads[0]) if len(set(heads)) == 1 else "/".join(map(str, heads))
    return f"{len(heads)} layers x {each} heads"


def _aligned(first: tuple[Tokens, Tokens], second: tuple[Tokens, Tokens]) -> tuple[AlignedTokens, AlignedTokens]:
    queries = aligned_tokens(first[0], second[0])
    same = first[0] is first[1] and second[0] is second[1]
    keys = queries if same else aligned_tokens(first[1], second[1])
    if not any(queries.same) or not any(keys.same):
        raise AttnWidgetError(
            "The two texts have no token in common, so there is nothing to compare. Give two versions of one text."
        )
    return queries, keys


def _beyond(found: TokenMap, threshold: float, queries: AlignedTokens, keys: AlignedTokens) -> tuple[RankedPair, ...]:
    size = np.abs(found.values)
    rows, columns = np.nonzero(size > threshold)
    order = np.argsort(-size[rows, columns], kind="stable")
    return tuple(
        RankedPair(
            queries.first[row],
            keys.first[column],
            found.query_pieces[row],
            found.key_pieces[column],
            float(found[row, column]),
        )
        for row, column in zip(rows[order].tolist(), columns[order].tolist(), strict=True)
    )


def _pieces(
    first: tuple[Tokens, Tokens], second: tuple[Tokens, Tokens], queries: AlignedTokens, keys: AlignedTokens
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The aligned queries and keys as text; what was replaced is named by both."""
    sides = zip(first, second, (queries, keys), strict=True)
    found = [
        tuple(
            one.pieces[left] if same else f"{one.pieces[left].strip()} → {other.pieces[right].strip()}"
            for left, right, same in zip(aligned.first, aligned.second, aligned.same, strict=True)
        )
        for one, other, aligned in sides
    ]
    return found[0], found[1]


def _replaced(
    first: tuple[Tokens, Tokens], second: tuple[Tokens, Tokens], queries: AlignedTokens, keys: AlignedTokens
) -> tuple[Replacement, ...]:
    own = replacements(first[0], second[0], queries)
    return own if keys is queries else (*own, *replacements(first[1], second[1], keys))
