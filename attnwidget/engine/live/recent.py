"""What was asked for last, kept: a text is tokenised once, though the page, its traits and the reading all ask."""

from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Recent(Generic[Item]):
    """The answers to the last few questions.

    >>> recent, made = Recent(2), []
    >>> [recent.get(key, lambda: made.append(key) or len(made)) for key in "aababca"]
    [1, 1, 2, 1, 2, 3, 4]
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: dict[Hashable, Item] = {}
        self._lock = Lock()

    def get(self, key: Hashable, make: Callable[[], Item]) -> Item:
        """The kept answer, or a new one. Nothing is locked while it is made: of two threads that ask at once, both make it."""
        with self._lock:
            if key in self._kept:
                self._kept[key] = found = self._kept.pop(key)  # the last one to be forgotten
                return found
        made = make()
        with self._lock:
            self._kept[key] = made
            while len(self._kept) > self._most:
                del self._kept[next(iter(self._kept))]
        return made
