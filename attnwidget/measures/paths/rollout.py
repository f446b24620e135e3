"""Attention followed through all layers: how much of each input reaches each output."""

from collections.abc import Callable
from typing import Any, TypeAlias

import torch
from jaxtyping import Float, Int
from torch import Tensor

from attnwidget.arguments import share_or_none, whole_number
from attnwidget.engine.text.tokens import Tokens
from attnwidget.engine.trace.recompute import TILE, indices, visible
from attnwidget.engine.trace.records import Block
from attnwidget.engine.trace.trace import Trace
from attnwidget.errors import AttnWidgetError, NotNumbers
from attnwidget.measures.given_trace import require_trace, said_part
from attnwidget.measures.paths.fusion import check_fusion, fused, without_lowest
from attnwidget.measures.results import TokenMap, TokenScores
from attnwidget.measures.rows import read_rows
from attnwidget.shapes import HeadMap, Indices

Queries: TypeAlias = Int[Tensor, " query"]
Keys: TypeAlias = Int[Tensor, " key"]
"""The numbers of the tokens that count: those that are not padding."""

Rows: TypeAlias = Callable[[Indices], HeadMap]
"""Any rows of one map, on demand."""

Reading: TypeAlias = Callable[[Block, Queries, Keys], Rows]
"""How a block becomes one map of the queries and keys that count."""


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

    Without `query` the whole (query key) matrix, whose rows sum to 1; with it that token's row (key), which costs
    O(layers n^2) instead of O(layers n^3). The newest layer stands on the left. MLPs and norms are ignored. Padding is
    left out before anything is computed: its rows and columns are 0.

    `discard` sets that share of the entries of every layer's fused map to 0, the lowest first, before the residual is
    added (see `fusion.without_lowest`): masked entries count among the lowest, so of a causal map about half are gone
    before a weight is. It takes a whole (query key) map of one layer at a time, also for a single row.

    `null="uniform"` divides by the same rollout of uniform attention over the visible keys: a causal rollout collapses
    on the first token whatever the text says, and the ratio (1 = as in that null model) is what is left. Nothing is
    discarded from the null model: all keys of its rows are equal, so only the order of the tokens could decide which
    go. The ratio is ours, not the paper's.

    Of an encoder-decoder, part "cross" is what reaches a target token from the source (target query, source key), and
    "decoder" what reaches it from the target itself; the rows of both together sum to 1. With a fixed residual the
    source's share is 1 - residual^layers for every token, so only compare within a row. See `cross_rollout`.

    Raises AttnWidgetError for maps that are not square, parts that read another sequence without a decoder beside them,
    a query that is padding, and unknown options; NotNumbers for weights that are NaN.
    Source: Abnar & Zuidema 2020, arXiv 2005.00928; discard: jacobgil/vit-explain; encoder-decoder: Ferrando et al. 2022,
    arXiv 2205.11631.

    >>> import torch
    >>> from attnwidget import Trace
    >>> identity = Trace.from_weights([torch.eye(3)[None]] * 4, ["a", "b", "c"])
    >>> bool((torch.tensor(rollout(identity).values) == torch.eye(3)).all())
    True
    """
    # That module is made of what is here.
    from attnwidget.measures.paths import cross_rollout

    require_trace(trace)
    residual = check_share("residual", residual, "(attention alone) to 1")
    discard = check_share("discard", discard, "(nothing) to 1")
    _check_choices(fusion, null)
    crossing = cross_rollout.crossing(trace, part)
    blocks = () if crossing else own_blocks(trace, part, "Rollout")
    queries, keys = trace.tokens(part)
    rows = asked_rows(query, len(queries), "rollout")
    refuse_padding(query, rows, queries)
    counted = read_rows(keys)

    def follow(reading: Reading) -> HeadMap:
        if crossing is not None:
            return cross_rollout.followed(crossing, trace.part_blocks(part)[0].part, rows, reading, residual)
        return widened(carried(started(rows, counted), blocks, counted, reading, residual), counted, len(keys))

    found = follow(fused_rows(fusion, discard))
    recipe = f"{crossing.recipe if crossing else 'attention rollout'}, heads fused by {fusion}, residual {residual:g}"
    recipe += _left_out(discard, queries, keys) + (f", {crossing.shares(residual)}" if crossing else "")
    recipe += ", not normalised further"
    if null is not None:
        found = found / follow(_uniform).clamp_min(torch.finfo(torch.float32).tiny)
        recipe += ", divided by the rollout of uniform attention"
    recipe += said_part(trace, part)
    if query is None:
        return TokenMap(found.numpy(), recipe, queries.pieces, keys.pieces)
    return TokenScores(found[0].numpy(), recipe, keys.pieces)


def _check_choices(fusion: Any, null: Any) -> None:
    check_fusion(fusion)
    if null is not None and not (isinstance(null, str) and null == "uniform"):
        raise AttnWidgetError(f"There is no null model {null!r}. Give None or 'uniform'.")


def _left_out(discard: float, queries: Tokens, keys: Tokens) -> str:
    lowest = f", the lowest {discard:g} of every layer's entries discarded" if discard else ""
    return lowest + (", padding left out" if any(queries.padding) or any(keys.padding) else "")


def own_blocks(trace: Trace, part: str | None, measure: str) -> tuple[Block, ...]:
    """The layers of a part whose tokens read each other. Raises AttnWidgetError for any other part."""
    blocks = trace.part_blocks(part)
    texts = trace.tokens(part)
    for block in blocks:
        _, queries, keys = block.shape
        if queries != keys or queries != len(texts[1]):
            raise AttnWidgetError(
                f"{measure} needs square maps of all {len(texts[1])} tokens; {block!r} is {queries} x {keys}. Choose a "
                "self-attention part."
            )
    if blocks[0].part == "cross" or not same_text(*texts):
        raise AttnWidgetError(
            f"{measure} follows one text through its layers, and {blocks[0]!r} reads another sequence than its own. "
            "Choose a self-attention part."
        )
    return blocks


def same_text(one: Tokens, other: Tokens) -> bool:
    """Whether these are the same tokens, whatever is marked as padding."""
    return one is other or (one.ids, one.pieces) == (other.ids, other.pieces)


def check_share(name: str, share: Any, span: str) -> float:
    """A number of any kind from 0 to 1, as a plain one. Raises AttnWidgetError for anything else."""
    number = share_or_none(share)
    if number is None:
        raise AttnWidgetError(f"{name}={share!r} is no share. Give a number from 0 {span}.")
    return number


def asked_rows(query: Any, size: int, measure: str) -> Indices:
    """The row that is asked for, or all. Raises AttnWidgetError for what is not one token."""
    number = whole_number(query)
    if query is not None and number is None:
        raise AttnWidgetError(
            f"query={query!r} is not one token. For several, take rows of the whole {measure}(trace)."
        )
    return indices(number, size, "query")


def refuse_padding(query: Any, rows: Indices, text: Tokens) -> None:
    """Raises AttnWidgetError where the one token that is asked for is padding."""
    if query is not None and text.padding[int(rows[0])]:
        raise AttnWidgetError(f"Query {int(rows[0])} is padding, which reads nothing. Choose a token of the text.")


def fused_rows(fusion: str, discard: float = 0.0) -> Reading:
    """The heads of a block fused, a few rows at a time; raises NotNumbers as it meets NaN."""

    def read(block: Block, queries: Queries, keys: Keys) -> Rows:
        def some(chosen: Indices) -> HeadMap:
            found = fused(block, fusion, queries[chosen])
            found = found if len(keys) == found.shape[1] else found[:, keys]
            if not bool(torch.isfinite(found).all()):
                raise NotNumbers
            return found

        if not discard:
            return some
        whole = without_lowest(some(indices(None, len(queries), "query")), discard)
        return lambda chosen: whole[chosen]

    return read


def carried(found: HeadMap, blocks: tuple[Block, ...], counted: Keys, reading: Reading, residual: float) -> HeadMap:
    """These rows times the product over all layers, from the top down: cheap for a single row."""
    for block in reversed(blocks):
        found = stepped(found, reading(block, counted, counted), residual)
    return found


def stepped(found: HeadMap, rows: Rows, residual: float) -> HeadMap:
    """These rows times one layer's map, of which only a few rows are there at a time."""
    size = found.shape[1]
    below = torch.zeros_like(found)
    for chosen in portioned(size, size):
        reaching = found[:, chosen]
        if bool(reaching.any()):
            below.addmm_(reaching, mixed(rows(chosen), chosen, residual))
    return below


