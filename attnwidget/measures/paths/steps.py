"""The layers of a model in sequence: which blocks, which rows, and what a step through one of them is."""

from collections.abc import Callable
from typing import Any, TypeAlias

import torch
from jaxtyping import Float, Int
from torch import Tensor

from attnwidget.arguments import share_or_none, whole_number
from attnwidget.engine import Block, Tokens, indices, rows_together
from attnwidget.errors import AttnWidgetError, NotNumbers
from attnwidget.measures.paths.fusion import fused, without_lowest
from attnwidget.shapes import AttentionMap, Indices

Queries: TypeAlias = Int[Tensor, " query"]
CountedKeys: TypeAlias = Int[Tensor, " key"]
"""The numbers of the tokens that count: those that are not padding."""

RowsOnDemand: TypeAlias = Callable[[Indices], AttentionMap]
"""Any rows of one map, on demand."""

BlockReader: TypeAlias = Callable[[Block, Queries, CountedKeys], RowsOnDemand]
"""How a block becomes one map of the queries and keys that count."""


def check_share(name: str, share: Any, span: str) -> float:
    """A number from 0 to 1 as a Python float. Raises AttnWidgetError for anything else."""
    number = share_or_none(share)
    if number is None:
        raise AttnWidgetError(f"{name}={share!r} is not valid: give a number from 0 {span}.")
    return number


def asked_rows(query: Any, size: int, measure: str) -> Indices:
    """The chosen row, or all rows. Raises AttnWidgetError for anything but a single token or None."""
    number = whole_number(query)
    if query is not None and number is None:
        raise AttnWidgetError(f"query={query!r} is not a single token. For several, take rows of {measure}(trace).")
    return indices(number, size, "query")


def refuse_padding(query: Any, rows: Indices, text: Tokens) -> None:
    """Raise AttnWidgetError if the single chosen token is padding."""
    if query is not None and text.padding[int(rows[0])]:
        raise AttnWidgetError(
            f"Query {int(rows[0])} attends to nothing: padding, or a row of NaN. Choose a token of the text."
        )


def fused_rows(fusion: str, discard: float = 0.0) -> BlockReader:
    """The heads of a block fused, a few rows at a time. Raises NotNumbers for NaN."""

    def read(block: Block, queries: Queries, keys: CountedKeys) -> RowsOnDemand:
        def some(chosen: Indices) -> AttentionMap:
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


def carried(
    found: AttentionMap, blocks: tuple[Block, ...], counted: CountedKeys, reading: BlockReader, residual: float
) -> AttentionMap:
    """These rows times the product over all layers, from the top down: cheap for a single row."""
    for block in reversed(blocks):
        found = stepped(found, reading(block, counted, counted), residual)
    return found


def stepped(found: AttentionMap, rows: RowsOnDemand, residual: float) -> AttentionMap:
    """These rows times one layer's map, of which only a few rows exist at a time."""
    size = found.shape[1]
    below = torch.zeros_like(found)
    for chosen in portioned(size, size):
        reaching = found[:, chosen]
        if bool(reaching.any()):
            below.addmm_(reaching, mixed(rows(chosen), chosen, residual))
    return below


def portioned(size: int, width: int) -> tuple[Indices, ...]:
    """The numbers of all rows of a map, in portions that stay within one tile."""
    return indices(None, size, "query").split(rows_together(width))


def mixed(fused_rows: AttentionMap, chosen: Queries, residual: float) -> AttentionMap:
    """rownorm(residual I + (1 - residual) fused) of the rows numbered `chosen`."""
    found = (1 - residual) * fused_rows
    found[torch.arange(len(chosen), device="cpu"), chosen] += residual
    # Rows of models with sinks, and fusions other than the mean, do not sum to 1.
    return found / found.sum(-1, keepdim=True).clamp_min(torch.finfo(torch.float32).tiny)


def started(rows: Queries, counted: CountedKeys) -> AttentionMap:
    """One row for each chosen token, with 1 at its place among the tokens that count: rows of padding are 0."""
    return (rows[:, None] == counted).float()


def widened(found: AttentionMap, counted: CountedKeys, size: int) -> Float[Tensor, "query token"]:
    """Columns for all tokens again, with 0 for padding."""
    if len(counted) == size:
        return found
    whole = torch.zeros(len(found), size, dtype=torch.float32, device="cpu")
    whole[:, counted] = found
    return whole
