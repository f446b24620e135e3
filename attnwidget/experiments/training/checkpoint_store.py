"""A folder with what every checkpoint gave: one npz file each, and the rows of the one that was read last."""

import hashlib
import json
import os
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from attnwidget.errors import AttnWidgetError
from attnwidget.experiments.training.checkpoints import Checkpoint, TrainingStep
from attnwidget.experiments.training.head_changes import KeptRows
from attnwidget.files import write_whole

STORE_FORMAT = 1
"""Counts up whenever files are written that the released versions would misread."""

NUMBERS, ROWS = "numbers-", "rows-"
ABOUT = "about"


@dataclass(frozen=True, eq=False)
class StoredCheckpoint:
    """What is known of a checkpoint: (layer head) tables, the change from the checkpoint `before`, how they were made."""

    step: TrainingStep
    before: TrainingStep | None
    heads: tuple[int, ...]
    tables: Mapping[str, np.ndarray]
    changes: np.ndarray
    recipes: Mapping[str, str]


class Store:
    """The readings in a folder, which is made if it is not there.

    Raises AttnWidgetError for a folder with readings of other texts, measures or another part, for files that cannot
    be read, and for a place that cannot be written to.
    """

    def __init__(self, folder: Any, fingerprint: Mapping[str, Any]) -> None:
        try:
            self.folder = Path(folder).expanduser()
            self.folder.mkdir(parents=True, exist_ok=True)
        except (TypeError, ValueError, RuntimeError, OSError) as error:
            reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else "it is no path"
            raise AttnWidgetError(
                f"{str(folder)!r} cannot be a store: {reason}. Give a folder that may be written to."
            ) from None
        self._fingerprint = dict(fingerprint)
        self._known = [_read(file) for file in sorted(self.folder.glob(f"{NUMBERS}*.npz"))]
        for about, _ in self._known:
            self._refuse_others(about)

    def reading(self, checkpoint: Checkpoint, before: TrainingStep | None) -> StoredCheckpoint | None:
        """What is stored of a checkpoint that comes after `before`; None where nothing is.

        Raises AttnWidgetError where the step is that of another folder or name.
        """
        for about, arrays in self._known:
            if about["step"] != checkpoint.step:
                continue
            if checkpoint.place and about["place"] and checkpoint.place != about["place"]:
                raise AttnWidgetError(
                    f"{self.folder} has step {checkpoint.step} of {about['place']}, and {checkpoint.place} was given. "
                    "Give every training run a store of its own."
                )
            if about["before"] != before:
                return None
            tables = {name: arrays[f"table {name}"] for name in about["recipes"]}
            heads = tuple(about["heads"])
            return StoredCheckpoint(checkpoint.step, before, heads, tables, arrays["changes"], about["recipes"])
        return None

    def keep(self, checkpoint: Checkpoint, reading: StoredCheckpoint, rows: tuple[KeptRows, ...]) -> None:
        """Write a reading, and the rows that the next one will be compared with in the place of the last ones."""
        about = {
            "format": STORE_FORMAT,
            **self._fingerprint,
            "step": reading.step,
            "before": reading.before,
            "place": checkpoint.place,
            "heads": reading.heads,
            "recipes": dict(reading.recipes),
        }
        own = _name(ROWS, checkpoint.step)
        # The rows first: numbers without them would have this checkpoint loaded once more.
        self._write(own, {"heads": reading.heads, "pieces": [one.pieces for one in rows]}, _flat(rows))
        tables = {f"table {name}": table for name, table in reading.tables.items()}
        self._write(_name(NUMBERS, checkpoint.step), about, {**tables, "changes": reading.changes})
        for older in self.folder.glob(f"{ROWS}*.npz"):
            if older.name != own:
                older.unlink(missing_ok=True)

    def rows(self, step: TrainingStep) -> tuple[KeptRows, ...] | None:
        """The rows of a checkpoint, if it was the last one read."""
        file = self.folder / _name(ROWS, step)
        if not file.exists():
            return None
        about, arrays = _read(file)
        heads = tuple(about["heads"])
        found = []
        for text, pieces in enumerate(about["pieces"]):
            layers = [layer for layer in range(len(heads)) if f"{text} {layer}" in arrays]
            maps = {layer: torch.from_numpy(arrays[f"{text} {layer}"]) for layer in layers}
            found.append(KeptRows(heads, tuple(pieces), maps))
        return tuple(found)

    def _refuse_others(self, about: Mapping[str, Any]) -> None:
        other = [name for name, value in self._fingerprint.items() if about.get(name) != value]
        if about.get("format") != STORE_FORMAT or other:
            what = " and ".join(other) or "version"
            raise AttnWidgetError(
                f"The store {self.folder} was made with other {what}, so its numbers do not belong here. Give another "
                "folder, or what it was made with."
            )

    def _write(self, name: str, about: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> None:
        everything: dict[str, Any] = {ABOUT: np.array(json.dumps(about)), **arrays}

        def write(part: Path) -> None:
            with part.open("wb") as file:  # by its name, numpy would add a suffix
                np.savez(file, **everything)

        write_whole(self.folder / name, "reading", write)


def _read(file: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    try:
        with np.load(file, allow_pickle=False) as found:
            arrays = {name: found[name] for name in found.files}
        return dict(json.loads(str(arrays.pop(ABOUT)))), arrays
    except (OSError, TypeError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        raise AttnWidgetError(
            f"{file} is no reading that can be read. Delete it, and its checkpoint is read again."
        ) from None


def _flat(rows: tuple[KeptRows, ...]) -> dict[str, np.ndarray]:
    return {f"{text} {layer}": maps.numpy() for text, one in enumerate(rows) for layer, maps in one.maps.items()}


def _name(kind: str, step: TrainingStep) -> str:
    """A file name that tells the step, and is different for every step."""
    mark = hashlib.sha256(json.dumps(step).encode()).hexdigest()[:8]
    return f"{kind}{re.sub(r'[^A-Za-z0-9.-]+', '-', str(step))[:40]}-{mark}.npz"
