"""Texts from anywhere -> items, one after the other: nothing is held but the one at hand."""

import hashlib
import json
import math
import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from itertools import chain
from typing import Any

from attnwidget.arguments import whole_number
from attnwidget.errors import AttnWidgetError
from attnwidget.experiments.surveys.records import Item, SpanPlace, Unread
from attnwidget.experiments.surveys.rows import POSSIBLE, SourceRows, source_rows
from attnwidget.text import well_formed
from attnwidget.tiny.sample import Sample

COLUMN_ROLES = ("text", "pair", "messages", "answer", "label", "spans")
"""What a column can be. All others, and the label, are kept as they are."""


class TextReader:
    """The items of a source, in its order, each read when it is asked for; a row that holds no text is an `Unread`.

    `texts` is a list or an iterator of texts, (text, pair) tuples, chats (lists of role and content), samples of the
    bundled models, or mappings with columns; a table (a `datasets.Dataset`, a DataFrame, an Arrow table); or a file:
    lines of text, `.jsonl`, `.json` (a list), `.csv`, `.tsv` or `.parquet`, the first ones also with `.gz`. Of a
    mapping, `text` is the text or `messages` the chat, `pair` a second text, `answer` what the model should say, and
    `spans` places in the text by name: `{"pronoun": [4, 6]}` in code points, a list of such, or the words themselves
    where the text has them once. `columns` gives other names: `{"text": "sentence"}`. All further columns are kept
    where they are plain data.

    Raises AttnWidgetError for what holds no texts: a file that is not there, a column that is not there, no row at all.

    >>> reader = TextReader([{"text": "The cat sat. It slept.", "spans": {"pronoun": "It"}, "kind": "easy"}, 7])
    >>> for item in reader:
    ...     print(item)
    Item(number=0, text='The cat sat. It slept.', pair=None, spans={'pronoun': ((13, 15),)}, answer=None,
         columns={'kind': 'easy'})
    Unread(number=1, reason='texts[1] is an int, not a text.')
    >>> reader.count, reader.unread, reader.hash[:8]
    (2, 1, 'd45e0b60')
    """

    def __init__(self, texts: Any, columns: Any = None) -> None:
        self._names = _checked(columns)
        self._source = source_rows(texts)
        self._sum = hashlib.sha256()
        self.count = 0
        self.unread = 0
        first = next(self._source.rows, None)
        if first is None:
            raise AttnWidgetError(f"There are no texts here. {POSSIBLE}.")
        _refuse_other_columns(first[1], self._names)
        self._rows = chain([first], self._source.rows)

    def __iter__(self) -> Iterator[Item | Unread]:
        return self

    def __next__(self) -> Item | Unread:
        number, row = next(self._rows)
        item = row if isinstance(row, Unread) else _item(row, number, self._names, self._source)
        self.count += 1
        self.unread += isinstance(item, Unread)
        self._sum.update(str(number).encode() if isinstance(item, Unread) else mark_of(item).encode())
        return item

    @property
    def hash(self) -> str:
        """SHA-256 of all that was read so far, in its order."""
        return self._sum.hexdigest()


