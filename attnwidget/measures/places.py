"""Tokens of a text named by what they say: a phrase, several phrases, or positions."""

from collections.abc import Sequence
from typing import Any

from attnwidget.engine.recompute import indices
from attnwidget.engine.tokens import Tokens
from attnwidget.errors import AttnWidgetError


def tokens_named(text: Tokens, named: Any) -> tuple[int, ...]:
    """The positions, ascending, of all tokens that a phrase covers wherever it stands, or of positions as given.

    `named` is a phrase, a position, or a sequence of either. Raises AttnWidgetError for a phrase that the text does
    not have, for an empty one, and for positions that are not there.

    >>> text = Tokens.from_pieces(["the", "cat", "saw", "the", "dog"])
    >>> tokens_named(text, "the"), tokens_named(text, ["saw the", -1])
    ((0, 3), (2, 3, 4))
    """
    several = isinstance(named, Sequence) and not isinstance(named, str)
    found: set[int] = set()
    for one in named if several else [named]:
        found.update(_of_phrase(text, one) if isinstance(one, str) else indices(one, len(text), "token").tolist())
    if not found:
        raise AttnWidgetError(f"{named!r} names no token. Give a phrase of the text, or positions.")
    return tuple(sorted(found))


def _of_phrase(text: Tokens, phrase: str) -> list[int]:
    wanted = phrase.strip()
    found = []
    at = text.text.find(wanted) if wanted else -1
    while at >= 0:
        end = at + len(wanted)
        found += [i for i, (start, stop) in enumerate(text.spans) if start < end and stop > at and stop > start]
        at = text.text.find(wanted, at + 1)
    if not found:
        raise AttnWidgetError(
            f"The text does not have {phrase!r}. Give a phrase as it stands there, or token positions."
        )
    return found
