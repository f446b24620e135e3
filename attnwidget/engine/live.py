"""The live session of one explorer: a text is read once, and an edit from where it begins."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any

from attnwidget.engine.model import AttentionModel
from attnwidget.engine.trace import Trace
from attnwidget.errors import Cancelled, TooLong


@dataclass(frozen=True, eq=False)
class Reading:
    """A trace, the milliseconds it took (0 when it was at hand), and (shown, total) tokens when it was cut short."""

    trace: Trace
    milliseconds: float
    truncated: tuple[int, int] | None


KEPT = 3
"""Readings: the page may be one keystroke ahead of the trait that Python reads, and compare with a third."""


class LiveSession:
    """Keeps the newest readings of one model. Used by one thread at a time."""

    def __init__(self, model: AttentionModel) -> None:
        self.model = model
        self._readings: dict[tuple[str, bool], Reading] = {}

    def read(
        self,
        text: str,
        *,
        first: bool = False,
        cancelled: Callable[[], bool] = lambda: False,
        progress: Callable[[int], None] = lambda _done: None,
    ) -> Reading:
        """The reading of a text: a kept one, or a new forward pass. `first` reads only the tokens that fit.

        Raises what `AttentionModel.trace` raises; kept readings survive every failure.
        """
        state = self.model.state()
        # Readings of a model that has been trained on since, or got an adapter, are no readings of this model.
        self._readings = {key: kept for key, kept in self._readings.items() if kept.trace.origin == state}
        known = self._readings.get((text, first))
        if known is not None:
            self._readings[text, first] = self._readings.pop((text, first))  # the last one to be forgotten
            return replace(known, milliseconds=0.0)
        started = perf_counter()
        try:
            trace, truncated = self._trace(text, cancelled=cancelled, progress=progress), None
        except TooLong as error:
            if not first:
                raise
            trace = self._trace(text, first=error.limit, cancelled=cancelled, progress=progress)
            truncated = (error.limit, error.tokens)
        if cancelled():
            raise Cancelled
        reading = Reading(trace, 1000 * (perf_counter() - started), truncated)
        self._readings[text, first] = reading
        while len(self._readings) > KEPT:
            del self._readings[next(iter(self._readings))]
        return reading

    def _trace(self, text: str, **options: Any) -> Trace:
        traces = [reading.trace for reading in self._readings.values()]
        nearest = max(traces, key=lambda trace: _shared(trace.text.text, text), default=None)
        return self.model.trace(text, reuse=nearest, **options)


def _shared(one: str, other: str) -> int:
    """How many letters two texts begin with."""
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
