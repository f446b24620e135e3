"""Linked explorers: what is chosen in one is chosen in the other, as far as the other has it."""

import threading
from collections.abc import Iterable
from contextlib import suppress

from attnwidget.errors import AttnWidgetError
from attnwidget.widget.selection.changing import Changeable, stir, turn

LINKED = ("layer", "head", "heads", "direction", "query", "view", "filter", "look", "edits", "question")
"""What two explorers can share. The text, the model and its part are each one's own."""

_ENDS = threading.RLock()
"""Held while a link is recorded. The turn must not be needed here: Python may free explorers at any moment."""


class Link:
    """A link between two explorers, until `unlink()`. Both change in the same turn (see changing.py)."""

    def __init__(self, one: Changeable, other: Changeable, names: Iterable[str]) -> None:
        self._ends = (one, other)
        self.names = tuple(names)
        for end in self._ends:
            end.prepare({"heads": None})  # the heads cannot be determined during a turn
        with turn(one):
            with _ENDS:
                for end in self._ends:
                    end.links = (*end.links, self)
            stir(one, self.names)

    def other(self, explorer: Changeable) -> Changeable:
        """The other end of the link."""
        return self._ends[self._ends[0] is explorer]

    def copy(self, source: Changeable, names: Iterable[str]) -> None:
        """Bring the other end to the selection of this one."""
        target = self.other(source)
        with turn(target):
            for name in names:
                with suppress(AttnWidgetError):  # missing in the other model or text
                    setattr(target, name, target.nearest(name, getattr(source, name)))

    def unlink(self) -> None:
        """Separate both explorers again. A second call does nothing."""
        with _ENDS:
            for end in self._ends:
                end.links = tuple(link for link in end.links if link is not self)

    def __repr__(self) -> str:
        one, other = self._ends
        return f"Link({one!r}, {other!r}: {', '.join(self.names)})"


def linked_names(names: Iterable[str]) -> tuple[str, ...]:
    """The names to link, all if none are given. Raises AttnWidgetError for one that cannot be linked.

    >>> linked_names(["layer", "head"])
    ('layer', 'head')
    """
    wanted = tuple(names) or LINKED
    strange = [name for name in wanted if name not in LINKED]
    if strange:
        raise AttnWidgetError(f"{strange[0]!r} cannot be linked. Choose from {', '.join(LINKED)}.")
    return wanted
