"""What the answer changes with, edge by edge: gradients by the attention weights of a layer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from attnwidget.arguments import one_of, whole_from_one
from attnwidget.engine import (
    AttentionModel,
    Block,
    GivenPasses,
    GivenWeights,
    Trace,
    fit_index,
    mean_gradient,
    output_gradients,
    parse_head,
    visible,
    weights,
)
from attnwidget.experiments.effects.answers import Asked, answer_of, logits_at
from attnwidget.experiments.progress import ToldStep, shown_progress
from attnwidget.measures.given_trace import said_setting
from attnwidget.measures.results import TokenMap
from attnwidget.shapes import LayerMaps

BY_WEIGHTS = ("attention x gradient", "integrated")
"""What is given for each edge."""

STARTS = ("zero", "uniform")
"""The attention at which the way of integrated gradients begins."""

CUT_INSTEAD = "Measure by running the model instead (aw.edge_effects)"


@dataclass(frozen=True, eq=False, repr=False)
class AttentionGradient(TokenMap):
    """One number per edge: `values` is (query key).

    `error` is how far integrated gradients, summed over all heads of the layer, are from what the answer loses on the
    whole way; None for attention x gradient.
    """

    error: float | None = None


def attention_gradient(
    model: Any,
    trace: Any,
    layer: Any,
    head: Any = None,
    *,
    answer: Any = None,
    at: Any = None,
    unit: Any = "log probability",
    kind: Any = "attention x gradient",
    steps: Any = 20,
    start: Any = "zero",
    part: str | None = None,
    progress: Any = None,
) -> AttentionGradient:
    """What the answer changes with, to first order, edge by edge: (query key) of one head, or summed over a layer's heads.

    `kind` is "attention x gradient", A dy/dA with its sign, or "integrated": the gradient averaged on the straight way
    from other attention to the head's own, in the middles of `steps` equal parts, times the way. `start` is "zero", or
    "uniform" over the keys that each query may read; all heads of the layer go together, and what follows is computed
    anew. The numbers of all heads then sum to what the answer loses, but for `.error`. Positive edges help the answer.
    `answer`, `at` and `unit` as in `head_effects`.

    Costs a pass and one back; integrated, as many as steps, several as one batch. `progress` as in `token_effects`. An
    estimate: `edge_effects` measures. Raises AttnWidgetError for an answer that the model cannot give, a layer or head that
    does not exist, and where no gradient can be had (quantised weights, attention in code of its own); Cancelled inside
    `stopping_when`.
    Source: Hao et al. 2021 (arXiv 2004.11207), self-attention attribution; the midpoint rule is ours: its error is a
    fiftieth of theirs.

    >>> import attnwidget as aw
    >>> model = aw.load()
    >>> trace = model.trace("The capital of Veldt is Miro. The capital of Veldt is")
    >>> aw.attention_gradient(model, trace, "L1H1").shape
    (12, 12)
    """
    asked = answer_of(model, trace, answer, at, unit)
    if isinstance(layer, str):
        layer, head = parse_head(layer, head)
    block = trace.block(layer, part)
    number = None if head is None else fit_index("head", head, block.heads)
    one_of("kind", kind, BY_WEIGHTS)
    one_of("start", start, STARTS)
    count = whole_from_one("steps", steps)
    error, way = None, ""
    if kind == "integrated":
        with shown_progress(progress, "attention gradient") as told:
            maps, least = _integrated(model, trace, block, asked, start, count, told)
        error = abs(asked.score(logits_at(trace, asked)) - least - float(maps.double().sum()))
        way = f", integrated in {count} steps from {start} attention; its heads sum to the whole but for {error:.2g}"
    else:
        maps = _products(model, trace, block, asked, number)
    one = maps.sum(0) if number is None else maps[0 if len(maps) == 1 else number]
    what = f"L{block.layer}, summed over heads" if number is None else f"L{block.layer}H{number}"
    queries, keys = trace.tokens(part)
    recipe = f"attention x gradient of {asked.recipe}, {what}{way}{said_setting(trace, part)}"
    return AttentionGradient(one.double().numpy(), recipe, queries.pieces, keys.pieces, error=error)


def _products(model: AttentionModel, trace: Trace, block: Block, asked: Asked, head: int | None) -> LayerMaps:
    """Weights times their gradients, of one head or of all."""
    chosen = range(block.heads) if head is None else [head]
    found = torch.zeros(len(chosen), *block.shape[1:], dtype=torch.float32, device="cpu")
    for one in output_gradients(model, trace, asked.position, asked.in_graph, CUT_INSTEAD):
        if (one.part, one.layer) == (block.part, block.layer):
            for place, number in enumerate(chosen):
                if number not in block.silenced:
                    found[place] += weights(block, [number])[0] * one.by_weights(number)
    return found


def _integrated(
    model: AttentionModel, trace: Trace, block: Block, asked: Asked, start: str, steps: int, told: ToldStep
) -> tuple[LayerMaps, float]:
    """What each weight of a layer adds on the way to it, and the answer's score where the way begins."""
    own = weights(block)
    first = torch.zeros_like(own)
    if start == "uniform":
        may = visible(block).float()
        first = (may / may.sum(-1, keepdim=True).clamp(min=1)).expand_as(own)
    passes = GivenPasses(model, trace, asked.position, CUT_INSTEAD)
    # The beginning runs with the others; its gradient counts nothing.
    points = [*(((step + 0.5) / steps, 1 / steps) for step in range(steps)), (0.0, 0.0)]

    def run(places: Sequence[float]) -> tuple[Tensor, Tensor]:
        at = torch.tensor(places, dtype=torch.float32, device="cpu")[:, None, None, None]
        maps = first + at * (own - first)
        given = GivenWeights(block, tuple(range(block.heads)), maps)
        found, (gradient,) = passes.gradients([given], asked.in_graph)
        return found, gradient

    mean, scores = mean_gradient(trace, points, run, lambda done: told(min(done, steps), steps))
    return mean * (own - first), scores[-1]
