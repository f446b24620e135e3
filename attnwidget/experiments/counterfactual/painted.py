"""Patterns in the place of a model's own, and what a plain run with them painted gives."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from attnwidget.engine import Paint, Trace, in_batches, weights
from attnwidget.experiments.counterfactual.distances import jensen_shannon, total_variation
from attnwidget.experiments.counterfactual.scope import Scope
from attnwidget.experiments.effects.answers import logits_at
from attnwidget.measures.given_trace import said_setting
from attnwidget.shapes import LayerMaps

SHARES_TRIED = 8
"""Of the way to what was found, as one batch, and as many again between two of them, where it does not hold."""

BACKED_OFF = (1.0, 0.99, 0.9, 0.5, 0.0)
"""What is left of that way where what held in the batch does not in a plain run, which rounds otherwise."""


@dataclass(frozen=True, eq=False, repr=False)
class CounterfactualAttention:
    """Other attention, and what the model says under it: numbers of a plain run with the patterns painted.

    `edits` are the patterns, for `model.trace(text, edits=...)`; `trace` is that run. `distance` is the Jensen-Shannon
    divergence from the model's own attention in nats (never more than ln 2 = 0.693), the mean over `rows` rows: those of the
    chosen heads that may read two keys or more and on which the answer rests. `furthest` is what it would be with all
    weight on the key that each row reads least: no pattern is further. `distances` has it row by row, (head query),
    NaN for the others. `change` is the total variation between what the model says and what it said, from 0 to 1;
    `before` and `after` are of the answer, `same_answer` says whether what the model says first is the same. `epsilon` is the change that was allowed, None if any was. `mass` is how much
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
    same_answer: bool
    epsilon: float | None
    mass: tuple[float, float] | None
    recipe: str

    @property
    def held(self) -> bool:
        """Whether the prediction changed by no more than was allowed."""
        return self.epsilon is None or self.change <= self.epsilon

    @property
    def of_text(self) -> Mapping[str, float]:
        """Numbers of one text among many, by name; the first is what a survey is about.

        That is the divergence as a share of `furthest`; of deceptive attention how much mass was moved; and where nothing
        was to be held, the change of the prediction.
        """
        moved = {} if self.mass is None else {"mass moved": abs(self.mass[1] - self.mass[0])}
        reached = {"share of the furthest": self.distance / self.furthest, "divergence": self.distance}
        told = {"change": self.change, "fall": self.before - self.after, "same answer": self.same_answer}
        if self.epsilon is None:
            return {**told, **reached}
        return {**moved, **reached, **told, "held": self.held}

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
    share = 1.0 if epsilon is None else _largest_share(scope, maps, epsilon)
    for part in BACKED_OFF:
        edits = scope.painted(_on_the_way(scope, maps, part * share))
        again = scope.model.trace(scope.trace, edits=(*scope.trace.edits, *edits), reuse=scope.trace)
        if epsilon is None or _change(scope, again) <= epsilon:
            break
    return _record(scope, again, edits, recipe, epsilon, marked)


def _on_the_way(scope: Scope, maps: Sequence[LayerMaps], share: float) -> list[LayerMaps]:
    """What stands between the model's own patterns (0) and those that were found (1)."""
    return [layer.own + share * (one - layer.own) for layer, one in zip(scope.layers, maps, strict=True)]


def _largest_share(scope: Scope, maps: Sequence[LayerMaps], epsilon: float) -> float:
    """How far one can go from the model's own patterns towards those that were found with the prediction held."""
    least, most = 0.0, 1.0
    for _ in range(2):
        shares = [most - (most - least) * step / SHARES_TRIED for step in range(SHARES_TRIED)]

        def run(some: Sequence[float]) -> Tensor:
            ways = [_on_the_way(scope, maps, share) for share in some]
            return scope.logits([torch.stack(layer) for layer in zip(*ways, strict=True)])

        changes = scope.changes(in_batches(shares, scope.at_once, run)).tolist()
        held = [place for place, change in enumerate(changes) if change <= epsilon]
        if held and shares[held[0]] == most:
            return most
        most = shares[held[0] - 1] if held else shares[-1]
        least = shares[held[0]] if held else least
    return least


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
    first, then = (logits_at(one, scope.asked) for one in (scope.trace, again))
    return CounterfactualAttention(
        edits,
        again,
        float(np.nanmean(rows)),
        _furthest(scope),
        rows,
        scope.rows,
        _change(scope, again),
        scope.asked.score(first),
        scope.asked.score(then),
        bool(first.argmax() == then.argmax()),
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
