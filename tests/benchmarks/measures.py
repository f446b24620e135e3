"""What measures cost: beside the way they are written down in papers, and beside the forward pass."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import scipy.stats
import torch
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_flow

import attnwidget as aw
from attnwidget.engine.trace.recompute import weights
from tests.benchmarks.geometry import HEADS, LAYERS, gpt2_small, token_ids
from tests.benchmarks.report import machine, ms, ratio, table
from tests.benchmarks.timing import alternating

SIZES = {64: 15, 256: 7, 1024: 3}
"""Tokens, and how often each way is timed, in turns with the bare forward pass."""

FLOWS_UP_TO, WHOLE_GRAPH_UP_TO = 256, 64
"""Tokens: one row of 1,024 is a thousand maximum flows, minutes; a graph made anew for each takes ten times as long."""

CAPACITY = 2**30


class Cost(NamedTuple):
    name: str
    tokens: int
    forward_ms: float
    ours_ms: float | None
    naive_ms: float | None


def costs() -> list[Cost]:
    bare = gpt2_small("sdpa")
    model = aw.load(bare)
    found = []
    for size, runs in SIZES.items():
        ids = token_ids(size)
        trace = model.trace(ids)
        for name, (ours, naive) in ways(trace, size).items():
            asked = [lambda ids=ids: bare(ids, use_cache=False), *filter(None, (ours, naive))]
            forward, *taken = alternating(asked, runs)
            found.append(Cost(name, size, forward, taken.pop(0) if ours else None, taken.pop(0) if naive else None))
    return found


def ways(trace: Any, size: int) -> dict[str, tuple[Callable[[], Any] | None, Callable[[], Any] | None]]:
    flows = size <= FLOWS_UP_TO
    return {
        "rollout, one row": (lambda: aw.rollout(trace, query=-1), lambda: naive_rollout(trace)[-1]),
        "rollout, all rows": (lambda: aw.rollout(trace), lambda: naive_rollout(trace)),
        "flow, one row": (
            (lambda: aw.flow(trace, query=-1)) if flows else None,
            (lambda: naive_flow(trace, size)) if size <= WHOLE_GRAPH_UP_TO else None,
        ),
        "norm_weighted, one layer": (lambda: aw.norm_weighted(trace, 5), lambda: naive_norms(trace.block(5))),
        "entropy": (lambda: aw.entropy(trace), lambda: scipy.stats.entropy(every_map(trace), axis=-1).mean(-1)),
        "patterns": (lambda: aw.patterns(trace), None),
        "summary": (lambda: aw.summary(trace), None),
        "diagnose": (lambda: aw.diagnose(trace, [1, 2, 3]), None),
    }


def every_map(trace: Any) -> np.ndarray:
    """(layer head query key): what a measure on a model's attentions begins with."""
    return torch.stack([trace.weights(layer) for layer in range(LAYERS)]).numpy()


def mixed_maps(trace: Any) -> np.ndarray:
    mean = every_map(trace).mean(1)
    return (mean + np.eye(mean.shape[-1], dtype=np.float32)) / 2


def naive_rollout(trace: Any) -> np.ndarray:
    found, *rest = mixed_maps(trace)
    for layer in rest:
        found = layer @ found
    return found


def naive_flow(trace: Any, size: int) -> list[int]:
    """One maximum flow from the top to each key, each over a graph made anew."""
    capacities = (mixed_maps(trace) * CAPACITY).astype(np.int32)
    found = []
    for key in range(size):
        layers, rows, columns = capacities.nonzero()
        nodes = (LAYERS + 1) * size
        graph = csr_array(
            (capacities[layers, rows, columns], ((layers + 1) * size + rows, layers * size + columns)), (nodes, nodes)
        )
        found.append(maximum_flow(graph, nodes - 1, key).flow_value)
    return found


def naive_norms(block: Any) -> torch.Tensor:
    """The vector of every pair of tokens, and its length: query x key x width numbers."""
    out = block.projection.weight.shape[0]
    written = block.projection.weight.reshape(out, HEADS, -1)
    vectors = torch.einsum("hkd,ohd->hko", block.v[0], written)
    maps = weights(block)
    return torch.einsum("hqk,hko->qko", maps, vectors).norm(dim=-1)


def section() -> str:
    with torch.no_grad():
        found = costs()
    columns = [
        "measure",
        "tokens",
        "ours / as written down",
        "ours / forward pass",
        "ours",
        "as written down",
        "forward",
    ]
    rows = [
        [
            cost.name,
            f"{cost.tokens:,}",
            ratio(cost.ours_ms / cost.naive_ms if cost.ours_ms and cost.naive_ms else None),
            ratio(cost.ours_ms / cost.forward_ms if cost.ours_ms else None),
            ms(cost.ours_ms),
            ms(cost.naive_ms),
            ms(cost.forward_ms),
        ]
        for cost in sorted(found, key=lambda cost: [*ways(None, 0)].index(cost.name))
    ]
    return f"""GPT-2 small's geometry ({LAYERS} layers x {HEADS} heads), random weights, a trace at hand; the quickest runs, taken in turns. As written down: all
maps of all heads at once, then the formula in numpy, scipy or torch; of flow one graph for each key, of norms one vector for each pair
of tokens. Flow of one row at 1,024 tokens is a thousand maximum flows and left out.

{table(columns, rows)}
{machine("scipy")}
"""
