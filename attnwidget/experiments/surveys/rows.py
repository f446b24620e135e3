"""Whatever holds texts -> its rows one after the other, as they stand there: a file, a table, a list, an iterator."""

import csv
import gzip
import json
import os
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from attnwidget.errors import AttnWidgetError
from attnwidget.experiments.surveys.records import Unread

LONGEST_READ = 2**24
"""Bytes. A longer line holds no text that a model could read; it is passed over without being held."""

ROWS_HELD = 1024
"""Of a Parquet file or table: so many are held."""

POSSIBLE = (
    "Give a list or iterator of texts, of (text, pair) tuples, of chats or of mappings with columns, or a file: lines of "
    "text, .jsonl, .json, .csv, .tsv or .parquet"
)


@dataclass(frozen=True, eq=False)
class SourceRows:
    """The rows of a source, each with its number from 0 (an `Unread` where it cannot be read), and what people call it."""

    rows: Iterator[tuple[int, Any]]
    called: Callable[[int], str]


def source_rows(texts: Any) -> SourceRows:
    """The rows of anything that holds texts, none of them read yet but of a .json file, which is read whole.

    Raises AttnWidgetError for what holds no texts, also for a file that is not there or is of another kind.

    >>> list(source_rows(["a", ("b", "c")]).rows)
    [(0, 'a'), (1, ('b', 'c'))]
    """
    if isinstance(texts, str | os.PathLike):
        return _of_file(texts)
    if isinstance(texts, Mapping):
        names = ", ".join(map(repr, list(texts)[:5]))
        raise AttnWidgetError(
            f"The texts are one mapping, of {names}. If these are the splits of a data set, give one of them; if they are "
            f"the columns of one text, give a list of such mappings."
        )
    if isinstance(texts, bytes | bytearray | set | frozenset) or not _yields(texts):
        raise AttnWidgetError(f"{texts!r:.60} is no source of texts. {POSSIBLE}.")
    if hasattr(texts, "itertuples"):  # a DataFrame, whose own iterator yields the names of its columns
        rows: Iterator[Any] = (
            dict(zip(map(str, texts.columns), row, strict=True)) for row in texts.itertuples(index=False, name=None)
        )
    elif hasattr(texts, "to_batches"):  # an Arrow table, whose own iterator yields its columns
        rows = (row for some in texts.to_batches(ROWS_HELD) for row in some.to_pylist())
    elif hasattr(texts, "readline"):  # a file that is open
        rows = (line.rstrip("\r\n" if isinstance(line, str) else b"\r\n") for line in texts)
    else:
        rows = iter(texts)
    return SourceRows(enumerate(_going_on(rows)), lambda number: f"texts[{number}]")


def _yields(texts: Any) -> bool:
    try:
        iter(texts)
    except TypeError:
        return False
    return True


def _going_on(rows: Iterator[Any]) -> Iterator[Any]:
    """The rows of somebody's iterator. Raises AttnWidgetError where it fails: there is no way to go on behind that."""
    count = 0
    try:
        for row in rows:
            yield row
            count += 1
    except (AttnWidgetError, GeneratorExit):
        raise
    except Exception as error:
        raise AttnWidgetError(
            f"Your texts ended after {count:,} with {type(error).__name__}: {error}. What was computed with keep= is kept: "
            "mend the iterator, and call again."
        ) from error


def _of_file(path: str | os.PathLike[str]) -> SourceRows:
    file = Path(path).expanduser()
    try:
        start = _start_of(file)
    except (OSError, ValueError, EOFError) as error:  # ValueError for a NUL in the name
        reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else error
        raise AttnWidgetError(
            f"{str(path)[:120]!r} cannot be read as a file of texts: {reason}. Give the path of a file; a single text is a "
            "list of one: [text]."
        ) from None
    kinds = {".jsonl": _jsonl, ".ndjson": _jsonl, ".json": _json, ".csv": _csv, ".tsv": _csv, ".parquet": _parquet}
    kind = kinds.get(_suffix(file), _lines)
    if kind is not _parquet and b"\0" in start:
        raise AttnWidgetError(
            f"{file.name} is not text in UTF-8. Save it as UTF-8, or as {', '.join(name for name in kinds if name != '.ndjson')}."
        )
    lines = kind in {_lines, _jsonl}
    return SourceRows(kind(file), lambda number: f"{'Line' if lines else 'Row'} {number + 1:,} of {file.name}")


def _suffix(file: Path) -> str:
    endings = [ending.lower() for ending in file.suffixes]
    return (endings[-2:-1] or [""])[0] if endings[-1:] == [".gz"] else (endings or [""])[-1]


def _start_of(file: Path) -> bytes:
    with _opened(file) as opened:
        return opened.read(1024)


