"""The answer where sets of tokens are hidden: the runs that everything exact here is made of."""

from collections.abc import Iterator, Sequence

from attnwidget.engine import Hide, go_on
from attnwidget.experiments.agreement.methods import Asking
from attnwidget.experiments.effects.answers import logits_at


def scores_without(asking: Asking, sets: Sequence[Sequence[int]]) -> Iterator[float]:
    """How much of the answer there is where each set of tokens is hidden, one after the other; no run for no tokens.

    Raises what `model.trace` raises, and Cancelled inside `stopping_when`.
    """
    trace, asked = asking.trace, asking.asked
    for tokens in sets:
        go_on()
        again = trace
        if tokens:
            edits = (*trace.edits, Hide(tokens, part=asking.part))
            again = asking.model.trace(trace, edits=edits, reuse=trace)
        yield asked.score(logits_at(again, asked))