def portioned(size: int, width: int) -> tuple[Indices, ...]:
    """The numbers of all rows of a map, in portions that stay within one tile."""
    return indices(None, size, "query").split(max(1, TILE // max(1, width)))


def mixed(fused_rows: HeadMap, chosen: Queries, residual: float) -> HeadMap:
    """rownorm(residual I + (1 - residual) fused) of the rows numbered `chosen`."""
    found = (1 - residual) * fused_rows
    found[torch.arange(len(chosen), device="cpu"), chosen] += residual
    # Rows of models with sinks, and fusions other than the mean, do not sum to 1.
    return found / found.sum(-1, keepdim=True).clamp_min(torch.finfo(torch.float32).tiny)


def started(rows: Queries, counted: Keys) -> HeadMap:
    """One row for each token that is asked for, 1 where it stands among those that count: rows of padding are 0."""
    return (rows[:, None] == counted).float()


def widened(found: HeadMap, counted: Keys, size: int) -> Float[Tensor, "query token"]:
    """Columns for all tokens again: those of padding are 0."""
    if len(counted) == size:
        return found
    whole = torch.zeros(len(found), size, dtype=torch.float32, device="cpu")
    whole[:, counted] = found
    return whole


def _uniform(block: Block, queries: Queries, keys: Keys) -> Rows:
    def some(chosen: Indices) -> HeadMap:
        seen = visible(block, queries[chosen])[:, keys].float()
        return seen / seen.sum(-1, keepdim=True).clamp_min(1)

    return some
