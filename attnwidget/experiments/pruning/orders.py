"""In which order heads are taken out: the least important first, by several measures of importance."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from attnwidget.engine import AttentionModel, Trace, go_on
from attnwidget.errors import AttnWidgetError
from attnwidget.experiments.effects.answers import Asked
from attnwidget.experiments.effects.head_effects import head_effects
from attnwidget.experiments.gradients.head_importance import head_importance
from attnwidget.experiments.progress import ToldStep
from attnwidget.measures.heads.confidence import confidence
from attnwidget.measures.heads.entropy import entropy

HeadOrder = tuple[tuple[int, int], ...]
"""Heads, the least important first."""

ImportanceOf = Callable[[AttentionModel, Trace, Asked, str | None], Any]


def _effects(how: str) -> ImportanceOf:
    def of(model: AttentionModel, trace: Trace, asked: Asked, part: str | None) -> Any:
        return head_effects(
            model, trace, answer=asked.given, at=asked.position, how=how, check=0, part=part, progress=False
        )

    return of


IMPORTANCE: Mapping[str, tuple[str, ImportanceOf]] = {
    "head_importance": (
        "size of the gradient by a gate on the head",
        lambda model, trace, asked, part: head_importance(
            model, trace, answer=asked.given, at=asked.position, part=part, progress=False
        ),
    ),
    "head_effects": ("fall of the answer with the head silenced alone", _effects("exact")),
    "head_effects, estimated": ("its estimate by gradient x output", _effects("estimate")),
    "entropy": (
        "how little the head spreads",
        lambda _model, trace, _asked, part: -entropy(trace, part=part, normalised=True).values,
    ),
    "confidence": ("its largest weights", lambda _model, trace, _asked, part: confidence(trace, part=part)),
}
"""By name: what it is, and the importance (layer head) of the heads on one text."""


def orders_of(
    model: AttentionModel,
    by: Mapping[str, Any],
    traces: Sequence[Trace],
    asked: Sequence[Asked],
    part: str | None,
    told: ToldStep,
) -> dict[str, HeadOrder]:
    """The order by each measure, on average over the traces; None stands for one that is known by name."""
    counts = traces[0].heads(part)
    heads = [(layer, head) for layer, count in enumerate(counts) for head in range(count)]
    found = {}
    for done, (name, given) in enumerate(by.items()):
        told(done, len(by))
        if given is not None:
            values = np.asarray(given, float)
        else:
            values = np.zeros((len(counts), max(counts)))
            for trace, one in zip(traces, asked, strict=True):
                go_on()
                values += np.nan_to_num(np.asarray(IMPORTANCE[name][1](model, trace, one, part), float)) / len(traces)
        if values.shape != (len(counts), max(counts)):
            raise AttnWidgetError(
                f"{name!r} has numbers for {' x '.join(map(str, values.shape))} heads, and the model has {len(counts)} x "
                f"{max(counts)}. Give a number for each head."
            )
        found[name] = tuple(sorted(heads, key=lambda one: float(np.nan_to_num(values[one], nan=-np.inf))))
    told(len(by), len(by))
    return found


def order_at_random(order: HeadOrder, seed: int, number: int) -> HeadOrder:
    """The same heads in the random order of this number."""
    places = np.random.default_rng([seed, number]).permutation(len(order))
    heads = sorted(order)
    return tuple(heads[at] for at in places)
