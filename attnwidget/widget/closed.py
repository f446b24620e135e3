"""The stand-in for the model of a closed explorer, so that the model can be freed."""

from typing import Any, NoReturn

from attnwidget.engine import ModelFacts
from attnwidget.errors import AttnWidgetError
from attnwidget.widget.given import GivenModel


class Closed(GivenModel):
    """The name and the facts of a released model; anything that needs the model is refused."""

    def __init__(self, name: str, facts: ModelFacts) -> None:
        self.name = name
        self.facts = facts

    def refuse(self, *_given: Any, **_options: Any) -> NoReturn:
        """Raise AttnWidgetError."""
        raise AttnWidgetError(
            "This explorer is closed. To show the same again, use aw.explore(model, state=ex.state())."
        )

    given = property(refuse)
    state = trace = texts = texts_of = tokens = piece = chat_text = refuse_editing = refuse_changing = fitting = refuse
