"""Texts from anywhere become items one by one; a row that holds none says so, and the others go on."""

import gzip
import json
import tracemalloc
from collections import OrderedDict
from itertools import count, islice

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from attnwidget.errors import AttnWidgetError
from attnwidget.experiments.league.held_out import samples
from attnwidget.experiments.surveys.records import Item, Unread
from attnwidget.experiments.surveys.rows import LONGEST_READ
from attnwidget.experiments.surveys.texts import TextReader, mark_of
from attnwidget.tiny.sample import Sample

ROWS = [
    {
        "text": "Anna saw Eva. She left.",
        "pair": None,
        "spans": {"pronoun": [14, 17]},
        "answer": ["yes", "no"],
        "label": 1,
        "year": 1999,
    },
    {"text": "Tom ran.", "pair": "He is fast.", "label": 0, "year": 2001},
]
CHAT = [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hi"}]


def read(texts, **options):
    return list(TextReader(texts, **options))


def contents(items):
    return [(item.number, item.text, item.pair, item.spans, item.answer, dict(item.columns)) for item in items]


READ = [
    (0, "Anna saw Eva. She left.", None, {"pronoun": ((14, 17),)}, ("yes", "no"), {"label": 1, "year": 1999}),
    (1, "Tom ran.", "He is fast.", {}, None, {"label": 0, "year": 2001}),
]


def as_jsonl(folder):
    (folder / "rows.jsonl").write_text("\n".join(map(json.dumps, ROWS)) + "\n")
    return folder / "rows.jsonl"


def as_gz(folder):
    with gzip.open(folder / "rows.jsonl.gz", "wt") as file:
        file.write("\n".join(map(json.dumps, ROWS)))
    return str(folder / "rows.jsonl.gz")


def as_json(folder):
    (folder / "rows.json").write_text(json.dumps(ROWS))
    return folder / "rows.json"


def as_parquet(folder):
    parquet.write_table(pa.Table.from_pylist(ROWS), folder / "rows.parquet", row_group_size=1)
    return folder / "rows.parquet"


@pytest.mark.parametrize("source", [as_jsonl, as_gz, as_json, as_parquet])
def test_files_with_columns_hold_the_same_items(source, tmp_path):
    assert contents(read(source(tmp_path))) == READ


def test_rows_tables_and_iterators_hold_the_same_items_as_files():
    frame = pd.DataFrame(ROWS).astype({"label": "int64"})
    for source in (ROWS, iter(ROWS), (row for row in ROWS), pa.Table.from_pylist(ROWS), frame):
        assert contents(read(source)) == READ
    assert type(read(frame)[0].columns["label"]) is int


def test_csv_may_have_lines_within_fields_and_says_which_row_is_not_whole(tmp_path):
    file = tmp_path / "rows.csv"
    file.write_bytes(b'text,year\n"one\nstill one",1\n\ntwo,2\nthree\nfo\xffur,4\n')
    items = read(file)
    assert contents(items[:2]) == [
        (0, "one\nstill one", None, {}, None, {"year": "1"}),
        (1, "two", None, {}, None, {"year": "2"}),
    ]
    assert [item.reason for item in items[2:]] == [
        "Row 3 of rows.csv has 1 fields instead of 2.",
        "Row 4 of rows.csv is not UTF-8.",
    ]


def test_lines_of_a_file_keep_their_numbers(tmp_path):
    file = tmp_path / "texts.txt"
    file.write_bytes("\ufeffone\r\n\nthré\n".encode() + b"fo\xffur\nfive")
    items = read(str(file))
    assert contents([items[0], items[2], items[4]]) == [
        (0, "one", None, {}, None, {}),
        (2, "thré", None, {}, None, {}),
        (4, "five", None, {}, None, {}),
    ]
    assert [items[at].reason for at in (1, 3)] == [
        "Line 2 of texts.txt is empty.",
        "Line 4 of texts.txt is not UTF-8, at its byte 2.",
    ]
    with file.open("rb") as opened:
        assert [one.number for one in read(opened) if isinstance(one, Unread)] == [1, 3]


def test_a_line_that_is_no_json_is_one_unread_row(tmp_path):
    file = tmp_path / "rows.jsonl"
    file.write_text('{"text": "one"}\n{"text": \n\n"plain"\n["a", "b"]\n[[1]]\n' + json.dumps(CHAT))
    one, broken, plain, pair, nothing, chat = read(file)
    assert (one.number, plain.text, (pair.text, pair.pair), list(chat.text)) == (0, "plain", ("a", "b"), CHAT)
    assert broken.reason.startswith("Line 2 of rows.jsonl is not JSON: Expecting value")
    assert nothing.reason == "Line 6 of rows.jsonl is a list, not a text."


def test_a_line_without_an_end_is_passed_over(tmp_path, monkeypatch):
    monkeypatch.setattr("attnwidget.experiments.surveys.rows.LONGEST_READ", 10)
    assert LONGEST_READ > 10**6
    file = tmp_path / "texts.txt"
    file.write_text("x" * 95 + "\nshort\n123456789\n")
    assert [getattr(item, "text", None) for item in read(file)] == [None, "short", "123456789"]


def test_pairs_chats_and_samples_are_items():
    sample = Sample("fact", "The fox is red.", "red", ((4, 7),))
    pair, chat, known = read([("a", "b"), CHAT, sample])
    assert (pair.text, pair.pair, list(chat.text)) == ("a", "b", CHAT)
    assert (known.spans, known.answer, known.columns) == ({"deciding": ((4, 7),)}, "red", {"kind": "fact"})


def test_columns_have_the_names_that_are_given():
    rows = [{"sentence": "A film.", "gold": "good", "klass": 3, "text": "not this"}]
    (item,) = read(rows, columns={"text": "sentence", "answer": "gold", "label": "klass"})
    assert (item.text, item.answer, item.columns) == ("A film.", "good", {"text": "not this", "label": 3})
    (chat,) = read([{"turns": CHAT, "text": "aside"}], columns={"messages": "turns"})
    assert (list(chat.text), chat.columns) == (CHAT, {"text": "aside"})


def test_what_is_no_plain_data_is_left_out_and_the_rest_is_plain():
    row = {"text": "a", "picture": object(), "score": np.float32(0.5), "tags": np.array(["x"]), "gap": float("nan")}
    (item,) = read([row])
    assert item.columns == {"score": 0.5, "tags": ["x"], "gap": None}
    assert type(item.columns["score"]) is float


@pytest.mark.parametrize(
    ("spans", "places"),
    [
        ({"a": [0, 3]}, {"a": ((0, 3),)}),
        ({"a": [[0, 3], (8, 12)]}, {"a": ((0, 3), (8, 12))}),
        ({"a": "cat"}, {"a": ((4, 7),)}),
        ({"a": ["cat", [0, 3]]}, {"a": ((4, 7), (0, 3))}),
        ({"a": np.array([0, 3])}, {"a": ((0, 3),)}),
        ({"a": "at t"}, {"a": ((14, 18),)}),
        ('{"a": "cat", "b": null}', {"a": ((4, 7),)}),
        ({"a": None}, {}),
        (None, {}),
    ],
)
def test_places_are_numbers_or_words_that_stand_there_once(spans, places):
    (item,) = read([{"text": "The cat sat flat there.", "spans": spans}])
    assert item.spans == places


@pytest.mark.parametrize(
    ("spans", "reason"),
    [
        ({"a": "dog"}, "has 'dog' as the span 'a', which stands in the text nowhere"),
        ({"a": "the"}, "has 'the' as the span 'a', which stands in the text 2 times: give [start, stop]"),
        ({"a": [3, 99]}, "has the span 'a' at 3:99, but the text has 22 code points"),
        ({"a": [3, 3]}, "has the span 'a' at 3:3, but the text has 22 code points"),
        ({"a": [[1, 2, 3]]}, "has [1, 2, 3] as the span 'a', not [start, stop] or words"),
        ({"a": 3}, "has an int as the span 'a', not [start, stop] or words"),
        ("{", "has spans that are not JSON"),
        (7, "has an int as spans, not places by name"),
    ],
)
def test_places_that_do_not_fit_leave_out_their_row_alone(spans, reason):
    wrong, right = read([{"text": "the cat saw the mother", "spans": spans}, "b"])
    assert wrong == Unread(0, f"texts[0] {reason}.")
    assert isinstance(right, Item)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (None, "is nothing, not a text"),
        (float("nan"), "is a float, not a text"),
        (" \n", "is empty"),
        (b"\xff", "is not UTF-8, at its byte 0"),
        (("a", ""), "has an empty second text"),
        (("a", "b", "c"), "is a tuple of 3, not (text, pair)"),
        ({"body": "a"}, "has no column 'text' and no 'messages'"),
        ({"text": None}, "is nothing, not a text"),
        ([{"role": "user"}], "is not a chat whose messages all have a role and content"),
    ],
)
def test_a_row_that_holds_no_text_says_why_and_the_next_is_read(row, reason):
    reader = TextReader(["first", row, "last"])
    assert list(reader)[1] == Unread(1, f"texts[1] {reason}.")
    assert (reader.count, reader.unread) == (3, 1)


