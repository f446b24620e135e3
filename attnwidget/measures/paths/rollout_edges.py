"""Rollout, edge by edge: how much of what reaches one output passes each edge between two layers."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from attnwidget.engine import Tokens, Trace, go_on
from attnwidget.measures.given_trace import own_blocks, said_setting
from attnwidget.measures.heads.sinks import sink_tokens, unmasked_readers
from attnwidget.measures.measure import measure
from attnwidget.measures.paths.steps import (
    RowsOnDemand,
    asked_rows,
    fused_rows,
    mixed,
    portioned,
    refuse_padding,
    started,
)
from attnwidget.measures.rows import read_rows
from attnwidget.shapes import Indices

RESIDUAL = 0.5
"""The share of the residual connection, as `rollout` takes it."""

STRONGEST = 400
"""Edges kept per layer: more cannot be told apart, and the rest are summed up."""


@dataclass(frozen=True, eq=False, repr=False)
class RolloutEdges:
    """Edges of every attention layer, lowest layer first, strongest edge first, and what reaches each token.

    An edge goes from token `sources` below to token `targets` above its layer and carries `shares` of the whole;
    `layers` numbers its layer. `reached` (level token) is the share that passes each token: level 0 is the input, the
    last level the output, where the chosen token has all of it. `kept` is the total of the kept edges of each layer.
    """

    layers: Int[np.ndarray, " edge"]
    sources: Int[np.ndarray, " edge"]
    targets: Int[np.ndarray, " edge"]
    shares: Float[np.ndarray, " edge"]
    reached: Float[np.ndarray, "level token"]
    attending: tuple[int, ...]
    kept: tuple[float, ...]
    recipe: str

    def __len__(self) -> int:
        return len(self.shares)

    def __repr__(self) -> str:
        return f"RolloutEdges({len(self)} edges in {len(self.attending)} layers; {self.recipe})"


@measure
def rollout_edges(
    trace: Trace, query: Any, *, part: str | None = None, sinks: Literal["show", "hide"] = "show"
) -> RolloutEdges:
    """How much of what reaches the token `query` passes each edge of each layer, from the output down to the inputs.

    With r the row of rollout above a layer and A' = rownorm((I + A) / 2) its mixed map, A the mean of its heads, the edge
    from token j to token i carries r_i A'_ij, and what it leaves at j is the row below. Edges of a layer sum to 1, and the
    lowest level is `rollout(trace, query=query)`. Of a layer the 400 strongest edges are kept. With sinks="hide", what the
    mean of a layer's heads puts on its sinks moves nothing: it is left out of A before the rows are divided by their sums.
    Raises what `rollout` raises.
    Source: Abnar & Zuidema 2020, arXiv 2005.00928; the split by edges is ours.

    >>> import attnwidget as aw
    >>> trace = aw.load().trace("The cat sat on the mat.")
    >>> edges = rollout_edges(trace, -1)
    >>> bool(np.allclose(edges.reached[0], aw.rollout(trace, query=-1), atol=1e-6)), edges.attending
    (True, (0, 1, 2, 3))
    """
    return followed_edges(trace, query, part, sinks)


def followed_edges(
    trace: Trace,
    query: Any,
    part: str | None,
    sinks: Literal["show", "hide"],
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> RolloutEdges:
    """The same; `progress` hears after each layer how many are done, and of how many."""
    blocks = own_blocks(trace, part, "Rollout")
    tokens, _ = trace.tokens(part)
    rows = asked_rows(query, len(tokens), "rollout")[:1]
    refuse_padding(query, rows, tokens)
    counted = read_rows(tokens)
    reading = fused_rows("mean")
    reached = torch.zeros(len(blocks) + 1, len(tokens), dtype=torch.float32, device="cpu")
    above = started(rows, counted)[0]
    reached[-1, counted] = above
    found: list[tuple[np.ndarray, ...]] = []
    for level, block in reversed(list(enumerate(blocks))):
        go_on()
        read = reading(block, counted, counted)
        if sinks == "hide":
            read = _without(read, _sinks(read, counted, tokens, causal=block.causal))
        layer = [
            _strongest(above[chosen, None] * mixed(read(chosen), chosen, RESIDUAL), chosen)
            for chosen in portioned(len(counted), len(counted))
            if bool(above[chosen].any())
        ]
        above = sum((sums for *_, sums in layer), torch.zeros(len(counted), dtype=torch.float32, device="cpu"))
        reached[level, counted] = above
        shares, sources, targets = (torch.cat([portion[at] for portion in layer]) for at in range(3))
        order = shares.argsort(descending=True, stable=True)[:STRONGEST]
        order = order[shares[order] > 0]
        ends = (counted[sources[order]].numpy(), counted[targets[order]].numpy())
        found.append((np.full(len(order), block.layer), *ends, shares[order].numpy()))
        progress(len(found), len(blocks))
    found.reverse()
    layers, sources_of, targets_of, shares_of = (np.concatenate(columns) for columns in zip(*found, strict=True))
    return RolloutEdges(
        layers=layers.astype(np.int64),
        sources=sources_of,
        targets=targets_of,
        shares=shares_of.astype(np.float32),
        reached=reached.numpy(),
        attending=tuple(block.layer for block in blocks),
        kept=tuple(float(columns[-1].sum()) for columns in found),
        recipe=f"attention rollout from the output down, heads fused by mean, residual {RESIDUAL:g}"
        + (", what rests on sinks left out" if sinks == "hide" else "")
        + said_setting(trace, part),
    )


def _sinks(read: RowsOnDemand, counted: Indices, tokens: Tokens, *, causal: bool) -> Int[Tensor, " sink"]:
    """The places among the tokens that count of a layer's sinks."""
    size = len(counted)
    received = torch.zeros(size, dtype=torch.float32, device="cpu")
    for chosen in portioned(size, size):
        rows = read(chosen)
        received += rows.sum(0)
        received[chosen] -= rows.gather(1, chosen[:, None])[:, 0]
    whole = torch.zeros(len(tokens), dtype=torch.float32, device="cpu")
    whole[counted] = received
    found = torch.tensor(
        sink_tokens(whole, tokens, unmasked_readers(tokens, causal=causal)), dtype=torch.long, device="cpu"
    )
    return torch.isin(counted, found).nonzero()[:, 0]


def _without(read: RowsOnDemand, places: Indices) -> RowsOnDemand:
    def some(chosen: Indices) -> torch.Tensor:
        return read(chosen).index_fill(1, places, 0.0)

    return some


def _strongest(edges: torch.Tensor, chosen: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """(shares, sources, targets) of the strongest edges into some tokens, and what each source gives in all."""
    shares, places = edges.flatten().topk(min(STRONGEST, edges.numel()))
    width = edges.shape[1]
    return shares, places % width, chosen[places // width], edges.sum(0)
