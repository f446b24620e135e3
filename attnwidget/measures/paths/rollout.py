"""Attention followed through all layers: how much of each input reaches each output."""

from typing import Any

import torch

from attnwidget.engine import Block, Tokens, Trace, visible
from attnwidget.errors import AttnWidgetError
from attnwidget.measures.given_trace import own_blocks, said_setting
from attnwidget.measures.measure import measure
from attnwidget.measures.paths import cross_rollout
from attnwidget.measures.paths.fusion import check_fusion
from attnwidget.measures.paths.steps import (
    BlockReader,
    CountedKeys,
    Queries,
    RowsOnDemand,
    asked_rows,
    carried,
    check_share,
    fused_rows,
    refuse_padding,
    started,
    widened,
)
from attnwidget.measures.results import TokenMap, TokenScores
from attnwidget.measures.rows import read_rows
from attnwidget.shapes import AttentionMap, Indices


@measure
def rollout(
    trace: Trace,
    *,
    query: Any = None,
    part: str | None = None,
    fusion: str = "mean",
    residual: Any = 0.5,
    discard: Any = 0.0,
    null: Any = None,
) -> TokenMap | TokenScores:
    """Attention rollout: the product over layers of rownorm(residual I + (1 - residual) fused heads).

    Without `query`, the result is the whole (query key) matrix, whose rows sum to 1; with it, that token's row (key),
    which costs O(layers n^2) instead of O(layers n^3). The last layer is on the left. MLPs and norms are ignored.
    Padding is left out before anything is computed: its rows and columns are 0.

    `discard` sets that share of the entries of every layer's fused map to 0, the lowest first, before the residual is
    added (see `fusion.without_lowest`): masked entries count among the lowest, so in a causal map about half of the
    entries are discarded before any weight is. It needs a whole (query key) map of one layer at a time, even for a
    single row.

    `null="uniform"` divides by the same rollout of uniform attention over the visible keys: a causal rollout collapses
    on the first token whatever the text, and the ratio (1 = as in that null model) corrects for it. Nothing is
    discarded from the null model: all keys of its rows are equal, so only token order could decide. The ratio is ours,
    not the paper's.

    For an encoder-decoder, part "cross" is what reaches a target token from the source (target query, source key), and
    "decoder" what reaches it from the target itself; the rows of both together sum to 1. With a fixed residual the
    source's share is 1 - residual^layers for every token, so only compare numbers within a row. See `cross_rollout`.

    Raises AttnWidgetError for maps that are not square, cross-attention without its decoder's self-attention, a query
    that is padding, and unknown options; NotNumbers for weights that are NaN.
    Source: Abnar & Zuidema 2020, arXiv 2005.00928; discard: jacobgil/vit-explain; encoder-decoder: Ferrando et al.
    2022, arXiv 2205.11631.

    >>> import torch
    >>> from attnwidget import Trace
    >>> identity = Trace.from_weights([torch.eye(3)[None]] * 4, ["a", "b", "c"])
    >>> bool((torch.tensor(rollout(identity).values) == torch.eye(3)).all())
    True
    """
    residual = check_share("residual", residual, "(attention alone) to 1")
    discard = check_share("discard", discard, "(nothing) to 1")
    _check_choices(fusion, null)
    crossing = cross_rollout.crossing(trace, part)
    queries, keys = trace.tokens(part)
    found = _followed(trace, query, part, fused_rows(fusion, discard), residual)
    recipe = f"{crossing.recipe if crossing else 'attention rollout'}, heads fused by {fusion}, residual {residual:g}"
    recipe += _left_out(discard, queries, keys) + (f", {crossing.shares(residual)}" if crossing else "")
    recipe += ", not normalised further"
    if null is not None:
        even = _followed(trace, query, part, _uniform, residual)
        found = found / even.clamp_min(torch.finfo(torch.float32).tiny)
        recipe += ", divided by the rollout of uniform attention"
    recipe += said_setting(trace, part)
    if query is None:
        return TokenMap(found.numpy(), recipe, queries.pieces, keys.pieces)
    return TokenScores(found[0].numpy(), recipe, keys.pieces)


@measure
def uniform_rollout(trace: Trace, *, query: Any = None, part: str | None = None) -> TokenMap | TokenScores:
    """The rollout of attention that is even on all visible keys: (query key), or (key) of one query.

    What `rollout` gives whatever the model attends to: where tokens stand, and nothing else. Raises what it raises.
    """
    queries, keys = trace.tokens(part)
    found = _followed(trace, query, part, _uniform, 0.5).numpy()
    recipe = f"rollout of uniform attention, residual 0.5, not normalised further{said_setting(trace, part)}"
    if query is None:
        return TokenMap(found, recipe, queries.pieces, keys.pieces)
    return TokenScores(found[0], recipe, keys.pieces)


def _followed(trace: Trace, query: Any, part: str | None, reading: BlockReader, residual: float) -> AttentionMap:
    crossing = cross_rollout.crossing(trace, part)
    blocks = () if crossing else own_blocks(trace, part, "Rollout")
    queries, keys = trace.tokens(part)
    rows = asked_rows(query, len(queries), "rollout")
    refuse_padding(query, rows, queries)
    counted = read_rows(keys)
    if crossing is not None:
        return cross_rollout.followed(crossing, trace.part_blocks(part)[0].part, rows, reading, residual)
    return widened(carried(started(rows, counted), blocks, counted, reading, residual), counted, len(keys))


def _check_choices(fusion: Any, null: Any) -> None:
    check_fusion(fusion)
    if null is not None and not (isinstance(null, str) and null == "uniform"):
        raise AttnWidgetError(f"There is no null model {null!r}. Give None or 'uniform'.")


def _left_out(discard: float, queries: Tokens, keys: Tokens) -> str:
    lowest = f", the lowest {discard:g} of every layer's entries discarded" if discard else ""
    return lowest + (", padding left out" if any(queries.padding) or any(keys.padding) else "")


def _uniform(block: Block, queries: Queries, keys: CountedKeys) -> RowsOnDemand:
    def some(chosen: Indices) -> AttentionMap:
        seen = visible(block, queries[chosen])[:, keys].float()
        return seen / seen.sum(-1, keepdim=True).clamp_min(1)

    return some
