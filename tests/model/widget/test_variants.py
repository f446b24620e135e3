"""A page that puts a prompt in several ways gets the numbers of the call, row by row."""

import pytest

import attnwidget as aw
from attnwidget.engine import LiveSession
from attnwidget.widget.answering.answers import answer
from attnwidget.widget.answering.requests import parse_request
from tests.model.widget.played_page import Page

TEXT = "The capital of Veldt is Miro. The capital of Veldt is"
OTHERS = ["The capital of Veldt is", "The capital of Veldt is Miro. I know. The capital of Veldt is"]


@pytest.fixture(scope="module")
def model():
    return aw.load()


def test_rows_are_those_of_the_call_the_text_on_screen_first(model):
    parts = []
    asked = {"id": "1", "kind": "variants", "text": TEXT, "texts": [OTHERS[0], TEXT, OTHERS[1]], "name": "Miro"}
    edits = ["silence L1H0", "hide 2"]  # of tokens, whose numbers are of one text: left out
    request = parse_request({**asked, "edits": edits, "question": {"answer": " Miro", "at": 3}})
    read = LiveSession(model).read
    told = answer(model, read, request, lambda *_: None, lambda make: parts.append(make())).content["variants"]
    expected = aw.variants(model, [TEXT, *OTHERS], answer=" Miro", reads="Miro", edits="silence L1H0")
    assert (told["answer"], told["total"], told["edits"]) == ("' Miro'", 3, ["silence L1H0"])
    assert [row["text"] for row in told["rows"]] == [TEXT, *OTHERS]
    for row, one in zip(told["rows"], expected, strict=True):
        assert row["answer"] == pytest.approx(one.answer, abs=1e-6)
        assert row["said"] == {"piece": one.said, "probability": pytest.approx(one.probability, abs=1e-6)}
        assert [(each["token"], each["piece"]) for each in row["read"]] == [each[:2] for each in one.read]
        assert [each["weight"] for each in row["read"]] == pytest.approx([each.value for each in one.read], abs=1e-6)
        fact = None if one.fact is None else (one.fact.layer, one.fact.head, pytest.approx(one.fact.value, abs=1e-6))
        assert (row["fact"] and tuple(row["fact"].values())) == fact
    assert told["rows"][1]["fact"] is None
    assert [len(part.content["variants"]["rows"]) for part in parts] == [1, 2, 3]


def test_one_that_cannot_be_read_says_so_in_its_row_and_the_list_is_kept(model, monkeypatch):
    explorer = aw.explore(model, TEXT)
    page = Page(explorer, monkeypatch)
    content, _ = page.end_of(page.ask("variants", text=TEXT, texts=["", OTHERS[0]]))
    rows = content["variants"]["rows"]
    assert set(rows[1]) == {"text", "problem"}
    assert rows[2]["answer"] < rows[0]["answer"]
    assert explorer.variants == ("", OTHERS[0])
    assert page.end_of(page.ask("about"))[0]["about"]["variants"] == ["", OTHERS[0]]


@pytest.mark.parametrize("texts", ["one", [1], 3])
def test_texts_that_are_none_are_refused(model, monkeypatch, texts):
    page = Page(aw.explore(model, TEXT), monkeypatch)
    content, _ = page.end_of(page.ask("variants", text=TEXT, texts=texts))
    assert (content["code"], "texts must be texts" in content["message"]) == ("bad_request", True)
