"""Progress of an answer, reported from time to time."""

from collections.abc import Callable
from time import monotonic
from typing import Any, TypeVar

Said = TypeVar("Said")

EVERY = 0.1
"""Seconds between two messages; what is faster sends none."""


def sparing(say: Callable[[Said], None]) -> Callable[[Said], None]:
    """The same function, but it ignores calls that come too soon after the last accepted one."""
    said = monotonic()

    def heard(done: Said) -> None:
        nonlocal said
        if monotonic() - said > EVERY:
            said = monotonic()
            say(done)

    return heard


def progress_message(number: str, done: int, total: int) -> dict[str, Any]:
    """`done` of `total` attention layers; a total of 0 means that it is not known yet.

    >>> progress_message("7", 3, 12)
    {'id': '7', 'status': 'progress', 'done': 3, 'total': 12}
    """
    return {"id": number, "status": "progress", "done": done, "total": max(done, total) if total else 0}
