"""The live session of one explorer: a text is computed once, and an edit from where it begins."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from secrets import token_bytes
from time import perf_counter
from typing import Any, Protocol, TypeAlias, runtime_checkable

from attnwidget.engine.edits.notation import edits_of
from attnwidget.engine.edits.records import Edit
from attnwidget.engine.live.prefix import alike_until
from attnwidget.engine.live.second_text import Texts, as_given
from attnwidget.engine.stopping import go_on
from attnwidget.engine.text.conversation import Conversation
from attnwidget.engine.trace.records import ModelFacts
from attnwidget.engine.trace.trace import Trace
from attnwidget.engine.trace.without_padding import without_padding
from attnwidget.errors import TooLong


@dataclass(frozen=True, eq=False)
class Reading:
    """A trace, without the padding of a sound, the milliseconds it took (0 if cached), and (shown, total) tokens if it was cut short.

    `id` identifies the texts, the edits and the state of the model: numbers of two readings are comparable only if it is
    the same. `off` are edits of what is not there, each with the sentence that says so: they were left out.
    """

    trace: Trace
    milliseconds: float
    truncated: tuple[int, int] | None
    texts: Texts = field(default_factory=Texts)
    id: str = ""
    off: tuple[tuple[str, str], ...] = ()


@runtime_checkable
class Reads(Protocol):
    """What a session needs of a model."""

    @property
    def facts(self) -> ModelFacts:
        """What is known about the model."""

    @property
    def trace(self) -> Callable[..., Trace]:
        """Read a text, with `pair` or `target`, `first`, `reuse`, `edits` and `progress`."""

    def fitting(
        self, edits: tuple[Edit, ...], text: str, pair: str = "", first: int | None = None
    ) -> tuple[tuple[Edit, ...], tuple[tuple[Edit, str], ...]]:
        """The edits that can be made on a text, and the others, each with the sentence that says why."""

    def texts(self, text: str, pair: str) -> Texts:
        """How the processed text is divided between the two texts."""

    def state(self) -> int | None:
        """A number that changes whenever the model does."""


READINGS_KEPT = 4
"""Readings to keep: a text before and after its edits, one that it is compared with, and one of a page that is a
keystroke ahead of Python's trait.
"""

Name: TypeAlias = tuple[str, str, bool, tuple[Edit, ...]]
"""What was read: two texts, whether only their first tokens, and the edits that were made."""


class LiveSession:
    """Keeps the newest readings of one model. Used by one thread at a time."""

    def __init__(self, model: Reads) -> None:
        self.model = model
        self._readings: dict[Name, Reading] = {}
        self._once: set[Name] = set()  # those that nobody has asked for again
        self._state: int | None = None

    def read(
        self,
        text: str,
        pair: str = "",
        *,
        first: bool = False,
        edits: tuple[str, ...] = (),
        progress: Callable[[int], None] = lambda _done: None,
    ) -> Reading:
        """The reading of a text: a cached one, or a new forward pass. `first` keeps only the tokens that fit.

        `pair` is the second text: of a sentence pair, or the target of an encoder-decoder; "" for none. Of `edits`, those
        that the text has room for are made, and the reading says which are not, and why.

        Raises what `AttentionModel.trace` raises; cached readings survive every failure.
        """
        state = self.model.state()
        # Readings from before training or an adapter change no longer belong to this model.
        if state != self._state:
            self._readings, self._state = {}, state
        made, off = self._fitting(edits_of(edits), text, pair, first=first) if edits else ((), ())
        name = (text, pair, first, made)
        known = self._readings.get(name)
        if known is not None:
            self._readings[name] = self._readings.pop(name)  # the last one to be evicted
            self._once.discard(name)
            return replace(known, milliseconds=0.0, off=off)
        started = perf_counter()
        texts = self.model.texts(text, pair)
        given = text if texts.chat is None else texts.chat
        try:
            trace, truncated = self._trace(text, given, pair, made, progress=progress), None
        except TooLong as error:
            if not first:
                raise
            trace = self._trace(text, given, pair, made, first=error.limit, progress=progress)
            truncated = (error.limit, error.tokens)
        trace = without_padding(trace)
        go_on()
        # Given weights are the same whatever text is asked for.
        read = () if texts.given else (text, pair, "" if truncated is None else "cut", *map(str, made))
        reading = Reading(trace, 1000 * (perf_counter() - started), truncated, texts, _named(state, *read), off)
        self._keep(name, reading)
        return reading

    def _fitting(
        self, edits: tuple[Edit, ...], text: str, pair: str, *, first: bool
    ) -> tuple[tuple[Edit, ...], tuple[tuple[str, str], ...]]:
        try:
            made, off = self.model.fitting(edits, text, pair)
        except TooLong as error:
            if not first:
                raise
            made, off = self.model.fitting(edits, text, pair, error.limit)
        return made, tuple((str(edit), why) for edit, why in off)

    def _keep(self, name: Name, reading: Reading) -> None:
        """What was only typed through goes first: the text that it is compared with is asked for again and again."""
        while len(self._readings) >= READINGS_KEPT:
            gone = next((known for known in self._readings if known in self._once), next(iter(self._readings)))
            del self._readings[gone]
        self._readings[name] = reading
        self._once = {known for known in self._once if known in self._readings} | {name}

    def _trace(self, text: str, given: str | Conversation, pair: str, edits: tuple[Edit, ...], **options: Any) -> Trace:
        traces = [reading.trace for reading in self._readings.values()]
        nearest = max(traces, key=lambda trace: _shared(trace, text, edits), default=None)
        changed = {"edits": edits} if edits else {}
        nearest = nearest if nearest is None or nearest.whole is None else nearest.whole
        return self.model.trace(given, reuse=nearest, **changed, **as_given(self.model.facts, pair), **options)


_PROCESS = token_bytes(16)
"""The state of a model is a number within one process: ids from another kernel must never collide with ours."""


def _named(state: int | None, *read: str) -> str:
    """The id of a reading: the same for the same texts and the same state of the model."""
    name = blake2b(_PROCESS, digest_size=12)
    for item in (str(state), *read):
        part = item.encode("utf-8", "surrogatepass")
        name.update(b"%d:" % len(part) + part)
    return name.hexdigest()


def _shared(trace: Trace, text: str, edits: tuple[Edit, ...]) -> int:
    """The number of leading characters for which a trace was computed as a text under some edits is."""
    one = trace.text.text
    same = next((i for i, (a, b) in enumerate(zip(one, text, strict=False)) if a != b), min(len(one), len(text)))
    tokens = alike_until(trace.edits, edits)
    return same if tokens >= len(trace.text) else min(same, max(0, trace.text.spans[tokens][0]))
