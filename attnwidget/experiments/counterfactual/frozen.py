"""Attention that knows nothing of the text: the same weight on every key."""

from typing import Any

from attnwidget.experiments.counterfactual.painted import CounterfactualAttention, painted_run
from attnwidget.experiments.counterfactual.scope import Scope, scope_of
from attnwidget.experiments.effects.answers import answer_of
from attnwidget.shapes import LayerMaps


def frozen_attention(
    model: Any,
    trace: Any,
    heads: Any = None,
    *,
    answer: Any = None,
    at: Any = None,
    unit: Any = "log probability",
    queries: Any = None,
    part: str | None = None,
) -> CounterfactualAttention:
    """What the model says with attention frozen to uniform over the keys that may be read: does the pattern matter at all?

    Only the rows on which the answer rests are replaced. Where the answer hardly changes, the pattern explains nothing of
    it. `heads` and `queries` as in `adversarial_attention`, `answer`, `at` and `unit` as in `head_effects`.

    Costs two passes and one back. Raises AttnWidgetError as `adversarial_attention` does.
    Source: Wiegreffe and Pinter 2019 (D19-1002), the uniform baseline. They train the model anew with it; here the weights
    of the model stay, so that it also meets what it was not trained on.

    >>> import attnwidget as aw
    >>> model = aw.load()
    >>> found = aw.frozen_attention(model, model.trace("The capital of Veldt is"), "L3H0")
    >>> found.rows, found.epsilon
    (1, None)
    """
    asked = answer_of(model, trace, answer, at, unit)
    scope = scope_of(model, trace, asked, heads, part, queries)
    return painted_run(scope, uniform_maps(scope), "attention frozen to uniform")


def uniform_maps(scope: Scope) -> list[LayerMaps]:
    """The same weight on every key that may be read, in the rows that count."""
    found = []
    for layer in scope.layers:
        may = layer.may.to(layer.own.dtype)
        even = may / may.sum(-1, keepdim=True).clamp(min=1)
        found.append((even * layer.own.sum(-1, keepdim=True)).where(layer.counted[..., None], layer.own))
    return found
