"""Gradient ascent on patterns while what the model says is held."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import torch
from jaxtyping import Float
from torch import Tensor

from attnwidget.arguments import real_number, whole_from_one, whole_from_zero
from attnwidget.engine import go_on, in_batches
from attnwidget.errors import AttnWidgetError
from attnwidget.experiments.counterfactual.distances import total_variation
from attnwidget.experiments.counterfactual.scope import OwnRows, Scope
from attnwidget.experiments.progress import ToldStep, shown_progress
from attnwidget.shapes import LayerMaps

Objective: TypeAlias = Callable[[Sequence[Tensor]], Tensor]
"""Patterns (text head query key), layer by layer -> what is to be as large as possible, for each text, with its gradient."""

PENALTIES = 20.0, 500.0
"""On a prediction that changes more than it may, in the first step and the last, beside an objective of about 1."""

RATE = 0.2
"""Of Adam, on the logits of the patterns; it falls along half a cosine."""

FLOOR = -12.0
"""The least logit at which a search begins: from minus infinity no gradient leads away."""

SEARCHES_TOGETHER = 8
"""Searches that run as one batch."""


@dataclass(frozen=True)
class Search:
    """How patterns are looked for: with the prediction held within `epsilon`, the best of some searches."""

    epsilon: float
    steps: int
    restarts: int
    seed: int

    @property
    def said(self) -> str:
        """The same in words."""
        return f"best of {self.restarts} searches of {self.steps} steps, epsilon {self.epsilon:g}"


def search_of(epsilon: Any, steps: Any, restarts: Any, seed: Any) -> Search:
    """A search as it is asked for. Raises AttnWidgetError for numbers that are not valid."""
    allowed = real_number(epsilon)
    if allowed is None or not 0 < allowed <= 1:
        raise AttnWidgetError(
            f"epsilon={epsilon!r:.60} is not valid: give a total variation above 0 and at most 1, as 0.01."
        )
    return Search(
        allowed, whole_from_one("steps", steps), whole_from_one("restarts", restarts), whole_from_zero("seed", seed)
    )


@dataclass(eq=False)
class Reached:
    """How far some searches have come that run as one batch: enough to go on there, without the model and the text."""

    free: list[Tensor]
    adam: torch.optim.Adam
    best: Float[Tensor, " text"]
    kept: list[Float[Tensor, "text head query key"]]
    step: int = 0

    @property
    def rows(self) -> Tensor:
        """A row for each search: how good its best patterns are, and all of their numbers."""
        return torch.cat([self.best.to(torch.float32)[:, None], *(one.flatten(1) for one in self.kept)], 1)


def begun(scope: Scope, starts: Sequence[tuple[int, bool]]) -> Reached:
    """Searches before their first step: a number each, and whether it begins at the heads' own pattern or anywhere."""
    with torch.inference_mode(mode=False), torch.enable_grad():
        free = [torch.stack([_start(layer, *one) for one in starts]).requires_grad_() for layer in scope.layers]
        adam = torch.optim.Adam(free, lr=RATE)
        kept = [torch.stack([layer.own] * len(starts)) for layer in scope.layers]
        best = torch.full((len(starts),), -torch.inf, dtype=torch.float64, device="cpu")
    return Reached(free, adam, best, kept)


def go_on_searching(
    scope: Scope, objective: Objective, epsilon: float, reached: Reached, steps: int, told: Callable[[int], None]
) -> None:
    """All steps that are left. `told` hears how many are done; raises Cancelled inside `stopping_when`."""
    with torch.inference_mode(mode=False), torch.enable_grad():
        while reached.step < steps:
            go_on()
            _take_step(scope, objective, epsilon, reached, reached.step / max(1, steps - 1))
            reached.step += 1
            told(reached.step)


