"""Attention as a flow network: the most that can flow from one token down to each input token."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Int32

from attnwidget.arguments import truth_of
from attnwidget.engine import Block, Tokens, Trace, go_on, indices
from attnwidget.measures.given_trace import own_blocks, said_setting, same_text
from attnwidget.measures.measure import measure
from attnwidget.measures.paths.fusion import check_fusion
from attnwidget.measures.paths.steps import asked_rows, check_share, fused_rows, mixed, portioned, refuse_padding
from attnwidget.measures.results import TokenMap, TokenScores
from attnwidget.measures.rows import read_rows
from attnwidget.shapes import Indices

UNIT = 2**30
"""A capacity of 1 as an integer. What leaves a token sums to 1, so flows stay below the limit of int32, 2^31."""

SMALL_NETWORK = 8000
"""Pipes. A network with at most this many is solved as a whole: finding the relevant ones would take longer."""

_EVERY = 8
"""Problems between two reports of progress."""


@measure
def flow(
    trace: Trace,
    *,
    query: Any = None,
    part: str | None = None,
    fusion: str = "mean",
    residual: Any = 0.5,
    normalise: Any = True,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> TokenMap | TokenScores:
    """Attention flow: the maximum flow from a token in the top layer down to each input token.

    The capacities are the maps of rollout, rownorm(residual I + (1 - residual) fused heads). With `query`, the result
    is that token's row (key); without it, the whole matrix (query key), row by row. Each key is a problem of its own:
    flows to two keys compete for the same pipes, so a raw row (`normalise=False`, each number from 0 to 1, never less
    than rollout's) sums to more than 1. `normalise` divides it by its sum, as the paper's code does. Padding is left
    out before anything is computed: its rows and columns are 0. Exact to about 1e-6.

    One row takes about layers x n^2 steps for each of its n keys: on one core and for 12 layers about 0.1 s at 64
    tokens and 2 to 4 s at 256; the whole matrix takes up to n times as long. Memory: 6 bytes x layers x n^2, no more
    than one layer's heads at a time. `progress(done, total)` counts keys, of all rows, every few of them and after every
    row.

    For an encoder-decoder, part "decoder" is followed through its self-attention alone: cross-attention is left out,
    and the recipe says so; `rollout` follows both.

    Raises AttnWidgetError for maps that are not square, cross-attention, a query that is padding, and unknown options;
    NotNumbers for weights that are NaN.
    Source: Abnar & Zuidema 2020, arXiv 2005.00928.

    >>> import torch
    >>> from attnwidget import Trace
    >>> uniform = Trace.from_weights([torch.full((1, 3, 3), 1 / 3)] * 2, ["a", "b", "c"])
    >>> [round(float(value), 4) for value in flow(uniform, query=0, normalise=False).values]
    [1.0, 0.5, 0.5]
    """
    residual = check_share("residual", residual, "(attention alone) to 1")
    check_fusion(fusion)
    blocks = own_blocks(trace, part, "Flow")
    text = trace.tokens(part)[1]
    normalise = truth_of("normalise", normalise)
    rows, counted = asked_rows(query, len(text), "flow"), read_rows(text)
    refuse_padding(query, rows, text)
    found = np.zeros((len(rows), len(text)), np.float32)
    if len(counted):
        network = _network(blocks, counted, fusion, residual)
        place = {token: at for at, token in enumerate(counted.tolist())}
        for done, token in enumerate(rows.tolist()):
            if token in place:
                watch = _Watch(progress, done * len(counted), len(rows) * len(counted))
                found[done, counted.numpy()] = _row(network, place[token], watch)
            progress((done + 1) * len(counted), len(rows) * len(counted))
    if normalise:
        found /= np.maximum(found.sum(-1, keepdims=True), np.finfo(np.float32).tiny)
    recipe = f"attention flow (maximum flow to each key separately), heads fused by {fusion}, residual {residual:g}"
    recipe += ", padding left out" if any(text.padding) else ""
    recipe += ", cross-attention left out" if _reads_a_source(trace, text) else ""
    recipe += (", each row divided by its sum" if normalise else ", not normalised") + said_setting(trace, part)
    if query is None:
        return TokenMap(found, recipe, text.pieces, text.pieces)
    return TokenScores(found[0], recipe, text.pieces)


def _reads_a_source(trace: Trace, text: Tokens) -> bool:
    return "cross" in trace.parts and same_text(trace.tokens("cross")[0], text)


@dataclass(frozen=True, eq=False)
class _Network:
    """The capacities between adjacent levels of nodes, in units, bottom first, and where they are not 0.

    Node (level, token) has the number level * tokens + token; the inputs are level 0.
    """

    capacities: Int32[np.ndarray, "layer query key"]
    edges: Bool[np.ndarray, "layer query key"]


@dataclass(frozen=True)
class _Watch:
    progress: Callable[[int, int], None]
    before: int
    total: int

    def look(self, done: int) -> None:
        """Raise Cancelled if the result is no longer wanted."""
        go_on()
        if done and done % _EVERY == 0:
            self.progress(self.before + done, self.total)


def _network(blocks: tuple[Block, ...], counted: Indices, fusion: str, residual: float) -> _Network:
    size = len(counted)
    capacities = np.empty((len(blocks), size, size), np.int32)
    every = indices(None, size, "query")
    for layer, block in enumerate(blocks):
        rows = fused_rows(fusion)(block, counted, every if len(counted) == block.shape[2] else counted)
        for chosen in portioned(size, size):
            step = mixed(rows(chosen), chosen, residual).double()
            capacities[layer, chosen.numpy()] = torch.round(step * UNIT).numpy()
    return _Network(capacities, capacities > 0)


def _row(network: _Network, query: int, watch: _Watch) -> np.ndarray:
    """The maximum flow from one token to every input, as a share of what leaves it."""
    edges, capacities = network.edges, network.capacities
    depth, size, _ = edges.shape
    reached = np.zeros((depth + 1, size), bool)
    reached[depth, query] = True
    for level in reversed(range(depth)):
        reached[level] = edges[level][reached[level + 1]].any(0)
    usable = edges & reached[1:, :, None]
    usable[0] = False  # except those into the key
    whole = np.count_nonzero(usable) <= SMALL_NETWORK
    if not whole:
        # A first solution may use residual pipes and those that leave the query.
        stays = np.eye(size, dtype=bool)
        stays[query] = True
        usable &= stays
    # The flow is bounded by what leaves the query, and by what enters the key from nodes that the query reaches.
    most = np.minimum(
        capacities[-1, query].sum(dtype=np.int64), capacities[0, reached[1]].sum(0, dtype=np.int64)
    ).tolist()
    found = np.zeros(size, np.float32)
    for key in range(size):
        watch.look(key)
        if reached[0, key]:
            found[key] = min(1.0, _to_key(network, usable, query, key, None if whole else most[key]) / UNIT)
    return found


def _to_key(
    network: _Network, first: Bool[np.ndarray, "layer query key"], query: int, key: int, most: int | None
) -> int:
    """One maximum flow in units, in a subnetwork that is grown until its maximum is that of the whole.

    The minimum cut of the subnetwork bounds the flow through the whole network once no omitted pipe crosses it; until
    then the crossing pipes are added, to `first` as well. `most` is a bound known beforehand; None if `first` is the
    whole.
    """
    used = first.copy()
    used[:, :, key] |= network.edges[:, :, key]
    while True:
        graph, solved = _solved(network.capacities, used, query, key)
        total = int(solved.flow_value)
        if most is None or total == most:
            return total
        before = used.copy()
        if not _added(network.edges, used, _above(graph - solved.flow, used.shape, query), key):
            return total
        first[1:] |= (used & ~before)[1:]  # the next key is likely to need them too


def _solved(
    capacities: Int32[np.ndarray, "layer query key"], used: Bool[np.ndarray, "layer query key"], query: int, key: int
) -> tuple[Any, Any]:
    """The used pipes as a sparse array (from node, to node), and scipy's maximum flow through them."""
    # Imported here, so that only flow waits for it.
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import maximum_flow

    depth, size, _ = used.shape
    nodes = (depth + 1) * size
    flat = np.flatnonzero(used)
    upper, token = flat // size + size, flat % size
    lower = (upper // size - 1) * size + token
    starts = np.searchsorted(upper, np.arange(nodes + 1)).astype(np.int32)
    graph = csr_array((capacities.reshape(-1)[flat], lower.astype(np.int32), starts), shape=(nodes, nodes))
    return graph, maximum_flow(graph, depth * size + query, key, method="dinic")


def _above(left: Any, shape: tuple[int, ...], query: int) -> Bool[np.ndarray, "level token"]:
    """The nodes above the minimum cut: those still reachable through remaining capacity."""
    from scipy.sparse.csgraph import breadth_first_order

    depth, size, _ = shape
    left.eliminate_zeros()
    reached = np.zeros((depth + 1) * size, bool)
    reached[breadth_first_order(left, depth * size + query, return_predecessors=False)] = True
    return reached.reshape(depth + 1, size)


def _added(
    edges: Bool[np.ndarray, "layer query key"],
    used: Bool[np.ndarray, "layer query key"],
    reached: Bool[np.ndarray, "level token"],
    key: int,
) -> bool:
    """Add the pipes that cross the cut and are not used yet; whether there were any."""
    found = False
    for level in range(len(edges)):
        above = np.flatnonzero(reached[level + 1])
        below = np.flatnonzero(~reached[level]) if level else np.array([key])
        if not len(above) or not len(below):
            continue
        across = np.ix_(above, below)
        new = edges[level][across] & ~used[level][across]
        if new.any():
            found = True
            used[level][across] |= new
    return found
