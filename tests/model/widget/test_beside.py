"""A figure beside the explorer, from Python's side: what is kept, what the page is told, what is refused."""

import json
import subprocess
import sys

import pytest
from bokeh.layouts import column
from bokeh.models import ColumnDataSource, Slider
from bokeh.plotting import figure as new_figure

import attnwidget as aw
from attnwidget.widget.explorer import Explorer
from tests.model.widget.played_page import Page

TEXT = "The cat sat on the mat."


@pytest.fixture
def explorer(tiny):
    return Explorer(tiny, TEXT)


@pytest.fixture
def page(explorer, monkeypatch):
    return Page(explorer, monkeypatch)


def chart_of(labels=("a", "b")):
    source = ColumnDataSource({"layer": [0, 1], "head": [0, 1], "label": list(labels)}, name="attnwidget.heads")
    made = new_figure(height=200)
    made.scatter("layer", "head", source=source)
    return made


def item_of(page, **fields):
    content, buffers = page.end_of(page.ask("chart", **fields))
    assert content["status"] == "ok", content
    return content["version"], json.loads(bytes(buffers[0]))


def models_of(item, name):
    """The models of a document of this kind, however deep."""
    found = []

    def look(value):
        if isinstance(value, dict):
            if value.get("type") == "object" and value.get("name") == name:
                found.append(value)
            for inner in value.values():
                look(inner)
        elif isinstance(value, list):
            for inner in value:
                look(inner)

    look(item)
    return found


def test_a_figure_and_its_script_are_sent_when_they_are_asked_for(page, explorer):
    import bokeh

    assert explorer.beside(chart_of()) is None
    assert page.answers == []
    version, item = item_of(page)
    assert version == bokeh.__version__
    sources = models_of(item, "ColumnDataSource")
    assert [source["attributes"]["name"] for source in sources] == ["attnwidget.heads"]
    content, buffers = page.end_of(page.ask("bokeh"))
    assert content["version"] == version
    script = bytes(buffers[0]).decode()
    assert len(script) > 1_000_000
    assert "embed_item" in script


def test_a_layout_is_shown_whole(page, explorer):
    explorer.beside(column(chart_of(), chart_of()))
    assert len(models_of(item_of(page)[1], "Figure")) == 2


def test_a_chart_of_ours_comes_in_the_colours_of_the_page_and_stays_as_it_is(page, explorer):
    chart = aw.plots.head_grid(explorer.trace, "entropy")
    before = chart.title.text_color
    explorer.beside(chart)
    light, dark = (item_of(page, theme=theme)[1] for theme in ("light", "dark"))
    assert light != dark
    assert before in json.dumps(light["doc"])
    assert chart.title.text_color == before
    content, _ = page.end_of(page.ask("chart", theme="sepia"))
    assert content["code"] == "bad_request"


def test_the_next_figure_takes_the_place_of_the_first(page, explorer):
    numbers = []
    explorer.observe(lambda change: numbers.append(change["new"]), "chart")
    for labels in (("first", "figure"), ("second", "figure")):
        explorer.beside(chart_of(labels))
    assert numbers == [1, 2]
    _, item = item_of(page)
    assert "second" in json.dumps(item)
    assert "first" not in json.dumps(item)


def test_none_closes_the_pane(page, explorer):
    explorer.beside(chart_of())
    explorer.beside(None)
    assert explorer.chart == 0
    for kind in ("chart", "bokeh"):
        content, buffers = page.end_of(page.ask(kind))
        assert (content["status"], buffers) == ("error", [])
        assert "beside" in content["message"]
    explorer.beside(chart_of())
    assert explorer.chart == 2  # never a number that a page has seen with another figure


def test_the_page_may_close_the_pane(page, explorer):
    explorer.beside(chart_of())
    page.sets(chart=0)
    assert explorer.chart == 0


@pytest.mark.parametrize("value", [2, -1, True, "1", None])
def test_there_are_no_other_charts(explorer, value):
    explorer.beside(chart_of())
    with pytest.raises(aw.AttnWidgetError, match="beside"):
        explorer.chart = value
    assert explorer.chart == 1


@pytest.mark.parametrize("thing", [3, "chart", [chart_of()], ColumnDataSource({}), Slider(start=0, end=1, value=0)])
def test_what_is_no_plain_figure_is_refused_and_the_old_one_stays(page, explorer, thing):
    explorer.beside(chart_of(("kept", "here")))
    with pytest.raises(aw.AttnWidgetError, match="figure"):
        explorer.beside(thing)
    assert explorer.chart == 1
    assert "kept" in json.dumps(item_of(page)[1])


def test_a_figure_that_bokeh_cannot_write_down_is_one_sentence(explorer):
    odd = chart_of()
    odd.tags = [object()]
    with pytest.raises(aw.AttnWidgetError, match="Bokeh cannot draw this figure"):
        explorer.beside(odd)
    assert explorer.chart == 0


def test_labels_may_hold_anything_a_text_may(page, explorer):
    labels = ("</script><b>", "\ud800 שלום 👩‍👩‍👧")
    explorer.beside(chart_of(labels))
    _, item = item_of(page)
    source = models_of(item, "ColumnDataSource")[0]
    assert str(labels[0]) in json.dumps(source)
    assert json.dumps(labels[1])[1:-1] in json.dumps(source)


@pytest.mark.long  # another Python
def test_an_explorer_without_a_figure_imports_no_bokeh():
    made = "import sys, attnwidget as aw; aw.explore(text='The cat'); print([m for m in sys.modules if m.startswith('bokeh')])"
    found = subprocess.run([sys.executable, "-c", made], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_nothing_of_a_figure_is_stored_with_the_notebook(explorer):
    bare = {name: value for name, value in explorer.get_state().items() if name not in {"_esm", "_css"}}
    explorer.beside(chart_of())
    state = explorer.get_state()
    assert {name: value for name, value in state.items() if name not in {"_esm", "_css"}} == bare | {"chart": 1}
    own = [name for name in explorer.keys if not name.startswith("_") and name not in {"layout", "tabbable", "tooltip"}]
    assert len(own) <= 14
