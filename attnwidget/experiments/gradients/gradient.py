"""What the answer changes with, word by word: gradients by the embeddings."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from attnwidget.arguments import one_of, whole_from_one, whole_number
from attnwidget.engine import EmbeddedTokens, embedded_tokens, mean_gradient
from attnwidget.errors import AttnWidgetError
from attnwidget.experiments.effects.answers import Asked, answer_of, logits_at
from attnwidget.experiments.progress import ToldStep, shown_progress
from attnwidget.measures.given_trace import said_setting
from attnwidget.measures.results import TokenScores

GRADIENTS = {
    "saliency": "length of the gradient",
    "gradient x input": "gradient x input",
    "integrated": "integrated gradients",
}
"""What is given for each token, and how it is called in words."""

RUN_INSTEAD = "Measure by running the model instead (aw.token_effects)"


@dataclass(frozen=True, eq=False, repr=False)
class TokenGradients(TokenScores):
    """One number per token: `values` is (key).

    `error` is how far the sum of integrated gradients is from what the answer loses on the whole way to the baseline, in
    the unit of the answer; None for other kinds.
    """

    error: float | None = None


def gradient(
    model: Any,
    trace: Any,
    *,
    answer: Any = None,
    at: Any = None,
    unit: Any = "log probability",
    kind: Any = "gradient x input",
    steps: Any = 50,
    baseline: Any = "zero",
    part: str | None = None,
    progress: Any = None,
) -> TokenGradients:
    """What the answer changes with, to first order: one number for each token, by gradients of its embedding.

    `kind` is "saliency" (the length of the gradient, never negative), "gradient x input" (their product, summed: positive
    where the token helps), or "integrated": the product averaged on the straight way from a baseline to the text, in
    `steps` points of Gauss and Legendre. `baseline` is "zero", the "mean" of the text's embeddings, or a token as text or
    id that stands everywhere. The numbers of "integrated" sum to the answer less that of the baseline, but for `.error`.
    `answer`, `at` and `unit` as in `head_effects`. Of an encoder-decoder, `part="decoder"` asks about the decoder's tokens.

    Costs a pass and one back; integrated, as many as steps, several as one batch. `progress` as in `token_effects`. A gradient is an estimate: it says what the smallest change would do, not what leaving the word out does.
    Raises AttnWidgetError for an answer that the model cannot give, and where no gradient can be had (quantised weights,
    pictures without tokens); Cancelled inside `stopping_when`.
    Source: Simonyan et al. 2014 (arXiv 1312.6034), Shrikumar et al. 2016 (arXiv 1605.01713), Sundararajan et al. 2017
    (arXiv 1703.01365); the same numbers as Captum's.

    >>> import attnwidget as aw
    >>> model = aw.load()
    >>> trace = model.trace("The capital of Veldt is Miro. The capital of Veldt is")
    >>> aw.gradient(model, trace, kind="integrated", steps=20).error < 0.1
    True
    """
    asked = answer_of(model, trace, answer, at, unit)
    one_of("kind", kind, GRADIENTS)
    count = whole_from_one("steps", steps)
    tokens = trace.tokens(part)[0] if part == "decoder" else trace.text
    embedded = embedded_tokens(model, trace, part, RUN_INSTEAD)
    own = embedded.values
    said = f"{GRADIENTS[kind]} of {asked.recipe}{said_setting(trace, part)}"
    if kind == "integrated":
        start, words = _baseline(embedded, baseline)
        with shown_progress(progress, "gradient") as told:
            means, least = _integrated(embedded, asked, start, count, told)
        values = (means * (own - start)).sum(-1)
        error = abs(asked.score(logits_at(trace, asked)) - least - float(values.double().sum()))
        recipe = f"{said}, {count} steps from {words}; they sum to the whole but for {error:.2g}"
        return TokenGradients(_plain(values), recipe, tokens.pieces, error)
    _, found = embedded.gradients(own[None], asked.position, asked.in_graph)
    values = found[0].norm(dim=-1) if kind == "saliency" else (found[0] * own).sum(-1)
    return TokenGradients(_plain(values), said, tokens.pieces)


def _integrated(
    embedded: EmbeddedTokens, asked: Asked, start: Tensor, steps: int, told: ToldStep
) -> tuple[Tensor, float]:
    """The mean gradient (token dim) on the way from `start` to the text, and the answer's score at the start."""
    nodes, shares = np.polynomial.legendre.leggauss(steps)
    # The start itself runs with the others; its gradient counts nothing.
    points = [*zip(((nodes + 1) / 2).tolist(), (shares / 2).tolist(), strict=True), (0.0, 0.0)]
    way = embedded.values - start

    def run(places: Sequence[float]) -> tuple[Tensor, Tensor]:
        at = torch.tensor(places, dtype=way.dtype, device=way.device)[:, None, None]
        return embedded.gradients(start + at * way, asked.position, asked.in_graph)

    mean, scores = mean_gradient(embedded.trace, points, run, lambda done: told(min(done, steps), steps))
    return mean, scores[-1]


def _baseline(embedded: EmbeddedTokens, given: Any) -> tuple[Tensor, str]:
    """The embeddings (token dim) at which the way begins, and what they are called."""
    values = embedded.values
    if given == "zero":
        return torch.zeros_like(values), "zero"
    if given == "mean":
        return values.mean(0).expand_as(values), "the mean of the text"
    number = whole_number(given)
    tokenizer = embedded.model.tokenizer
    if number is None and isinstance(given, str) and tokenizer is not None:
        ids = tokenizer(given, add_special_tokens=False)["input_ids"]
        number = ids[0] if len(ids) == 1 else None
    if number is None or not 0 <= number < embedded.vocabulary:
        raise AttnWidgetError(
            f"baseline={given!r:.60} is not valid: give 'zero', 'mean', or a token of the vocabulary ({embedded.vocabulary:,}) "
            "as text or number."
        )
    return embedded.of(number).expand_as(values), repr(embedded.model.piece(number))


def _plain(values: Tensor) -> np.ndarray:
    return values.double().cpu().numpy()
