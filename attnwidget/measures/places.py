"""Tokens of a text named by what they say: a phrase, several phrases, or positions."""

import re
from collections.abc import Sequence
from typing import Any

from attnwidget.engine import Tokens, indices
from attnwidget.errors import AttnWidgetError


def tokens_named(text: Tokens, named: Any) -> tuple[int, ...]:
    """The positions, ascending, of all tokens that a phrase covers wherever it stands, or of positions as given.

    `named` is a phrase, a position, or a sequence of either. A phrase is looked for as whole words, and inside words
    where it does not stand as such. Raises AttnWidgetError for a phrase that the text does
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
    # Whole words: "is" is no part of Paris. Only a phrase that stands nowhere as such is looked for inside words.
    whole = rf"(?<!\w){re.escape(wanted)}" if wanted[:1].isalnum() else re.escape(wanted)
    places = list(re.finditer(whole + (r"(?!\w)" if wanted[-1:].isalnum() else ""), text.text)) if wanted else []
    if wanted and not places:
        places = list(re.finditer(re.escape(wanted), text.text))
    found = [
        i
        for place in places
        for i, (start, stop) in enumerate(text.spans)
        if start < place.end() and stop > place.start() and stop > start
    ]
    if not found:
        raise AttnWidgetError(
            f"The text does not have {phrase!r}. Give a phrase as it stands there, or token positions."
        )
    return found
