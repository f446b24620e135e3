"""The answer where sets of tokens are hidden: the runs that everything exact here is made of."""

from collections.abc import Iterator, Sequence

from attnwidget.engine import Hide, Run, many_runs
from attnwidget.experiments.agreement.methods import Asking
from attnwidget.experiments.effects.answers import logits_at

TOGETHER_AT_MOST = 8
"""Runs that are waited for at a time: then whoever looks on sees more of them."""


def scores_without(asking: Asking, sets: Sequence[Sequence[int]]) -> Iterator[float]:
    """How much of the answer there is where each set of tokens is hidden, one after the other; no run for no tokens.

    Raises what `model.trace` raises, and Cancelled inside `stopping_when`.
    """
    asked = asking.asked
    runs = many_runs(asking.model, asking.trace)
    before = asked.score(logits_at(asking.trace, asked))
    for start in range(0, len(sets), TOGETHER_AT_MOST):
        some = sets[start : start + TOGETHER_AT_MOST]
        wanted = [Run(asked.row, (Hide(tokens, part=asking.part),)) for tokens in some if tokens]
        rows = iter(runs.logits(wanted) if wanted else ())
        for tokens in some:
            yield asked.score(next(rows)) if tokens else before
