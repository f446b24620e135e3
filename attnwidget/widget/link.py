"""Two explorers that move together: what is chosen in one is chosen in the other, as far as the other has it."""

from collections.abc import Iterable
from contextlib import suppress
from threading import RLock, get_ident
from typing import TYPE_CHECKING, Any

from attnwidget.errors import AttnWidgetError

if TYPE_CHECKING:
    from attnwidget.widget.explorer import Explorer

LINKED = ("layer", "head", "heads", "direction", "query", "view", "filter", "look")
"""What two explorers can share. The text, the model and its part are each one's own."""


class Link:
    """A link between two explorers, until `unlink()`."""

    def __init__(self, one: "Explorer", other: "Explorer", names: Iterable[str]) -> None:
        self._ends = (one, other)
        self._names = list(names)
        self._turn = RLock()
        self._follower: int | None = None  # the thread that is at it: what it sets is not to be followed back
        one.observe(self._follow, self._names)
        other.observe(self._follow, self._names)
        with self._turn:
            self._copy(one, other, self._names)

    def unlink(self) -> None:
        """Let each go its own way again. Called twice, it does nothing."""
        for explorer in self._ends:
            with suppress(ValueError):  # traitlets' word for an observer that is not there
                explorer.unobserve(self._follow, self._names)

    def __repr__(self) -> str:
        one, other = self._ends
        return f"Link({one!r}, {other!r}: {', '.join(self._names)})"

    def _follow(self, change: Any) -> None:
        if self._follower == get_ident():
            return
        one, other = self._ends
        target = other if change["owner"] is one else one
        with self._turn:
            self._copy(change["owner"], target, [change["name"]])

    def _copy(self, source: "Explorer", target: "Explorer", names: list[str]) -> None:
        self._follower = get_ident()
        try:
            with target.hold_sync():
                for name in names:
                    with suppress(AttnWidgetError):  # what the other model or text does not have
                        setattr(target, name, target.nearest(name, getattr(source, name)))
        finally:
            self._follower = None


def linked_names(names: Iterable[str]) -> tuple[str, ...]:
    """The names to link, all when none is given. Raises AttnWidgetError for one that cannot be linked.

    >>> linked_names(["layer", "head"])
    ('layer', 'head')
    """
    wanted = tuple(names) or LINKED
    strange = [name for name in wanted if name not in LINKED]
    if strange:
        raise AttnWidgetError(f"{strange[0]!r} cannot be linked. What can be is {', '.join(LINKED)}.")
    return wanted
