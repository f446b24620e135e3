"""Tokens that attract attention whatever the query: where a head rests when it has nothing to do."""

import torch
from jaxtyping import Int
from torch import Tensor

from attnwidget.engine import Tokens
from attnwidget.measures.rows import read_rows
from attnwidget.shapes import TokenVector

THRESHOLD = 0.3
"""Gu et al. 2024 (arXiv 2410.10781) call a key a sink if later queries give it more than this on average."""

FEWEST_QUERIES = 3
"""Queries needed for a score: the mean over one or two rows is meaningless."""


def sink_tokens(
    received: TokenVector,
    text: Tokens,
    readers: Int[Tensor, " token"],
    *,
    crossed: bool = False,
) -> tuple[int, ...]:
    """Keys of a map that are shown as sinks: scored above 0.3, and without content of their own.

    `received` is the total that each key got from the other queries that are not padding, so that a map can be
    processed in portions; `readers` is how many of them can see it. The first token, special tokens and pieces without
    a letter or digit have no content: a content word that many tokens attend to is a finding, not a sink.
    """
    scores = sink_scores(received, readers)
    first = None if crossed else next((i for i, padding in enumerate(text.padding) if not padding), None)
    return tuple(i for i, score in enumerate(scores.tolist()) if score > THRESHOLD and _empty(text, i, first))


def sink_scores(received: TokenVector, readers: Int[Tensor, " token"]) -> TokenVector:
    """Mean attention that each key gets from the other queries that can see it; NaN if fewer than three can.

    The token's attention to itself is left out, unlike in the paper: otherwise the last key of a causal map would be
    scored by its own diagonal alone.
    Source: Gu et al. 2024.

    >>> first = torch.tensor([[1, 0, 0, 0], [.9, .1, 0, 0], [.8, .1, .1, 0], [.7, .1, .1, .1]])
    >>> received, readers = first.sum(0) - first.diagonal(), torch.tensor([3, 2, 1, 0])
    >>> [round(score, 2) for score in sink_scores(received, readers)[:1].tolist()]
    [0.8]
    """
    return torch.where(readers >= FEWEST_QUERIES, received / readers.clamp_min(1), torch.nan)


def unmasked_readers(text: Tokens, *, causal: bool) -> Int[Tensor, " token"]:
    """How many other queries can see each key if only causality and padding hide keys; 0 for padding.

    >>> unmasked_readers(Tokens.from_pieces(["a", "b", "c"]), causal=True).tolist()
    [2, 1, 0]
    """
    real = ~torch.tensor(text.padding, dtype=torch.bool, device="cpu")
    others = real.sum() - (real.cumsum(0) if causal else 1)
    return others * real


def all_readers(queries: Tokens, keys: Tokens) -> Int[Tensor, " token"]:
    """How many queries can see each key of a map between two texts if only padding hides keys; 0 for padding.

    >>> all_readers(Tokens.from_pieces(["das", "Haus"]), Tokens.from_pieces(["the", "big", "house"])).tolist()
    [2, 2, 2]
    """
    return len(read_rows(queries)) * ~torch.tensor(keys.padding, dtype=torch.bool, device="cpu")


def _empty(text: Tokens, index: int, first: int | None) -> bool:
    return index == first or text.special[index] or not any(letter.isalnum() for letter in text.pieces[index])
