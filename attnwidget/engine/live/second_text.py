"""The second text that a model reads: of a sentence pair, or the target of an encoder-decoder."""

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from attnwidget.engine.trace.records import ModelFacts

Second: TypeAlias = Literal["pair", "target"]

OF_THE_WHOLE = {"class", "answer span"}
"""What an encoder-decoder predicts from one text alone, which its decoder reads again."""


@dataclass(frozen=True)
class Texts:
    """How what was read stands in two text fields.

    `before` is where the first text begins in what was read: behind a prompt that was written before it.
    `split` is where the second text of a sentence pair begins in the text that was read, in code points. `two` says that
    the sequence which reads another one is the second text. `given`: there is no model behind it, and nothing to edit.
    """

    before: int = 0
    split: int | None = None
    two: bool = False
    given: bool = False


def second_of(facts: ModelFacts) -> Second | None:
    """What a second text would be to this model; None for one that reads a single text.

    >>> second_of(ModelFacts(kind="encoder")), second_of(ModelFacts(kind="encoder-decoder")), second_of(ModelFacts())
    ('pair', 'target', None)
    """
    if facts.kind == "encoder-decoder":
        return "pair" if facts.predicts in OF_THE_WHOLE else "target"
    return "pair" if facts.kind == "encoder" else None


def as_given(facts: ModelFacts, pair: str) -> dict[str, Any]:
    """The second text as `AttentionModel.trace` takes it; nothing for no text.

    >>> as_given(ModelFacts(kind="encoder-decoder"), "Das Haus"), as_given(ModelFacts(kind="encoder"), "")
    ({'target': 'Das Haus'}, {})
    """
    second = second_of(facts)
    return {second: pair} if second is not None and pair else {}


def texts_of(facts: ModelFacts, text: str, pair: str, prompt: str = "") -> Texts:
    """How a text and a second one are read: behind a prompt, and a pair is joined by a line break."""
    second, before = second_of(facts), len(prompt)
    if second == "target":
        return Texts(before, two=True)
    return Texts(before, before + len(text) + 1) if second == "pair" and pair else Texts(before)
