"""A folder with the results of every checkpoint: one npz file each, and the rows of the last one."""

import hashlib
import json
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
from attnwidget.files import made_folder, write_whole

STORE_FORMAT = 1
"""Increased whenever files change in a way that released versions would misread."""

NUMBERS, ROWS = "numbers-", "rows-"
ABOUT = "about"


@dataclass(frozen=True, eq=False)
class StoredCheckpoint:
    """The results of a checkpoint: (layer head) tables, the change from the checkpoint `before`, and their recipes."""

    step: TrainingStep
    before: TrainingStep | None
    heads: tuple[int, ...]
    tables: Mapping[str, np.ndarray]
    changes: np.ndarray
    recipes: Mapping[str, str]


class Store:
    """Stored results in a folder, which is created if missing.

    Raises AttnWidgetError for a folder with results of other texts, measures or another part, for unreadable files, and
    for a folder that is not writable.
    """

    def __init__(self, folder: Any, fingerprint: Mapping[str, Any]) -> None:
        self.folder = made_folder(folder, "store")
        self._fingerprint = dict(fingerprint)
        self._known = [_read(file) for file in sorted(self.folder.glob(f"{NUMBERS}*.npz"))]
        for about, _ in self._known:
            self._refuse_others(about)

    def reading(self, checkpoint: Checkpoint, before: TrainingStep | None) -> StoredCheckpoint | None:
        """The stored results of a checkpoint that follows `before`; None if there are none.

        Raises AttnWidgetError if the step belongs to another folder or name.
        """
        for about, arrays in self._known:
            if about["step"] != checkpoint.step:
                continue
            if checkpoint.place and about["place"] and checkpoint.place != about["place"]:
                raise AttnWidgetError(
                    f"{self.folder} has step {checkpoint.step} of {about['place']}, but {checkpoint.place} was given. "
                    "Use a separate store for every training run."
                )
            if about["before"] != before:
                return None
            tables = {name: arrays[f"table {name}"] for name in about["recipes"]}
            heads = tuple(about["heads"])
            return StoredCheckpoint(checkpoint.step, before, heads, tables, arrays["changes"], about["recipes"])
        return None

    def keep(self, checkpoint: Checkpoint, reading: StoredCheckpoint, rows: tuple[KeptRows, ...]) -> None:
        """Write results, and replace the stored rows by those that the next checkpoint is compared with."""
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
        # Rows first: with numbers alone, this checkpoint would have to be loaded again.
        self._write(own, {"heads": reading.heads, "pieces": [one.pieces for one in rows]}, _flat(rows))
        tables = {f"table {name}": table for name, table in reading.tables.items()}
        self._write(_name(NUMBERS, checkpoint.step), about, {**tables, "changes": reading.changes})
        for older in self.folder.glob(f"{ROWS}*.npz"):
            if older.name != own:
                older.unlink(missing_ok=True)

    def rows(self, step: TrainingStep) -> tuple[KeptRows, ...] | None:
        """The rows of a checkpoint, if it was the last one."""
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
                f"The store {self.folder} was made with different {what}, so its numbers cannot be used here. Give "
                f"another folder, or the same {what}."
            )

    def _write(self, name: str, about: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> None:
        everything: dict[str, Any] = {ABOUT: np.array(json.dumps(about)), **arrays}

        def write(part: Path) -> None:
            with part.open("wb") as file:  # given a name, numpy would add a suffix
                np.savez(file, **everything)

        write_whole(self.folder / name, "reading", write)


def _read(file: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    try:
        with np.load(file, allow_pickle=False) as found:
            arrays = {name: found[name] for name in found.files}
        return dict(json.loads(str(arrays.pop(ABOUT)))), arrays
    except (OSError, TypeError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        raise AttnWidgetError(f"{file} is damaged. Delete it, and its checkpoint is run again.") from None


def _flat(rows: tuple[KeptRows, ...]) -> dict[str, np.ndarray]:
    return {f"{text} {layer}": maps.numpy() for text, one in enumerate(rows) for layer, maps in one.maps.items()}


def _name(kind: str, step: TrainingStep) -> str:
    """A file name that shows the step, and is unique for every step."""
    mark = hashlib.sha256(json.dumps(step).encode()).hexdigest()[:8]
    return f"{kind}{re.sub(r'[^A-Za-z0-9.-]+', '-', str(step))[:40]}-{mark}.npz"
