"""Weights without a model, read like one: what `aw.view` shows."""

from typing import Any

from attnwidget.engine import ModelFacts, Texts, Tokens, Trace
from attnwidget.errors import AttnWidgetError
from attnwidget.frames.axes import axes_of, texts_shown


class GivenModel:
    """A trace in the place of a model: whatever text is asked for, this is what was read."""

    def __init__(self, given: Trace) -> None:
        self.given = given
        self.facts: ModelFacts = given.model
        self.name = given.model.name
        self.model = self  # what the worker belongs to

    def trace(self, _x: Any, **_options: Any) -> Trace:
        """The trace that was given."""
        return self.given

    def texts(self, _text: str, _pair: str) -> Texts:
        """Two texts where a part has one on each axis."""
        return Texts(two=any(not axes_of(self.given, part).square for part in self.given.parts), given=True)

    def texts_of(self, part: str) -> tuple[str, str]:
        """What stands in the two text fields beside a part."""
        first, second = texts_shown(self.given, part)
        return first.text, second.text if second is not None else ""

    def state(self) -> int | None:
        """Nothing changes."""
        return self.given.origin

    def tokens(self, _text: str) -> Tokens:
        """The tokens of what was read first."""
        return self.given.text

    def piece(self, number: int) -> str:
        """There is no vocabulary."""
        return f"#{number}"

    def refuse_editing(self) -> None:
        """Raises AttnWidgetError."""
        raise AttnWidgetError(
            "This text belongs to weights that were given, and there is no model here to read another one. "
            "aw.explore(model, text) reads texts as they are typed."
        )
