"""What a survey is made of: the texts as they were read, and what was answered of each."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

SpanPlace: TypeAlias = tuple[int, int] | str
"""Where something stands in a text: first and behind the last code point, or the words themselves where they are unique."""


@dataclass(frozen=True)
class QuestionSaid:
    """What a question asks, as plain data that stands beside its answers.

    `words` say it in a sentence without a full stop, `of` names its number and `unit` what that is counted in. `kind` is
    "reads" (a claim about weights), "matters" (a claim about the answer) or "measure"; `heads` are those that are claimed
    (the others are beside them), `one_of` says that one of them is enough. `enough` is how much of its weight beyond uniform
    attention a head must have for the claim to hold, `by_place` says that the claim names places, not words, and `view` is
    the explorer's that shows it.
    """

    words: str
    of: str
    unit: str
    kind: str = "measure"
    heads: tuple[tuple[int, int], ...] = ()
    one_of: bool = False
    enough: float = 0.5
    by_place: bool = False
    view: str = "matrix"


@dataclass(frozen=True, eq=False)
class Item:
    """A text as it was read, the `number`-th of all (from 0, unreadable ones counted).

    `text` is a text or the messages of a chat; `spans` are the places of what a claim names, "pronoun" -> places in `text`;
    `answer` is what the model should say; `columns` is whatever else is known of the text (plain values).
    """

    number: int
    text: Any
    pair: str | None = None
    spans: Mapping[str, tuple[SpanPlace, ...]] = field(default_factory=dict)
    answer: Any = None
    columns: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Unread:
    """A row that holds no text that could be asked about, and why, in a sentence."""

    number: int
    reason: str


@dataclass(frozen=True, eq=False)
class Answered:
    """What was found on one text: `values`, and the same under each control, by the control's name.

    Arrays of floats, all of one shape in a survey: (layer head), (layer), or () for one number a text; NaN where there is
    none.
    """

    number: int
    text: Any
    pair: str | None
    columns: Mapping[str, Any]
    values: np.ndarray
    controls: Mapping[str, np.ndarray]
    spans: Mapping[str, tuple[SpanPlace, ...]] = field(default_factory=dict)
    answer: Any = None
    queries: np.ndarray | None = None
    """The token whose row shows it best, of each head, -1 where none does; None where that means nothing."""
    further: Mapping[str, float] = field(default_factory=dict)
    """What else the question found on this text, by name; without what is no number."""


@dataclass(frozen=True)
class Unanswered:
    """A text of which nothing was found, and why, in a sentence."""

    number: int
    text: Any
    reason: str
