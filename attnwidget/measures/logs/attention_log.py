"""A log of attention beside a model at work: one line of numbers per text, for `drift` to compare."""

import math
import time
import warnings
from collections.abc import Iterable, Iterator
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from attnwidget.arguments import real_number, truth_of, whole_from_one, whole_number
from attnwidget.engine import Trace
from attnwidget.errors import AttnWidgetError
from attnwidget.files import named_file
from attnwidget.measures.heads.concentration import of_largest
from attnwidget.measures.heads.entropy import plain_entropy
from attnwidget.measures.heads.share import mass_on
from attnwidget.measures.logs.log_files import PARQUET, LinesFile, as_json, lines_of, write_parquet
from attnwidget.measures.portions import head_means

LOG_VERSION = 1
"""Of the format of a line."""

LARGEST_LOGGED = 5
"""Weights of a row that count for its concentration."""

DIGITS = 6
"""Significant digits that are written."""


class AttentionLog:
    """A log of the attention of a model at work: `log(trace)` appends one line with four numbers of every head.

    These are `entropy` (nats), `concentration` (mass on the 5 largest weights), `share_special` (mass on special tokens) and
    `share_first` (mass on the first token, the usual sink), as the measures of these names give them, with the time, the model,
    and how many tokens there are. `path` ends in `.jsonl` or in `.parquet` (needs pyarrow). Before a file would have more than
    `most_lines` lines, or `most_bytes` bytes of JSON, the next one is begun; full ones have the time in their names. Of JSON
    every line is on the disk at once; lines of Parquet wait in memory until their file is full or the log is closed, and its
    files are smaller, being compressed. `lines` and `drift` read all of them. Several processes may share a path.

    `share` is how many texts are logged, chosen by a hash of the text: the same ones each time, and the others cost nothing.
    Of a text only this hash is written, unless `text=True`; a short text can be guessed from its hash. Whatever goes wrong with
    a line or the disk is told once, as a warning, and counted in `failed`; it never reaches the caller. `written` and
    `skipped` count the other texts. Raises AttnWidgetError for arguments that are not valid.
    Source: those of the measures, see their docstrings.

    >>> import attnwidget as aw, tempfile
    >>> model = aw.load()
    >>> with tempfile.TemporaryDirectory() as folder, aw.AttentionLog(folder + "/attention.jsonl") as log:
    ...     for trace in log.through(model.traces(["The cat sat.", "The dog saw the cat."])):
    ...         pass
    ...     lines = log.lines()
    >>> log.written, lines[0]["tokens"], lines[0]["entropy.L0H1"] > 0
    (2, 4, True)
    """

    def __init__(
        self, path: Any, *, share: Any = 1.0, text: Any = False, most_bytes: Any = 2**26, most_lines: Any = 1000
    ) -> None:
        self.path: Path = named_file(path, "attention.jsonl")
        if self.path.suffix not in {".jsonl", PARQUET}:
            raise AttnWidgetError(f"{str(path)!r} is not a log: give a path that ends in .jsonl or .parquet.")
        if self.path.suffix == PARQUET and find_spec("pyarrow") is None:
            raise AttnWidgetError(
                'Parquet needs pyarrow: pip install "attnwidget[parquet]", or give a path ending in .jsonl.'
            )
        part = real_number(share)
        if part is None or not 0 < part <= 1:
            raise AttnWidgetError(f"share={share!r:.60} is not valid: give a number above 0, up to 1.")
        self._most_bytes, self._most_lines = (
            whole_from_one("most_bytes", most_bytes),
            whole_from_one("most_lines", most_lines),
        )
        self.share = part
        self.written = self.skipped = self.failed = 0
        self._keeps_text = truth_of("text", text)
        self._json = LinesFile(self.path, most_bytes=self._most_bytes, most_lines=self._most_lines)
        self._waiting: list[bytes] = []
        self._waiting_bytes = 0
        self._warned = False
        self._lock = Lock()

    def __repr__(self) -> str:
        return f"AttentionLog({str(self.path)!r}, {self.written} written, {self.skipped} skipped, {self.failed} failed)"

    def __enter__(self) -> "AttentionLog":  # noqa: PYI034  checked at run time, where Self means nothing
        return self

    def __exit__(self, *_raised: object) -> None:
        self.close()

    def __call__(self, trace: Any) -> None:
        """Log a trace, if its text is among those that are chosen; what is no trace (an `Untraced`) counts as failed."""
        if not isinstance(trace, Trace):
            self._failed(AttnWidgetError(f"a {type(trace).__name__} was given, not a Trace"), 1)
            return
        try:
            mark = sha256(trace.text.text.encode("utf-8", "replace")).hexdigest()
            if int(mark[:8], 16) >= self.share * 2**32:
                self.skipped += 1
                return
            line = as_json(line_of(trace, mark[:16], text=self._keeps_text))
            with self._lock:
                self._write(line)
        except Exception as error:  # noqa: BLE001  a log must never stop what it watches
            self._failed(error, 1)

    def through(self, traces: Iterable[Any]) -> Iterator[Any]:
        """The same traces, each logged before it is handed on."""
        for trace in traces:
            self(trace)
            yield trace

    def close(self) -> None:
        """Write what waits for a Parquet file to be full. The log can be used on."""
        with self._lock:
            try:
                self._write_waiting()
            except Exception as error:  # noqa: BLE001  as above
                self._failed(error, 0)

    def lines(self) -> list[dict[str, Any]]:
        """What has been written, as `read_log` reads it."""
        return read_log(self)

    def _write(self, line: bytes) -> None:
        if self.path.suffix != PARQUET:
            self._json.append(line)
            self.written += 1
            return
        if self._waiting and self._waiting_bytes + len(line) > self._most_bytes:
            self._write_waiting()
        self._waiting.append(line)
        self._waiting_bytes += len(line)
        if len(self._waiting) >= self._most_lines:
            self._write_waiting()

    def _write_waiting(self) -> None:
        waiting, self._waiting, self._waiting_bytes = self._waiting, [], 0
        if not waiting:
            return
        try:
            write_parquet(self.path, waiting)
        except Exception:
            self.failed += len(waiting) - 1
            raise
        self.written += len(waiting)

    def _failed(self, error: Exception, count: int) -> None:
        self.failed += count
        if not self._warned:
            self._warned = True
            warnings.warn(
                f"A text was not logged to {self.path}: {error}. The program goes on; log.failed counts such texts.",
                stacklevel=3,
            )


