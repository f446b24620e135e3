"""Long work that ends midway: whoever starts it says when, and it is asked between two layers or two tiles."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from attnwidget.errors import Cancelled


def never() -> bool:
    """Nobody asks for an end.

    >>> never()
    False
    """
    return False


_asked: ContextVar[Callable[[], bool]] = ContextVar("attnwidget_asked", default=never)


@contextmanager
def stopping_when(asked: Callable[[], bool]) -> Iterator[None]:
    """Inside, on this thread, all work ends with `attnwidget.errors.Cancelled` soon after `asked()` is true.

    Passes are stopped between two layers, measures between two tiles of weights; `generate` ends after the token at hand
    and gives what there is. Inside another one, either may ask for the end.

    >>> import attnwidget as aw
    >>> with aw.stopping_when(lambda: False):
    ...     trace = aw.load().trace("The cat sat on the mat.")
    """
    before = _asked.get()
    token = _asked.set(asked if before is never else lambda: before() or asked())
    try:
        yield
    finally:
        _asked.reset(token)


@contextmanager
def to_the_end() -> Iterator[Callable[[], bool]]:
    """Inside, nothing is stopped; what is given tells whether somebody asks for an end of it all the same."""
    before = _asked.get()
    token = _asked.set(never)
    try:
        yield before
    finally:
        _asked.reset(token)


def go_on() -> None:
    """Raises Cancelled where somebody asks for an end of this."""
    if _asked.get()():
        raise Cancelled
