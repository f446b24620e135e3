"""Changes of explorers: made by one thread at a time, and told once they are whole.

A change takes the turn, and with it comes all that it entails, in this explorer and in those linked with it. Then the
pages are told, each once, and then, with the turn given back, the observers: they may take as long as they like, wait
for a reading, and change what they hear of.
"""

import logging
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol, runtime_checkable

from traitlets import Bunch

log = logging.getLogger(__name__)

TURN = threading.RLock()
"""One for all explorers: linked ones change together, and of two locks each may be waited for by who holds the other.

Nothing that waits for a worker runs under it, and no observer.
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
    """What this thread has changed and not told yet."""

    def __init__(self) -> None:
        self.holds = 0
        self.turns = 0
        self.before: dict[Changeable, dict[str, Any]] = {}  # of each explorer: the values that somebody was last told
        self.said: dict[Changeable, dict[str, Any]] = {}  # what a page has set, and knows
        self.stirred: dict[Changeable, set[str]] = {}  # the names that changed in this turn


_mine = _Mine()


def in_turn() -> bool:
    """Whether this thread is in the midst of a change, where nothing may be waited for."""
    return _mine.turns > 0


@contextmanager
def holding() -> Iterator[None]:
    """What changes inside is told at the end of the outermost one: once, as the difference between before and after.

    Raises the first error of a page's line or an observer, unless what was done inside has raised; the others are in the
    log.
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
            log.error("Another page or observer of an explorer raised an error, too", exc_info=error)
        if done and errors:
            raise errors[0]


@contextmanager
def turn(explorer: Changeable) -> Iterator[None]:
    """Change an explorer, wholly or, where something raises, not at all; links follow at the end of the outermost one."""
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
    """Count traits as changed, so that links carry them on. Only in a turn."""
    _mine.stirred.setdefault(explorer, set()).update(names)


def changed(explorer: Changeable, name: str, old: Any) -> None:
    """Write down that a trait had another value. Only in a turn."""
    _mine.before.setdefault(explorer, {}).setdefault(name, old)
    stir(explorer, (name,))


def told_by_page(explorer: Changeable, state: dict[str, Any]) -> None:
    """Write down what the page of an explorer has set: it need not be told. Only while told later."""
    _mine.said[explorer] = state


def spare(explorer: Changeable, cause: Collection[str], name: str, value: Any) -> None:
    """Do not tell the page what a trait has become for what the page has set: it will say itself what it is to be."""
    page = _mine.said.get(explorer, {})
    if not page.keys().isdisjoint(cause):
        page.setdefault(name, value)


def _finish() -> None:
    """Bring every changed explorer in order, then those linked with it: along each link a trait goes once."""
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
    """Tell pages and observers, each whatever others raise; give what they have raised."""
    before, page, _mine.before, _mine.said = _mine.before, _mine.said, {}, {}
    changes: list[tuple[Changeable, Bunch]] = []
    errors: list[Exception] = []
    with TURN:  # so that no page hears an older value after a newer one
        for explorer, old in before.items():
            new = explorer.values()
            names = [name for name in old if name in new and old[name] != new[name]]
            try:
                explorer.tell_page(names, page.get(explorer, {}))
            except Exception as error:  # noqa: BLE001  whatever a line to a page raises, the others are told
                errors.append(error)
            changes += [(explorer, _change(explorer, name, old[name], new[name])) for name in names]
    return errors + [error for explorer, change in changes for error in explorer.tell_observers(change)]


def _change(explorer: Changeable, name: str, old: Any, new: Any) -> Bunch:
    return Bunch(name=name, old=old, new=new, owner=explorer, type="change")
