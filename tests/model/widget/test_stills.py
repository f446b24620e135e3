"""What a notebook keeps of an explorer: sent to the cells that show it, once there is something to send."""

from types import SimpleNamespace

import pytest
from IPython.core.events import EventManager

from attnwidget.widget import stills
from attnwidget.widget.explorer import Explorer
from tests.model.widget.played_page import Page

TEXT = "The cat sat on the mat."


class Kernel:
    """As much of IPython in a kernel as a still knows."""

    def __init__(self, *, attended):
        self.sent = []
        self.asks = {"content": {"allow_stdin": attended}}
        self.kernel = SimpleNamespace(get_parent=lambda _channel: self.asks)
        self.events = EventManager(self, {"post_execute": None})
        session = SimpleNamespace(send=lambda _socket, *what, parent, ident: self.sent.append((*what, parent)))  # noqa: ARG005
        self.display_pub = SimpleNamespace(session=session, pub_socket=None, topic=b"", parent_header=None)

    def run(self, number, explorer):
        """A cell that shows the explorer; what of it the notebook keeps."""
        self.display_pub.parent_header = number
        data, _ = explorer._repr_mimebundle_()
        self.events.trigger("post_execute")
        return set(data)

    def shown(self):
        """Which message told which cell what, since last asked."""
        told, self.sent = self.sent, []
        return [(kind, cell, next(iter(content["data"]))) for kind, content, cell in told]


@pytest.fixture
def attended(monkeypatch):
    kernel = Kernel(attended=True)
    monkeypatch.setattr(stills, "get_ipython", lambda: kernel)
    monkeypatch.setenv("JPY_SESSION_NAME", "lesson.ipynb")
    return kernel


def both(kind, cell):
    return [(kind, cell, "text/html"), (kind, cell, "image/png")]


def asked(page):
    return page.end_of(page.ask("still"))[0]["status"]


def test_a_still_comes_when_the_page_asks_and_is_renewed_where_it_is(tiny, attended, monkeypatch):
    explorer = Explorer(tiny, TEXT)
    page = Page(explorer, monkeypatch)
    assert attended.run(1, explorer) == {"application/vnd.jupyter.widget-view+json", "text/plain"}
    assert attended.shown() == []
    asked(page)
    assert attended.shown() == both("display_data", 1)
    asked(page)
    assert attended.shown() == []  # nothing has changed
    explorer.head = 2
    asked(page)
    assert attended.shown() == both("update_display_data", {})
    attended.run(2, explorer)
    asked(page)
    assert attended.shown() == both("display_data", 2)


def test_a_still_has_one_name_wherever_it_stands_and_no_other_explorers(tiny, attended, monkeypatch):
    one, other = Explorer(tiny, TEXT), Explorer(tiny, TEXT)
    for number, explorer in enumerate((one, one, other)):
        attended.run(number, explorer)
    for explorer in (one, other):
        asked(Page(explorer, monkeypatch))
    names = [content["transient"]["display_id"] for _, content, _ in attended.sent]
    assert names[:2] == names[2:4]
    assert len(set(names)) == 4


def test_a_text_that_cannot_be_read_keeps_the_last_still(tiny, attended, monkeypatch):
    explorer = Explorer(tiny, TEXT)
    page = Page(explorer, monkeypatch)
    attended.run(1, explorer)
    asked(page)
    attended.shown()
    explorer.text = ""
    assert asked(page) == "error"
    assert attended.shown() == []


def test_where_nobody_sits_the_cell_has_its_still_when_it_ends(tiny, monkeypatch):
    kernel = Kernel(attended=False)
    monkeypatch.setattr(stills, "get_ipython", lambda: kernel)
    kernel.run(1, Explorer(tiny, TEXT))
    assert kernel.shown() == both("display_data", 1)
    kernel.run(2, Explorer(tiny, ""))  # which cannot be read, and fails no cell
    assert kernel.shown() == []
    kernel.events.trigger("post_execute")
    assert kernel.shown() == []
