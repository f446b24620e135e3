"""The live session of one explorer: a text is read once, and an edit from where it begins."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from secrets import token_bytes
from time import perf_counter
from typing import Any, Protocol, runtime_checkable

from attnwidget.engine.live.second_text import Texts, as_given
from attnwidget.engine.stopping import go_on
from attnwidget.engine.trace.records import ModelFacts
from attnwidget.engine.trace.trace import Trace
from attnwidget.errors import TooLong


@dataclass(frozen=True, eq=False)
class Reading:
    """A trace, the milliseconds it took (0 when it was at hand), and (shown, total) tokens when it was cut short.

    `id` names what was read by which state of the model: numbers of two readings belong together only where it is the same.
    """

    trace: Trace
    milliseconds: float
    truncated: tuple[int, int] | None
    texts: Texts = field(default_factory=Texts)
    id: str = ""


@runtime_checkable
class Reads(Protocol):
    """What a session needs of a model."""

    @property
    def facts(self) -> ModelFacts:
        """What is known of the model."""

    @property
    def trace(self) -> Callable[..., Trace]:
        """Read a text, with `pair` or `target`, `first`, `reuse` and `progress`."""

    def texts(self, text: str, pair: str) -> Texts:
        """How the two texts stand in what is read."""

    def state(self) -> int | None:
        """A number that changes whenever the model does."""


READINGS_KEPT = 3
"""Readings: the page may be one keystroke ahead of the trait that Python reads, and compare with a third."""


class LiveSession:
    """Keeps the newest readings of one model. Used by one thread at a time."""

    def __init__(self, model: Reads) -> None:
        self.model = model
        self._readings: dict[tuple[str, str, bool], Reading] = {}
        self._state: int | None = None

    def read(
        self,
        text: str,
        pair: str = "",
        *,
        first: bool = False,
        progress: Callable[[int], None] = lambda _done: None,
    ) -> Reading:
        """The reading of a text: a kept one, or a new forward pass. `first` reads only the tokens that fit.

        `pair` is the second text: of a sentence pair, or the target of an encoder-decoder; "" for none.

        Raises what `AttentionModel.trace` raises; kept readings survive every failure.
        """
        state = self.model.state()
        # Readings of a model that has been trained on since, or got an adapter, are no readings of this model.
        if state != self._state:
            self._readings, self._state = {}, state
        known = self._readings.get((text, pair, first))
        if known is not None:
            self._readings[text, pair, first] = self._readings.pop((text, pair, first))  # the last one to be forgotten
            return replace(known, milliseconds=0.0)
        started = perf_counter()
        try:
            trace, truncated = self._trace(text, pair, progress=progress), None
        except TooLong as error:
            if not first:
                raise
            trace = self._trace(text, pair, first=error.limit, progress=progress)
            truncated = (error.limit, error.tokens)
        go_on()
        texts = self.model.texts(text, pair)
        # What was given is the same whatever text is asked for.
        named = () if texts.given else (text, pair, "" if truncated is None else "cut")
        reading = Reading(trace, 1000 * (perf_counter() - started), truncated, texts, _named(state, *named))
        self._readings[text, pair, first] = reading
        while len(self._readings) > READINGS_KEPT:
            del self._readings[next(iter(self._readings))]
        return reading

    def _trace(self, text: str, pair: str, **options: Any) -> Trace:
        traces = [reading.trace for reading in self._readings.values()]
        nearest = max(traces, key=lambda trace: _shared(trace.text.text, text), default=None)
        return self.model.trace(text, reuse=nearest, **as_given(self.model.facts, pair), **options)


_PROCESS = token_bytes(16)
"""The state of a model is a number within one process: another kernel's names must never be like ours."""


def _named(state: int | None, *read: str) -> str:
    """The name of a reading: the same for the same texts and the same state of the model."""
    name = blake2b(_PROCESS, digest_size=12)
    for item in (str(state), *read):
        part = item.encode("utf-8", "surrogatepass")
        name.update(b"%d:" % len(part) + part)
    return name.hexdigest()


def _shared(one: str, other: str) -> int:
    """How many letters two texts begin with."""
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
