"""Where an explorer opens that was given no head: at one that shows something, once the first text is read."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from traitlets import HasTraits

from attnwidget.engine import Trace
from attnwidget.errors import AttnWidgetError
from attnwidget.measures.patterns.sights import Sight, sights
from attnwidget.widget.answering.requests import Request

READ_WITH = ("text", "pair", "layer", "head", "query", "direction", "source")
ANY_CHOICE = (*READ_WITH, "part", "heads")


@dataclass(frozen=True)
class Opening:
    """`began` is what was chosen before anything was read; while it stands, nobody has chosen anything else.

    `found` is what can be seen on the first text, None until that is read; `over` whether it has led somewhere already.
    """

    began: Mapping[str, Any]
    found: tuple[Sight, ...] | None = None
    over: bool = False

    @classmethod
    def of(cls, explorer: HasTraits) -> "Opening":
        """The opening of an explorer that is as it was made."""
        return cls({name: getattr(explorer, name) for name in ANY_CHOICE})

    def stands(self, explorer: HasTraits) -> bool:
        """Whether nobody has chosen anything yet."""
        return all(getattr(explorer, name) == value for name, value in self.began.items())

    def read(self, trace: Trace, text: str, pair: str) -> "Opening":
        """The same, with what can be seen, once the first text is read."""
        if self.found is not None or (text, pair) != (self.began["text"], self.began["pair"]):
            return self
        found: tuple[Sight, ...] = ()
        with suppress(AttnWidgetError):  # whoever shows these maps says what is wrong with them
            found = sights(trace, self.began["part"])
        return replace(self, found=found)

    def place(self) -> dict[str, Any]:
        """The heads and the query to open at; nothing, if nothing is to be seen."""
        if not self.found:
            return {}
        return {"heads": ((self.found[0].layer, self.found[0].head),), "query": _query(self.found[0])}

    def placed(self, request: Request, explorer: HasTraits) -> Request:
        """What a page means that asks for the place where it began, before it knows where to look."""
        here = self.place() if self.over else self.began
        meant = bool(self.found) and all(getattr(explorer, name) == value for name, value in here.items())
        asked = all(getattr(request, name) == self.began[name] for name in READ_WITH)
        if not self.found or not meant or not asked or request.heads or request.caret is not None:
            return request
        first = self.found[0]
        return replace(request, layer=first.layer, head=first.head, query=_query(first))

    def told(self, request: Request) -> list[dict[str, Any]] | None:
        """What can be seen, as the page hears it beside the frame of one of these places; None beside any other."""
        places = {(*self._texts, sight.layer, sight.head, _query(sight)) for sight in self.found or ()}
        if (request.text, request.pair, request.layer, request.head, request.query) not in places:
            return None
        return [{**vars(sight), "query": list(_query(sight))} for sight in self.found or ()]

    @property
    def _texts(self) -> tuple[str, str]:
        return self.began["text"], self.began["pair"]


def _query(sight: Sight) -> tuple[int, int]:
    return sight.query, sight.query + 1
