"""What a layer hands on: kept from one pass, and put in its place, or in some rows of it, in another."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

from torch import Tensor, nn

from attnwidget.engine.capture.attention_function import Call, Watch, current
from attnwidget.engine.capture.shadow import Shadow
from attnwidget.errors import AttnWidgetError


@dataclass(frozen=True)
class Entry:
    """A run of a layer: entry `index` of the list of layers at `path`, run for the `time`-th time in the pass."""

    path: str
    index: int
    time: int


def entries(calls: Sequence[Call]) -> list[Entry | None]:
    """Within which layer of the outermost list each call was made; None outside any list."""
    serials: dict[tuple[str, int], list[int]] = {}
    for call in calls:
        for place in call.place[:1]:
            known = serials.setdefault((place.path, place.index), [])
            if place.serial not in known:
                known.append(place.serial)
    return [
        next(
            (
                Entry(place.path, place.index, serials[place.path, place.index].index(place.serial))
                for place in call.place[:1]
            ),
            None,
        )
        for call in calls
    ]


@contextmanager
def at_layers(shadow: Shadow, watch: Watch, wanted: Mapping[Entry, Callable[[Any], Any]]) -> Iterator[Counter[Any]]:
    """Inside the block, what these layers give in passes of `watch` goes through a function of its own.

    Gives the counts of the runs of each module, to be cleared before another pass.
    """
    times: Counter[Any] = Counter()
    modules: dict[tuple[str, int], Any] = {(one.path, one.index): None for one in wanted}

    def ended(path: str, index: int, _module: nn.Module, _given: Any, result: Any) -> Any:
        if current() is not watch:  # a user's callback may trace another text meanwhile
            return None
        change = wanted.get(Entry(path, index, times[path, index]))
        times[path, index] += 1
        return None if change is None else change(result)

    hooks: list[Any] = []
    try:
        for path, index in modules:
            layer = list(shadow.module.get_submodule(path))[index]
            # Before other hooks: whoever listens to this layer hears what it hands on.
            hooks.append(layer.register_forward_hook(partial(ended, path, index), prepend=True))
        yield times
    finally:
        for hook in hooks:
            hook.remove()


def hidden_of(result: Any) -> Tensor:
    """The hidden rows (batch position dim) in what a layer gives. Raises AttnWidgetError for layers that give others."""
    hidden = result[0] if isinstance(result, tuple | list) and result else result
    if not isinstance(hidden, Tensor) or hidden.ndim != 3:
        raise AttnWidgetError(
            "The layers of this model hand on something else than one row of numbers for each token, so they cannot be "
            "patched. Patch their heads."
        )
    return hidden


def with_hidden(result: Any, hidden: Tensor) -> Any:
    """What a layer gives, with other hidden rows."""
    return type(result)((hidden, *result[1:])) if isinstance(result, tuple | list) else hidden


def layers_of_run(
    trace: Any, state: int, shadow: Shadow, wanted: Iterable[Entry], again: Callable[[Any], Any]
) -> Mapping[Entry, Tensor]:
    """What layers handed on (position dim) in the run that a trace is of, which `again` repeats once per trace.

    `state` is the model's. Raises AttnWidgetError for a trace by another model, or by this one before it changed.
    """
    if trace.origin is not None and trace.origin != state:
        raise AttnWidgetError(
            "What its layers hand on is taken from a run of this very model, but the other trace is by another one, or by "
            "this one before it changed. Trace its text again."
        )
    known = _handed_on.get(trace)
    if known is None or known[0] != state:
        with shadow.lock, _hearing(shadow, wanted) as heard:
            again(trace)
        known = _handed_on[trace] = (state, heard)
    return known[1]


@contextmanager
def _hearing(shadow: Shadow, wanted: Iterable[Entry]) -> Iterator[dict[Entry, Tensor]]:
    heard: dict[Entry, Tensor] = {}
    times: Counter[Any] = Counter()

    def ended(path: str, index: int, _module: nn.Module, _given: Any, result: Any) -> None:
        heard[Entry(path, index, times[path, index])] = hidden_of(result)[0].clone()  # some models write into it later
        times[path, index] += 1

    hooks = [
        list(shadow.module.get_submodule(path))[index].register_forward_hook(partial(ended, path, index))
        for path, index in dict.fromkeys((one.path, one.index) for one in wanted)
    ]
    try:
        yield heard
    finally:
        for hook in hooks:
            hook.remove()


_handed_on: "WeakKeyDictionary[Any, tuple[int, Mapping[Entry, Tensor]]]" = WeakKeyDictionary()
"""By trace: the state of the model, and what its layers handed on."""
