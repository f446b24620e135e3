"""Tokens of a text by a phrase, several phrases, or positions."""

import re
from collections.abc import Sequence
from typing import Any

from attnwidget.engine import Tokens, indices
from attnwidget.errors import AttnWidgetError


def tokens_named(text: Tokens, named: Any) -> tuple[int, ...]:
    """The positions, ascending, of all tokens covered by any occurrence of a phrase, or the given positions.

    `named` is a phrase, a position, or a sequence of either. A phrase is searched for as whole words first, and within
    words only if that finds nothing. Raises AttnWidgetError for a phrase that is empty or not in the text, and for
    positions that do not exist.

    >>> text = Tokens.from_pieces(["the", "cat", "saw", "the", "dog"])
    >>> tokens_named(text, "the"), tokens_named(text, ["saw the", -1])
    ((0, 3), (2, 3, 4))
    """
    several = isinstance(named, Sequence) and not isinstance(named, str)
    found: set[int] = set()
    for one in named if several else [named]:
        found.update(_of_phrase(text, one) if isinstance(one, str) else indices(one, len(text), "token").tolist())
    if not found:
        raise AttnWidgetError(f"{named!r} does not name any token. Give a phrase of the text, or token positions.")
    return tuple(sorted(found))


def _of_phrase(text: Tokens, phrase: str) -> list[int]:
    wanted = phrase.strip()
    # Whole words first: "is" must not match in Paris. Only a phrase without such a match is searched for within words.
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
            f"The text does not contain {phrase!r}. Give a phrase exactly as it appears there, or token positions."
        )
    return found
