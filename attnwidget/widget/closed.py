"""What an explorer has in the place of its model once it is closed, so that the model can go."""

from typing import Any, NoReturn

from attnwidget.engine import ModelFacts
from attnwidget.errors import AttnWidgetError
from attnwidget.widget.given import GivenModel


class Closed(GivenModel):
    """The name and the facts of a model that was let go; whatever would read with it is refused."""

    def __init__(self, name: str, facts: ModelFacts) -> None:
        self.name = name
        self.facts = facts

    def refuse(self, *_given: Any, **_options: Any) -> NoReturn:
        """Raise AttnWidgetError."""
        raise AttnWidgetError(
            "This explorer is closed. What it showed is ex.state(), and aw.explore(model, state=ex.state()) shows it again."
        )

    given = property(refuse)
    state = trace = texts = texts_of = tokens = piece = refuse_editing = refuse
