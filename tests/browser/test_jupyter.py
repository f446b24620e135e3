"""The real thing: the first lesson in JupyterLab, with a real kernel, driven by clicks and keys."""

import json
import re

import nbformat
import numpy as np
import pytest
from playwright.sync_api import expect

from tests.browser.explorer_page import FRAMES, ExplorerPage
from tests.browser.notebook_page import NotebookPage
from tests.browser.until import until

pytestmark = pytest.mark.timeout(180)


def test_the_lesson_runs_and_shows_an_explorer(lesson):
    lesson.explorer.wait_for_tokens(int(lesson.run("len(ex.trace.text)")))  # runs after all other cells
    assert lesson.errors() == []


def test_typing_changes_count_highlight_and_matrix(lesson):
    explorer = lesson.explorer
    count, heat, checksum = explorer.tokens(), explorer.heat(), explorer.checksum()
    explorer.type(" Paris")
    explorer.wait_for_tokens(count + 1)
    explorer.wait_for_change(checksum)
    until(lesson.page, lambda: explorer.heat() != heat, "the colours of the text stay as they were")
    lesson.run_until("print(ex.text)", explorer.editor.input_value())


# Runs until the page has put a mark behind the text; not for ever where that never comes.
UNTIL_MARKED = """
import time
print("begun")
end = time.monotonic() + 60
while not ex.text.endswith("!") and time.monotonic() < end:
    time.sleep(0.05)
"""
# JupyterLab makes the subshell for widgets some time after the first of them.
SUBSHELLS = """async () => {
  const { kernel } = window.jupyterapp.shell.currentWidget.sessionContext.session;
  for (const comm of kernel._comms.values()) await (await comm).subshellStarted;
}"""


def test_typing_works_while_a_cell_runs(lesson):
    explorer = lesson.explorer
    lesson.page.evaluate(SUBSHELLS)
    lesson.start(UNTIL_MARKED)
    expect(lesson.page.locator(".jp-Notebook .jp-OutputArea-output").last).to_have_text("begun")
    count = explorer.tokens()
    explorer.type(" Paris Paris")
    explorer.wait_for_other_tokens(count)
    assert lesson.last_cell_runs()
    explorer.type("!")
    lesson.run_until("ex.text[-1]", "'!'")


BELOW = """
import time
from pathlib import Path

end = time.monotonic() + 60
while not Path({!r}).exists() and time.monotonic() < end:
    time.sleep(0.05)
"""


def test_an_explorer_opens_while_the_cells_below_it_run(notebook, tmp_path):
    seen, source = tmp_path / "seen", tmp_path / "two_cells.ipynb"
    cells = ["import attnwidget as aw\n\naw.explore()", BELOW.format(str(seen))]
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    made.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(made, source)
    lab = notebook(source)
    lab.page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); }")
    ExplorerPage(lab.explorers().first).wait_until_drawn(60_000)
    assert lab.last_cell_runs()
    seen.touch()


FOLLOWED = """
import torch
own = aw.load()
followed = aw.explore(own.model, "The cat sat on the mat", tokenizer=own.tokenizer, layer=0)
followed
"""
# One step of a training, whose cell goes on until there is a file.
STEP = """
import time
from pathlib import Path
with torch.no_grad():
    own.model.transformer.h[0].attn.c_attn.weight.mul_(0.1)
followed.refresh()
end = time.monotonic() + 60
while not Path({!r}).exists() and time.monotonic() < end:
    time.sleep(0.05)
"""


def test_a_model_in_training_is_followed_while_its_cell_runs_and_read_again_when_it_ends(lesson, tmp_path):
    lesson.run(FOLLOWED)
    expect(lesson.explorers()).to_have_count(2)
    explorer = ExplorerPage(lesson.explorers().last)
    explorer.wait_until_drawn()
    checksum, count = explorer.checksum(), explorer.tokens()
    seen = tmp_path / "seen"
    lesson.start(STEP.format(str(seen)))
    explorer.wait_for_change(checksum)
    assert lesson.last_cell_runs()
    seen.touch()
    explorer.type(" Paris")
    explorer.wait_for_tokens(count + 1)
    # Eager attention of the same weights.
    assert lesson.run("followed.model.verify(followed.text).error < 1e-5") == "True"


