"""Several texts -> a trace of each: in one padded pass where that gives what each gives alone, else one by one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias
from weakref import WeakKeyDictionary

from attnwidget.engine.batches import lacks_memory
from attnwidget.engine.capture.forward import NothingSeen
from attnwidget.engine.capture.shadow import Shadow
from attnwidget.engine.inputs.inputs import Inputs
from attnwidget.engine.live.prefix import turns_by_length
from attnwidget.engine.memory import refuse_what_cannot_fit
from attnwidget.engine.together.in_order import Outcome
from attnwidget.engine.together.padded_pass import OtherShapes, traced_together
from attnwidget.engine.together.padding import length_of, padded, padding_ids
from attnwidget.engine.together.trial import agree
from attnwidget.engine.trace.records import ModelFacts
from attnwidget.engine.trace.trace import Trace
from attnwidget.errors import AttnWidgetError, NotEnoughMemory, OutOfMemory

LONGER = 2
"""A trial on some texts says nothing of texts this many times as long: windows and chunks may begin there."""

Masked: TypeAlias = bool | None
"""How a model reads texts of several lengths in one pass: with an attention mask, without one, or (None) not at all."""


@dataclass(frozen=True)
class _Tried:
    masked: Masked
    longest: int


_tried: "WeakKeyDictionary[Any, dict[Any, _Tried]]" = WeakKeyDictionary()
"""By the module of a shadow, and the kind of inputs."""


@dataclass(eq=False)
class PaddedPasses:
    """Traces of several inputs of one kind: `shadow` gives the copy that runs, `state` the state of its model, `alone` a
    trace by a pass of its own.
    """

    shadow: Callable[[], Shadow]
    state: Callable[[Shadow], int]
    alone: Callable[[Inputs], Trace]
    facts: ModelFacts
    at_most: int

    def run(self, inputs: Sequence[Inputs]) -> list[Outcome]:
        """The trace of each, or why there is none; fewer at a time from now on where memory lacks. Raises Cancelled."""
        found: list[Outcome] = []
        while len(found) < len(inputs):
            some = inputs[len(found) : len(found) + self.at_most]
            try:
                found += self._together(some) if len(some) > 1 else [self._alone(some[0])]
            except Exception as error:
                if not _lacks_memory(error):
                    raise
                if len(some) == 1:
                    found.append(NotEnoughMemory("There is not enough memory for this text. Give a shorter one."))
                self.at_most = max(1, len(some) // 2)
        return found

    def _alone(self, given: Inputs) -> Outcome:
        try:
            return self.alone(given)
        except AttnWidgetError as error:
            return error.with_traceback(None)

    def _together(self, inputs: Sequence[Inputs]) -> list[Outcome]:
        shadow = self.shadow()
        known = _tried.setdefault(shadow.module, {})
        uneven = len({_lengths(given) for given in inputs}) > 1
        kind, longest = (uneven, frozenset(inputs[0].forward)), max(map(length_of, inputs))
        tried = known.get(kind)
        if tried is None or (tried.masked is not None and longest > LONGER * tried.longest):
            known[kind] = tried = self._trial(shadow, inputs, longest, uneven=uneven)
        if tried.masked is not None:
            try:
                return list(self._padded(shadow, inputs, masked=tried.masked))
            except (AttnWidgetError, NothingSeen, OtherShapes) as error:
                if _lacks_memory(error):
                    raise
        return [self._alone(given) for given in inputs]

    def _padded(self, shadow: Shadow, inputs: Sequence[Inputs], *, masked: bool) -> list[Trace]:
        refuse_what_cannot_fit(shadow.module, max(map(length_of, inputs)), shadow.path, texts=len(inputs))
        forward = padded(inputs, padding_ids(shadow.module.config), masked=masked)
        state, traces = self.state(shadow), traced_together(shadow, inputs, forward, self.facts)
        # Only inputs that the tokens describe completely can be continued, as of a trace alone.
        plain = forward.keys() <= {"input_ids", "token_type_ids", "attention_mask"}
        return [
            replace(trace, origin=state if plain else None, forward=dict(given.forward))
            for trace, given in zip(traces, inputs, strict=True)
        ]

    def _trial(self, shadow: Shadow, inputs: Sequence[Inputs], longest: int, *, uneven: bool) -> _Tried:
        """How these are read together so that the shortest and the longest are what they are alone."""
        if shadow.path != "interface" or shadow.draws or (uneven and turns_by_length(shadow.module)):
            return _Tried(None, longest)
        by_length = sorted(inputs, key=length_of)
        ends = by_length[0], by_length[-1]
        alone = [self._alone(given) for given in ends]
        for masked in _possible(self.facts, uneven=uneven):
            try:
                together = self._padded(shadow, ends, masked=masked)
            except (AttnWidgetError, NothingSeen, OtherShapes) as error:
                if _lacks_memory(error):
                    raise
                continue
            if all(isinstance(one, Trace) and agree(own, one) for own, one in zip(together, alone, strict=True)):
                return _Tried(masked, longest)
        return _Tried(None, longest)


def _possible(facts: ModelFacts, *, uneven: bool) -> tuple[bool, ...]:
    if not uneven:
        return (False,)
    # No token of a decoder reads a later one: padding behind a text is not read, and needs no mask.
    return (False, True) if facts.kind == "decoder" else (True,)


def _lengths(given: Inputs) -> tuple[int, ...]:
    return tuple(len(tokens) for tokens in given.tokens.values())


def _lacks_memory(error: BaseException) -> bool:
    return isinstance(error, OutOfMemory) or lacks_memory(error)
