"""A Bokeh figure beside the explorer: drawn, linked both ways, and gone without a trace when it is closed."""

import pytest
from bokeh.models import ColumnDataSource
from bokeh.plotting import figure as new_figure
from playwright.sync_api import expect

import attnwidget as aw
from tests.browser.explorer_page import resting
from tests.browser.until import at_rest, until

pytestmark = pytest.mark.timeout(180)

TEXT = "The capital of France is Paris. The capital of France is"

# The documents of the Bokeh that the explorers of this page share.
DOCUMENTS = """
async (look) => {
  const known = window[Symbol.for("attnwidget.bokeh")] ?? new Map();
  const loaded = await Promise.all([...known.values()]);
  const documents = loaded.flatMap((bokeh) => bokeh.documents);
  if (look === "count") return documents.length;
  return documents.flatMap((each) => [...each.all_models])
    .filter((model) => model.name === look)
    .map((source) => [...source.selected.indices]);
}
"""

# Where a row of the source of heads is on the page, once it stays there: the middle of its mark, by Bokeh's own scales.
PLACE = at_rest("""
async (row) => {
  const loaded = await Promise.all([...window[Symbol.for("attnwidget.bokeh")].values()]);
  const [view] = loaded.flatMap((bokeh) => bokeh.documents).at(-1).views_manager.roots.filter((root) => root.frame);
  const { glyph } = view.all_renderer_views.find((each) => each.model.data_source?.name === "attnwidget.heads");
  const { left, top } = view.canvas_view.el.getBoundingClientRect();
  const { x, y } = glyph.get_anchor_point("center", row, [0, 0]);
  return [left + x, top + y];
}
""")


# The figures that are there.
NAMES = """
async () => {
  const loaded = await Promise.all([...window[Symbol.for("attnwidget.bokeh")].values()]);
  return loaded.flatMap((bokeh) => bokeh.documents).flatMap((each) => each.roots().map((root) => root.name));
}
"""


class Pane:
    """The pane of one view."""

    def __init__(self, shown):
        self.shown, self.page = shown, shown.page
        self.section = shown.root.locator(".aw-chart")
        self.figure = shown.root.locator(".aw-chart-figure")

    def wait_until_drawn(self):
        expect(self.figure).to_have_attribute("data-state", "shown", timeout=30_000)
        expect(self.figure.locator("canvas").first).to_be_visible()

    def click(self, row):
        self.figure.scroll_into_view_if_needed()
        self.page.mouse.click(*self.page.evaluate(PLACE, row))


def documents(page):
    return page.evaluate(DOCUMENTS, "count")


def selected(page, source="attnwidget.heads"):
    return page.evaluate(DOCUMENTS, source)


def until_selected(page, wanted, source="attnwidget.heads"):
    until(page, lambda: selected(page, source) == wanted, lambda: selected(page, source))


def expect_documents(page, count):
    until(page, lambda: documents(page) == count, lambda: documents(page))


def tokens_chart():
    source = ColumnDataSource({"position": [0, 1, 2], "value": [1, 2, 3]}, name="attnwidget.tokens")
    made = new_figure(height=200, sizing_mode="stretch_width", tools="tap")
    made.vbar("position", top="value", source=source)
    return made


@pytest.fixture
def explorer(bare):
    return bare.open(text=TEXT, layer=0, head=0)


@pytest.fixture
def pane(explorer):
    explorer.beside(aw.plots.head_grid(explorer.trace, "entropy"))
    opened = Pane(explorer.shown)
    opened.wait_until_drawn()
    return opened


