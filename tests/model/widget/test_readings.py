"""What was read by which weights: every reading has a name, which requests, answers and the page's memory carry."""

import itertools
import threading

import pytest
import torch

import attnwidget as aw
from attnwidget.engine.live.session import LiveSession
from attnwidget.errors import Cancelled
from attnwidget.widget.explorer import Explorer
from tests.model.conftest import build
from tests.model.small import small, words
from tests.model.widget.played_page import Page

TEXT = "The cat sat on the mat."


def trained(model):
    """One write to every weight, as an optimiser's step does it."""
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(0.5)


@pytest.fixture
def model():
    return aw.load(build("gpt2"), words())


@pytest.fixture
def page(model, monkeypatch):
    return Page(Explorer(model, TEXT), monkeypatch)


def test_a_reading_has_the_same_name_as_long_as_text_and_weights_are_the_same(model):
    session = LiveSession(model)
    first = session.read(TEXT).id
    others = [session.read(f"{TEXT} {number}").id for number in range(5)]  # the first one is forgotten meanwhile
    assert session.read(TEXT).id == first
    assert len({first, *others}) == 6
    trained(model.model)
    assert session.read(TEXT).id not in {first, *others}


def test_texts_are_told_apart_wherever_they_are_divided():
    session = LiveSession(aw.load(build("bert-masked-lm"), words()))
    names = [session.read("a b", pair).id for pair in ("", "c")] + [session.read("a b c").id, session.read("a bc").id]
    assert len(set(names)) == 4


def test_a_text_that_fits_is_one_reading_whether_or_not_its_first_tokens_were_asked_for(model):
    session = LiveSession(model)
    assert session.read(TEXT, first=True).id == session.read(TEXT).id


def test_given_weights_are_one_reading_whatever_the_page_calls_their_text(monkeypatch):
    given = Page(aw.view([torch.eye(3)[None].numpy()], ["a", "b", "c"]), monkeypatch)
    told = {given.end_of(given.ask("frame", text=text))[0]["reading"] for text in ("", "abc")}
    assert len(told) == 1


ABOUT_A_TEXT = {
    "frame": {"query": [2, 3]},
    "preview": {"query": [2, 3], "layer": 1},
    "predict": {"position": 2},
    "strip": {"query": [2, 3]},
    "flow": {"position": 2},
    "lens": {"rows": [0, 2]},
    "direct": {"position": 2},
    "tile": {"rows": [0, 2], "columns": [0, 2]},
    "cell": {"rows": [0, 2], "columns": [0, 2]},
    "neuron": {"query": [2, 3], "keys": [0]},
    "metric": {"name": "entropy"},
    "similar": {"layer": 0, "head": 0},
    "compare": {"against": "The dog sat."},
    "changes": {"against": "The dog sat."},
}


@pytest.mark.parametrize("kind", ABOUT_A_TEXT)
def test_an_answer_names_its_reading_and_one_about_a_reading_that_is_gone_says_only_that(page, model, kind):
    asked = {"text": TEXT, **ABOUT_A_TEXT[kind]}
    before, _ = page.end_of(page.ask(kind, **asked))
    assert before["status"] == "ok"
    same, buffers = page.end_of(page.ask(kind, reading=before["reading"], **asked))
    assert (same["status"], same["reading"]) == ("ok", before["reading"])
    trained(model.model)
    gone, none = page.end_of(page.ask(kind, reading=before["reading"], **asked))
    assert gone["status"] == "changed"
    assert not none
    assert gone["reading"] != before["reading"]
    # A page of an older version names none, and gets what there is now.
    older, now = page.end_of(page.ask(kind, **asked))
    assert (older["status"], older["reading"]) == ("ok", gone["reading"])
    assert len(now) == len(buffers)


def test_a_place_that_the_text_no_longer_has_is_no_mistake_of_the_pages(page, model):
    reading = page.end_of(page.ask("frame", text=TEXT))[0]["reading"]
    trained(model.model)
    told, _ = page.end_of(page.ask("predict", text=TEXT, reading=reading, position=40))
    assert told["status"] == "changed"


def test_a_model_that_writes_a_second_text_is_read_once_for_all_questions(monkeypatch):
    t5 = aw.load(small("t5"), words())
    session, passes = LiveSession(t5), []
    read = t5.trace
    monkeypatch.setattr(t5, "trace", lambda *given, **named: passes.append(given) or read(*given, **named))
    assert session.read("a b", "c d").trace is session.read("a b", "c d").trace
    assert len(passes) == 1


