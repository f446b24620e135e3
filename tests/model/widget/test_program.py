"""The page's program: what a notebook stores of it, and what the kernel answers when the loader asks."""

import json
import re

import pytest

from attnwidget.widget import bundle
from attnwidget.widget.explorer import Explorer

from .played_page import Page

STORED = 10_000
"""Bytes that a saved notebook may hold of an explorer."""


@pytest.fixture
def explorer(tiny):
    return Explorer(tiny, "The cat sat on the mat.")


@pytest.fixture
def page(explorer, monkeypatch):
    return Page(explorer, monkeypatch)


def named_by(loader):
    """The program that a loader asks for."""
    [name] = set(re.findall(r"\b[0-9a-f]{16}\b", loader))
    return name


def test_what_a_notebook_stores_of_an_explorer_is_small(explorer):
    state = explorer.get_state()
    assert len(json.dumps(state, default=repr)) <= STORED
    assert "_css" not in state
    assert state["_esm"] == (bundle.STATIC / "loader.js").read_text("utf-8")


def test_the_loader_gets_the_program_that_it_names_in_bytes_and_at_once(page, explorer):
    number = page.ask("program", name=named_by(explorer.get_state()["_esm"]))
    [(content, buffers)] = page.answers  # by now: no worker, and no model, had a hand in it
    assert content == {"id": number, "status": "ok"}
    assert buffers == [(bundle.STATIC / name).read_bytes() for name in ("explorer.js", "explorer.css")]


@pytest.mark.parametrize("fields", [{}, {"name": "0123456789abcdef"}])
def test_the_loader_of_another_version_is_told_how_to_go_on(page, fields):
    content, _ = page.end_of(page.ask("program", **fields))
    assert content["code"] == "bad_request"
    assert "Run the cell again" in content["message"]


def test_the_program_stays_the_loaders_while_the_installation_is_replaced(page, explorer, monkeypatch, tmp_path):
    name = named_by(explorer.get_state()["_esm"])
    monkeypatch.setattr(bundle, "STATIC", tmp_path)
    assert page.end_of(page.ask("program", name=name))[0]["status"] == "ok"


def test_while_the_page_is_being_made_every_request_reads_it_anew(page, monkeypatch, tmp_path):
    monkeypatch.setenv("ANYWIDGET_HMR", "1")
    monkeypatch.setattr(bundle, "STATIC", tmp_path)
    for name, text in {"explorer.js": "export {}", "explorer.css": "", "loader.js": ""}.items():
        tmp_path.joinpath(name).write_text(text)
    assert bundle.loader() == tmp_path / "loader.js"
    name = bundle.program().name
    assert page.end_of(page.ask("program", name=name))[1] == [b"export {}", b""]
    tmp_path.joinpath("explorer.js").write_text("export {};")
    assert page.end_of(page.ask("program", name=name))[0]["status"] == "error"