def line_of(trace: Trace, mark: str, *, text: bool) -> dict[str, Any]:
    """The line of one trace: what identifies it, and of each part one (layer head) table for every number."""
    parts = {part: _tables(trace, part) for part in trace.parts}
    words = {"model": trace.model.name, "path": trace.path, "hash": mark, **({"text": trace.text.text} if text else {})}
    return {"version": LOG_VERSION, "time": round(time.time(), 3), **words, "tokens": len(trace.text), "parts": parts}


def _tables(trace: Trace, part: str) -> dict[str, list[list[float | None]]]:
    _, keys = trace.tokens(part)
    found = head_means(
        trace,
        part,
        {
            "entropy": plain_entropy,
            "concentration": of_largest(LARGEST_LOGGED),
            "share_special": mass_on("special", keys),
            "share_first": mass_on("first", keys),
        },
    )
    return {name: _rounded(table) for name, table in found.items()}


def _rounded(table: np.ndarray) -> list[list[float | None]]:
    numbers, width = table.ravel().tolist(), table.shape[1]
    # All numbers in one text: one by one, this took as long as what they are computed from.
    written = (f"%.{DIGITS}g " * len(numbers)) % tuple(numbers)
    known = [number if math.isfinite(number) else None for number in map(float, written.split())]
    return [known[start : start + width] for start in range(0, len(known), width)]


def read_log(log: Any) -> list[dict[str, Any]]:
    """The lines of an `AttentionLog`, or of the path of one, oldest first: flat mappings, named as `summary` names them.

    Raises AttnWidgetError for a log that is not there, cannot be read, or is from a newer attnwidget.
    """
    file = log.path if isinstance(log, AttentionLog) else named_file(log, "attention.jsonl")
    return [_flat(line, file) for line in lines_of(file)]


def _flat(line: dict[str, Any], file: Path) -> dict[str, Any]:
    version, parts = whole_number(line.get("version")), line.get("parts")
    if version is None or not isinstance(parts, dict):
        raise AttnWidgetError(f"{str(file)!r} has a line that AttentionLog did not write. Give the path of a log.")
    if version > LOG_VERSION:
        raise AttnWidgetError(f"{str(file)!r} was written by a newer attnwidget. Update this one to read it.")
    found = {name: value for name, value in line.items() if name not in {"version", "parts"}}
    for part, tables in parts.items():
        before = f"{part}." if len(parts) > 1 else ""
        for name, table in tables.items():
            rows = np.array(table, dtype=float)
            found |= {
                f"{before}{name}.L{layer}H{head}": float(rows[layer, head]) for layer, head in np.ndindex(rows.shape)
            }
    return found
