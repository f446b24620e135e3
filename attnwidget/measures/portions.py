"""One pass over the maps of all heads, a portion at a time: the basis of every statistic of heads."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from attnwidget.engine import Block, Tokens, Trace, exactly, joined, visible, weights
from attnwidget.errors import AttnWidgetError, NotNumbers
from attnwidget.measures.given_trace import part_named
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
    texts = trace.tokens(part)
    asked = read_rows(texts[0]) if rows is None else rows
    for block in trace.part_blocks(part):
        wanted = None if chosen_heads is None else chosen_heads.get(block.layer, ())
        yield from _of_block(block, asked, texts, wanted)


def _of_block(
    block: Block, rows: Indices, texts: tuple[Tokens, Tokens], wanted: Sequence[int] | None = None
) -> Iterator[Portion]:
    queries, keys = texts
    for together, portion in tiles(block, len(rows)):
        heads = together if wanted is None else [head for head in together if head in wanted]
        if not heads:
            continue
        chosen = rows[portion]
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
    trace: Trace,
    part: str | None,
    statistics: Mapping[str, Statistic],
    *,
    also_empty: Collection[str] = (),
    layers_apart: bool = False,
) -> dict[str, np.ndarray]:
    """Each statistic of every head, (layer head): the mean over the rows that have one.

    Rows that attend to nothing are skipped, except for the statistics named in `also_empty`. All statistics take one
    pass. Small layers that are alike share a portion, whose block has neither values nor projection, unless `layers_apart`.
    NaN for layers without attention, heads that a layer lacks, and heads without any number.
    """
    counts, texts = trace.heads(part), trace.tokens(part)
    rows, blocks = read_rows(texts[0]), trace.part_blocks(part)
    shape = len(statistics), len(counts), max(counts)
    sums = torch.zeros(shape, dtype=torch.float64, device="cpu")
    numbers = torch.zeros(shape, dtype=torch.float64, device="cpu")
    skips = torch.tensor([[[name not in also_empty]] for name in statistics], dtype=torch.bool, device="cpu")
    together = ((block, (block,)) for block in blocks) if layers_apart else joined(blocks, len(rows))
    for block, own in together:
        where = [(one.layer, head) for one in own for head in range(one.heads)]
        for portion in _of_block(block, rows, texts):
            found = torch.stack([statistic(portion) for statistic in statistics.values()])
            found.masked_fill_(skips & ~portion.reads, torch.nan)
            layers, heads = zip(*(where[head] for head in portion.heads), strict=True)
            sums[:, layers, heads] += found.double().nansum(-1)
            numbers[:, layers, heads] += (~found.isnan()).sum(-1)
    means = (sums / numbers).float().numpy()
    return dict(zip(statistics, means, strict=True))


def own_keys(block: Block, queries: Tokens, keys: Tokens, rows: Indices) -> Indices:
    """For each of these queries, the key that is the same token.

    If a prefix came from elsewhere, the queries are the last of the keys. Raises AttnWidgetError for cross-attention,
    whose queries and keys come from two sequences.
    """
    before = queries.place_in(keys)
    if block.part == "cross" or before is None:
        raise AttnWidgetError(
            f"In {part_named(block)} a query attends to another sequence, so no key is the query itself. Choose a part with "
            "self-attention."
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