def test_a_click_in_the_chart_chooses_the_head_and_the_chart_follows_python_and_the_page(bare, explorer, pane):
    until_selected(pane.page, [[0]])
    seen = []
    explorer.observe(lambda change: seen.append((change["name"], change["new"])), ["layer", "head"])
    pane.click(4 * 2 + 3)
    until(pane.page, lambda: (explorer.layer, explorer.head) == (2, 3))
    expect(explorer.shown.grid).to_have_attribute("data-layer", "2")
    expect(explorer.shown.grid).to_have_attribute("data-head", "3")
    until_selected(pane.page, [[11]])
    bare.settle(explorer)
    assert sorted(seen) == [("head", 3), ("layer", 2)]  # one click is one change
    pane.click(11)  # Bokeh would let go of it; the explorer still looks at it
    until_selected(pane.page, [[11]])
    explorer.layer, explorer.head = 3, 0
    until_selected(pane.page, [[12]])
    explorer.shown.click_head(1, 2)
    until_selected(pane.page, [[6]])
    until(pane.page, lambda: (explorer.layer, explorer.head) == (1, 2))


def test_a_chart_of_tokens_leads_the_query(explorer):
    explorer.beside(tokens_chart())
    pane = Pane(explorer.shown)
    pane.wait_until_drawn()
    explorer.query = (1, 3)
    until_selected(pane.page, [[1, 2]], "attnwidget.tokens")
    pane.page.evaluate(
        """async () => {
          const [bokeh] = await Promise.all([...window[Symbol.for("attnwidget.bokeh")].values()]);
          const models = bokeh.documents.flatMap((each) => [...each.all_models]);
          models.find((model) => model.name === "attnwidget.tokens").selected.indices = [0];
        }"""
    )
    until(pane.page, lambda: tuple(explorer.query) == (0, 1))


def test_closing_frees_everything(explorer, pane):
    expect_documents(pane.page, 1)
    pane.section.get_by_role("button", name="Close the chart").click()
    expect(pane.section).to_have_count(0)
    until(pane.page, lambda: explorer.chart == 0)
    expect_documents(pane.page, 0)
    expect(explorer.shown.matrix).to_be_focused()
    explorer.beside(tokens_chart())
    pane.wait_until_drawn()
    expect_documents(pane.page, 1)
    for _ in range(4):  # the button is reached by keyboard
        pane.page.keyboard.press("Tab")
        if pane.section.get_by_role("button", name="Close the chart").evaluate("(it) => it === document.activeElement"):
            break
    pane.page.keyboard.press("Enter")
    expect(pane.section).to_have_count(0)
    expect_documents(pane.page, 0)
    explorer.beside(tokens_chart())
    pane.wait_until_drawn()
    explorer.beside(None)
    expect(pane.section).to_have_count(0)
    expect_documents(pane.page, 0)


def test_ten_figures_in_a_row_leave_one(bare, explorer, pane):
    # Listeners of the page are those of the pointer and of the window: Bokeh adds its own while a figure is there.
    listeners = pane.page.evaluate("() => bare.pageListeners()")
    for _ in range(10):
        explorer.beside(tokens_chart())
    explorer.beside(aw.plots.head_grid(explorer.trace, "entropy"))
    pane.wait_until_drawn()
    expect_documents(pane.page, 1)
    until_selected(pane.page, [[0]])
    expect(pane.figure.locator("> div")).to_have_count(1)
    bare.hide(explorer.shown)
    expect_documents(pane.page, 0)
    until(pane.page, lambda: pane.page.evaluate("() => bare.pageListeners()") < listeners)


def test_six_figures_listen_to_no_more_than_one(bare, explorer, pane):
    """Bokeh's plots listen to the viewport, and its fullscreen tool to the document; neither lets go by itself."""

    def beside(number):
        made = new_figure(height=200, tools="tap,fullscreen", name=f"figure {number}")
        made.line([0, 1], [0, number])
        explorer.beside(made)
        until(pane.page, lambda: pane.page.evaluate(NAMES) == [f"figure {number}"])
        pane.wait_until_drawn()

    beside(0)
    bare.settle(explorer)
    before = pane.page.evaluate("() => bare.pageListeners()")
    for number in range(1, 6):
        beside(number)
    until(pane.page, lambda: pane.page.evaluate("() => bare.pageListeners()") == before)
    pane.section.get_by_role("button", name="Close the chart").click()
    expect(pane.section).to_have_count(0)
    until(pane.page, lambda: pane.page.evaluate("() => bare.pageListeners()") < before)


