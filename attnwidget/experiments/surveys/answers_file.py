"""Answers of a survey in one file, Parquet or JSON, and read again as they were."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from attnwidget.errors import AttnWidgetError
from attnwidget.experiments.surveys.records import Answered, Unanswered, Unread
from attnwidget.files import write_whole

ANSWERS_FORMAT = 2
"""Of both kinds of file. Raised when they change; older ones are still read."""

AnswerEntry: TypeAlias = Answered | Unanswered | Unread

SAID_OF_ALL = b"attnwidget"
"""The key of what a Parquet file says of itself, as JSON."""

CONTROL_COLUMN = "control: "
"""Begins the name of the column of a control."""

AS_JSON = ("messages", "answer", "spans", "columns", "further")
"""Columns that hold what has no type of its own."""

AS_THEY_ARE = ("number", "text", "pair", "reason", "mark")

TO_JSON = np.vectorize(lambda one: one if np.isfinite(one) else None if np.isnan(one) else str(one), otypes=[object])


@dataclass(frozen=True, eq=False)
class AnswersFile:
    """What a file says of all its answers, the answers, and the mark of the item of each where it was given."""

    about: Mapping[str, Any]
    entries: tuple[AnswerEntry, ...]
    marks: tuple[str | None, ...]


def has_parquet() -> bool:
    """Whether Parquet files can be read and written here."""
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError:
        return False
    return True


def write_answers(
    file: Path, entries: Sequence[AnswerEntry], about: Mapping[str, Any], marks: Sequence[str] | None = None
) -> Path:
    """Write answers to a `.parquet` or a `.json` file. `about` is plain data that stands beside them.

    A row for every text: `number`, `text` (or the `messages` of a chat), `pair`, `answer`, `spans`, `columns` and `further` as JSON,
    the `reason` where there is no answer; `values` and `control: ...` are the numbers, row by row of the `shape`.

    Raises AttnWidgetError if the file cannot be written, and for Parquet without pyarrow.
    """
    rows = [_row(entry, marks[at] if marks else None) for at, entry in enumerate(entries)]
    if file.suffix.lower() != ".parquet":
        content = json.dumps({"format": ANSWERS_FORMAT, "about": about, "answers": _as_json(rows)}, ensure_ascii=False)
        return write_whole(file, "survey", lambda part: part.write_text(content, encoding="utf-8"))
    _refuse_without_parquet()
    import pyarrow as pa
    from pyarrow import parquet

    said = json.dumps({"format": ANSWERS_FORMAT, "about": about, "dtypes": _dtypes(rows)})
    table = pa.table(_columns(rows), metadata={SAID_OF_ALL: said.encode()})

    def write(part: Path) -> None:
        with part.open("wb") as opened:
            parquet.write_table(table, opened)

    return write_whole(file, "survey", write)


def read_answers(file: Path) -> AnswersFile:
    """What `write_answers` wrote. Raises AttnWidgetError for anything else, and for a newer format.

    >>> read_answers(Path("no such survey.json"))
    Traceback (most recent call last):
    ...
    attnwidget.errors.AttnWidgetError: no such survey.json cannot be read: No such file or directory.
    """
    try:
        head, rows = _parquet_rows(file) if file.suffix.lower() == ".parquet" else _json_rows(file)
        if head["format"] > ANSWERS_FORMAT:
            raise AttnWidgetError(f"{file} is a survey of a newer version of attnwidget. Install that one to read it.")
        return AnswersFile(head["about"], tuple(map(_entry, rows)), tuple(row.get("mark") for row in rows))
    except OSError as error:
        raise AttnWidgetError(f"{file} cannot be read: {error.strerror or error}.") from None
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        if isinstance(error, AttnWidgetError):
            raise
        raise AttnWidgetError(f"{file} is no survey, or it is damaged. Give what survey.save wrote.") from None


def _row(entry: AnswerEntry, mark: str | None) -> dict[str, Any]:
    row: dict[str, Any] = {"number": entry.number, "mark": mark}
    if isinstance(entry, Unread | Unanswered):
        row["reason"] = entry.reason
    if not isinstance(entry, Unread):
        row["text" if isinstance(entry.text, str) else "messages"] = entry.text
    if isinstance(entry, Answered):
        row |= {"pair": entry.pair, "answer": entry.answer, "spans": entry.spans, "columns": entry.columns}
        row["further"] = entry.further or None
        row |= {"values": np.asarray(entry.values), "queries": entry.queries}
        row |= {f"{CONTROL_COLUMN}{name}": np.asarray(one) for name, one in entry.controls.items()}
    return {name: one for name, one in row.items() if one is not None}


def _entry(row: Mapping[str, Any]) -> AnswerEntry:
    number, text = int(row["number"]), row.get("text")
    if "messages" in row:
        text = tuple(row["messages"])
    if "values" in row:
        return Answered(
            number,
            text,
            row.get("pair"),
            row["columns"],
            row["values"],
            {name.removeprefix(CONTROL_COLUMN): one for name, one in row.items() if name.startswith(CONTROL_COLUMN)},
            {name: tuple(map(_place, places)) for name, places in row["spans"].items()},
            tuple(row["answer"]) if isinstance(row.get("answer"), list) else row.get("answer"),
            row.get("queries"),
            row.get("further", {}),
        )
    return Unread(number, row["reason"]) if text is None else Unanswered(number, text, row["reason"])


def _place(given: Any) -> Any:
    return given if isinstance(given, str) else tuple(given)


def _arrays(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name, one in row.items() if isinstance(one, np.ndarray)))


def _dtypes(rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    return {name: str(np.result_type(*(row[name] for row in rows if name in row))) for name in _arrays(rows)}


def _as_json(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """JSON knows neither arrays nor NaN: nested lists, None, and what type they had."""
    return [
        {
            name: {"dtype": str(one.dtype), "of": TO_JSON(one).tolist() if one.size else one.tolist()}
            if isinstance(one, np.ndarray)
            else one
            for name, one in row.items()
        }
        for row in rows
    ]


def _json_rows(file: Path) -> tuple[Mapping[str, Any], list[dict[str, Any]]]:
    found = json.loads(file.read_text(encoding="utf-8"))

    def read(name: str, one: Any) -> Any:
        numbers = name in {"values", "queries"} or name.startswith(CONTROL_COLUMN)
        return np.array(one["of"], dtype=np.float64).astype(one["dtype"]) if numbers else one

    return found, [{name: read(name, one) for name, one in row.items()} for row in found["answers"]]


def _columns(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    import pyarrow as pa

    columns = {
        name: pa.array([row.get(name) for row in rows], pa.int64() if name == "number" else pa.string())
        for name in AS_THEY_ARE
    }
    for name in AS_JSON:
        written = [json.dumps(row[name], ensure_ascii=False) if name in row else None for row in rows]
        columns[name] = pa.array(written, pa.string())
    shapes = [np.shape(row["values"]) if "values" in row else None for row in rows]
    columns["shape"] = pa.array(shapes, pa.list_(pa.int32()))
    for name, dtype in _dtypes(rows).items():
        kept = [np.ravel(row[name]).astype(dtype) if name in row else None for row in rows]
        columns[name] = pa.array(kept, pa.list_(pa.from_numpy_dtype(np.dtype(dtype))))
    return columns


def _parquet_rows(file: Path) -> tuple[Mapping[str, Any], list[dict[str, Any]]]:
    _refuse_without_parquet()
    import pyarrow as pa
    from pyarrow import parquet

    try:
        with file.open("rb") as opened:
            table = parquet.read_table(opened)
    except pa.ArrowException as error:
        raise ValueError(str(error)) from None
    head = json.loads((table.schema.metadata or {})[SAID_OF_ALL])
    dtypes = head["dtypes"]
    # Rows of numbers as views of their column: lists of Python's own floats would take thirty times the memory.
    numbers = {name: table.column(name).combine_chunks() for name in dtypes}
    rows = []
    for at, plain in enumerate(table.drop_columns(list(dtypes)).to_pylist()):
        row = {name: json.loads(one) if name in AS_JSON else one for name, one in plain.items() if one is not None}
        shape = row.pop("shape", None)
        for name, dtype in dtypes.items():
            if (one := numbers[name][at]).is_valid:
                row[name] = one.values.to_numpy(zero_copy_only=False).astype(dtype).reshape(shape)
        rows.append(row)
    return head, rows


def _refuse_without_parquet() -> None:
    if not has_parquet():
        raise AttnWidgetError(
            'Parquet files are written and read by pyarrow, which is not installed: pip install "attnwidget[parquet]". '
            "Or give a name that ends in .json."
        )
