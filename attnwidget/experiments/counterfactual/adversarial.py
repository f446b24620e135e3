"""The attention most unlike a model's own under which it says the same."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from attnwidget.experiments.counterfactual.distances import jensen_shannon
from attnwidget.experiments.counterfactual.painted import CounterfactualAttention, painted_run
from attnwidget.experiments.counterfactual.scope import Scope, scope_of
from attnwidget.experiments.counterfactual.search import search_of, searched
from attnwidget.experiments.effects.answers import answer_of


def adversarial_attention(
    model: Any,
    trace: Any,
    heads: Any = None,
    *,
    epsilon: Any = 0.01,
    answer: Any = None,
    at: Any = None,
    unit: Any = "log probability",
    queries: Any = None,
    steps: Any = 200,
    restarts: Any = 3,
    seed: Any = 0,
    part: str | None = None,
    progress: Any = None,
) -> CounterfactualAttention:
    """The attention most unlike the model's own that was found, with what the model says held within `epsilon`.

    `heads` is a name or several, "L5H3" or "L5", by default all heads of all layers: they get other patterns together.
    Unlike is the Jensen-Shannon divergence, the mean over the rows on which the answer rests; `epsilon` is the total
    variation of the whole prediction at the answer's place. Found by gradient ascent (Adam on logits of the patterns, over
    the keys that may be read), as the best of `restarts` searches; the numbers are those of a plain run with it painted. A
    large divergence says that these weights do not explain the answer alone; that none was found proves nothing.
    Over many texts: `aw.survey(model, texts, partial(aw.adversarial_attention, heads="L5"))` has the mean divergence with
    its interval. `queries` are the rows that may change, by default all; `answer`, `at` and `unit` as in `head_effects`.

    Costs a pass and one back for each step, the restarts as one batch; `progress` as in `token_effects`. Raises
    AttnWidgetError for an answer that the model cannot give, heads that do not exist or on which the answer does not
    rest, and where no gradient can be had; Cancelled inside `stopping_when`.
    Source: Jain and Wallace 2019 (N19-1357), adversarial attention. Theirs is one distribution of one layer; that a row
    counts only if the answer rests on it is ours.

    >>> import attnwidget as aw
    >>> model = aw.load()
    >>> trace = model.trace("The capital of Veldt is")
    >>> other = aw.adversarial_attention(model, trace, "L3H0", epsilon=0.1, steps=5, restarts=1)
    >>> other.held, other.edits[0].head
    (True, 0)
    """
    asked, search = answer_of(model, trace, answer, at, unit), search_of(epsilon, steps, restarts, seed)
    scope = scope_of(model, trace, asked, heads, part, queries)
    maps = searched(scope, lambda given: mean_distance(scope, given), search, progress, "other attention")
    return painted_run(scope, maps, f"adversarial attention, {search.said}", epsilon=search.epsilon)


def mean_distance(scope: Scope, maps: Sequence[Tensor]) -> Tensor:
    """The Jensen-Shannon divergence from the heads' own patterns, text by text: the mean over the rows that count."""
    every = [
        (jensen_shannon(one, layer.own.expand_as(one)) * layer.counted).flatten(1).sum(1)
        for layer, one in zip(scope.layers, maps, strict=True)
    ]
    return torch.stack(every).sum(0) / scope.rows
