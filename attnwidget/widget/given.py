"""Weights without a model, behind a model's interface: what `aw.view` shows."""

from typing import Any, NoReturn

from attnwidget.engine import ModelFacts, Texts, Tokens, Trace, without_padding
from attnwidget.errors import AttnWidgetError
from attnwidget.frames.axes import axes_of, field_text, texts_shown


class GivenModel:
    """A trace in place of a model: whatever text is requested, this trace is the result."""

    fixed = "These weights were given without a model, so the text cannot be changed."
    """Why the text cannot be changed, and what of it has no weights."""

    def __init__(self, given: Trace) -> None:
        self.given = given = without_padding(given)
        self.facts: ModelFacts = given.model
        self.name = given.model.name
        self.model = self  # what the worker belongs to
        self.fixed += _without_weights(given)

    def trace(self, _x: Any, **_options: Any) -> Trace:
        """The given trace."""
        return self.given

    def texts(self, _text: str, _pair: str) -> Texts:
        """Two texts if a part has one on each axis."""
        return Texts(two=any(not axes_of(self.given, part).square for part in self.given.parts), given=True)

    def texts_of(self, part: str) -> tuple[str, str]:
        """The content of the two text fields for a part."""
        first, second = texts_shown(self.given, part)
        return field_text(self.given, first), field_text(self.given, second) if second is not None else ""

    def state(self) -> int | None:
        """Nothing changes."""
        return self.given.origin

    def tokens(self, _text: str) -> Tokens:
        """The tokens of the first sequence."""
        return self.given.text

    def piece(self, number: int) -> str:
        """There is no vocabulary."""
        return f"#{number}"

    def refuse_changing(self) -> None:
        """Raises AttnWidgetError."""
        raise AttnWidgetError(
            "These weights were given without a model, so nothing in their computation can be changed. For edits, use "
            "aw.explore(model, text, edits=...)."
        )

    def fitting(self, _edits: Any, _text: str, _pair: str = "", _first: int | None = None) -> Any:
        """Raises AttnWidgetError: nothing can be edited."""
        self.refuse_changing()

    def chat_text(self, _messages: Any) -> str:
        """Raises AttnWidgetError."""
        self.refuse_editing()

    def refuse_editing(self) -> NoReturn:
        """Raises AttnWidgetError."""
        raise AttnWidgetError(
            "This text belongs to given weights, and there is no model to compute others. To edit texts, use "
            "aw.explore(model, text)."
        )


def _without_weights(given: Trace) -> str:
    number = max(sum(axes_of(given, part).queries.padding) for part in given.parts)
    if number == 0:
        return ""
    return f" {number} {'token attends' if number == 1 else 'tokens attend'} to nothing: padding, or rows of NaN."
