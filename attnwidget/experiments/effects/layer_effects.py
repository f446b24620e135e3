"""How much the answer rests on the attention of each layer."""

from typing import Any

import numpy as np

from attnwidget.arguments import one_of
from attnwidget.engine import Silence, go_on
from attnwidget.experiments.effects.answers import answer_of, logits_at
from attnwidget.experiments.effects.head_effects import SILENCED_BY
from attnwidget.experiments.progress import shown_progress
from attnwidget.measures.given_trace import said_setting
from attnwidget.measures.results import LayerScores


def layer_effects(
    model: Any,
    trace: Any,
    *,
    answer: Any = None,
    at: Any = None,
    unit: Any = "log probability",
    by: Any = "zero",
    part: str | None = None,
    progress: Any = None,
) -> LayerScores:
    """How much the answer falls when all heads of a layer are silenced, one layer at a time: (layer), measured by running.

    The layer's MLP goes on; NaN for layers without attention. All arguments as in `head_effects`. Costs a run for every
    layer. Heads that do the same work are silenced together here, so a layer can matter of which no head alone does.
    Raises what `head_effects` raises.
    Source: Michel et al. 2019 (arXiv 1905.10650), all heads of a layer.

    >>> import attnwidget as aw
    >>> model = aw.load()
    >>> trace = model.trace("The capital of Veldt is Miro. The capital of Veldt is")
    >>> aw.layer_effects(model, trace).shape
    (4,)
    """
    asked = answer_of(model, trace, answer, at, unit)
    one_of("by", by, SILENCED_BY)
    counts = trace.heads(part)
    before = asked.score(logits_at(trace, asked))
    values = np.full(len(counts), np.nan)
    with shown_progress(progress, "layers") as step:
        for layer, heads in enumerate(counts):
            go_on()
            if heads:
                again = model.trace(trace, edits=(*trace.edits, Silence(layer, by=by, part=part)))
                values[layer] = before - asked.score(logits_at(again, asked))
            step(layer + 1, len(counts))
    how = SILENCED_BY[by].replace("its", "their")
    return LayerScores(values, f"fall of {asked.recipe}, all heads of a layer {how}{said_setting(trace, part)}")
