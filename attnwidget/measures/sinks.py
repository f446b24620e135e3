"""Tokens that take attention whatever the query: where a head rests when it has nothing to do."""

import torch

from attnwidget.engine.tokens import Tokens
from attnwidget.shapes import TokenVector

THRESHOLD = 0.3
"""Gu et al. 2024 (arXiv 2410.10781) call a key a sink when later queries give it more than this on average."""

FEWEST = 3
"""Queries that must have had the choice: the mean over one or two rows says nothing."""


def sink_tokens(received: TokenVector, text: Tokens, *, causal: bool) -> tuple[int, ...]:
    """Tokens of a square map that are drawn as sinks: scored above 0.3, and carrying no content of their own.

    `received` is what each key got from the other queries in all, so that a map can be read in portions. Without
    content are the first token, special tokens and pieces without a letter or digit: a content word that many tokens
    read is a finding, not a sink.
    """
    scores = sink_scores(received, causal=causal)
    return tuple(i for i, score in enumerate(scores.tolist()) if score > THRESHOLD and _empty(text, i))


def sink_scores(received: TokenVector, *, causal: bool) -> TokenVector:
    """Mean attention that each key gets from the other queries that can see it; NaN where fewer than three can.

    The token's attention to itself is left out, unlike in the paper: the last key of a causal map would else be scored
    by its own diagonal alone. Source: Gu et al. 2024.

    >>> first = torch.tensor([[1, 0, 0, 0], [.9, .1, 0, 0], [.8, .1, .1, 0], [.7, .1, .1, .1]])
    >>> [round(score, 2) for score in sink_scores(first.sum(0) - first.diagonal(), causal=True)[:1].tolist()]
    [0.8]
    """
    size = len(received)
    readers = torch.arange(size - 1, -1, -1) if causal else torch.full((size,), size - 1)
    return torch.where(readers >= FEWEST, received / readers.clamp_min(1), torch.nan)


def _empty(text: Tokens, index: int) -> bool:
    return index == 0 or text.special[index] or not any(letter.isalnum() for letter in text.pieces[index])
