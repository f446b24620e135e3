"""Progress of an answer: reported from time to time, and how long it will still take."""

from collections.abc import Callable
from time import monotonic
from typing import Any, TypeVar

Said = TypeVar("Said")

EVERY = 0.1
"""Seconds between two messages; what is faster sends none."""

FEWEST_LAYERS = 2
"""Layers after the first from which on their pace is believed."""


def sparing(say: Callable[[Said], None]) -> Callable[[Said], None]:
    """The same function, but it ignores calls that come too soon after the last accepted one."""
    said = monotonic()

    def heard(done: Said) -> None:
        nonlocal said
        if monotonic() - said > EVERY:
            said = monotonic()
            say(done)

    return heard


class Pace:
    """How long a pass will still take, as the layers that it has done tell; nothing is known before the first.

    `total` is how many layers it has, 0 if that is not known yet.
    """

    def __init__(self, total: Callable[[], int], clock: Callable[[], float] = monotonic) -> None:
        self._total, self._clock = total, clock
        self._first = self._last = (0, 0.0)

    def __call__(self, done: int) -> None:
        """So many layers are done."""
        now = done, self._clock()
        if done <= self._last[0] or not self._last[0]:
            self._first = now  # a first layer, or that of another attempt
        self._last = now

    def rest(self) -> float:
        """The seconds that it is expected to take from its last layer on.

        One slow layer says little: until there are three, the pass is taken to be halfway.

        >>> seconds = iter([10.0, 10.5, 11.0, 11.5])
        >>> pace = Pace(lambda: 12, lambda: next(seconds))
        >>> pace.rest(), pace(1), pace(2), pace.rest(), pace(3), pace.rest()
        (0.0, None, None, 1.0, None, 6.75)
        """
        (before, began), (done, now) = self._first, self._last
        total = self._total()
        if done == 0 or 0 < total <= done:
            return 0.0
        if total == 0 or done - before < FEWEST_LAYERS:
            return self._clock() - began
        return (now - began) / (done - before) * (total - done)


def progress_message(number: str, done: int, total: int) -> dict[str, Any]:
    """`done` of `total` attention layers; a total of 0 means that it is not known yet.

    >>> progress_message("7", 3, 12)
    {'id': '7', 'status': 'progress', 'done': 3, 'total': 12}
    """
    return {"id": number, "status": "progress", "done": done, "total": max(done, total) if total else 0}