def test_a_clicked_head_can_be_read_in_python(lesson):
    head_before = int(lesson.run("ex.head"))
    layer, head = 3, (head_before + 1) % 4
    lesson.explorer.click_head(layer, head)
    expect(lesson.explorer.grid).to_have_attribute("data-head", str(head))
    lesson.run_until("ex.layer, ex.head", f"({layer}, {head})")


def test_a_right_click_opens_the_menu_of_the_explorer_and_not_the_notebooks(lesson):
    explorer, notebooks = lesson.explorer, lesson.page.locator(".lm-Menu")
    explorer.grid.click()
    explorer.grid.click(button="right")
    expect(explorer.root.get_by_role("menu")).to_be_visible()
    lesson.page.evaluate(FRAMES)  # what Lab does, it does with the click or in the next frame
    expect(notebooks).to_have_count(0)
    lesson.page.keyboard.press("Escape")
    expect(explorer.root.get_by_role("menu")).to_have_count(0)
    # Where text is selected, the browser's own menu comes, which copies and pastes.
    explorer.editor.press("ControlOrMeta+A")
    explorer.editor.click(button="right")
    lesson.page.evaluate(FRAMES)
    expect(notebooks).to_have_count(0)
    expect(explorer.root.get_by_role("menu")).to_have_count(0)
    lesson.page.keyboard.press("Escape")


def test_a_layer_set_in_python_shows_on_the_page(lesson):
    checksum = lesson.explorer.checksum()
    lesson.run("ex.layer = 3")
    expect(lesson.explorer.grid).to_have_attribute("data-layer", "3")
    lesson.explorer.wait_for_change(checksum)


def test_a_slider_can_be_linked_to_the_layer(lesson):
    slider = lesson.page.locator(".widget-slider [role=slider], .widget-slider .noUi-handle").first
    slider.scroll_into_view_if_needed()
    before = int(lesson.explorer.grid.get_attribute("data-layer"))
    slider.focus()
    slider.press("ArrowLeft" if before else "ArrowRight")
    expect(lesson.explorer.grid).to_have_attribute("data-layer", str(before - 1 if before else 1))


@pytest.mark.parametrize("place", ["grid", "matrix"])
def test_keys_in_the_explorer_leave_the_notebook_alone(lesson, place):
    cells = lesson.cells()
    target = getattr(lesson.explorer, place)
    target.scroll_into_view_if_needed()
    target.click()
    # Cells are compared after every key: what b inserts, d d would take away again.
    for key in ("b", "a", "ArrowDown", "ArrowUp", "ArrowLeft", "ArrowRight", "Backspace", "m", "d", "d", "x", "z"):
        lesson.page.keyboard.press(key)
        lesson.page.evaluate(FRAMES)  # what Lab does, it does with the key or in the next frame
        assert lesson.cells() == cells, key
    assert lesson.errors() == []


def test_keys_in_the_editor_leave_the_notebook_alone(lesson):
    cells = lesson.cells()
    lesson.explorer.type(" b dd x")
    assert lesson.cells() == cells
    assert lesson.explorer.editor.input_value().endswith(" b dd x")


def test_the_notebook_is_saved_from_the_text(lesson):
    lesson.run("print('something to save')")
    lesson.page.wait_for_function("() => window.jupyterapp.shell.currentWidget.context.model.dirty")
    # Whether there is something to save again a moment later, as a still that follows the text, is all the same.
    lesson.page.evaluate(
        """() => window.jupyterapp.shell.currentWidget.context.saveState.connect((_, state) => { window.saved = state; })"""
    )
    lesson.explorer.type(" now")
    text = lesson.explorer.editor.input_value()
    lesson.page.keyboard.press("ControlOrMeta+S")
    lesson.page.wait_for_function("() => window.saved === 'completed'")
    expect(lesson.explorer.editor).to_be_focused()
    lesson.page.keyboard.press("ControlOrMeta+Shift+C")
    expect(lesson.page.locator("#modal-command-palette .lm-CommandPalette-input")).to_be_focused()
    lesson.page.keyboard.press("Escape")
    assert lesson.explorer.editor.input_value() == text


def test_a_cell_is_run_from_the_text_and_breaks_no_line(lesson):
    number = """() => {
      const notebook = window.jupyterapp.shell.currentWidget.content;
      return [...notebook.model.cells].find((cell) => cell.sharedModel.source === "ex").executionCount;
    }"""
    lesson.run("ex")
    shown = ExplorerPage(lesson.explorers().nth(1))
    shown.wait_until_drawn()
    text = shown.editor.input_value()
    for keys in ("ControlOrMeta+Enter", "Shift+Enter"):
        shown.type(" now")
        text += " now"
        before = lesson.page.evaluate(number)
        shown.editor.press(keys)
        lesson.page.wait_for_function(f"(before) => (({number})() ?? before) > before", arg=before)
        expect(lesson.explorers()).to_have_count(2)
        shown.wait_until_drawn()
        expect(shown.editor).to_have_value(text)
    lesson.run_until("print(ex.text)", text)
    assert lesson.errors() == []


