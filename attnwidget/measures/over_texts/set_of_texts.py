"""The texts of a set, each as tokens, and the same texts with other words in their places."""

from collections.abc import Sequence
from random import Random
from typing import Any

from attnwidget.engine import AttentionModel, Tokens, is_chat
from attnwidget.errors import AttnWidgetError


def tokens_of_set(model: Any, texts: Any) -> list[Tokens]:
    """The tokens of every text that the model can read. Raises AttnWidgetError if there is none, or no model.

    >>> import attnwidget as aw
    >>> [len(one) for one in tokens_of_set(aw.load(), ["The cat sat.", ""])]
    [4]
    """
    if not isinstance(model, AttentionModel):
        raise AttnWidgetError(f"This needs a model to run, not {type(model).__name__}. Make one with aw.load(...).")
    if isinstance(texts, str) or is_chat(texts) or not hasattr(texts, "__iter__"):
        raise AttnWidgetError("Give several texts, as a list of strings.")
    found, reason = [], "there is none"
    for text in texts:
        try:
            found.append(model.tokens(text))
        except AttnWidgetError as error:
            reason = str(error)
    if not found:
        raise AttnWidgetError(f"None of these texts can be read: {reason}")
    return found


def content_of(tokens: Tokens) -> list[int]:
    """The tokens whose words can be changed: not special ones, nor padding, nor the first, on which heads rest."""
    first = next((at for at, mark in enumerate(tokens.padding) if not mark), 0)
    return [at for at in range(len(tokens)) if not (tokens.special[at] or tokens.padding[at]) and at != first]


def shuffled_ids(tokens: Tokens, random: Random) -> list[int]:
    """The ids with the content in another order."""
    places = content_of(tokens)
    drawn = random.sample(places, len(places))
    ids = list(tokens.ids)
    for place, other in zip(places, drawn, strict=True):
        ids[place] = tokens.ids[other]
    return ids


def replaced_ids(tokens: Tokens, pool: Sequence[int], random: Random) -> list[int]:
    """The ids with content drawn from a pool."""
    ids = list(tokens.ids)
    for place in content_of(tokens):
        ids[place] = random.choice(pool)
    return ids