def test_what_is_compared_with_stays_while_other_texts_are_typed_through(model, monkeypatch):
    session, passes = LiveSession(model), []
    read = model.trace
    monkeypatch.setattr(model, "trace", lambda text, **named: passes.append(text) or read(text, **named))
    for text in ("held", "now", "held", "now"):  # asked for again: they are looked at
        session.read(text)
    for typed in ("now t", "now th", "now the", "now then"):
        session.read(typed)
    session.read("held")
    assert passes == ["held", "now", "now t", "now th", "now the", "now then"]
    session.read("now th")
    assert passes[-1] == "now th"  # no more readings are kept than before


@pytest.mark.parametrize(("kind", "end"), [("frame", "ok"), ("preview", "superseded"), ("predict", "superseded")])
def test_while_somebody_types_pictures_are_finished_and_numbers_dropped(page, model, monkeypatch, kind, end):
    began, typed = threading.Event(), threading.Event()
    read = model.trace

    def held_up(text, **named):
        if text == TEXT:
            began.set()
            assert typed.wait(20)
        return read(text, **named)

    monkeypatch.setattr(model, "trace", held_up)
    old = page.ask(kind, text=TEXT)
    assert began.wait(20)
    new = page.ask(kind, text=f"{TEXT} And")
    typed.set()
    assert [page.end_of(number)[0]["status"] for number in (old, new)] == [end, "ok"]


def test_two_pages_and_two_views_do_not_put_each_other_off(page):
    worker = page.explorer._worker
    askers = ["one", "one.2", "other"]
    with worker._changed:  # the worker cannot begin
        old = [page.ask("preview", asker=asker, text=TEXT, query=[0, 1]) for asker in askers]
        new = [page.ask("preview", asker=asker, text=f"{TEXT} And", query=[1, 2]) for asker in askers]
    assert [page.end_of(number)[0]["status"] for number in old] == ["superseded"] * 3
    assert [page.end_of(number)[0]["status"] for number in new] == ["ok"] * 3


def test_pages_take_turns(page):
    """Neither of two pages that ask without a pause waits for more than one answer to the other."""
    worker, order = page.explorer._worker, []
    asked = {}
    with worker._changed:
        for turn, asker in itertools.product(range(3), ("one", "other")):
            asked[page.ask("preview", asker=asker, text=f"{TEXT} {turn}", query=[0, 1])] = asker
    for number in asked:
        page.end_of(number)
    order = [asked[content["id"]] for content, _ in page.answers if content["status"] == "ok"]
    assert sorted(order) == ["one", "other"]


def test_a_request_of_another_version_gets_one_sentence(page):
    told, _ = page.end_of(page.ask("hologram", text=TEXT))
    assert told["code"] == "bad_request"
    assert "reload" in told["message"]


def test_fields_that_nobody_knows_yet_do_no_harm(page):
    told, _ = page.end_of(page.ask("preview", text=TEXT, query=[0, 1], edits=["hide 4"], zoom={"a": 1}))
    assert told["status"] == "ok"
    told, _ = page.end_of(page.ask("preview", text=TEXT, reading=7))
    assert told["code"] == "bad_request"


def test_a_reading_that_was_stopped_leaves_no_name(model):
    session = LiveSession(model)
    with pytest.raises(Cancelled), aw.stopping_when(lambda: True):
        session.read(TEXT)
    assert session._readings == {}


def test_what_one_page_writes_is_told_to_the_others(page, monkeypatch):
    told = []
    monkeypatch.setattr(page.explorer, "_send", lambda message, **_: told.append(message))
    page.sets(text="The dog ran.", query=[1, 2])
    echoes = [message["state"] for message in told if message["method"] == "echo_update"]
    assert {name: value for state in echoes for name, value in state.items()} == {
        "text": "The dog ran.",
        "query": [1, 2],
    }


def test_weights_without_a_model_say_how_many_tokens_have_none(monkeypatch):
    weights = torch.eye(4).repeat(2, 1, 1)

    def said(*broken):
        given = weights.clone()
        given[:, list(broken)] = torch.nan
        page = Page(aw.view([given.numpy()], list("abcd")), monkeypatch)
        return page.end_of(page.ask("about"))[0]["about"]["fixed"].partition("changed.")[2]

    assert said() == ""
    assert said(2) == " 1 token attends to nothing: padding, or rows of NaN."
    assert said(1, 2) == " 2 tokens attend to nothing: padding, or rows of NaN."