def test_lone_surrogates_become_readable_before_anything_is_counted():
    assert read(["a\ud800b"])[0].text == "a\ufffdb"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("no such file.txt", "'no such file.txt' cannot be read as a file of texts: No such file or directory."),
        ("A sentence. " * 40, "File name too long"),
        ("a\0b", "cannot be read as a file of texts"),
        ([], "There are no texts here."),
        (iter(()), "There are no texts here."),
        (7, "7 is no source of texts."),
        (None, "None is no source of texts."),
        (b"text", "is no source of texts."),
        ({"a", "b"}, "is no source of texts."),
        (OrderedDict(train=[1], test=[2]), "one mapping, of 'train', 'test'. If these are the splits"),
        (CHAT, "The texts are the messages of one chat."),
        ([{"body": "a", "n": 1}], "There is no column 'text': the columns are 'body', 'n'."),
    ],
)
def test_what_holds_no_texts_is_refused_in_a_sentence(source, said):
    with pytest.raises(AttnWidgetError) as refused:
        TextReader(source)
    assert said in str(refused.value)


def test_files_of_another_kind_are_refused_in_a_sentence(tmp_path):
    refused = {
        "folder.txt": "Is a directory",
        "picture.png": "picture.png is not text in UTF-8.",
        "damaged.parquet": "damaged.parquet cannot be read as Parquet",
        "one.json": "one.json holds {'text': 'a'}. Give a .json file that holds a list of texts.",
        "lines.json": "lines.json is not JSON: Extra data",
        "cut.txt.gz": "cut.txt.gz cannot be read beyond its line",
        "empty.txt": "There are no texts here.",
    }
    (tmp_path / "folder.txt").mkdir()
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\0\0\0")
    (tmp_path / "damaged.parquet").write_bytes(b"PAR1\0\0")
    (tmp_path / "one.json").write_text('{"text": "a"}')
    (tmp_path / "lines.json").write_text('"a"\n"b"')
    whole = gzip.compress("\n".join(str(hash(str(number))) for number in range(5_000)).encode())
    (tmp_path / "cut.txt.gz").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "empty.txt").touch()
    for name, said in refused.items():
        with pytest.raises(AttnWidgetError) as error:
            read(tmp_path / name)
        assert said in str(error.value)


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"text": "body"}, "There is no column 'body': the columns are 'text'."),
        ({"words": "text"}, "is no role. Give names for text, pair"),
        ("text", "columns='text' is not valid"),
        ({"text": 1}, "is not valid"),
    ],
)
def test_columns_that_do_not_fit_are_refused(columns, said):
    with pytest.raises(AttnWidgetError) as refused:
        TextReader([{"text": "a"}], columns)
    assert said in str(refused.value)
    with pytest.raises(AttnWidgetError):
        TextReader(["a"], {"text": "a"})


