"""Attention that misleads its reader while the model says the same."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from attnwidget.engine import indices
from attnwidget.errors import AttnWidgetError
from attnwidget.experiments.counterfactual.painted import CounterfactualAttention, painted_run
from attnwidget.experiments.counterfactual.scope import Scope, scope_of
from attnwidget.experiments.counterfactual.search import search_of, searched
from attnwidget.experiments.effects.answers import answer_of

LEAST_OF_ROW = 1e-6
"""The share of a row below which it is as good as none."""


def deceptive_attention(
    model: Any,
    trace: Any,
    heads: Any = None,
    *,
    away_from: Any = None,
    onto: Any = None,
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
    """Attention that says of some tokens what is not so, with what the model says held within `epsilon`.

    `away_from` are tokens (numbers) that are to receive as little as possible, or `onto` such that are to receive as much:
    one of the two. `.mass` is what they received before and after, on average over the rows that could read them. All else
    is as in `adversarial_attention`, and the numbers are those of a plain run with the patterns painted.

    Costs as `adversarial_attention`. Raises AttnWidgetError as it does, and for tokens that no row on which the answer
    rests has a choice about.
    Source: Pruthi et al. 2020 (2020.acl-main.432), who train a model to do so; here its attention alone is replaced.

    >>> import attnwidget as aw
    >>> model = aw.load()
    >>> trace = model.trace("The capital of Veldt is")
    >>> other = aw.deceptive_attention(model, trace, "L3H0", onto=0, epsilon=0.1, steps=5, restarts=1)
    >>> other.held, len(other.mass)
    (True, 2)
    """
    asked, search = answer_of(model, trace, answer, at, unit), search_of(epsilon, steps, restarts, seed)
    if (away_from is None) == (onto is None):
        raise AttnWidgetError(
            "Give away_from=, tokens that are to receive little, or onto=, such that are to receive much."
        )
    scope = scope_of(model, trace, asked, heads, part, queries)
    marked = marked_keys(scope, onto if away_from is None else away_from)
    most = away_from is None
    maps = searched(scope, lambda given: told_apart(given, marked, most=most), search, progress, "deceptive attention")
    pieces = trace.tokens(part)[1].pieces
    chosen = torch.stack([one.any(0).any(0) for one in marked]).any(0).nonzero()[:, 0].tolist()
    words = f"{'onto' if most else 'away from'} {', '.join(repr(pieces[key]) for key in chosen)}"
    return painted_run(
        scope, maps, f"deceptive attention {words}, {search.said}", epsilon=search.epsilon, marked=marked
    )


def marked_keys(scope: Scope, tokens: Any) -> list[Tensor]:
    """Layer by layer which keys are asked about, (head query key): in rows that may read them, and others beside them."""
    width = scope.layers[0].own.shape[-1]
    found = []
    with torch.inference_mode(mode=False):  # one made in a user's inference mode cannot be kept for a gradient
        keys = torch.zeros(width, dtype=torch.bool, device="cpu")
        keys[indices(tokens, width, "token")] = True
        for layer in scope.layers:
            choice = (layer.may & keys).any(-1) & (layer.may & ~keys).any(-1)
            found.append((layer.counted & choice)[..., None] & (layer.may & keys))
    if not any(bool(one.any()) for one in found):
        raise AttnWidgetError(
            f"No row of {scope.words} on which the answer rests has a choice about token {tokens!r:.60}. Choose another token "
            "or head."
        )
    return found


def told_apart(maps: Sequence[Tensor], marked: Sequence[Tensor], *, most: bool) -> Tensor:
    """How well the tokens are praised or hidden, text by text: the mean logarithm of their share, or of the others'."""
    totals = []
    for one, keys in zip(maps, marked, strict=True):
        share = (one * keys).sum(-1) / one.sum(-1).clamp(min=LEAST_OF_ROW)
        good = (share if most else 1 - share).clamp(min=LEAST_OF_ROW).log()
        totals.append((good * keys.any(-1)).flatten(1).sum(1))
    return torch.stack(totals).sum(0) / sum(int(keys.any(-1).sum()) for keys in marked)
