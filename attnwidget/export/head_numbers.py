"""What a page knows about all heads: all metrics, and which heads are similar."""

from typing import Any

import numpy as np

from attnwidget.engine import Trace
from attnwidget.errors import AttnWidgetError
from attnwidget.frames.head_metrics import choices, metric, similar, told

NEAREST = 5
"""The number of similar heads to list: as many as the page shows."""


def head_numbers(trace: Trace, part: str) -> tuple[dict[str, Any], np.ndarray]:
    """(facts of every metric by name, their numbers): f32 (metric layer head), in the order of the names.

    For a metric that this trace does not have, the facts are an error message.

    >>> import attnwidget as aw
    >>> told, values = head_numbers(aw.load().trace("The cat sat on the mat."), "self")
    >>> told["entropy"]["unit"], values.shape[1:]
    ('nats', (4, 4))
    """
    found: dict[str, Any] = {}
    numbers: list[np.ndarray] = []
    for choice in choices():
        try:
            one = metric(trace, choice.name, part)
        except AttnWidgetError as error:
            found[choice.name] = str(error)
        else:
            found[choice.name] = {**told(one), "place": len(numbers)}
            numbers.append(np.asarray(one.values, np.float32))
    counts = trace.heads(part)
    return found, np.stack(numbers) if numbers else np.zeros((0, len(counts), max(counts)), np.float32)


def nearest_heads(trace: Trace, part: str) -> dict[str, Any]:
    """For each head, as "layer head", the most similar ones: (layer, head, distance), nearest first; and the recipe."""
    counts = trace.heads(part)
    every = [(layer, head) for layer, count in enumerate(counts) for head in range(count)]
    try:
        found = {head: similar(trace, head, part, NEAREST) for head in every}
    except AttnWidgetError as error:
        return {"nearest": {}, "recipe": str(error)}
    nearest = {
        f"{layer} {head}": [[each.layer, each.head, each.value] for each in near]
        for (layer, head), near in found.items()
    }
    return {"nearest": nearest, "recipe": next(iter(found.values())).recipe}
