"""`ex.refresh()`: an explorer follows a model that is trained, and looks at it only when the loop says so."""

import threading
from types import SimpleNamespace

import pytest
import torch
from IPython.core.interactiveshell import InteractiveShell

import attnwidget as aw
from attnwidget.errors import AttnWidgetError
from attnwidget.widget import following
from attnwidget.widget.answering.worker import Worker
from attnwidget.widget.explorer import Explorer
from tests.model.conftest import build
from tests.model.small import words
from tests.model.widget.played_page import Page
from tests.unit.frames.frames_read import decode

TEXT = "The cat sat on the mat."


def trained(model):
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(0.5)


class Shell:
    """As much of IPython as tells that a cell has ended."""

    kernel = object()

    def __init__(self):
        self.heard = []
        self.events = SimpleNamespace(
            register=lambda _name, call: self.heard.append(call), unregister=lambda _name, call: self.heard.remove(call)
        )

    def end_cell(self):
        for call in list(self.heard):
            call("the result")


@pytest.fixture
def shell(monkeypatch):
    found = Shell()
    monkeypatch.setattr(following, "get_ipython", lambda: found)
    return found


@pytest.fixture
def model():
    return aw.load(build("gpt2"), words())


@pytest.fixture
def page(model, monkeypatch):
    return Page(Explorer(model, TEXT), monkeypatch)


def renewed(page):
    return [(content, buffers) for content, buffers in page.answers if content["status"] == "renewed"]


def test_each_call_sends_the_page_another_answer_to_what_it_asked_last(page, model, shell):
    page.frame(text=TEXT, query=[1, 2])
    shown = page.ask("frame", text=TEXT, query=[2, 3], layer=1)
    first, buffers = page.end_of(shown)
    trained(model.model)
    page.explorer.refresh()
    ((content, again),) = renewed(page)
    assert content["id"] == shown
    assert content["reading"] != first["reading"]
    (header, before), (_, now) = decode(buffers[0]), decode(again[0])
    assert header["query"] == [2, 3]
    assert (now["row"] != before["row"]).any()
    # Against the model itself, by a pass of its own.
    eager = build("gpt2")
    eager.load_state_dict(model.model.state_dict())
    eager.set_attn_implementation("eager")
    given = page.explorer.trace.forward
    expected = eager(**given, output_attentions=True).attentions[1][0, 0]
    assert torch.allclose(page.explorer.trace.weights(1, 0), expected, atol=1e-5)
    shell.end_cell()


def test_between_two_calls_nothing_that_a_page_asks_is_read_from_the_model(page, model, shell):
    page.frame(text=TEXT)
    page.explorer.refresh()
    asked = page.ask("frame", text=f"{TEXT} The")
    # What Python itself waits for is read: its loop stands still meanwhile.
    assert len(page.explorer.trace.text) > 0
    assert not [content for content, _ in page.answers if content["id"] == asked]
    page.explorer.refresh()
    assert page.end_of(asked)[0]["status"] == "ok"
    shell.end_cell()


def test_when_the_cell_ends_what_waited_is_answered(page, shell):
    page.explorer.refresh()
    asked = page.ask("frame", text=TEXT)
    shell.end_cell()
    assert page.end_of(asked)[0]["status"] == "ok"
    assert shell.heard == []


def test_two_explorers_of_one_model_are_let_go_together(model, monkeypatch, shell):
    one, other = (Page(Explorer(model, TEXT), monkeypatch) for _ in range(2))
    for _ in range(3):
        one.explorer.refresh()
        other.explorer.refresh()
    shell.end_cell()
    assert shell.heard == []
    assert other.frame(text=TEXT)[0]["query"]


def test_a_loop_on_a_thread_of_its_own_holds_nothing(page, shell):
    thread = threading.Thread(target=page.explorer.refresh)
    thread.start()
    thread.join(60)
    assert shell.heard == []
    assert page.frame(text=TEXT)[0]["query"]


def test_given_weights_do_not_change():
    ex = aw.view([torch.eye(3)[None].numpy()], ["a", "b", "c"])
    with pytest.raises(AttnWidgetError, match="do not change"):
        ex.refresh()


def test_a_closed_explorer_says_so(page):
    page.explorer.close()
    with pytest.raises(AttnWidgetError, match="closed"):
        page.explorer.refresh()


@pytest.fixture
def notebook(monkeypatch):
    """IPython itself, as a kernel has it."""
    found = InteractiveShell()
    found.kernel = object()
    monkeypatch.setattr(following, "get_ipython", lambda: found)
    return found


@pytest.mark.parametrize(
    "between",
    [
        "raise ValueError('the loop is wrong')",
        "raise KeyboardInterrupt",
        "ex.text = 'x ' * 300000; ex.refresh()",  # refused: a text that nothing reads
    ],
)
def test_a_cell_that_ends_badly_between_two_calls_lets_pages_go(page, notebook, between):
    notebook.user_ns["ex"] = page.explorer
    notebook.user_ns["asked"] = lambda: page.ask("frame", text=TEXT)
    result = notebook.run_cell(f"ex.refresh(); number = asked(); {between}")
    assert not result.success
    assert page.end_of(notebook.user_ns["number"])[0]["status"] == "ok"


def test_a_loop_that_goes_on_after_a_refused_text_is_left_alone(page, notebook):
    notebook.user_ns |= {"ex": page.explorer, "asked": lambda: page.ask("frame", text=TEXT), "answers": page.answers}
    code = (
        "ex.text = ''\n"
        "try: ex.refresh()\n"
        "except Exception as error: raised = error\n"
        "number = asked()\n"
        "import time; time.sleep(0.3)\n"
        "early = [content for content, _ in answers if content['id'] == number]\n"
    )
    assert notebook.run_cell(code).success
    assert isinstance(notebook.user_ns["raised"], AttnWidgetError)
    assert notebook.user_ns["early"] == []
    assert page.end_of(notebook.user_ns["number"])[0]["status"] == "ok"


def test_a_cell_that_is_interrupted_while_it_waits_to_hold_lets_pages_go(page, model, notebook, monkeypatch):
    def interrupted(_self):
        held(_self)
        raise KeyboardInterrupt

    held = Worker.hold
    monkeypatch.setattr(Worker, "hold", interrupted)
    notebook.user_ns["ex"] = page.explorer
    assert not notebook.run_cell("ex.refresh()").success
    asked = page.ask("frame", text=TEXT)
    assert page.end_of(asked)[0]["status"] == "ok"
