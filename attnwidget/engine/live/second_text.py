"""The second text for a model: of a sentence pair, or the target of an encoder-decoder."""

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from attnwidget.engine.text.conversation import Conversation
from attnwidget.engine.trace.records import ModelFacts

Second: TypeAlias = Literal["pair", "target"]

OF_THE_WHOLE = {"class", "answer span"}
"""What an encoder-decoder predicts from one text alone, which also goes to its decoder."""


@dataclass(frozen=True)
class Texts:
    """How the processed text is divided between two text fields.

    `before` is where the first text begins: behind any prompt put before it. `split` is where the second text of a
    sentence pair begins, in code points. `two`: the second text is a sequence of its own, which attends to the first.
    `given`: there is no model, so nothing can be edited. `chat`: the first text is a conversation, which has turns;
    `notes` are sentences about what it is not.
    """

    before: int = 0
    split: int | None = None
    two: bool = False
    given: bool = False
    chat: Conversation | None = None
    notes: tuple[str, ...] = ()


def second_of(facts: ModelFacts) -> Second | None:
    """What a second text would be for this model; None if it takes a single text.

    >>> second_of(ModelFacts(kind="encoder")), second_of(ModelFacts(kind="encoder-decoder")), second_of(ModelFacts())
    ('pair', 'target', None)
    """
    if facts.kind == "encoder-decoder":
        return "pair" if facts.predicts in OF_THE_WHOLE else "target"
    return "pair" if facts.kind == "encoder" else None


def as_given(facts: ModelFacts, pair: str) -> dict[str, Any]:
    """The second text as arguments of `AttentionModel.trace`; none for an empty text.

    >>> as_given(ModelFacts(kind="encoder-decoder"), "Das Haus"), as_given(ModelFacts(kind="encoder"), "")
    ({'target': 'Das Haus'}, {})
    """
    second = second_of(facts)
    return {second: pair} if second is not None and pair else {}


def texts_of(facts: ModelFacts, text: str, pair: str, prompt: str = "") -> Texts:
    """How a text and a second one are divided: after a prompt, with a pair joined by a line break."""
    second, before = second_of(facts), len(prompt)
    if second == "target":
        return Texts(before, two=True)
    return Texts(before, before + len(text) + 1) if second == "pair" and pair else Texts(before)
