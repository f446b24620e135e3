"""Every head from checkpoint to checkpoint: the record that `dynamics` returns."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from attnwidget.engine import fit_index, parse_head
from attnwidget.errors import AttnWidgetError
from attnwidget.experiments.training.checkpoints import TrainingStep
from attnwidget.measures.results import HeadScores

CHANGES = "changes"
LISTED_HEADS = 3


@dataclass(frozen=True, eq=False, repr=False)
class Dynamics:
    """Numbers of every head over training: `scores` has a (checkpoint layer head) array for each name.

    `changes` has the same shape and says how much each head's rows differ from those at the previous checkpoint, in
    nats; NaN at the first. `steps` are the checkpoints in order, `recipes` say how each number was computed. NaN:
    layers without attention.
    """

    steps: tuple[TrainingStep, ...]
    scores: Mapping[str, np.ndarray]
    changes: np.ndarray
    recipe: str
    recipes: Mapping[str, str]

    @property
    def names(self) -> tuple[str, ...]:
        """The available numbers: the scores, and "changes"."""
        return (*self.scores, CHANGES)

    def of(self, name: str, head: Any = None) -> np.ndarray:
        """One number over the checkpoints: (checkpoint) of a head, "L1H0" or (1, 0); (checkpoint layer head) without.

        Raises AttnWidgetError for a name or a head that does not exist.

        >>> found = Dynamics((0, 10), {"entropy": np.array([[[0.9]], [[0.2]]])}, np.zeros((2, 1, 1)), "", {})
        >>> found.of("entropy", "L0H0").tolist()
        [0.9, 0.2]
        """
        if name not in self.names:
            raise AttnWidgetError(f"There is no number {name!r} here. Give one of {', '.join(self.names)}.")
        values = self.changes if name == CHANGES else self.scores[name]
        if head is None:
            return values.copy()
        layer, number = self.head(head)
        return values[:, layer, number].copy()

    def at(self, step: TrainingStep) -> dict[str, HeadScores]:
        """All numbers of one checkpoint, as charts of heads take them. Raises AttnWidgetError for an unknown step."""
        if step not in self.steps:
            raise AttnWidgetError(f"There is no checkpoint {step!r}. Give one of {', '.join(map(str, self.steps))}.")
        place = self.steps.index(step)
        return {
            name: HeadScores(self.of(name)[place].astype(np.float32), f"{self.recipes.get(name, name)}, step {step}")
            for name in self.names
        }

    def rises(self, name: str, over: float = 0.5) -> dict[str, TrainingStep]:
        """The first step at which each head has more than `over`, earliest first, without heads that never do.

        Among heads with the same step, the highest number comes first. Raises AttnWidgetError for an unknown name.

        >>> scores = {"induction": np.array([[[0.0, 0.1]], [[0.7, 0.2]], [[0.9, 0.8]]])}
        >>> Dynamics((0, 10, 20), scores, np.zeros((3, 1, 2)), "", {}).rises("induction")
        {'L0H0': 10, 'L0H1': 20}
        """
        above = self.of(name) > over  # NaN never is
        first = above.argmax(0)
        heads = [(int(layer), int(head)) for layer, head in np.argwhere(above.any(0))]
        heads.sort(key=lambda at: (first[at], -self.of(name)[(first[at], *at)]))
        return {f"L{layer}H{head}": self.steps[first[layer, head]] for layer, head in heads}

    def head(self, head: Any) -> tuple[int, int]:
        """(layer, head) of a head, named "L1H0" or (1, 0). Raises AttnWidgetError for one that does not exist."""
        _, layers, heads = self.changes.shape
        pair = parse_head(head) if isinstance(head, str) else head
        if not isinstance(pair, tuple | list) or len(pair) != 2 or pair[1] is None:
            raise AttnWidgetError(f"{head!r} is not a head. Write it like 'L1H0' or (1, 0), counted from 0.")
        return fit_index("layer", pair[0], layers), fit_index("head", pair[1], heads)

    def json(self) -> str:
        """All numbers as one JSON text; null for NaN."""
        tables = {name: _plain(self.of(name)) for name in self.names}
        facts = {"recipe": self.recipe, "recipes": dict(self.recipes), "steps": list(self.steps)}
        return json.dumps({**facts, CHANGES: tables.pop(CHANGES), "scores": tables}, ensure_ascii=False)

    def __repr__(self) -> str:
        _, layers, heads = self.changes.shape
        lines = [f"  {name:<12}{_highest(self, name)}" for name in self.names]
        return "\n".join([f"Dynamics({len(self.steps)} checkpoints, {layers} x {heads}; {self.recipe})", *lines])


def _highest(found: Dynamics, name: str) -> str:
    """The heads with the highest numbers, with where they began (if known) and at which step."""
    values = found.of(name)
    most = np.where(np.isnan(values), -np.inf, values).max(0)
    top = HeadScores(np.where(np.isfinite(most), most, np.nan), name).top(LISTED_HEADS)
    texts = []
    for head in top:
        series = values[:, head.layer, head.head]
        when = found.steps[int(np.nanargmax(series))]
        began = "" if np.isnan(series[0]) else f"{series[0]:.2f} -> "
        texts.append(f"L{head.layer}H{head.head} {began}{head.value:.2f} at {when}")
    return ", ".join(texts) or "no number"


def _plain(values: np.ndarray) -> Any:
    written = values.astype(object)
    written[np.isnan(values)] = None
    return written.tolist()
