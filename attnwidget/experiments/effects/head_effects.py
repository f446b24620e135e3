"""How much the answer rests on each head."""

from collections.abc import Callable
from typing import Any

import numpy as np

from attnwidget.engine import go_on, silenced_runs
from attnwidget.errors import AttnWidgetError
from attnwidget.experiments.effects.answers import answer_of, logits_at
from attnwidget.measures.given_trace import said_setting
from attnwidget.measures.results import HeadScores

SILENCED_BY = {"zero": "silenced", "mean": "replaced by its mean over the text"}


def head_effects(
    model: Any,
    trace: Any,
    *,
    answer: Any = None,
    at: Any = None,
    unit: Any = "log probability",
    by: Any = "zero",
    part: str | None = None,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> HeadScores:
    """How much the answer falls when each head is silenced, one at a time: (layer head), measured by running the model.

    Positive numbers mean that the head helps the answer. `answer` is None (what the model says itself), a token or class
    as text or id, a pair (the first rather than the second), or a function of the logits; `at` is its position, the last
    by default; `unit` is "log probability" (nats; of a pair the difference of both), "logit" or "probability". `by` is
    what a silenced head gives: "zero", or its "mean" over the text.

    Costs one run for every head, which begins at its layer where the model allows that; a layer's heads run as one batch.
    `progress` hears (layers done, of how many). Silenced alone, two heads that do the same work both seem not to matter.
    Raises AttnWidgetError for an answer that the model cannot give, Cancelled inside `stopping_when`.
    Source: Michel et al. 2019 (arXiv 1905.10650), one head masked at a time.

    >>> import attnwidget as aw
    >>> model = aw.load()
    >>> trace = model.trace("The capital of Veldt is Miro. The capital of Veldt is")
    >>> aw.head_effects(model, trace).shape
    (4, 4)
    """
    asked = answer_of(model, trace, answer, at, unit)
    if by not in SILENCED_BY:
        raise AttnWidgetError(f"by={by!r:.60} is not valid: give one of {', '.join(map(repr, SILENCED_BY))}.")
    counts = trace.heads(part)
    before = asked.score(logits_at(trace, asked))
    runs = silenced_runs(model, trace, -1 if asked.position is None else asked.position, by)
    values = np.full((len(counts), max(counts)), np.nan)
    for layer, heads in enumerate(counts):
        go_on()
        progress(layer, len(counts))
        if heads:
            after = runs.logits(layer, range(heads), part)
            values[layer, :heads] = [before - asked.score(row) for row in after]
    progress(len(counts), len(counts))
    return HeadScores(values, f"fall of {asked.recipe}, each head {SILENCED_BY[by]} alone{said_setting(trace, part)}")