def mark_of(item: Item) -> str:
    """16 hexadecimal digits that tell this item's content from any other's, whatever its number.

    >>> mark_of(Item(0, "a")) == mark_of(Item(5, "a")), mark_of(Item(0, "a")) == mark_of(Item(0, "a", "b"))
    (True, False)
    """
    content = (item.text, item.pair, item.spans, item.answer, item.columns)
    written = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(written.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _checked(columns: Any) -> dict[str, str]:
    if columns is None:
        return {}
    if not isinstance(columns, Mapping) or not all(isinstance(one, str) for one in columns.values()):
        raise AttnWidgetError(
            f'columns={columns!r:.60} is not valid: give a mapping of roles to names, for example {{"text": "sentence"}}.'
        )
    unknown = [role for role in columns if role not in COLUMN_ROLES]
    if unknown:
        raise AttnWidgetError(
            f"columns={{{unknown[0]!r}: ...}} is no role. Give names for {', '.join(COLUMN_ROLES)}; all other columns are kept."
        )
    return dict(columns)


def _refuse_other_columns(row: Any, names: Mapping[str, str]) -> None:
    if isinstance(row, Unread | Item):
        return
    if not isinstance(row, Mapping):
        if names:
            raise AttnWidgetError(f"columns= names columns, but the first text is {_called(row)}, which has none.")
        return
    if {"role", "content"} <= row.keys():
        raise AttnWidgetError("The texts are the messages of one chat. Give a list of chats: [chat].")
    missing = next((name for name in names.values() if name not in row), None)
    if missing is None and {"text", "messages"}.isdisjoint(row.keys() | names.keys()):
        missing = "text"
    if missing is not None:
        raise AttnWidgetError(
            f"There is no column {missing!r}: the columns are {', '.join(map(repr, row))}. Say which one has the texts: "
            'columns={"text": "..."}.'
        )


class _UnreadableRow(Exception):
    """What is wrong with a row: the rest of a sentence that begins with it."""


def _item(row: Any, number: int, names: Mapping[str, str], source: SourceRows) -> Item | Unread:
    try:
        return _read_row(row, number, names)
    except _UnreadableRow as wrong:
        return Unread(number, f"{source.called(number)} {wrong}.")


def _read_row(row: Any, number: int, names: Mapping[str, str]) -> Item:
    if isinstance(row, Item):
        return Item(number, row.text, row.pair, row.spans, row.answer, row.columns)
    if isinstance(row, Sample):
        about = {"kind": row.kind, "target": row.target}
        spans = {"deciding": row.deciding} if row.deciding else {}
        return Item(number, row.text, None, spans, row.answer, {name: one for name, one in about.items() if one})
    if isinstance(row, Mapping):
        return _of_columns(row, number, names)
    if isinstance(row, list | tuple) and len(row) == 2 and all(isinstance(one, str) for one in row):
        return Item(number, _text(row[0]), _text(row[1], "second text"))
    if isinstance(row, list | tuple) and any(isinstance(one, Mapping) for one in row):
        return Item(number, _chat(row))
    if isinstance(row, tuple):
        raise _UnreadableRow(f"is a tuple of {len(row)}, not (text, pair)")
    if isinstance(row, bytes):
        try:
            row = row.decode("utf-8")
        except UnicodeDecodeError as error:
            raise _UnreadableRow(f"is not UTF-8, at its byte {error.start}") from None
    return Item(number, _text(row))


def _of_columns(row: Mapping[str, Any], number: int, names: Mapping[str, str]) -> Item:
    held = {role: names.get(role, role) for role in COLUMN_ROLES}
    chat = "messages" in names or ("text" not in names and "text" not in row)
    name = held["messages" if chat else "text"]
    if name not in row:
        either = f"{held['text']!r} and no {name!r}" if chat and "messages" not in names else repr(name)
        raise _UnreadableRow(f"has no column {either}")
    text = _chat(row[name]) if chat else _text(row[name])
    pair = None if _is_missing(row.get(held["pair"])) else _text(row[held["pair"]], "second text")
    spans = _spans(None if _is_missing(row.get(held["spans"])) else row[held["spans"]], text)
    used = {name, held["pair"], held["answer"], held["spans"]}
    columns = {str(key): _plain(one) for key, one in row.items() if key not in used and _is_plain(one)}
    if held["label"] in columns:
        columns["label"] = columns.pop(held["label"])
    return Item(number, text, pair, spans, _answer(row.get(held["answer"])), columns)


def _text(given: Any, what: str = "text") -> str:
    if not isinstance(given, str):
        raise _UnreadableRow(
            f"is {_called(given)}, not a text" if what == "text" else f"has {_called(given)} as {what}"
        )
    if not given.strip():
        raise _UnreadableRow("is empty" if what == "text" else f"has an empty {what}")
    return well_formed(given)


def _chat(given: Any) -> tuple[Mapping[str, Any], ...]:
    if not isinstance(given, list | tuple) or not given:
        raise _UnreadableRow(f"is {_called(given)}, not a chat")
    if not all(isinstance(one, Mapping) and isinstance(one.get("role"), str) and one.get("content") for one in given):
        raise _UnreadableRow("is not a chat whose messages all have a role and content")
    return tuple({str(name): one for name, one in message.items() if one is not None} for message in given)


def _answer(given: Any) -> Any:
    """Lists are pairs of answers: JSON and Parquet know no tuples."""
    given = _plain(given)
    return tuple(given) if isinstance(given, list) else given


def _spans(given: Any, text: Any) -> dict[str, tuple[SpanPlace, ...]]:
    if isinstance(given, str):  # a file without columns of mappings has them as JSON
        try:
            given = json.loads(given or "null")
        except ValueError:
            raise _UnreadableRow("has spans that are not JSON") from None
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise _UnreadableRow(f"has {_called(given)} as spans, not places by name")
    named = {str(name): _plain(places) for name, places in given.items()}
    return {name: _places(name, places, text) for name, places in named.items() if places is not None and places != []}


def _places(name: str, given: Any, text: Any) -> tuple[SpanPlace, ...]:
    one = isinstance(given, str) or (isinstance(given, list) and all(whole_number(part) is not None for part in given))
    if not one and not isinstance(given, list):
        raise _UnreadableRow(f"has {_called(given)} as the span {name!r}, not [start, stop] or words")
    return tuple(_place(name, place, text) for place in ([given] if one else given))


def _place(name: str, given: Any, text: Any) -> SpanPlace:
    if isinstance(given, str):
        return _words(name, given, text) if isinstance(text, str) else given
    ends = [whole_number(part) for part in given] if isinstance(given, list) else []
    if len(ends) != 2 or ends[0] is None or ends[1] is None:
        raise _UnreadableRow(f"has {given!r:.40} as the span {name!r}, not [start, stop] or words")
    start, stop = ends[0], ends[1]
    if not 0 <= start < stop or (isinstance(text, str) and stop > len(text)):
        size = f"{len(text)} code points" if isinstance(text, str) else "no place before 0 and none of no width"
        raise _UnreadableRow(f"has the span {name!r} at {start}:{stop}, but the text has {size}")
    return (start, stop)


def _words(name: str, words: str, text: str) -> SpanPlace:
    """Where the words stand in the text: as words of their own, or else within others."""
    sought = re.escape(words)
    found = [at.span() for at in re.finditer(rf"(?<!\w){sought}(?!\w)", text)] if words else []
    found = found or ([at.span() for at in re.finditer(sought, text)] if words else [])
    if len(found) != 1:
        often = f"{len(found)} times: give [start, stop]" if found else "nowhere"
        raise _UnreadableRow(f"has {words!r:.40} as the span {name!r}, which stands in the text {often}")
    return found[0]


def _is_missing(given: Any) -> bool:
    """Tables have NaN where a text of theirs has nothing."""
    return given is None or (isinstance(given, float) and math.isnan(given))


def _plain(given: Any) -> Any:
    """A value as JSON can hold it: numbers of numpy as Python's, NaN as None, dates as text."""
    if isinstance(given, Mapping):
        return {str(name): _plain(one) for name, one in given.items()}
    if isinstance(given, list | tuple):
        return [_plain(one) for one in given]
    if hasattr(given, "tolist"):  # arrays and numbers of numpy and torch
        return _plain(given.tolist())
    if _is_missing(given):
        return None
    return str(given) if isinstance(given, datetime | date | time | Decimal | str) else given


def _is_plain(given: Any) -> bool:
    if isinstance(given, Mapping):
        return all(_is_plain(one) for one in given.values())
    if isinstance(given, list | tuple):
        return all(_is_plain(one) for one in given)
    if hasattr(given, "tolist"):
        return getattr(given, "ndim", 0) <= 1 and _is_plain(given.tolist())
    return given is None or isinstance(given, str | int | float | datetime | date | time | Decimal)


def _called(given: Any) -> str:
    name = type(given).__name__
    return "nothing" if given is None else f"{'an' if name[0] in 'aeiou' else 'a'} {name}"
