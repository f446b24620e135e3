"""What is written into files: one rule for names, and a file is there whole or not at all, whoever writes it."""

import os
import stat
from pathlib import Path, PurePath
from types import SimpleNamespace

import numpy as np
import pytest

import attnwidget as aw
from attnwidget.experiments.training.checkpoint_store import Store
from attnwidget.files import write_whole
from attnwidget.widget.saving import write_page
from attnwidget.widget.snapshot import Snapshot
from tests.unit.traces import example

SNAPSHOT = Snapshot("<p>words and map</p>", b"picture", "a head", words="<p>words</p>", alt="a map")
CHART = aw.plots.pattern_grid(example())

WRITERS = {
    ".safetensors": lambda path: example().save(path),
    ".html": lambda path: aw.plots.save(CHART, path, theme="light"),
    "page.html": lambda path: write_page(path, "<p>page</p>"),
    ".png": SNAPSHOT.save,
    "words.html": SNAPSHOT.save,
}
"""By how the names of their files may end."""

ADDING = {".safetensors": ".safetensors", ".html": ".html", "page.html": ".html"}
"""Those that add a suffix, and which."""


@pytest.fixture(params=WRITERS)
def writer(request):
    return SimpleNamespace(name=f"cat{request.param}", write=WRITERS[request.param])


@pytest.mark.parametrize("kind", ADDING)
@pytest.mark.parametrize("name", ["layer.5", "lesson.v2", "heads", ".hidden", "trace.bin", "a.html.old"])
def test_a_name_gets_its_suffix_unless_it_has_one(kind, name, tmp_path):
    assert WRITERS[kind](tmp_path / name).name == name + ADDING[kind]
    assert WRITERS[kind](tmp_path / f"{name}{ADDING[kind].upper()}").name == f"{name}{ADDING[kind].upper()}"


def test_text_a_path_and_home_are_taken(writer, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    for path in (
        str(tmp_path / writer.name),
        tmp_path / writer.name,
        PurePath(tmp_path, writer.name),
        f"~/{writer.name}",
    ):
        file = writer.write(path)
        assert (type(file), file) == (type(tmp_path), tmp_path / writer.name)
        assert file.is_file()
        file.unlink()


@pytest.mark.parametrize(
    "path", [None, 3, b"cat.png", "", ".", "..", "/", "a/", "a\0.png", "~nobody-is-called-so/cat.png", "\ud800.png"]
)
def test_what_names_no_file_is_a_sentence(writer, path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(aw.AttnWidgetError, match=r"Give|not as"):
        writer.write(path)
    assert list(tmp_path.iterdir()) == []


def test_places_that_cannot_be_written_are_a_sentence_and_left_alone(writer, tmp_path):
    (tmp_path / writer.name).mkdir()
    (tmp_path / "file").write_text("mine")
    (tmp_path / f"circle-{writer.name}").symlink_to(tmp_path / f"circle-{writer.name}")
    before = sorted(tmp_path.iterdir())
    for name in (writer.name, f"missing/{writer.name}", f"file/{writer.name}", f"{'x' * 300}{writer.name}"):
        with pytest.raises(aw.AttnWidgetError, match="could not be written"):
            writer.write(tmp_path / name)
    with pytest.raises(aw.AttnWidgetError, match="could not be written"):
        writer.write(tmp_path / f"circle-{writer.name}")
    assert sorted(tmp_path.iterdir()) == before
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.skipif(getattr(os, "geteuid", lambda: 1)() == 0, reason="nothing is forbidden to root")
def test_what_may_not_be_changed_is_not(writer, tmp_path):
    file = tmp_path / writer.name
    file.write_text("mine")
    file.chmod(0o444)
    with pytest.raises(aw.AttnWidgetError, match="could not be written"):
        writer.write(file)
    assert file.read_text() == "mine"


def test_neighbours_are_left_alone(writer, tmp_path):
    names = [f"{writer.name}.part", f".{writer.name}.part", f".{writer.name}", f"{writer.name}~", f"{writer.name}.tmp"]
    for name in names:
        (tmp_path / name).write_text("mine")
    writer.write(tmp_path / writer.name)
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted([*names, writer.name])
    assert all((tmp_path / name).read_text() == "mine" for name in names)


def test_rights_are_those_that_the_file_had_or_the_users_own(writer, tmp_path):
    mask = os.umask(0o027)
    try:
        file = writer.write(tmp_path / writer.name)
    finally:
        os.umask(mask)
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    file.chmod(0o604)
    writer.write(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o604


def test_a_file_system_without_rights_is_written_to(tmp_path, monkeypatch):
    """As a memory stick or a network share: all its files have the same rights, and to ask for others is an error."""

    def refuse(*_, **__):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "chmod", refuse)
    monkeypatch.setattr(Path, "chmod", refuse)
    for words in ("new", "newer"):
        assert write_whole(tmp_path / "page.html", "page", lambda part: part.write_text(words)).read_text() == words  # noqa: B023


def test_a_link_stays_one(writer, tmp_path):
    real, link = tmp_path / "real", tmp_path / writer.name
    real.write_text("old")
    link.symlink_to(real)
    assert writer.write(link) == link
    assert link.is_symlink()
    assert real.read_bytes() not in {b"old", b""}


@pytest.mark.parametrize("stops", [KeyboardInterrupt, OSError(28, "full"), RuntimeError("a bug"), MemoryError])
def test_what_stops_the_writing_leaves_what_was_there_and_nothing_else(stops, tmp_path):
    file = tmp_path / "page.html"
    file.write_text("old")

    def write(part: Path):
        part.write_text("half")
        raise stops

    with pytest.raises(aw.AttnWidgetError if isinstance(stops, OSError) else BaseException) as raised:
        write_whole(file, "page", write)
    assert isinstance(stops, OSError) or raised.type in {stops, type(stops)}
    assert [each.name for each in tmp_path.iterdir()] == ["page.html"]
    assert file.read_text() == "old"


def test_a_store_leaves_the_users_files_alone_and_nothing_half_behind(tmp_path, monkeypatch):
    def full(file, **_):
        file.write(b"half")
        raise KeyboardInterrupt

    (tmp_path / "mine.part").write_text("mine")
    store = Store(tmp_path, {})
    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(KeyboardInterrupt):
        store._write("numbers-1.npz", {}, {})
    assert [file.name for file in tmp_path.iterdir()] == ["mine.part"]


def test_a_trace_whose_name_no_system_takes_is_a_sentence():
    with pytest.raises(aw.AttnWidgetError):
        aw.Trace.load("x" * 300)


def test_a_trace_under_another_name_is_read(tmp_path):
    moved = example().save(tmp_path / "cat").rename(tmp_path / "cat.v2")
    assert aw.Trace.load(moved).text.pieces == ("a", "b", "c")
