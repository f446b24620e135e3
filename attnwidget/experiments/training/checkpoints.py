"""Checkpoints of one training run: their order, and how one becomes a model."""

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from inspect import isroutine
from pathlib import Path
from typing import Any, TypeAlias

from attnwidget.arguments import real_number, whole_number
from attnwidget.engine import AttentionModel
from attnwidget.engine import load as load_any
from attnwidget.errors import AttnWidgetError

TrainingStep: TypeAlias = int | float | str
"""The number of training steps, or the name of a checkpoint."""


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A step, and where its model comes from."""

    step: TrainingStep
    source: Any

    @property
    def place(self) -> str:
        """The origin of its model as text, with absolute folders; "" for a model object or a function."""
        if not isinstance(self.source, str | Path):
            return ""
        return str(Path(self.source).resolve()) if Path(self.source).exists() else str(self.source)


def ordered(checkpoints: Any) -> tuple[Checkpoint, ...]:
    """The checkpoints of a mapping, of (step, source) pairs, or of a list of sources, which are numbered from 0.

    If all steps are numbers they are sorted; names keep the given order. Raises AttnWidgetError for no checkpoints, for
    a step that is neither a number nor a name, for duplicate steps, and for anything but a mapping or list.

    >>> [one.step for one in ordered({100: "b", 20: "a"})], [one.step for one in ordered(["a", "b"])]
    ([20, 100], [0, 1])
    """
    if isinstance(checkpoints, Mapping):
        pairs = list(checkpoints.items())
    elif isinstance(checkpoints, list | tuple):
        paired = bool(checkpoints) and all(isinstance(one, tuple) and len(one) == 2 for one in checkpoints)
        pairs = list(checkpoints) if paired else list(enumerate(checkpoints))
    else:
        raise AttnWidgetError(
            f"The checkpoints are {type(checkpoints).__name__}. Give a mapping of steps to folders, names or models, or "
            "a list of them in the order of training."
        )
    if not pairs:
        raise AttnWidgetError(
            "No checkpoint was given. Give at least one: a mapping of steps to folders, names or models."
        )
    found = [Checkpoint(_step(step), source) for step, source in pairs]
    steps = [one.step for one in found]
    twice = next((step for step in steps if steps.count(step) > 1), None)
    if twice is not None:
        raise AttnWidgetError(f"Step {twice!r} was given twice. Give every checkpoint its own step.")
    if not any(isinstance(step, str) for step in steps):
        found.sort(key=lambda one: float(one.step))
    return tuple(found)


def opened(checkpoint: Checkpoint, load: Callable[[Any], Any] | None) -> AttentionModel:
    """The model of a checkpoint, loaded now: by `load`, or as `aw.load` does. A function as source is called first.

    Raises AttnWidgetError if it cannot be loaded.
    """
    source = checkpoint.source
    # torch modules and pipelines are callable as well, but not functions.
    if isroutine(source) or isinstance(source, partial):
        source = source()
    return load_any(source if load is None else load(source))


@contextmanager
def told_at(step: TrainingStep) -> Iterator[None]:
    """Inside this block, errors say at which checkpoint they arose."""
    try:
        yield
    except AttnWidgetError as error:
        raise AttnWidgetError(f"Checkpoint {step}: {error}") from error


def _step(given: Any) -> TrainingStep:
    if isinstance(given, str) and given:
        return given
    whole, number = whole_number(given), real_number(given)
    if whole is not None:
        return whole
    if number is None or not math.isfinite(number):
        raise AttnWidgetError(f"{given!r} is not a training step. Give a number or a name.")
    return int(number) if number.is_integer() else number