@pytest.mark.long  # the bare page is asked the same
def test_thirty_quick_keystrokes_end_in_the_right_state(lesson):
    explorer = lesson.explorer
    explorer.type(" the river of Veldt is Miro now", delay=20)
    text = explorer.editor.input_value()
    lesson.run_until("print(ex.text)", text)
    assert lesson.run("print(ex.trace.text.text)") == text
    explorer.wait_for_tokens(int(lesson.run("len(ex.trace.text)")))
    # The numbers are those of a fresh reading, up to the order in which floats are added; what is drawn is them exactly.
    lesson.run("import numpy as np; weights = ex.trace.weights(ex.layer, ex.head).numpy()")
    lesson.run("fresh = aw.load().trace(ex.text).weights(ex.layer, ex.head).numpy()")
    assert float(lesson.run("print(np.abs(weights - fresh).max())")) < 1e-5
    drawn = np.frombuffer(bytes.fromhex(lesson.run("print(weights.astype('<f4').tobytes().hex())")), "<f4")
    explorer.expect_weights(drawn)


@pytest.mark.long  # the bare page is asked the same
def test_one_explorer_shown_twice_is_one_explorer(lesson):
    lesson.run("ex")
    expect(lesson.explorers()).to_have_count(2)
    first, second = ExplorerPage(lesson.explorers().first), ExplorerPage(lesson.explorers().last)
    second.wait_until_drawn()
    second.type(" Paris")
    expect(first.editor).to_have_value(second.editor.input_value())
    lesson.run_until("print(ex.text)", second.editor.input_value())
    tokens = int(lesson.run("len(ex.trace.text)"))
    first.wait_for_tokens(tokens)
    second.wait_for_tokens(tokens)


@pytest.mark.long  # the bare page is asked the same
def test_two_explorers_do_not_disturb_each_other(lesson):
    lesson.run("other = aw.explore(text='The river of Veldt is Miro. The river of Veldt is'); other")
    expect(lesson.explorers()).to_have_count(2)
    first, second = lesson.explorer, ExplorerPage(lesson.explorers().last)
    second.wait_until_drawn()
    text, checksum = first.editor.input_value(), first.checksum()
    second.type(" Miro")
    second.wait_for_other_tokens(first.tokens())
    assert first.editor.input_value() == text
    assert first.checksum() == checksum
    assert lesson.run("ex.text != other.text") == "True"


def test_the_still_is_kept_below_the_explorer_follows_it_and_is_not_seen(lesson):
    still = lesson.page.locator(".aw-still")
    expect(still).to_have_count(1)
    lesson.explorer.type(" Paris and")
    expect(still).to_contain_text("Paris and")
    expect(still).to_be_hidden()
    picture = lesson.page.locator(".jp-OutputArea-child:has(.aw-still) + .jp-OutputArea-child img")
    expect(picture).to_have_count(1)
    expect(picture).to_be_hidden()
    lesson.explorer.root.get_by_role("tab", name="Lines").click()
    stored = "JSON.stringify(window.jupyterapp.shell.currentWidget.content.model.toJSON())"
    lesson.page.wait_for_function(f'() => {stored}.includes(\'"alt":"Lines: \')')  # its view, as the page drew it
    expect(picture).to_have_count(1)


@pytest.mark.long
@pytest.mark.parametrize("trusted", [True, False])
def test_a_notebook_opened_without_its_kernel_shows_the_still(lesson, jupyter, trusted):
    expect(lesson.page.locator(".aw-still")).to_have_count(1)
    lesson.command("docmanager:save")
    path = lesson.page.evaluate("() => window.jupyterapp.shell.currentWidget.context.path")
    stored = json.loads((jupyter.files / path).read_text("utf-8"))
    lesson.usable = False
    lesson.shut_down()
    for cell in stored["cells"] if not trusted else []:
        for output in cell.get("outputs", []):
            if "text/plain" in output.get("data", {}):
                output["data"]["text/plain"] = "changed elsewhere"
    (jupyter.files / "again.ipynb").write_text(json.dumps(stored), "utf-8")
    again = NotebookPage(lesson.page, jupyter.url)
    again.open("again.ipynb")
    expect(lesson.page.locator(".aw-still")).to_be_visible()
    expect(lesson.page.locator(".jp-OutputArea-child:has(.aw-still) + .jp-OutputArea-child img")).to_be_visible()
    shown = lesson.page.locator(".jp-OutputArea-child:has(+ .jp-OutputArea-child .aw-still) .jp-OutputArea-output")
    expect(shown).to_be_hidden() if trusted else expect(shown).to_contain_text("changed elsewhere")
    again.shut_down()


