"""One pass over the maps of all heads, a portion at a time: the basis of every statistic of heads."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from attnwidget.engine import Block, Tokens, Trace, exactly, visible, weights
from attnwidget.errors import AttnWidgetError, NotNumbers
from attnwidget.measures.rows import read_rows, tiles
from attnwidget.shapes import Indices, LayerMaps


@dataclass(frozen=True, eq=False)
class Portion:
    """Some rows of some heads of one layer: `maps` is (head query key), of the queries numbered `rows`."""

    block: Block
    heads: list[int]
    rows: Indices
    maps: LayerMaps
    queries: Tokens
    keys: Tokens

    @cached_property
    def visible(self) -> Bool[Tensor, "query key"]:
        """Which keys each query may attend to, in any head; padding is excluded.

        For given weights, only causality and sliding windows are inferred from zeros (`from_weights.masked`).
        """
        return visible(self.block, self.rows) & ~torch.tensor(self.keys.padding, dtype=torch.bool, device="cpu")

    @cached_property
    def reads(self) -> Bool[Tensor, "head query"]:
        """Which rows attend to anything: not queries that may attend to nothing, nor rows given as NaN or zeros."""
        every = torch.ones(self.maps.shape[:2], dtype=torch.bool, device="cpu")
        # With a sink outside the text, all of a row may go there, which still counts.
        return self.maps.amax(-1) > 0 if self.block.sinks is None else every

    @cached_property
    def own(self) -> Indices:
        """The key that is the query itself. Raises AttnWidgetError if queries and keys come from two sequences."""
        return own_keys(self.block, self.queries, self.keys, self.rows)


Statistic = Callable[[Portion], Float[Tensor, "head query"]]
"""One number for each row of a portion; NaN if a row has none, as the first token has no previous one."""


def portions(
    trace: Trace,
    part: str | None = None,
    rows: Indices | None = None,
    *,
    chosen_heads: Mapping[int, Sequence[int]] | None = None,
) -> Iterator[Portion]:
    """All rows of all heads of a part that are not padding (or those in `rows`), layer by layer, within one tile.

    `chosen_heads` maps layers to the heads to use; no others are computed. Raises AttnWidgetError for an ambiguous
    part, and NotNumbers for weights that are NaN.
    """
    queries, keys = trace.tokens(part)
    asked = read_rows(queries) if rows is None else rows
    for block in trace.part_blocks(part):
        wanted = range(block.heads) if chosen_heads is None else chosen_heads.get(block.layer, ())
        for together, portion in tiles(block, len(asked)):
            heads = [head for head in together if head in wanted]
            if not heads:
                continue
            chosen = asked[portion]
            maps = weights(block, heads, queries=chosen)
            refuse_nan(maps)
            yield Portion(block, heads, chosen, maps, queries, keys)


def refuse_nan(maps: LayerMaps) -> None:
    """Raise NotNumbers where a weight is no finite number."""
    # Their sum is none either, and takes a thirtieth of the time to ask.
    if not bool(torch.isfinite(maps.sum())) and not bool(torch.isfinite(maps).all()):
        raise NotNumbers


@exactly()
def head_means(
    trace: Trace, part: str | None, statistics: Mapping[str, Statistic], *, also_empty: Collection[str] = ()
) -> dict[str, np.ndarray]:
    """Each statistic of every head, (layer head): the mean over the rows that have one.

    Rows that attend to nothing are skipped, except for the statistics named in `also_empty`. All statistics take one
    pass. NaN for layers without attention, heads that a layer lacks, and heads without any number.
    """
    counts = trace.heads(part)
    sums = {name: np.zeros((len(counts), max(counts))) for name in statistics}
    numbers = {name: np.zeros((len(counts), max(counts))) for name in statistics}
    for portion in portions(trace, part):
        for name, statistic in statistics.items():
            found = statistic(portion)
            if name not in also_empty:
                found = found.masked_fill(~portion.reads, torch.nan)
            layer = portion.block.layer
            sums[name][layer, portion.heads] += found.double().nansum(-1).numpy()
            numbers[name][layer, portion.heads] += (~found.isnan()).sum(-1).numpy()
    with np.errstate(invalid="ignore"):
        return {name: (sums[name] / numbers[name]).astype(np.float32) for name in statistics}


def own_keys(block: Block, queries: Tokens, keys: Tokens, rows: Indices) -> Indices:
    """For each of these queries, the key that is the same token.

    If a prefix came from elsewhere, the queries are the last of the keys. Raises AttnWidgetError for cross-attention,
    whose queries and keys come from two sequences.
    """
    before = queries.place_in(keys)
    if block.part == "cross" or before is None:
        raise AttnWidgetError(
            f"{block!r} attends to another sequence, so no key is the query itself. Choose a self-attention part."
        )
    return rows + before


def reads_itself(trace: Trace, part: str | None) -> bool:
    """Whether the queries and keys of a part are the same text."""
    queries, keys = trace.tokens(part)
    try:
        own_keys(trace.part_blocks(part)[0], queries, keys, read_rows(queries))
    except AttnWidgetError:
        return False
    return True
