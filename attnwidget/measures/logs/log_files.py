"""Lines appended to files that are put aside when they are full, and read again in the order in which they came."""

import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from attnwidget.errors import AttnWidgetError

PARQUET = ".parquet"

READ_AT_ONCE = 2**20
"""Bytes of a file whose lines are counted together."""


def as_json(line: Mapping[str, Any]) -> bytes:
    """One line, without the end of it."""
    written = json.dumps(line, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return written.encode("utf-8", "replace")


class LinesFile:
    """A file of JSON lines that is put aside when it is full: before it would have more than `most_bytes` or `most_lines`.

    Several processes may append to the same file: each line is one write under a lock of the file (on Windows, which has no
    such lock, give every process a file of its own).
    """

    def __init__(self, file: Path, *, most_bytes: int, most_lines: int) -> None:
        self._file, self._most_bytes, self._most_lines = file, most_bytes, most_lines
        self._counted = _Counted()

    def append(self, line: bytes) -> None:
        """Append one line whole, or nothing. Raises OSError."""
        written = line + b"\n"
        while True:
            handle = os.open(self._file, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o666)
            try:
                with _locked(handle):
                    if not _is_still(handle, self._file):
                        continue  # another process has put it aside meanwhile
                    counted = _counted(handle, self._counted)
                    fits = counted.size + len(written) <= self._most_bytes and counted.lines < self._most_lines
                    if counted.size and not fits:
                        self._file.rename(aside(self._file))
                        continue
                    if os.write(handle, written) < len(written):
                        os.ftruncate(handle, counted.size)
                        raise OSError(f"{self._file} took only a part of a line")
                    self._counted = replace(counted, size=counted.size + len(written), lines=counted.lines + 1)
                    return
            finally:
                os.close(handle)


@dataclass(frozen=True)
class _Counted:
    """How many lines the first `size` bytes of a file have."""

    node: tuple[int, int] = (-1, -1)
    size: int = 0
    lines: int = 0


def _counted(handle: int, before: _Counted) -> _Counted:
    """The same of all of a file: only what others have appended since is read."""
    now = os.fstat(handle)
    node = now.st_dev, now.st_ino
    known = before if before.node == node and before.size <= now.st_size else _Counted(node)
    lines, at = known.lines, known.size
    os.lseek(handle, at, os.SEEK_SET)
    while at < now.st_size and (piece := os.read(handle, READ_AT_ONCE)):
        lines, at = lines + piece.count(b"\n"), at + len(piece)
    return _Counted(node, now.st_size, lines)


def write_parquet(file: Path, lines: Sequence[bytes]) -> None:
    """A new file beside `file` with these lines, whole or not at all. Raises OSError."""
    import pyarrow as pa
    from pyarrow import parquet

    part = aside(file).with_suffix(".part")
    try:
        parquet.write_table(pa.table({"line": [line.decode() for line in lines]}), part)
        part.rename(part.with_suffix(PARQUET))
    finally:
        part.unlink(missing_ok=True)


def aside(file: Path) -> Path:
    """The name of a file that is put aside: by the time, so that names sort as the lines came."""
    return file.with_name(f"{file.stem}.{time.time_ns()}-{os.getpid()}{file.suffix}")


def files_of(file: Path) -> list[Path]:
    """The files of a log, oldest first: those put aside, and the one that is written to."""
    before = [
        other
        for other in file.parent.glob(f"*{file.suffix}")
        if other.name.startswith(f"{file.stem}.") and _is_number(other.name[len(file.stem) + 1 : -len(file.suffix)])
    ]
    return [*sorted(before), *([file] if file.exists() else [])]


def lines_of(file: Path) -> Iterator[dict[str, Any]]:
    """The lines of a log. A line that was cut off, by a crash or a full disk, is left out. Raises AttnWidgetError for a log
    that is not there or cannot be read.
    """
    found = files_of(file)
    if not found:
        raise AttnWidgetError(f"There is no log {str(file)!r}. Give the path that AttentionLog was given.")
    for one in found:
        try:
            yield from _parquet_lines(one) if one.suffix == PARQUET else _json_lines(one)
        except (OSError, UnicodeDecodeError) as error:
            raise AttnWidgetError(f"{str(one)!r} cannot be read as a log: {error}.") from None


def _json_lines(file: Path) -> Iterator[dict[str, Any]]:
    with file.open(encoding="utf-8") as text:
        for written in text:
            try:
                line = json.loads(written)
            except json.JSONDecodeError:
                continue
            if isinstance(line, dict):
                yield line


def _parquet_lines(file: Path) -> Iterator[dict[str, Any]]:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        table = parquet.read_table(file, columns=["line"])
    except pa.ArrowException as error:
        raise AttnWidgetError(f"{str(file)!r} cannot be read as a log: {error}.") from None
    yield from (json.loads(line) for line in table["line"].to_pylist())


def _is_number(name: str) -> bool:
    return name.replace("-", "").isdigit()


def _is_still(handle: int, file: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), file.stat())
    except FileNotFoundError:
        return False


@contextmanager
def _locked(handle: int) -> Iterator[None]:
    try:
        import fcntl
    except ImportError:  # Windows
        yield
        return
    fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(handle, fcntl.LOCK_UN)
