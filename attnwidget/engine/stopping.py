"""Long work that ends midway: whoever starts it says when, and it is asked between two tiles."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from attnwidget.errors import Cancelled

_stop: ContextVar[Callable[[], bool] | None] = ContextVar("attnwidget_stop", default=None)


@contextmanager
def stopping_when(asked: Callable[[], bool]) -> Iterator[None]:
    """Inside, whatever reads weights raises Cancelled once `asked()` is true.

    A measure is a pure function of a trace and takes no such argument: none of them need know.

    >>> with stopping_when(lambda: False):
    ...     go_on()
    """
    before = _stop.set(asked)
    try:
        yield
    finally:
        _stop.reset(before)


def go_on() -> None:
    """Raises Cancelled where somebody asked for an end of this."""
    asked = _stop.get()
    if asked is not None and asked():
        raise Cancelled
