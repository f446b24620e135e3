"""Patterns in the place of a model's own, and what a plain run with them painted gives."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from attnwidget.engine import Paint, Trace, weights
from attnwidget.experiments.counterfactual.distances import jensen_shannon, total_variation
from attnwidget.experiments.counterfactual.scope import Scope
from attnwidget.experiments.effects.answers import logits_at
from attnwidget.measures.given_trace import said_setting
from attnwidget.shapes import LayerMaps

HALVINGS = 8
"""Runs in which what was found is moved back towards the model's own, where it does not hold."""


@dataclass(frozen=True, eq=False, repr=False)
class CounterfactualAttention:
    """Other attention, and what the model says under it: numbers of a plain run with the patterns painted.

    `edits` are the patterns, for `model.trace(text, edits=...)`; `trace` is that run. `distance` is the Jensen-Shannon
    divergence from the model's own attention in nats (never more than ln 2 = 0.693), the mean over `rows` rows: those of the
    chosen heads that may read two keys or more and on which the answer rests. `furthest` is what it would be with all
    weight on the key that each row reads least: no pattern is further. `distances` has it row by row, (head query),
    NaN for the others. `change` is the total variation between what the model says and what it said, from 0 to 1;
    `before` and `after` are of the answer. `epsilon` is the change that was allowed, None if any was. `mass` is how much
    the words that a reader is misled about received before and after, on average over rows that could read them; None
    if there were none.
    """

    edits: tuple[Paint, ...]
    trace: Trace
    distance: float
    furthest: float
    distances: np.ndarray
    rows: int
    change: float
    before: float
    after: float
    epsilon: float | None
    mass: tuple[float, float] | None
    recipe: str

    @property
    def held(self) -> bool:
        """Whether the prediction changed by no more than was allowed."""
        return self.epsilon is None or self.change <= self.epsilon

    def __float__(self) -> float:
        """One number, for a survey over many texts: the divergence; of deceptive attention how much mass was moved; and
        where nothing was held, the change of the prediction.
        """
        if self.mass is not None:
            return abs(self.mass[1] - self.mass[0])
        return self.change if self.epsilon is None else self.distance

    def __repr__(self) -> str:
        mass = "" if self.mass is None else f"; mass {self.mass[0]:.3f} -> {self.mass[1]:.3f}"
        return (
            f"CounterfactualAttention(divergence {self.distance:.3f} of at most {self.furthest:.3f}{mass}; total variation {self.change:.4f}, "
            f"answer {self.before:.4g} -> {self.after:.4g}; {self.recipe})"
        )


def painted_run(
    scope: Scope,
    maps: Sequence[LayerMaps],
    recipe: str,
    *,
    epsilon: float | None = None,
    marked: Sequence[Tensor] | None = None,
) -> CounterfactualAttention:
    """The model run with these patterns painted, (head query key) layer by layer.

    Where the prediction does not hold within epsilon, they are moved back towards the model's own until it does.
    `marked` says, layer by layer, which keys each row is asked about (head query key). Raises what `model.trace` raises.
    """
    share, least, most = 1.0, 0.0, 1.0
    held: tuple[Trace, tuple[Paint, ...]] | None = None
    for _ in range(HALVINGS):
        edits = scope.painted(
            [layer.own + share * (one - layer.own) for layer, one in zip(scope.layers, maps, strict=True)]
        )
        again = scope.model.trace(scope.trace, edits=(*scope.trace.edits, *edits), reuse=scope.trace)
        if epsilon is None or _change(scope, again) <= epsilon:
            held, least = (again, edits), share
            if share == 1.0:
                break
        else:
            most = share
        share = (least + most) / 2
    if held is None:
        edits = scope.painted([layer.own for layer in scope.layers])
        held = scope.model.trace(scope.trace, edits=(*scope.trace.edits, *edits), reuse=scope.trace), edits
    return _record(scope, *held, recipe, epsilon, marked)


def _change(scope: Scope, trace: Trace) -> float:
    return float(total_variation(logits_at(trace, scope.asked).double().softmax(-1), scope.prediction))


def _record(
    scope: Scope,
    again: Trace,
    edits: tuple[Paint, ...],
    recipe: str,
    epsilon: float | None,
    marked: Sequence[Tensor] | None,
) -> CounterfactualAttention:
    found = [weights(again.block(layer.block.layer, scope.part), list(layer.heads)) for layer in scope.layers]
    distances = [
        jensen_shannon(one.double(), layer.own.double()).masked_fill(~layer.counted, np.nan)
        for one, layer in zip(found, scope.layers, strict=True)
    ]
    rows = np.concatenate([one.numpy() for one in distances])
    mass = None
    if marked is not None:
        owns = [layer.own for layer in scope.layers]
        mass = (_mass(owns, marked), _mass(found, marked))
    return CounterfactualAttention(
        edits,
        again,
        float(np.nanmean(rows)),
        _furthest(scope),
        rows,
        scope.rows,
        _change(scope, again),
        scope.asked.score(logits_at(scope.trace, scope.asked)),
        scope.asked.score(logits_at(again, scope.asked)),
        epsilon,
        mass,
        f"{recipe}; {scope.words}; {scope.asked.recipe}{said_setting(scope.trace, scope.part)}",
    )


def _furthest(scope: Scope) -> float:
    # The divergence is convex, so that it is largest where all weight is on one key.
    total = 0.0
    for layer in scope.layers:
        least = layer.own.masked_fill(~layer.may, torch.inf).argmin(-1)
        alone = torch.nn.functional.one_hot(least, layer.own.shape[-1]).double()
        total += float(jensen_shannon(alone, layer.own.double())[layer.counted].sum())
    return total / scope.rows


def _mass(maps: Sequence[Tensor], marked: Sequence[Tensor]) -> float:
    """The weight on the keys that are asked about, on average over the rows that are."""
    rows = [(one.double() * keys).sum(-1)[keys.any(-1)].numpy() for one, keys in zip(maps, marked, strict=True)]
    return float(np.concatenate(rows).mean())
