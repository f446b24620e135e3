"""A log beside a model at work: what it writes is what the measures give, and nothing that fails reaches the caller."""

import json
import subprocess
import sys
import warnings

import numpy as np
import pytest

import attnwidget as aw
from attnwidget.measures.comparison.drift import changed_at, drift
from attnwidget.measures.logs import attention_log, log_files

TEXTS = ["The cat sat.", "The dog saw the cat.", "The cat sat on the mat."]
OTHER = [f"The {one} {two} the cat." for one in ("dog", "cat", "mat") for two in ("saw", "sat on")]


@pytest.fixture(scope="module")
def traces():
    return list(aw.load().traces(TEXTS))


@pytest.mark.parametrize("suffix", [".jsonl", ".parquet"])
def test_a_line_has_what_the_measures_give(traces, tmp_path, suffix):
    with aw.AttentionLog(tmp_path / f"log{suffix}") as log:
        assert list(log.through(traces)) == traces
    lines = log.lines()
    assert (log.written, log.failed, len(lines)) == (3, 0, 3)
    for trace, line in zip(traces, lines, strict=True):
        assert line["tokens"] == len(trace.text)
        assert "text" not in line
        expected = {"entropy": aw.entropy(trace), "concentration": aw.concentration(trace)}
        for name, scores in expected.items():
            for (layer, head), value in np.ndenumerate(np.asarray(scores)):
                assert line[f"{name}.L{layer}H{head}"] == pytest.approx(value, rel=1e-4, abs=1e-5)


def test_the_same_texts_are_chosen_each_time(traces, tmp_path, monkeypatch):
    found = []
    for name in ("a.jsonl", "b.jsonl"):
        log = aw.AttentionLog(tmp_path / name, share=0.5, text=True)
        for trace in traces:
            log(trace)
        assert log.written + log.skipped == 3
        found.append([line["text"] for line in log.lines()] if log.written else [])
    assert found[0] == found[1]
    assert 0 < len(found[0]) < 3


@pytest.mark.parametrize("suffix", [".jsonl", ".parquet"])
@pytest.mark.parametrize(("full", "files"), [({"most_bytes": 1}, 4), ({"most_lines": 3}, 2), ({}, 1)])
def test_a_full_file_is_put_aside_and_read_in_order(traces, tmp_path, suffix, full, files):
    with aw.AttentionLog(tmp_path / f"log{suffix}", text=True, **full) as log:
        for trace in [*traces, traces[0]]:
            log(trace)
    assert len(log_files.files_of(log.path)) == files
    assert [line["text"] for line in log.lines()] == [*TEXTS, TEXTS[0]]


def test_lines_of_others_count(traces, tmp_path):
    logs = [aw.AttentionLog(tmp_path / "log.jsonl", most_lines=2) for _ in range(2)]
    for number in range(7):
        logs[number % 3 == 0](traces[0])
    found = [one.read_bytes().count(b"\n") for one in log_files.files_of(logs[0].path)]
    assert found == [2, 2, 2, 1]


def test_a_folder_that_is_gone_is_told_once_and_counted(traces, tmp_path):
    log = aw.AttentionLog(tmp_path / "gone" / "log.jsonl")
    with pytest.warns(UserWarning, match="The program goes on"):
        log(traces[0])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        log(traces[1])
        log("no trace")
    assert (log.written, log.failed) == (0, 3)


def test_a_line_that_the_disk_cut_off_leaves_no_rest(traces, tmp_path, monkeypatch):
    log = aw.AttentionLog(tmp_path / "log.jsonl")
    log(traces[0])
    before, whole = log.path.read_bytes(), log_files.os.write
    monkeypatch.setattr(log_files.os, "write", lambda handle, data: whole(handle, data[:20]))
    with pytest.warns(UserWarning, match="only a part"):
        log(traces[1])
    assert log.path.read_bytes() == before
    monkeypatch.undo()
    log.path.write_bytes(before + b'{"version": 1, "ti')  # a process that was killed
    assert len(log.lines()) == 1


def test_processes_share_a_file(tmp_path):
    file = tmp_path / "log.jsonl"
    code = (
        "import sys; from pathlib import Path; from attnwidget.measures.logs.log_files import LinesFile, as_json\n"
        "file = LinesFile(Path(sys.argv[1]), most_bytes=2000, most_lines=30)\n"
        "for n in range(200): file.append(as_json({'who': sys.argv[2], 'n': n}))"
    )
    running = [subprocess.Popen([sys.executable, "-c", code, str(file), who]) for who in ("a", "b")]
    assert [process.wait() for process in running] == [0, 0]
    lines = list(log_files.lines_of(file))
    assert sorted((line["who"], line["n"]) for line in lines) == [(who, n) for who in "ab" for n in range(200)]
    files = log_files.files_of(file)
    assert all(one.stat().st_size <= 2000 for one in files)
    assert all(one.read_bytes().count(b"\n") == 30 for one in files[:-1])


@pytest.mark.parametrize(
    "options", [{"share": 0}, {"share": 2}, {"most_bytes": 0}, {"most_lines": 1.5}, {"text": 3}, {"path": "log.txt"}]
)
def test_wrong_arguments_are_refused(options):
    with pytest.raises(aw.AttnWidgetError, match=r"not valid|\.jsonl"):
        aw.AttentionLog(**{"path": "log.jsonl", **options})


def test_two_logs_are_compared(tmp_path):
    model = aw.load()
    quiet, loud = aw.AttentionLog(tmp_path / "quiet.jsonl"), aw.AttentionLog(tmp_path / "loud.jsonl")
    for number, trace in enumerate(model.traces(OTHER * 3)):
        quiet(trace)
        if number < len(OTHER):
            loud(trace)
    for trace in model.traces(OTHER * 3, edits="paint L1H2 uniform"):
        loud(trace)
    found = aw.drift(quiet, str(loud.path))
    assert "entropy.L1H2" in {number.name for number in found.alarms(0.05)}
    assert found["entropy.L1H2"].since == len(OTHER)


def test_a_newer_or_a_foreign_log_is_refused(tmp_path):
    file = tmp_path / "log.jsonl"
    for line, words in (({"version": 9, "parts": {}}, "newer"), ({"a": 1}, "did not write")):
        file.write_text(json.dumps(line) + "\n")
        with pytest.raises(aw.AttnWidgetError, match=words):
            attention_log.read_log(file)
    with pytest.raises(aw.AttnWidgetError, match="There is no log"):
        drift(str(tmp_path / "none.jsonl"), [])


def test_the_change_is_where_two_means_fit_best():
    draw = np.random.default_rng(0)
    for at in (0, 4, 15):
        before, after = draw.normal(size=20), draw.normal(size=20)
        after[at:] += 3
        every = np.concatenate([before, after])
        errors = [every[:t].var() * t + every[t:].var() * (40 - t) for t in range(20, 40)]
        assert changed_at(before, after) == int(np.argmin(errors))
