"""What a notebook keeps of an explorer: sent to the cells that show it, once there is something to send."""

import json
import re
from base64 import b64decode, b64encode
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

import pytest
from IPython.core.events import EventManager
from IPython.core.formatters import DisplayFormatter
from ipywidgets import Accordion, Box, HBox, Label, Tab, VBox, Widget
from nbconvert import HTMLExporter, MarkdownExporter
from nbformat.v4 import new_code_cell, new_notebook, new_output
from PIL import Image

from attnwidget.widget import boxes, stills
from attnwidget.widget.explorer import Explorer
from attnwidget.widget.page_picture import LONGEST_CAPTION
from tests.model.widget.played_page import Page

TEXT = "The cat sat on the mat."


class Kernel:
    """As much of IPython in a kernel as a still knows."""

    def __init__(self, *, attended):
        self.sent = []
        self.asks = {"content": {"allow_stdin": attended}}
        self.kernel = SimpleNamespace(get_parent=lambda _channel: self.asks)
        self.events = EventManager(self, {"post_execute": None})
        self.display_formatter = DisplayFormatter()
        session = SimpleNamespace(send=lambda _socket, *what, parent, ident: self.sent.append((*what, parent)))  # noqa: ARG005
        self.display_pub = SimpleNamespace(session=session, pub_socket=None, topic=b"", parent_header=None)

    def run(self, number, widget):
        """A cell that shows an explorer, or a box; what of it the notebook keeps."""
        self.display_pub.parent_header = number
        data, _ = self.display_formatter.format(widget)
        self.events.trigger("post_execute")
        return set(data)

    def shown(self):
        """Which message told which cell what, since last asked."""
        told, self.sent = self.sent, []
        return [(kind, cell, next(iter(content["data"]))) for kind, content, cell in told]


@pytest.fixture
def attended(monkeypatch):
    monkeypatch.setenv("JPY_SESSION_NAME", "lesson.ipynb")
    return running(Kernel(attended=True), monkeypatch)


@pytest.fixture
def unattended(monkeypatch):
    return running(Kernel(attended=False), monkeypatch)


def running(kernel, monkeypatch):
    for room in (stills, boxes):
        monkeypatch.setattr(room, "get_ipython", lambda: kernel)
    return kernel


def both(kind, cell):
    return [(kind, cell, "text/html"), (kind, cell, "image/png")]


def asked(page, *buffers, **fields):
    return page.end_of(page.ask("still", buffers, **fields))[0]["status"]


def drawn(size=(600, 400)):
    """A picture as the page draws one."""
    file = BytesIO()
    Image.radial_gradient("L").resize(size).convert("RGBA").save(file, "PNG")
    return file.getvalue()


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


def test_a_picture_that_the_page_drew_is_the_map_and_gives_way_to_the_matrix(tiny, attended, monkeypatch):
    explorer = Explorer(tiny, TEXT)
    page = Page(explorer, monkeypatch)
    attended.run(1, explorer)
    asked(page, memoryview(drawn()), caption="Lines: query → key" + "." * 2_000)
    (_, _, _), (_, content, cell) = attended.sent
    assert cell == 1
    with Image.open(BytesIO(b64decode(content["data"]["image/png"]))) as picture:
        assert picture.size == (600, 400)
    told = content["metadata"]["image/png"]
    assert (told["width"], told["height"]) == (600, 400)
    assert told["alt"].startswith("Lines: query → key")
    assert len(told["alt"]) == LONGEST_CAPTION
    attended.shown()
    asked(page, b"not a picture", caption="Lines")
    _, (_, content, _) = attended.sent
    assert content["metadata"]["image/png"]["alt"].startswith("Matrix of Layer")


