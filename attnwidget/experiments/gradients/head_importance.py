"""How much heads matter over many texts, by gradients."""

from typing import Any

import numpy as np

from attnwidget.arguments import truth_of
from attnwidget.engine import Trace, go_on
from attnwidget.errors import AttnWidgetError
from attnwidget.experiments.effects.answers import answer_of
from attnwidget.experiments.effects.estimated_heads import estimated
from attnwidget.experiments.progress import shown_progress
from attnwidget.measures.given_trace import said_setting
from attnwidget.measures.results import HeadScores


def head_importance(
    model: Any,
    traces: Any,
    *,
    answer: Any = None,
    at: Any = None,
    unit: Any = "log probability",
    normalised: Any = False,
    part: str | None = None,
    progress: Any = None,
) -> HeadScores:
    """How much the answer would change with each head, on average over texts: (layer head), never negative.

    |dy/dg| of a gate g = 1 on the head's output, by its size for each text before the mean: what helps here and hurts there
    does not cancel. `traces` are one or several of this model; `answer`, `at` and `unit` as in `head_effects`, asked of each
    (None: what the model says of each). `normalised` divides each layer by its length, as for pruning.

    Costs a pass and one back for each text. `progress` as in `token_effects`. An estimate, for small changes: for one text,
    `head_effects` measures. Raises AttnWidgetError for an answer that the model cannot give, traces of different depth, and
    where no gradient can be had (quantised weights, attention in code of its own); Cancelled inside `stopping_when`.
    Source: Michel et al. 2019 (arXiv 1905.10650), section 4.1; each layer by its length as in their code.

    >>> import attnwidget as aw
    >>> model = aw.load()
    >>> texts = ["The capital of Veldt is", "The cat sat on the"]
    >>> aw.head_importance(model, [model.trace(text) for text in texts]).shape
    (4, 4)
    """
    given = [traces] if isinstance(traces, Trace) else list(traces) if isinstance(traces, list | tuple) else []
    if not given:
        raise AttnWidgetError("This needs a trace, or a list of them. Make one with model.trace(text).")
    by_layer = truth_of("normalised", normalised)
    asked = [answer_of(model, trace, answer, at, unit) for trace in given]
    counts = given[0].heads(part)
    if any(trace.heads(part) != counts for trace in given):
        raise AttnWidgetError("These traces have different layers and heads. Give traces of one model.")
    total = np.zeros((len(counts), max(counts)))
    with shown_progress(progress, "texts") as told:
        for done, (trace, one) in enumerate(zip(given, asked, strict=True)):
            go_on()
            total += np.abs(estimated(model, trace, one, "zero", part))
            told(done + 1, len(given))
    values = total / len(given)
    if by_layer:
        lengths = np.sqrt(np.nansum(values**2, axis=1, keepdims=True))
        values = np.divide(values, lengths, out=np.zeros_like(values) * values, where=lengths > 0)
    what = asked[0].recipe if len(given) == 1 else f"the answers of {len(given)} texts"
    said = ", each layer divided by its length" if by_layer else ""
    return HeadScores(
        values, f"size of the gradient of {what} by a gate on each head{said}{said_setting(given[0], part)}"
    )