def test_an_iterator_that_fails_says_after_how_many_texts():
    def texts():
        yield "a"
        raise KeyError("gone")

    with pytest.raises(AttnWidgetError, match="Your texts ended after 1 with KeyError"):
        read(texts())


def test_rows_of_a_damaged_part_of_a_parquet_file_are_said_and_the_others_read(tmp_path):
    file = tmp_path / "rows.parquet"
    table = pa.table({"text": [f"text {number} {'x' * 500}" for number in range(30)]})
    parquet.write_table(table, file, row_group_size=10, compression="none", use_dictionary=False)
    content = bytearray(file.read_bytes())
    at = parquet.read_metadata(file).row_group(1).column(0).data_page_offset
    content[at : at + 8] = bytes(8)
    file.write_bytes(content)
    items = read(file)
    assert [item.number for item in items] == [*range(10), 10, *range(20, 30)]
    assert items[10].reason.startswith("Rows 11 to 20 of rows.parquet cannot be read")


def test_the_hash_is_of_what_was_read_in_its_order():
    def hash_of(texts):
        reader = TextReader(texts)
        list(reader)
        return reader.hash

    assert hash_of(["a", "b"]) == hash_of(iter(["a", "b"]))
    assert len({hash_of(texts) for texts in (["a", "b"], ["b", "a"], ["a"], ["ab"], [("a", "b")], ["a", None])}) == 6
    marks = {mark_of(item) for item in (Item(0, "a"), Item(0, "a", answer="b"), Item(0, "a", spans={"x": ((0, 1),)}))}
    assert len(marks) == 3


def test_texts_without_end_are_never_held():
    reader = TextReader(f"The line {number} is a short one." for number in count())
    list(islice(reader, 100))
    tracemalloc.start()
    for _ in islice(reader, 5_000):
        pass
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 100_000


@pytest.mark.long
def test_data_sets_are_read_row_by_row():
    datasets = pytest.importorskip("datasets")
    rows = datasets.Dataset.from_list([{**row, "spans": json.dumps(row.get("spans"))} for row in ROWS])
    assert contents(read(rows)) == READ
    assert contents(read(rows.to_iterable_dataset())) == READ
    with pytest.raises(AttnWidgetError, match="one mapping, of 'train'"):
        TextReader(datasets.DatasetDict(train=rows))


def test_held_out_samples_of_a_bundled_model_are_texts_of_a_survey():
    given = samples("tiny-causal", 12, seed=4)
    items = list(TextReader(given))
    assert [item.text for item in items] == [one.text for one in given]
    assert all(item.spans["deciding"] == one.deciding for item, one in zip(items, given, strict=True))
    assert samples(seed=4)[:12] == given
    with pytest.raises(AttnWidgetError, match="'tiny-causal'"):
        samples("gpt2")