def test_a_snapshot_has_the_picture_that_a_page_drew_of_what_is_chosen_else_the_matrix_and_says_so(tiny, monkeypatch):
    explorer = Explorer(tiny, TEXT, view="lines")
    assert "the view <i>Lines</i>" in explorer.snapshot().html
    asked(Page(explorer, monkeypatch), memoryview(drawn()), caption="Lines: query → key")
    shot = explorer.snapshot()
    assert (shot.alt, "the view <i>" in shot.html) == ("Lines: query → key", False)
    assert b64encode(shot.png).decode() in shot.html
    explorer.head = 2  # of which no page has drawn anything
    assert explorer.snapshot().alt.startswith("Matrix of Layer")
    explorer.view = "matrix"
    assert "the view <i>" not in explorer.snapshot().html


def test_a_still_has_one_name_wherever_it_stands_and_no_other_explorers(tiny, attended, monkeypatch):
    one, other = Explorer(tiny, TEXT), Explorer(tiny, TEXT)
    for number, explorer in enumerate((one, one, other)):
        attended.run(number, explorer)
    for explorer in (one, other):
        asked(Page(explorer, monkeypatch))
    names = [content["transient"]["display_id"] for _, content, _ in attended.sent]
    assert names[:2] == names[2:4]
    assert len(set(names)) == 4


def test_the_page_is_told_what_the_notebook_keeps_by_the_name_in_its_words(tiny, attended, monkeypatch):
    explorer = Explorer(tiny, TEXT)
    page = Page(explorer, monkeypatch)
    attended.run(1, explorer)
    stored = page.end_of(page.ask("still"))[0]["stored"]
    sent = [{part: content[part] for part in ("data", "metadata")} for _, content, _ in attended.sent]
    assert stored["outputs"] == sent
    assert f'data-name="{stored["name"]}"' in sent[0]["data"]["text/html"]


def test_a_text_that_cannot_be_read_keeps_the_last_still(tiny, attended, monkeypatch):
    explorer = Explorer(tiny, TEXT)
    page = Page(explorer, monkeypatch)
    attended.run(1, explorer)
    asked(page)
    attended.shown()
    explorer.text = ""
    assert asked(page) == "error"
    assert attended.shown() == []


def test_where_nobody_sits_the_cell_has_its_still_when_it_ends(tiny, unattended):
    unattended.run(1, Explorer(tiny, TEXT))
    assert unattended.shown() == both("display_data", 1)
    unattended.run(2, Explorer(tiny, ""))  # which cannot be read, and fails no cell
    assert unattended.shown() == []
    unattended.events.trigger("post_execute")
    assert unattended.shown() == []


# boxes

VIEW = {"application/vnd.jupyter.widget-view+json", "text/plain"}


def nested(one, other):
    return VBox([Label("two"), Tab([one, Accordion([HBox([other, one])])])])


def test_a_box_keeps_the_still_of_every_explorer_in_it_once(tiny, attended, monkeypatch):
    explorers = [Explorer(tiny, TEXT, layer=layer) for layer in (0, 1)]
    pages = [Page(explorer, monkeypatch) for explorer in explorers]
    attended.run(1, explorers[0])
    asked(pages[0])
    attended.shown()
    assert attended.run(2, nested(*explorers)) == VIEW
    for page in pages:
        asked(page)
        assert attended.shown() == both("display_data", 2)


def test_where_nobody_sits_a_box_has_its_stills_in_their_order(tiny, unattended):
    one, other = Explorer(tiny, TEXT, head=2), Explorer(tiny, TEXT, head=1)
    assert unattended.run(1, nested(one, other)) == VIEW
    titles = [content["data"]["text/plain"] for _, content, _ in unattended.sent]
    assert titles == [f"Snapshot(Layer 0 · Head {head})" for head in (2, 2, 1, 1)]
    assert unattended.shown() == 2 * both("display_data", 1)


def test_a_host_that_takes_no_outputs_later_finds_all_stills_of_a_box_in_it(tiny, monkeypatch):
    kernel = running(Kernel(attended=True), monkeypatch)
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    monkeypatch.setattr("attnwidget.widget.explorer.STILL", 60.0)  # however busy the machine is
    explorers = [Explorer(tiny, TEXT, head=head) for head in (2, 1)]
    for explorer in explorers:
        explorer.wait()
    data, _ = kernel.display_formatter.format(HBox(explorers))
    assert set(data) == {*VIEW, "text/html", "image/png"}
    assert data["text/html"].count("<img") == 2


