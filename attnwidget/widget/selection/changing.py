"""Changes of explorers: made by one thread at a time, and announced once complete.

A change takes the turn, together with all its consequences in this explorer and in linked ones. Then each page is told
once, and then, after the turn is released, the observers: they may take as long as they like, wait for a reading, and
make changes themselves.
"""

import logging
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol, runtime_checkable

from traitlets import Bunch

log = logging.getLogger(__name__)

TURN = threading.RLock()
"""One lock for all explorers: linked ones change together, and two locks could deadlock.
"""


@runtime_checkable
class Changeable(Protocol):
    """An explorer, as those know it who change it."""

    links: tuple["Tie", ...]

    def values(self) -> dict[str, Any]:
        """The values of all that is chosen."""

    def put_back(self, values: Mapping[str, Any]) -> None:
        """Take back what has not been told yet."""

    def settle(self, names: Collection[str]) -> None:
        """Bring in order what depends on several traits."""

    def tell_page(self, names: Iterable[str], known: Mapping[str, Any]) -> None:
        """Send the page what it does not know."""

    def tell_observers(self, change: Any) -> list[Exception]:
        """Let every observer hear of a change."""

    def prepare(self, state: Mapping[str, Any]) -> None:
        """Find out what there is to be chosen."""

    def nearest(self, name: str, value: Any) -> Any:
        """The value of a trait that comes nearest to one of another explorer."""


@runtime_checkable
class Tie(Protocol):
    """A link of two explorers, as a change follows it."""

    names: tuple[str, ...]

    def other(self, explorer: Changeable) -> Changeable:
        """The end that is not this one."""

    def copy(self, source: Changeable, names: Iterable[str]) -> None:
        """Bring the other end to what one has chosen."""

    def unlink(self) -> None:
        """Let each go its own way again."""


class _Mine(threading.local):
    """What this thread has changed and not yet announced."""

    def __init__(self) -> None:
        self.holds = 0
        self.turns = 0
        self.before: dict[Changeable, dict[str, Any]] = {}  # for each explorer: the values that were last announced
        self.said: dict[Changeable, dict[str, Any]] = {}  # what a page has set, and knows
        self.stirred: dict[Changeable, set[str]] = {}  # the names that changed in this turn


_mine = _Mine()


def in_turn() -> bool:
    """Whether this thread is in the middle of a change, where it must not wait for anything."""
    return _mine.turns > 0


@contextmanager
def holding() -> Iterator[None]:
    """Changes inside are announced at the end of the outermost block: once, as the difference between before and after.

    Raises the first error of a page connection or an observer, unless the block itself raised; other errors are logged.
    """
    _mine.holds += 1
    done = False
    try:
        yield
        done = True
    finally:
        _mine.holds -= 1
        errors = [] if _mine.holds else _tell()
        for error in errors[done:]:
            log.error("Another page or observer of an explorer also raised an error", exc_info=error)
        if done and errors:
            raise errors[0]


@contextmanager
def turn(explorer: Changeable) -> Iterator[None]:
    """Change an explorer completely or, on an error, not at all; links follow at the end of the outermost block."""
    with holding(), TURN:
        _mine.turns += 1
        values, stirred = explorer.values(), set(_mine.stirred.get(explorer, ()))
        try:
            yield
            if _mine.turns == 1:
                _finish()
        except BaseException:
            explorer.put_back(values)
            _mine.stirred[explorer] = stirred
            raise
        finally:
            _mine.turns -= 1
            if not _mine.turns:
                _mine.stirred = {}


def stir(explorer: Changeable, names: tuple[str, ...]) -> None:
    """Mark traits as changed, so that links pass them on. Only within a turn."""
    _mine.stirred.setdefault(explorer, set()).update(names)


def changed(explorer: Changeable, name: str, old: Any) -> None:
    """Record that a trait had another value. Only within a turn."""
    _mine.before.setdefault(explorer, {}).setdefault(name, old)
    stir(explorer, (name,))


def told_by_page(explorer: Changeable, state: dict[str, Any]) -> None:
    """Record what the page of an explorer has set: it need not be told. Only while announcements are held back."""
    _mine.said[explorer] = state


def set_by_page(explorer: Changeable, name: str) -> bool:
    """Whether the page of an explorer has set this. Only while announcements are held back."""
    return name in _mine.said.get(explorer, {})


def spare(explorer: Changeable, cause: Collection[str], name: str, value: Any) -> None:
    """Do not tell the page how a trait changed because of the page's own change: the page will set it itself."""
    page = _mine.said.get(explorer, {})
    if not page.keys().isdisjoint(cause):
        page.setdefault(name, value)


def _finish() -> None:
    """Settle every changed explorer, then those linked with it: a trait passes each link once."""
    gone: set[tuple[Changeable, str]] = set()
    while _mine.stirred:
        explorer = next(iter(_mine.stirred))
        explorer.settle(_mine.stirred[explorer])
        names = _mine.stirred.pop(explorer)
        gone |= {(explorer, name) for name in names}
        for link in explorer.links:
            other = link.other(explorer)
            follow = [name for name in link.names if name in names and (other, name) not in gone]
            gone |= {(other, name) for name in follow}
            link.copy(explorer, follow)


def _tell() -> list[Exception]:
    """Tell pages and observers, regardless of errors in others; return the errors."""
    before, page, _mine.before, _mine.said = _mine.before, _mine.said, {}, {}
    changes: list[tuple[Changeable, Bunch]] = []
    errors: list[Exception] = []
    with TURN:  # so that no page hears an older value after a newer one
        for explorer, old in before.items():
            new = explorer.values()
            names = [name for name in old if name in new and old[name] != new[name]]
            try:
                explorer.tell_page(names, page.get(explorer, {}))
            except Exception as error:  # noqa: BLE001  whatever one page raises, the others are told
                errors.append(error)
            changes += [(explorer, _change(explorer, name, old[name], new[name])) for name in names]
    return errors + [error for explorer, change in changes for error in explorer.tell_observers(change)]


def _change(explorer: Changeable, name: str, old: Any, new: Any) -> Bunch:
    return Bunch(name=name, old=old, new=new, owner=explorer, type="change")
