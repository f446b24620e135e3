"""Entries of any number -> traces in their order: texts of similar length share a pass, within a bounded window."""

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeAlias

from attnwidget.engine.inputs.inputs import Inputs
from attnwidget.engine.together.padding import length_of
from attnwidget.engine.trace.records import Untraced
from attnwidget.engine.trace.trace import Trace
from attnwidget.errors import AttnWidgetError

BATCHES_AHEAD = 8
"""Batches of texts that are read ahead, so that those of similar length can be put together."""

HELD = 2**28
"""Bytes of traces up to which texts are read ahead: those that were traced early wait for their turn."""

TOKENS_IN_A_PASS = 4096
"""Tokens in one pass, padding included: more of them save nothing."""

ReadEntry: TypeAlias = Inputs | AttnWidgetError
Outcome: TypeAlias = Trace | AttnWidgetError


@dataclass(frozen=True, eq=False)
class Ways:
    """How entries become traces. `read` gives the inputs of each, or why there are none; `run` the trace of each of several
    inputs, or why there is none. `kind` is the same for inputs that can share a pass, None for those that share none.
    """

    read: Callable[[Sequence[Any]], Sequence[ReadEntry]]
    kind: Callable[[Inputs], Any]
    run: Callable[[Sequence[Inputs]], Sequence[Outcome]]


@dataclass(eq=False)
class _Ahead:
    """Entries that have been read, and what ended them."""

    entries: Iterator[Any]
    ways: Ways
    batch: int
    read: deque[tuple[Any, ReadEntry]] = field(default_factory=deque)
    failed: Exception | None = None
    ended: bool = False

    def window(self, tokens: int) -> list[tuple[Any, ReadEntry]]:
        """The next entries: some batches of them, and no more than so many tokens, but at least one entry."""
        while not self.ended and len(self.read) < BATCHES_AHEAD * self.batch and self._tokens() < tokens:
            self._more()
        taken: list[tuple[Any, ReadEntry]] = []
        while self.read and len(taken) < BATCHES_AHEAD * self.batch:
            tokens -= _tokens_of(self.read[0][1])
            if tokens < 0 and taken:
                break
            taken.append(self.read.popleft())
        return taken

    def _more(self) -> None:
        found: list[Any] = []
        try:
            for entry in islice(self.entries, self.batch):
                found.append(entry)  # noqa: PERF402  what came before a failure counts
        except Exception as error:  # noqa: BLE001  whatever gives the texts may raise anything: what came before is traced
            self.failed = error
        self.ended = len(found) < self.batch
        self.read.extend(zip(found, self.ways.read(found), strict=True))

    def _tokens(self) -> int:
        return sum(_tokens_of(read) for _, read in self.read)


def in_order(
    entries: Iterable[Any], ways: Ways, batch: int, progress: Callable[[int], None]
) -> Iterator[Trace | Untraced]:
    """The trace of every entry, or why there is none; `progress` hears how many are done. Raises what `entries` raises, once
    all that came before has been given.
    """
    ahead = _Ahead(iter(entries), ways, batch)
    number = done = 0
    at_most = TOKENS_IN_A_PASS
    while window := ahead.window(at_most):
        found: dict[int, Outcome] = {
            at: read for at, (_, read) in enumerate(window) if isinstance(read, AttnWidgetError)
        }
        passes = _passes([(at, read) for at, (_, read) in enumerate(window) if isinstance(read, Inputs)], ways, batch)
        done += len(found)
        for at, (entry, _) in enumerate(window):
            if at not in found:
                own = _run(passes[at], ways)
                done += len(own)
                at_most = _tokens_held(own.values()) or at_most
                found |= own
                own.clear()  # a trace lives no longer than whoever took it wants it to
                progress(done)
            yield _given(found.pop(at), number, entry)
            number += 1
    if ahead.failed is not None:
        raise ahead.failed


def _run(together: Sequence[tuple[int, Inputs]], ways: Ways) -> dict[int, Outcome]:
    traces = ways.run([given for _, given in together])
    return {at: trace for (at, _), trace in zip(together, traces, strict=True)}


def _given(found: Outcome, number: int, entry: Any) -> Trace | Untraced:
    return found if isinstance(found, Trace) else Untraced(number, text_of(entry), str(found))


def _passes(items: Sequence[tuple[int, Inputs]], ways: Ways, batch: int) -> dict[int, Sequence[tuple[int, Inputs]]]:
    """Which items share a pass, for each of them."""
    kinds: dict[Any, list[tuple[int, Inputs]]] = defaultdict(list)
    for at, given in items:
        kind = ways.kind(given)
        kinds[("alone", at) if kind is None else ("together", kind)].append((at, given))
    shared: dict[int, Sequence[tuple[int, Inputs]]] = {}
    for alike in kinds.values():
        together: list[tuple[int, Inputs]] = []
        for at, given in sorted(alike, key=lambda item: length_of(item[1])):
            if len(together) >= batch or (len(together) + 1) * length_of(given) > TOKENS_IN_A_PASS:
                together = []
            together.append((at, given))
            shared[at] = together
    return shared


def _tokens_of(read: ReadEntry) -> int:
    return length_of(read) if isinstance(read, Inputs) else 0


def _tokens_held(traces: Iterable[Outcome]) -> int | None:
    """How many tokens may wait for their turn, by what these traces hold."""
    held, tokens = 0, 0
    for trace in traces:
        if isinstance(trace, Trace):
            tokens += max(max(block.shape[1:]) for block in trace.blocks)
            kept = [own for block in trace.blocks for own in (block.q, block.k, block.v, block.dense)]
            held += sum(own.nbytes for own in (*kept, trace.hidden, trace.scores) if own is not None)
    return int(HELD / held * tokens) if held else None


def text_of(entry: Any) -> str:
    """What an entry of many is called where it could not be traced: its text, or those of a pair or chat, line by line."""
    if isinstance(entry, str):
        return entry
    if isinstance(entry, list | tuple):
        said = [one.get("content") if isinstance(one, dict) else one for one in entry]
        return "\n".join(one for one in said if isinstance(one, str))
    return ""
