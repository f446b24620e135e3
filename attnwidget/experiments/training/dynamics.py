"""Heads over training: one fixed set of texts, run through one checkpoint after the other."""

import gc
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from torch.nn import Module

from attnwidget.engine import AttentionModel, go_on
from attnwidget.errors import AttnWidgetError
from attnwidget.experiments.training.checkpoint_store import Store, StoredCheckpoint
from attnwidget.experiments.training.checkpoints import Checkpoint, TrainingStep, opened, ordered, told_at
from attnwidget.experiments.training.head_changes import RECIPE, KeptRows, head_changes, refuse_other_heads
from attnwidget.experiments.training.heads_in_time import CHANGES, Dynamics
from attnwidget.experiments.training.probe import Measures, Probe, probed, rows_alone

ProbeRows = tuple[KeptRows, ...]


def dynamics(
    checkpoints: Any,
    texts: Any,
    *,
    measures: Any = None,
    load: Callable[[Any], Any] | None = None,
    store: Any = None,
    part: str | None = None,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Dynamics:
    """Every head's numbers at every checkpoint of a training run, (checkpoint layer head), over one set of texts.

    `checkpoints` maps steps to what `aw.load` takes (a folder, a name, a model) or to functions that return it; or is a
    list of these, or of (step, source) pairs. Numbered steps are sorted. One model is in memory at a time, besides at
    most 64 rows of every head on every text. `load` turns a source into a model if `aw.load(source)` cannot: with a
    custom tokenizer, or from bare weights.

    With `store`, a folder, what a checkpoint gave is written there when it is done; the next call does not load it
    again. Only one whose predecessor is not as it was then, is. A store tells functions apart by their names alone.
    `progress` hears (checkpoints done, of how many). When it is stopped, the store keeps what was done. Raises AttnWidgetError for no checkpoints or texts, for checkpoints of different
    architectures, for texts that they read as different tokens, for a store of other texts, measures, part or run, and
    for what cannot be loaded or traced.
    Source: Olsson et al. 2022 (arXiv 2209.11895), whose induction heads form in a phase change; Gu et al. 2024 (arXiv
    2410.10781) for sinks; the divergence follows Clark et al. 2019 (W19-4828), over time.

    >>> import attnwidget as aw
    >>> model = aw.load()
    >>> found = dynamics({0: model, 100: model}, ["The cat sat on the mat."])
    >>> next(iter(found.rises("induction")))
    'L1H0'
    >>> found.of("changes", "L1H0").tolist()                   # the same model twice
    [nan, 0.0]
    """
    chosen = ordered(checkpoints)
    probe = Probe(_texts(texts), _measures(measures), part)
    kept = None if store is None else Store(store, probe.fingerprint())
    run = _Run(probe, load, kept)
    readings: list[StoredCheckpoint] = []
    for done, checkpoint in enumerate(chosen):
        go_on()
        progress(done, len(chosen))
        readings.append(run.read(checkpoint, chosen[done - 1] if done else None, readings[-1] if done else None))
    progress(len(chosen), len(chosen))
    return _together(readings, len(probe.texts))


class _Run:
    """Runs one checkpoint after the other, keeping the rows of the last one."""

    def __init__(self, probe: Probe, load: Callable[[Any], Any] | None, store: Store | None) -> None:
        self._probe, self._load, self._store = probe, load, store
        self._last: tuple[TrainingStep, ProbeRows] | None = None

    def read(
        self, checkpoint: Checkpoint, before: Checkpoint | None, earlier: StoredCheckpoint | None
    ) -> StoredCheckpoint:
        """The results of a checkpoint, from the store if available."""
        earlier_step = None if before is None else before.step
        stored = None if self._store is None else self._store.reading(checkpoint, earlier_step)
        found = stored or self._now(checkpoint, before, earlier)
        if earlier is not None:
            with told_at(checkpoint.step):
                refuse_other_heads(earlier.heads, found.heads)
        return found

    def _now(
        self, checkpoint: Checkpoint, before: Checkpoint | None, earlier: StoredCheckpoint | None
    ) -> StoredCheckpoint:
        rows_before = None if before is None else self._rows(before)
        found = self._with_model(checkpoint, probed)
        heads = found.rows[0].heads
        changes = np.full((len(heads), max(heads)), np.nan)
        with told_at(checkpoint.step):
            if rows_before is not None:
                pairs = zip(rows_before, found.rows, strict=True)
                changes = np.mean([head_changes(one, other) for one, other in pairs], axis=0)
            if earlier is not None:
                _refuse_other_recipes(earlier.recipes, found.recipes)
        earlier_step = None if before is None else before.step
        reading = StoredCheckpoint(checkpoint.step, earlier_step, heads, found.tables, changes, found.recipes)
        self._last = checkpoint.step, found.rows
        if self._store is not None:
            self._store.keep(checkpoint, reading, found.rows)
        return reading

    def _rows(self, checkpoint: Checkpoint) -> ProbeRows:
        """The rows to compare with: in memory, stored, or computed again."""
        if self._last is not None and self._last[0] == checkpoint.step:
            return self._last[1]
        stored = None if self._store is None else self._store.rows(checkpoint.step)
        return stored or self._with_model(checkpoint, rows_alone)

    def _with_model(self, checkpoint: Checkpoint, ask: Callable[..., Any]) -> Any:
        with told_at(checkpoint.step):
            try:
                return ask(opened(checkpoint, self._load), self._probe)
            finally:
                # Modules are full of reference cycles: without this, two models would be in memory.
                if not isinstance(checkpoint.source, Module | AttentionModel):
                    gc.collect()


def _refuse_other_recipes(before: Mapping[str, str], after: Mapping[str, str]) -> None:
    if dict(before) != dict(after):
        raise AttnWidgetError(
            "its numbers are computed differently from those of the previous checkpoint, so they cannot be compared. "
            "Give checkpoints of one architecture, and measures= that fit all of them."
        )


def _together(readings: list[StoredCheckpoint], texts: int) -> Dynamics:
    first = readings[0]
    scores = {name: np.stack([reading.tables[name] for reading in readings]) for name in first.tables}
    recipe = f"{_counted(len(readings), 'checkpoint')}, mean over {_counted(texts, 'text')}"
    steps = tuple(reading.step for reading in readings)
    changes = np.stack([reading.changes for reading in readings])
    return Dynamics(steps, scores, changes, recipe, {**first.recipes, CHANGES: RECIPE})


def _texts(texts: Any) -> tuple[Any, ...]:
    if isinstance(texts, str):
        return (texts,)
    if not isinstance(texts, list | tuple) or any(isinstance(text, int | float) or text is None for text in texts):
        raise AttnWidgetError(f"texts={type(texts).__name__} is not valid: give a list of texts, or of token ids.")
    if not texts:
        raise AttnWidgetError("No text was given. Give at least one.")
    return tuple(texts)


def _measures(measures: Any) -> Measures | None:
    if measures is None:
        return None
    if not isinstance(measures, Mapping) or not measures or not all(callable(one) for one in measures.values()):
        raise AttnWidgetError(
            "measures= is not a mapping from names to functions. Give one like {'entropy': aw.entropy}, or leave it "
            "out."
        )
    if CHANGES in measures or not all(isinstance(name, str) for name in measures):
        raise AttnWidgetError(
            f"Names of measures must be strings other than {CHANGES!r}, which is reserved for the change of every head."
        )
    return dict(measures)


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
