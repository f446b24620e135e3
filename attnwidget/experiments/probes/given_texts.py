"""Texts as they are given to a probe, and the places in them that are named: words by number, phrases, spans."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from attnwidget.arguments import whole_number
from attnwidget.engine import AttentionModel, Tokens
from attnwidget.errors import AttnWidgetError

TextPlace = tuple[int, int]
"""A half-open range of code points of a text."""


@dataclass(frozen=True)
class GivenText:
    """A text with its number among those given, its second text if it has one, and where its words stand."""

    number: int
    text: str
    pair: str | None
    words: tuple[TextPlace, ...]

    @property
    def given(self) -> Any:
        """As a model takes it."""
        return self.text if self.pair is None else (self.text, self.pair)

    @property
    def said(self) -> str:
        """The text in an error message."""
        return f"text {self.number} ({self.text[:40]!r})"


def given_texts(texts: Any) -> list[GivenText]:
    """Texts, lists of words (which a space joins) or (text, pair), numbered in their order.

    Raises AttnWidgetError for anything else.

    >>> [one.text[a:b] for one in given_texts(["No, no.", ["A", "B."]]) for a, b in one.words]
    ['No,', 'no.', 'A', 'B.']
    """
    if isinstance(texts, str | bytes) or not hasattr(texts, "__iter__"):
        raise AttnWidgetError("Give several texts, as a list of strings, of lists of words, or of (text, pair).")
    return [_given(number, one) for number, one in enumerate(texts)]


def _given(number: int, one: Any) -> GivenText:
    if isinstance(one, str):
        return GivenText(number, one, None, tuple(found.span() for found in re.finditer(r"\S+", one)))
    if isinstance(one, tuple) and len(one) == 2 and all(isinstance(text, str) for text in one):
        return GivenText(number, one[0], one[1], ())
    if isinstance(one, list) and one and all(isinstance(word, str) and word.strip() for word in one):
        begins = [sum(len(word) + 1 for word in one[:at]) for at in range(len(one))]
        spans = tuple((begin, begin + len(word)) for begin, word in zip(begins, one, strict=True))
        return GivenText(number, " ".join(one), None, spans)
    raise AttnWidgetError(
        f"Text {number} is {one!r:.60}. Give a string, a list of words, or a tuple of a text and its pair."
    )


def place_of(text: GivenText, named: Any) -> TextPlace:
    """Where a word by its number, a phrase (its first occurrence, as whole words if there is one), or a span stands.

    Raises AttnWidgetError for what is not there.

    >>> place_of(given_texts(["An ant ran."])[0], "an"), place_of(given_texts(["An ant ran."])[0], -1)
    ((3, 5), (7, 11))
    """
    if (number := whole_number(named)) is not None:
        if not -len(text.words) <= number < len(text.words):
            raise AttnWidgetError(
                f"There is no word {number} in {text.said}: it has {len(text.words)} words, counted from 0."
            )
        return text.words[number]
    if isinstance(named, str) and named.strip():
        wanted = re.escape(named.strip())
        found = re.search(rf"(?<!\w){wanted}(?!\w)", text.text) or re.search(wanted, text.text)
        if found is None:
            raise AttnWidgetError(f"{named!r:.60} does not stand in {text.said}. Give a phrase exactly as it appears.")
        return found.span()
    if isinstance(named, Sequence) and not isinstance(named, str) and len(named) == 2:
        start, stop = map(whole_number, named)
        if start is not None and stop is not None and 0 <= start < stop <= len(text.text):
            return start, stop
    raise AttnWidgetError(
        f"{named!r:.60} names no place of {text.said}. Give the number of a word, a phrase, or (start, stop) in characters."
    )


def tokens_at(tokens: Tokens, text: GivenText, place: TextPlace) -> list[int]:
    """The tokens that cover a place of the given text, which may stand behind a prompt of the model's own."""
    before = tokens.text.rfind(text.text) if tokens.text != text.text else 0
    start, stop = place[0] + before, place[1] + before
    return [
        at
        for at, (begin, end) in enumerate(tokens.spans)
        if before >= 0 and begin < stop and end > start and end > begin and not tokens.special[at]
    ]


def require_model(model: Any) -> AttentionModel:
    """The model. Raises AttnWidgetError for anything else."""
    if not isinstance(model, AttentionModel):
        raise AttnWidgetError(f"This needs a model to run, not {type(model).__name__}. Make one with aw.load(...).")
    return model
