"""A cache of recent results: a text is tokenised once, though the page, its traits and the trace all need it."""

from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

Made = TypeVar("Made")


class Recent(Generic[Made]):
    """The results for the last few keys.

    >>> recent, made = Recent(2), []
    >>> [recent.get(key, lambda: made.append(key) or len(made)) for key in "aababca"]
    [1, 1, 2, 1, 2, 3, 4]
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: dict[Hashable, Made] = {}
        self._lock = Lock()

    def get(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """The cached result, or a new one. Nothing is locked meanwhile: two threads asking together both compute it."""
        with self._lock:
            if key in self._kept:
                self._kept[key] = found = self._kept.pop(key)  # the last one to be evicted
                return found
        made = make()
        with self._lock:
            self._kept[key] = made
            while len(self._kept) > self._most:
                del self._kept[next(iter(self._kept))]
        return made
