"""What a survey has computed stays: in a folder while it runs, and in a file once it is done."""

import json
import os
import resource
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from attnwidget.errors import AttnWidgetError
from attnwidget.experiments.surveys.answers_file import read_answers, write_answers
from attnwidget.experiments.surveys.records import Answered, Item, Unanswered, Unread
from attnwidget.experiments.surveys.running import answered_items, run_here
from attnwidget.experiments.surveys.store import PARTS_TOGETHER, AnswerStore

RECIPE = {"model": "tiny-causal", "question": "entropy", "controls": ["shuffled words"], "seed": 0}


def items(count, changed=()):
    return [
        Item(number, f"{'new' if number in changed else 'text'} {number}", columns={"n": number})
        for number in range(count)
    ]


class Computing:
    """Answers of one number for each head, drawn from the number of the item, and which items were asked."""

    def __init__(self):
        self.asked = []

    def __call__(self, batch):
        self.asked += [item.number for item in batch]
        return [self.answer(item) for item in batch]

    def answer(self, item):
        if item.number % 10 == 9:
            return Unanswered(item.number, item.text, "Too long.")
        lot = np.random.default_rng((0, item.number))
        values = lot.random((2, 3)).astype(np.float32)
        return Answered(
            item.number, item.text, item.pair, item.columns, values, {"shuffled words": values.astype(float)}
        )


def run(given, keep, batch=4, recipe=RECIPE):
    computing = Computing()
    found = [
        one for some in answered_items(given, batch, run_here(computing), AnswerStore(keep, recipe)) for one in some
    ]
    return computing.asked, sorted(found, key=lambda answer: answer.number)


def same(one, other):
    if type(one) is not type(other) or (one.number, getattr(one, "text", None)) != (
        other.number,
        getattr(other, "text", None),
    ):
        return False
    if not isinstance(one, Answered):
        return one == other
    arrays = [(one.values, other.values), *((one.controls[name], other.controls[name]) for name in one.controls)]
    arrays += [(one.queries, other.queries)] if one.queries is not None else []
    return (
        (one.pair, dict(one.columns), dict(one.spans), one.answer, list(one.controls), one.queries is None)
        == (other.pair, dict(other.columns), dict(other.spans), other.answer, list(other.controls), other.queries is None)
        and all(a.dtype == b.dtype and np.array_equal(a, b, equal_nan=True) for a, b in arrays)
    )  # fmt: skip


def alike(ours, others):
    return len(ours) == len(others) and all(map(same, ours, others))


ENTRIES = [
    Answered(
        0,
        "Anna saw Eva: “Ünder”.\n",
        "She left.",
        {"year": 1999, "kind": None, "tags": ["a", 2.5]},
        np.array([[0.1, np.nan, 1 / 3], [np.inf, -np.inf, 0]], np.float32),
        {"shuffled words": np.full((2, 3), 0.1), "another head": np.zeros((2, 3), np.float32)},
        {"pronoun": ((0, 3), "She"), "other": ((4, 6),)},
        ("Anna", "Eva"),
        np.array([[0, -1, 4], [2, 2, 2]]),
    ),
    Unread(1, "Line 2 is empty."),
    Answered(2, ({"role": "user", "content": "Hi"},), None, {}, np.ones((2, 3), np.float32), {}, {}, 7),
    Unanswered(3, "too long", "This text has 900 tokens."),
    Unanswered(4, ({"role": "user", "content": "Hi"},), "No."),
]


@pytest.mark.parametrize("suffix", [".parquet", ".json"])
def test_a_file_of_answers_is_read_as_it_was_written(suffix, tmp_path):
    file = write_answers(tmp_path / f"survey{suffix}", ENTRIES, {"recipe": RECIPE}, list("abcde"))
    read = read_answers(file)
    assert alike(read.entries, ENTRIES)
    assert (read.about, read.marks) == ({"recipe": RECIPE}, tuple("abcde"))


@pytest.mark.parametrize("suffix", [".parquet", ".json"])
def test_answers_of_a_number_a_text_and_no_answers_at_all_are_kept_too(suffix, tmp_path):
    single = [Answered(5, "a", None, {}, np.array(0.5), {"control": np.array(np.nan)})]
    (read,) = read_answers(write_answers(tmp_path / f"one{suffix}", single, {})).entries
    assert (read.values.shape, float(read.values), np.isnan(read.controls["control"])) == ((), 0.5, True)
    assert read_answers(write_answers(tmp_path / f"none{suffix}", [], {})).entries == ()


