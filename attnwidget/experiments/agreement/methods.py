"""What is laid beside the exact effect: methods that say how much each token counts. A line in `METHODS` adds one."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import torch
from jaxtyping import Float

from attnwidget.engine import CHEAP, AttentionModel, Trace, untrained_copy
from attnwidget.experiments.effects.answers import Asked, answering_tokens
from attnwidget.experiments.effects.estimated_tokens import estimated_hiding
from attnwidget.experiments.gradients.gradient import gradient
from attnwidget.measures.given_trace import same_text
from attnwidget.measures.paths.rollout import rollout, uniform_rollout
from attnwidget.measures.portions import portions
from attnwidget.measures.rows import read_rows
from attnwidget.measures.values.norm_weighted import norm_weighted

MethodRamp = Literal["reads", "effect", "null"]


@dataclass(frozen=True, eq=False)
class Asking:
    """What a method is asked: how much each key of a part counts for an answer."""

    model: AttentionModel
    trace: Trace
    asked: Asked
    part: str | None
    seed: int
    largest: int = CHEAP  # parameters of a model up to which an untrained copy of it is made

    @property
    def rows(self) -> tuple[int, ...]:
        """The queries whose attention is meant: the answer's position, or all where the answer is of the whole text."""
        queries, _ = self.trace.tokens(self.part)
        if self.asked.position is not None and same_text(queries, answering_tokens(self.trace)):
            return (self.asked.position,)
        return tuple(read_rows(queries).tolist())

    @property
    def said(self) -> str:
        """These queries in words."""
        return f"of query {self.rows[0]}" if len(self.rows) == 1 else "mean over all queries"


@dataclass(frozen=True, eq=False)
class MethodScores:
    """One number for every key, and how it was found."""

    values: Float[np.ndarray, " key"]
    recipe: str


@dataclass(frozen=True)
class Method:
    """A way to say how much each token counts. `title` stands above a column, `called` in a sentence, `does` explains it.

    `scores` raises AttnWidgetError, with the reason, for a model that it does not work on; it is None where other columns
    tell. What is not `quick` comes after the words have been hidden. `ramp` is the colour: what a
    query reads, what an answer rests on, or a null model.
    """

    name: str
    title: str
    called: str
    does: str
    unit: str
    ramp: MethodRamp
    scores: Callable[[Asking], MethodScores] | None = None
    null: bool = False
    quick: bool = True


def mean_attention(asking: Asking) -> MethodScores:
    rows = torch.tensor(asking.rows, dtype=torch.long, device="cpu")
    _, keys = asking.trace.tokens(asking.part)
    total, count = np.zeros(len(keys)), 0
    for portion in portions(asking.trace, asking.part, rows):
        total += portion.maps.sum((0, 1), dtype=torch.float64).numpy()
        count += len(portion.heads) * len(portion.rows)
    return MethodScores(total / count, f"weights {asking.said}, mean over all heads and layers")


def _norms(asking: Asking) -> MethodScores:
    blocks = asking.trace.part_blocks(asking.part)
    maps = [
        norm_weighted(asking.trace, block.layer, part=block.part, queries=list(asking.rows)).values for block in blocks
    ]
    return MethodScores(
        np.nanmean(np.stack(maps).astype(np.float64), (0, 1)),
        f"norm-based attention ||sum_h A f|| {asking.said}, mean over layers",
    )


def _rollout(asking: Asking) -> MethodScores:
    return _row_of(rollout, asking)


def _uniform(asking: Asking) -> MethodScores:
    return _row_of(uniform_rollout, asking)


def _row_of(measure: Callable[..., Any], asking: Asking) -> MethodScores:
    query = asking.rows[0] if len(asking.rows) == 1 else None
    found = measure(asking.trace, query=query, part=asking.part)
    values = np.asarray(found, np.float64)
    return MethodScores(
        values if query is not None else values[list(asking.rows)].mean(0), f"{found.recipe}, {asking.said}"
    )


def _gradient(asking: Asking) -> MethodScores:
    return _by_gradient(asking, "gradient x input")


def _integrated(asking: Asking) -> MethodScores:
    return _by_gradient(asking, "integrated")


def _by_gradient(asking: Asking, kind: str) -> MethodScores:
    found = gradient(
        asking.model,
        asking.trace,
        answer=asking.asked.given,
        at=asking.asked.position,
        unit=asking.asked.unit,
        kind=kind,
        part="decoder" if asking.part == "decoder" else None,
        progress=False,
    )
    return MethodScores(np.asarray(found.values, np.float64), found.recipe)


def _estimate(asking: Asking) -> MethodScores:
    values = estimated_hiding(asking.model, asking.trace, asking.asked, asking.part)
    return MethodScores(values, "hiding estimated by one backward pass: gradient x what is lost")


def _untrained(asking: Asking) -> MethodScores:
    copy = untrained_copy(asking.model, asking.seed, asking.largest)
    trace = copy.trace(dict(asking.trace.forward), edits=asking.trace.edits)
    found = mean_attention(replace(asking, model=copy, trace=trace))
    return MethodScores(found.values, f"{found.recipe}, of a copy with new weights, seed {asking.seed}")


HIDING = Method(
    "hide",
    "hide the word",
    "hiding",
    "How much the answer falls when nothing reads the word any more: measured.",
    "",
    "effect",
)
"""The exact effect, which all others are compared with. Its unit is the answer's."""

METHODS = (
    Method(
        "attention",
        "attention, mean of heads",
        "mean attention",
        "The weight that the answer's position gives to the word, mean over all heads and layers.",
        "weight",
        "reads",
        mean_attention,
    ),
    Method(
        "norm",
        "× ‖value‖",
        "norm-weighted attention",
        "The same weights, each times the length of what it carries into the layer's output; mean over layers.",
        "length",
        "reads",
        _norms,
    ),
    Method(
        "rollout",
        "rollout",
        "rollout",
        "Attention followed through all layers, half of each layer taken over unchanged.",
        "share",
        "reads",
        _rollout,
    ),
    Method(
        "gradient",
        "gradient × input",
        "gradient x input",
        "The slope of the answer by the word's embedding, times the embedding: what the smallest change would do.",
        "",
        "effect",
        _gradient,
    ),
    Method(
        "integrated",
        "integrated gradients",
        "integrated gradients",
        "The same, averaged on the straight way from an embedding of zeros to the word's own.",
        "",
        "effect",
        _integrated,
        quick=False,
    ),
    Method(
        "estimate",
        "hide, estimated",
        "the estimate of hiding",
        "What hiding does to the answer to first order, by one backward pass: gradient x what each layer's output loses.",
        "",
        "effect",
        _estimate,
    ),
    Method(
        "uniform",
        "null: uniform attention",
        "uniform attention",
        "Rollout as if all heads attended evenly: where the word stands, and nothing else.",
        "share",
        "null",
        _uniform,
        null=True,
    ),
    Method(
        "shuffled",
        "null: shuffled weights",
        "shuffled weights",
        "The weights of the first column in random order, a thousand times: what chance gives. The interval holds 95 % of the orders.",
        "weight",
        "null",
        null=True,
    ),
    Method(
        "untrained",
        "null: untrained copy",
        "an untrained copy",
        "Attention, mean of heads, of a copy of the model with new random weights: what training has no part in.",
        "weight",
        "null",
        _untrained,
        null=True,
        quick=False,
    ),
)
"""Whatever is laid beside the exact effect."""

IN_ORDER = (*(one for one in METHODS if not one.null), HIDING, *(one for one in METHODS if one.null))
"""All in the order of the columns: the exact effect stands before the null models."""