def _take_step(scope: Scope, objective: Objective, epsilon: float, reached: Reached, part: float) -> None:
    own = scope.prediction

    def change(logits: Tensor) -> Tensor:
        return total_variation(logits.double().softmax(-1), own)

    maps = [pattern_of(layer, one) for layer, one in zip(scope.layers, reached.free, strict=True)]
    changes, gradients = scope.passes.gradients(scope.given(maps), change)
    good = objective(maps)
    # What changes the prediction is worse than anything that holds it, the more so the more it does.
    worth = torch.where(changes <= epsilon, good.detach().double(), -1e6 - changes)
    better = worth > reached.best
    reached.best = torch.where(better, worth, reached.best)
    for kept, one in zip(reached.kept, maps, strict=True):
        kept[better] = one.detach()[better]
    pull = PENALTIES[0] * (PENALTIES[1] / PENALTIES[0]) ** part * (changes > epsilon)
    followed = torch.stack(
        [
            (one * gradient.nan_to_num() * pull.to(one)[:, None, None, None]).sum()
            for one, gradient in zip(maps, gradients, strict=True)
        ]
    ).sum()
    for group in reached.adam.param_groups:
        group["lr"] = RATE * (0.03 + 0.97 * (1 + math.cos(math.pi * part)) / 2)
    reached.adam.zero_grad()
    (followed - good.sum()).backward()
    reached.adam.step()


def starts_of(restarts: int, seed: int) -> list[tuple[int, bool]]:
    """Where searches begin. Every third one at the pattern itself: what it finds is seldom best, and hardly ever nothing."""
    return [(seed * 1_000 + number, number % 3 == 2) for number in range(restarts)]


def best_of(scope: Scope, rows: Tensor) -> tuple[LayerMaps, ...]:
    """The best patterns of all searches, (head query key) layer by layer; where none held, those that came nearest."""
    best = rows[int(rows[:, 0].argmax())][1:].split([layer.own.numel() for layer in scope.layers])
    return tuple(one.reshape(layer.own.shape) for one, layer in zip(best, scope.layers, strict=True))


def searched(scope: Scope, objective: Objective, search: Search, progress: Any, what: str) -> tuple[LayerMaps, ...]:
    """The best patterns that were found, (head query key) layer by layer, with the prediction held within epsilon.

    Where no search held it, those that came nearest. `progress` as in `shown_progress`, of what is called `what`. Raises what
    `GivenPasses.gradients` raises, and Cancelled inside `stopping_when`.
    """
    with shown_progress(progress, what) as told:
        return _best_of_all(scope, objective, search, told)


def _best_of_all(scope: Scope, objective: Objective, search: Search, told: ToldStep) -> tuple[LayerMaps, ...]:
    done = 0

    def batch(some: Sequence[tuple[int, bool]]) -> Tensor:
        reached = begun(scope, some)
        go_on_searching(
            scope,
            objective,
            search.epsilon,
            reached,
            search.steps,
            lambda step: told(done * search.steps + step * len(some), search.steps * search.restarts),
        )
        return reached.rows

    def ended(so_many: int) -> None:
        nonlocal done
        done = so_many

    together = 1 if scope.trace.edits else SEARCHES_TOGETHER
    return best_of(scope, in_batches(starts_of(search.restarts, search.seed), together, batch, ended))


def pattern_of(layer: OwnRows, free: Float[Tensor, "text head query key"]) -> Float[Tensor, "text head query key"]:
    """Logits -> patterns: a softmax over the keys that may be read, in the rows that count; the others stay."""
    inside = free.masked_fill(~layer.may, -torch.inf)
    # A row that may read nothing would be no number.
    inside = inside.masked_fill(~layer.may.any(-1)[:, None], 0.0)
    made = inside.softmax(-1) * layer.own.sum(-1, keepdim=True)
    return torch.where(layer.counted[..., None], made, layer.own)


def _start(layer: OwnRows, number: int, near: bool) -> Tensor:
    drawn = torch.Generator(device="cpu").manual_seed(number * 1_000_003 + layer.block.layer)
    noise = torch.randn(layer.own.shape, generator=drawn, dtype=torch.float32, device="cpu")
    return noise + (layer.own.clamp(min=1e-30).log().clamp(min=FLOOR) if near else 0.0)