def test_a_figure_given_before_any_view_is_there_in_each_of_them(bare):
    explorer = bare.explore(text=TEXT)
    explorer.beside(aw.plots.head_grid(explorer.trace, "entropy"))
    panes = [Pane(bare.show(explorer)) for _ in range(2)]
    for pane in panes:
        pane.wait_until_drawn()
    expect_documents(bare.page, 2)
    explorer.layer, explorer.head = 3, 3
    until_selected(bare.page, [[15], [15]])


def test_the_script_comes_once_per_page(bare, explorer, pane):
    sent = []
    other = bare.explore(text=TEXT)
    other.comm.listeners.append(lambda _data, buffers: sent.append(sum(map(len, buffers))))
    second = Pane(bare.show(other))
    other.beside(aw.plots.head_grid(other.trace, "entropy"))
    second.wait_until_drawn()
    expect_documents(bare.page, 2)
    assert max(sent) < 500_000
    explorer.layer = 2
    until(bare.page, lambda: [8] in selected(bare.page))
    assert bare.page.evaluate("() => window.Bokeh") is None


def test_another_bokeh_of_the_page_stays_in_its_place(bare, explorer):
    bare.page.evaluate("() => { window.Bokeh = { version: '2.4.3', __bokeh__: true }; }")
    explorer.beside(tokens_chart())
    Pane(explorer.shown).wait_until_drawn()
    assert bare.page.evaluate("() => window.Bokeh.version") == "2.4.3"


def test_the_chart_takes_the_colours_of_the_page(explorer, pane):
    expect(pane.figure).to_have_attribute("data-theme", "light")
    pane.page.emulate_media(color_scheme="dark")
    expect(pane.figure).to_have_attribute("data-theme", "dark")
    pane.wait_until_drawn()
    expect_documents(pane.page, 1)
    until_selected(pane.page, [[0]])


def test_a_figure_of_a_fixed_size_shrinks_where_there_is_no_room(bare):
    explorer = bare.explore(text=TEXT)
    chart = new_figure(width=600, height=300)
    chart.line([1, 2], [1, 2])
    explorer.beside(chart)
    for width, most in (("480px", 480), ("1500px", 600)):
        shown = bare.show(explorer, width)
        pane = Pane(shown)
        pane.wait_until_drawn()
        until(bare.page, lambda pane=pane: pane.figure.evaluate("(it) => it.scrollWidth <= it.clientWidth"))
        assert resting(pane.figure.locator("canvas").first)["width"] <= most
        bare.hide(shown)


# Whether the chart is not beside the stage, or under it, where it should be, or spills.
MISPLACED = """(root, besides) => {
  const [stage, chart] = [".aw-stage", ".aw-chart"].map((name) => root.querySelector(name).getBoundingClientRect());
  const [beside, under] = [chart.left >= stage.right - 1, chart.top >= stage.bottom - 1];
  return beside !== besides || under === besides || root.scrollWidth > root.clientWidth ? [stage, chart] : null;
}"""


@pytest.mark.parametrize(("width", "besides"), [("1200px", True), ("480px", False)])
def test_the_chart_is_beside_the_stage_or_under_it(bare, width, besides):
    explorer = bare.explore(text=TEXT)
    explorer.beside(aw.plots.head_grid(explorer.trace, "entropy"))
    shown = bare.show(explorer, width)
    pane = Pane(shown)
    pane.wait_until_drawn()
    shown.expect_settled(lambda: shown.root.evaluate(MISPLACED, besides))


def test_in_jupyterlab_a_cell_opens_the_pane(lesson):
    lab, shown = lesson, lesson.explorer
    lab.run("ex.layer, ex.head = 0, 0; ex.beside(aw.plots.head_grid(ex.trace, 'entropy'))")
    pane = Pane(shown)
    pane.wait_until_drawn()
    pane.click(4 + 2)
    lab.run_until("ex.layer, ex.head", "(1, 2)")
    lab.run("ex.layer = 3")
    until_selected(lab.page, [[14]])
    lab.run("ex")  # a second view, and the pane in it
    expect(lab.page.locator(".aw-chart-figure[data-state=shown]")).to_have_count(2)
    assert lab.errors() == []