@contextmanager
def _opened(file: Path) -> Iterator[IO[bytes]]:
    packed = file.suffix.lower() == ".gz"
    with file.open("rb") as raw:
        yield gzip.GzipFile(fileobj=raw) if packed else raw  # type: ignore[misc]  # reads as any file of bytes does


def _raw_lines(file: Path) -> Iterator[tuple[int, bytes | Unread]]:
    number = 0
    try:
        with _opened(file) as opened:
            while line := opened.readline(LONGEST_READ):
                if len(line) == LONGEST_READ and not line.endswith(b"\n"):
                    while (rest := opened.readline(LONGEST_READ)) and not rest.endswith(b"\n"):
                        pass
                    what = f"Line {number + 1:,} of {file.name} is longer than {LONGEST_READ:,} bytes."
                    yield number, Unread(number, what)
                else:
                    yield number, (line.removeprefix(b"\xef\xbb\xbf") if number == 0 else line).rstrip(b"\r\n")
                number += 1
    except (OSError, EOFError, zlib.error) as error:
        raise AttnWidgetError(
            f"{file.name} cannot be read beyond its line {number:,}: {error}. It is damaged."
        ) from None


def _lines(file: Path) -> Iterator[tuple[int, str | Unread]]:
    for number, line in _raw_lines(file):
        if isinstance(line, Unread):
            yield number, line
            continue
        try:
            yield number, line.decode("utf-8")
        except UnicodeDecodeError as error:
            yield number, Unread(number, f"Line {number + 1:,} of {file.name} is not UTF-8, at its byte {error.start}.")


def _jsonl(file: Path) -> Iterator[tuple[int, Any]]:
    for number, line in _lines(file):
        if isinstance(line, Unread):
            yield number, line
        elif line.strip():  # an empty line between records is none
            try:
                yield number, json.loads(line)
            except (ValueError, RecursionError) as error:
                yield number, Unread(number, f"Line {number + 1:,} of {file.name} is not JSON: {error}.")


def _json(file: Path) -> Iterator[tuple[int, Any]]:
    try:
        with _opened(file) as opened:
            found = json.loads(opened.read())
    except (ValueError, RecursionError) as error:
        raise AttnWidgetError(
            f"{file.name} is not JSON: {error}. One record a line is .jsonl: rename it if it is that."
        ) from None
    if not isinstance(found, list):
        raise AttnWidgetError(f"{file.name} holds {found!r:.40}. Give a .json file that holds a list of texts.")
    return iter(enumerate(found))


def _csv(file: Path) -> Iterator[tuple[int, Any]]:
    """Rows under the names of the first line. Bytes that are not UTF-8 are found where the text is looked at."""
    number = 0

    def text(lines: Iterable[tuple[int, bytes | Unread]]) -> Iterator[str]:
        for _, line in lines:
            yield "" if isinstance(line, Unread) else line.decode("utf-8", "surrogateescape") + "\n"

    reader = csv.reader(text(_raw_lines(file)), delimiter="\t" if _suffix(file) == ".tsv" else ",")
    names = next(reader, [])
    while True:
        called = f"Row {number + 1:,} of {file.name}"
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield number, Unread(number, f"{called} cannot be read: {error}.")
        else:
            if not fields:  # an empty line
                continue
            if len(fields) != len(names):
                yield number, Unread(number, f"{called} has {len(fields)} fields instead of {len(names)}.")
            elif any("\udc80" <= letter <= "\udcff" for field in fields for letter in field):
                yield number, Unread(number, f"{called} is not UTF-8.")
            else:
                yield number, dict(zip(names, fields, strict=True))
        number += 1


def _parquet(file: Path) -> Iterator[tuple[int, Any]]:
    try:
        import pyarrow as pa
        from pyarrow.parquet import ParquetFile
    except ImportError:
        raise AttnWidgetError(
            'Parquet files are read by pyarrow, which is not installed: pip install "attnwidget[parquet]". Or give the '
            "texts as .jsonl."
        ) from None
    try:
        opened = ParquetFile(file)
    except (pa.ArrowException, OSError) as error:
        raise AttnWidgetError(f"{file.name} cannot be read as Parquet: {error}.") from None
    with opened:
        first = 0
        for group in range(opened.num_row_groups):
            count, number = opened.metadata.row_group(group).num_rows, first
            try:
                for some in opened.iter_batches(ROWS_HELD, row_groups=[group]):
                    for row in some.to_pylist():
                        yield number, row
                        number += 1
            except (pa.ArrowException, OSError) as error:
                what = f"Rows {number + 1:,} to {first + count:,} of {file.name} cannot be read: {error}."
                yield number, Unread(number, what)
            first += count
