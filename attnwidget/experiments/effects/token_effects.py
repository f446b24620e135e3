"""How much the answer rests on each token."""

from collections.abc import Callable
from typing import Any

import numpy as np

from attnwidget.engine import Hide, go_on
from attnwidget.experiments.effects.answers import answer_of, logits_at
from attnwidget.measures.given_trace import said_setting
from attnwidget.measures.results import TokenScores


def token_effects(
    model: Any,
    trace: Any,
    *,
    answer: Any = None,
    at: Any = None,
    unit: Any = "log probability",
    part: str | None = None,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> TokenScores:
    """How much the answer falls when each token is hidden, one at a time: (key), measured by running the model.

    A hidden token is read by no other one, in any head (see `Hide`); it stays where it is, and positions do not move.
    Positive numbers mean that the answer rests on the token. Tokens after the answer's position in a model that reads
    causally, and the position itself, are 0 without a run. `answer`, `at` and `unit` as in `head_effects`.

    Costs at most one run for each token; in a causal model, each reads only what follows the token. `progress` hears
    (tokens done, of how many). Raises AttnWidgetError for an answer that the model cannot give, and for an ambiguous
    part; Cancelled inside `stopping_when`.
    Source: Geva et al. 2023 (arXiv 2304.14767), attention knockout, here for all readers of a token.

    >>> import attnwidget as aw
    >>> model = aw.load()
    >>> trace = model.trace("The capital of Veldt is Miro. The capital of Veldt is")
    >>> aw.token_effects(model, trace).top(1)[0].piece
    'Miro'
    """
    asked = answer_of(model, trace, answer, at, unit)
    _, tokens = trace.tokens(part)
    before = asked.score(logits_at(trace, asked))
    values = np.zeros(len(tokens))
    block = trace.part_blocks(part)[0]
    earlier = block.causal and block.part != "cross" and len(trace.parts) == 1
    read = range(len(tokens) if asked.position is None or not earlier else asked.position)
    for done, number in enumerate(read):
        go_on()
        progress(done, len(read))
        again = model.trace(trace, edits=(*trace.edits, Hide(number, part=part)), reuse=trace)
        values[number] = before - asked.score(logits_at(again, asked))
    progress(len(read), len(read))
    return TokenScores(
        values, f"fall of {asked.recipe}, each token hidden alone{said_setting(trace, part)}", tokens.pieces
    )