def test_a_box_without_explorers_or_of_ones_own_form_is_as_it_was(tiny, attended, monkeypatch):
    explorer = Explorer(tiny, TEXT)
    loop = VBox()
    loop.children = [HBox([loop])]
    for box in (HBox(), HBox([Label("a")]), loop):
        assert attended.display_formatter.format(box) == DisplayFormatter().format(box)
    monkeypatch.setattr(explorer, "_stills", None)  # whatever fails
    box = HBox([explorer])
    assert attended.display_formatter.format(box) == DisplayFormatter().format(box)

    attended.display_formatter = DisplayFormatter()
    attended.display_formatter.mimebundle_formatter.for_type(Box, lambda _: {"text/plain": "mine"})
    assert attended.run(1, HBox([Explorer(tiny, TEXT)])) == {"text/plain"}


# what readers make of it

STATE = "application/vnd.jupyter.widget-state+json"


@pytest.fixture
def notebook(tiny, unattended):
    """A notebook that was run and saved, with the state of its widgets or without."""
    explorer = Explorer(tiny, TEXT)
    data, metadata = unattended.display_formatter.format(explorer)
    unattended.events.trigger("post_execute")
    first = new_output("execute_result", data, execution_count=1, metadata=metadata)
    later = [new_output("display_data", sent["data"], metadata=sent["metadata"]) for _, sent, _ in unattended.sent]

    def saved(*, state):
        cell = new_code_cell("ex", outputs=[first, *later], execution_count=1)
        kept = Widget.get_manager_state(widgets=[explorer]) if state else None
        return new_notebook(cells=[cell], metadata={"widgets": {STATE: kept}} if state else {})

    return saved


WEIGHT = re.compile(r"\b0\.\d{3}\b")


@pytest.mark.parametrize("state", [True, False])
def test_nbconvert_shows_words_and_map_once_with_the_state_of_widgets_or_without(notebook, state):
    page, _ = HTMLExporter().from_notebook_node(notebook(state=state))
    assert page.count("as it was last seen") == 1
    assert page.count('src="data:image/png') == 1
    assert len(WEIGHT.findall(page)) >= 5


def test_markdown_has_words_and_map_and_shows_no_style(notebook):
    text, files = MarkdownExporter().from_notebook_node(notebook(state=False))
    assert len(WEIGHT.findall(text)) >= 5
    assert "<style" not in text
    assert [Path(name).suffix for name in files["outputs"]] == [".png"]


class Cleaned(HTMLParser):
    """What a careful site leaves of HTML: words and tables, no styles, no scripts, no pictures that are not files."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.words = [], ""
        self.feed(html)

    def handle_starttag(self, tag, _attributes):
        self.tags.append(tag)

    def handle_data(self, data):
        self.words += f"{data} "


def test_a_site_that_strips_styles_and_embedded_pictures_shows_words_and_map(notebook):
    shown = []
    for output in notebook(state=False).cells[0].outputs:
        kind = next(kind for kind in ("text/html", "image/png", "text/plain") if kind in output.data)
        shown.append((kind, Cleaned(output.data[kind]) if kind == "text/html" else output.data[kind]))
    (_, said), (_, words), (kind, picture) = shown
    assert said.startswith("Explorer(")
    assert kind == "image/png"
    assert b64decode(picture)[1:4] == b"PNG"
    assert not {"style", "script", "svg", "iframe"} & set(words.tags)
    assert "The cat sat" in re.sub(r" +", " ", words.words)
    assert len(WEIGHT.findall(words.words)) >= 5


def test_a_notebook_keeps_little_beside_the_still(notebook):
    first, words, picture = notebook(state=True).cells[0].outputs
    assert len(json.dumps(first)) < 1_000
    assert len(json.dumps(words)) < 10_000
    assert len(json.dumps(picture)) < 75_000