def test_nothing_leaves_this_machine(lesson):
    lesson.explorer.type(" Paris")
    lesson.run("aw.load()")
    assert lesson.page.log.strangers() == []


STORED = 10_000
"""Bytes that a saved notebook may hold of an explorer, where the state of widgets is stored at all."""


def test_a_stored_notebook_opened_again_shows_its_explorers_which_ask_for_one_program_together(lesson, jupyter):
    lesson.run("other = aw.explore(text='The river of Veldt is Miro.'); other")
    expect(lesson.explorers()).to_have_count(2)
    lesson.run("ex.beside(aw.plots.head_grid(ex.trace, 'entropy'))")
    expect(lesson.page.locator(".aw-chart-figure[data-state=shown]")).to_have_count(1)
    lesson.command("@jupyter-widgets/jupyterlab-manager:saveWidgetState")  # a switch
    try:
        lesson.command("docmanager:save")
    finally:
        lesson.command("@jupyter-widgets/jupyterlab-manager:saveWidgetState")
    path = lesson.page.evaluate("() => window.jupyterapp.shell.currentWidget.context.path")
    saved = json.loads((jupyter.files / path).read_text("utf-8"))
    models = saved["metadata"]["widgets"]["application/vnd.jupyter.widget-state+json"]["state"].values()
    explorers = [model for model in models if model["model_module"] == "anywidget"]
    assert len(explorers) >= 2
    assert max(len(json.dumps(model)) for model in explorers) <= STORED

    sent = []

    def hear(socket):
        socket.on("framesent", lambda frame: sent.append(frame if isinstance(frame, bytes) else frame.encode()))

    lesson.page.on("websocket", hear)
    # From here on JupyterLab hears of no change to outputs that it read from the file: this test is late.
    lesson.usable = False
    lesson.page.reload()
    expect(lesson.explorers()).to_have_count(2, timeout=60_000)
    for shown in lesson.explorers().all():
        ExplorerPage(shown).wait_until_drawn()
    expect(lesson.page.locator(".aw-chart-figure[data-state=shown]")).to_have_count(1)
    lesson.page.remove_listener("websocket", hear)
    assert sum(b'"kind":"program"' in frame for frame in sent) == 1
    assert sum(b'"kind":"frame"' in frame for frame in sent) >= 2
    again = ExplorerPage(lesson.explorers().first)
    assert lesson.run("print(ex.text)") == again.editor.input_value()
    again.type(" Paris and")
    expect(lesson.page.locator(".aw-still").first).to_contain_text("Paris and")  # the page has put it in place
    assert lesson.errors() == []


@pytest.mark.long
def test_after_a_restart_the_view_keeps_its_text_and_says_so_and_the_cell_run_again_lives(lesson):
    explorer = lesson.explorer
    explorer.type(" Paris")
    text = explorer.editor.input_value()
    lesson.usable = False  # which is why this test is the last
    lesson.restart_kernel()
    expect(explorer.status).to_contain_text(re.compile("restarted", re.IGNORECASE), timeout=30_000)
    assert explorer.editor.input_value() == text
    assert explorer.marks()
    # The cell run again gives an explorer that lives; where the kernel has ended, that is said too.
    lesson.run_again(1)
    expect(explorer.root.page.locator(".aw-status[data-kind=error]")).to_have_count(0, timeout=60_000)
    again = ExplorerPage(lesson.explorers().first)
    again.wait_until_drawn(60_000)
    tokens = again.tokens()
    again.type(" Paris")
    again.wait_for_tokens(tokens + 1)
    lesson.shut_down()
    again.type(" Paris")  # JupyterLab tells nobody: it is noticed by asking
    expect(again.status).to_contain_text("has ended", timeout=30_000)
    assert again.editor.input_value().endswith(" Paris")