def test_others_can_read_the_files(tmp_path):
    table = parquet.read_table(write_answers(tmp_path / "survey.parquet", ENTRIES, {}))
    assert table["text"].to_pylist()[0] == ENTRIES[0].text
    assert table["values"].to_pylist()[2] == [1.0] * 6
    assert table["control: shuffled words"].type == pa.list_(pa.float64())
    strict = write_answers(tmp_path / "survey.json", ENTRIES, {}).read_text()
    found = json.loads(strict, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert found["answers"][2]["values"]["of"] == [[1.0] * 3] * 2


def test_what_is_no_survey_is_refused_in_a_sentence(tmp_path):
    newer = tmp_path / "newer.json"
    newer.write_text('{"format": 99, "about": {}, "answers": []}')
    other = tmp_path / "other.parquet"
    parquet.write_table(pa.table({"a": [1]}), other)
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(b"PAR1")
    listed = tmp_path / "list.json"
    listed.write_text("[1]")
    for file, said in {
        newer: "is a survey of a newer version",
        other: "is no survey",
        broken: "is no survey",
        listed: "is no survey",
        tmp_path / "gone.parquet": "cannot be read: No such file",
    }.items():
        with pytest.raises(AttnWidgetError, match=said):
            read_answers(file)


def test_without_pyarrow_parquet_names_the_extra_and_a_folder_takes_json(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(AttnWidgetError, match=r"pip install \"attnwidget\[parquet\]\""):
        write_answers(tmp_path / "survey.parquet", ENTRIES, {})
    assert run(items(6), tmp_path)[0] == list(range(6))
    assert {file.suffix for file in tmp_path.iterdir()} == {".json"}
    assert run(items(6), tmp_path)[0] == []


def test_what_was_computed_is_not_computed_again(tmp_path):
    asked, first = run(items(30), tmp_path)
    again, second = run(items(34, changed={7}), tmp_path)
    assert asked == list(range(30))
    assert again == [7, 9, 19, 29, 30, 31, 32, 33]  # another text, those without an answer, and the new ones
    fresh = run(items(34, changed={7}), tmp_path / "fresh")[1]
    assert alike(second, fresh)
    assert alike(first[:7], second[:7])
    assert run(items(34, changed={7}), tmp_path)[0] == [9, 19, 29]


def test_texts_that_are_not_asked_again_are_passed_over(tmp_path):
    run(items(30), tmp_path)
    few = [item for item in items(30) if item.number in {3, 17, 28}]
    asked, found = run([few[0], Unread(5, "Empty."), *few[1:]], tmp_path)
    assert (asked, [one.number for one in found]) == ([], [3, 5, 17, 28])


def test_files_of_many_batches_become_one(tmp_path):
    count = 2 * (PARTS_TOGETHER + 3)
    run(items(count), tmp_path, batch=2)
    assert len(list(tmp_path.glob("answers-*"))) == 1 + 3
    answered = [number for number in range(count) if number % 10 != 9]
    assert run(items(count), tmp_path)[0] == sorted(set(range(count)) - set(answered))


def test_a_damaged_file_costs_only_its_own_batch(tmp_path):
    run(items(8), tmp_path)
    damaged = next(tmp_path.glob("answers-4-7-*"))
    damaged.write_bytes(damaged.read_bytes()[:50])
    assert run(items(8), tmp_path)[0] == [4, 5, 6, 7]
    assert run(items(8), tmp_path)[0] == []


def test_another_survey_in_the_folder_is_refused_with_what_differs(tmp_path):
    run(items(4), tmp_path)
    with pytest.raises(AttnWidgetError) as refused:
        AnswerStore(tmp_path, {**RECIPE, "question": "distance", "seed": 1})
    said = str(refused.value)
    assert "another survey: question 'entropy' there, 'distance' now; seed 0 there, 1 now. Give another folder" in said
    (tmp_path / "survey.json").write_text("{")
    with pytest.raises(AttnWidgetError, match="is damaged, or no survey"):
        AnswerStore(tmp_path, RECIPE)
    (tmp_path / "survey.json").write_text('{"format": 99, "recipe": {}}')
    with pytest.raises(AttnWidgetError, match="newer version"):
        AnswerStore(tmp_path, RECIPE)


def test_what_is_no_folder_is_refused(tmp_path):
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", 7, "a\0b"):
        with pytest.raises(AttnWidgetError, match=r"keep=.* cannot be used"):
            AnswerStore(folder, RECIPE)


@contextmanager
def files_no_larger_than(size):
    """As on a disk that is full: the system refuses to write on."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_on_a_full_disk_what_was_computed_is_kept_and_one_sentence_says_how_to_go_on(tmp_path):
    batches = answered_items(items(12), 4, run_here(Computing()), AnswerStore(tmp_path, RECIPE))
    kept = next(batches)
    with files_no_larger_than(100), pytest.raises(AttnWidgetError) as full:
        next(batches)
    assert "File too large" in str(full.value)
    assert f"is kept in {tmp_path}: make room there, and call again" in str(full.value)
    assert not list(tmp_path.glob(".*"))
    assert run(items(12), tmp_path)[0] == [4, 5, 6, 7, 8, 9, 10, 11]
    assert alike(run(items(4), tmp_path)[1], kept)


KILLED = """
import os, signal, sys
from tests.unit.experiments.surveys.test_store import Computing, items, run

class Killed(Computing):
    def answer(self, item):
        if item.number == 13:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().answer(item)

from tests.unit.experiments.surveys import test_store
test_store.Computing = Killed
run(items(20), sys.argv[1])
"""


def test_a_process_that_is_killed_loses_the_batch_it_was_computing(tmp_path):
    root = Path(__file__).parents[4]
    killed = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], cwd=root, env=os.environ, check=False)
    assert killed.returncode == -9
    asked, found = run(items(20), tmp_path)
    assert asked == [9, 12, 13, 14, 15, 16, 17, 18, 19]
    assert alike(found, run(items(20), tmp_path / "fresh")[1])
