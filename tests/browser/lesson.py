"""The first lesson, opened once for all tests that want it: JupyterLab and a kernel take ten seconds to start."""

import shutil
from collections.abc import Callable
from itertools import count
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.explorer_page import ExplorerPage
from tests.browser.notebook_page import NotebookPage
from tests.browser.until import until

FIRST_LESSON = Path(__file__).resolve().parents[2] / "notebooks" / "01_first_look.ipynb"

# Every synced trait of the explorer as the lesson leaves it; the figure beside it is closed by its own call.
REMEMBER = """
first = {name: getattr(ex, name) for name in ex.keys if not name.startswith("_") and name not in {"layout", "chart"}}
"""
# The text before what is said of its tokens, the layer before its head.
RESTORE = """
ex.beside(None)
for name in ("text", "layer", *first):
    setattr(ex, name, first[name])
print(ex.layer, ex.head, ex.text)
"""


class Lesson(NotebookPage):
    """The lesson, run, with its explorer drawn."""

    def begin(self, name: str) -> None:
        self.open(name)
        self.run_all()
        self.explorer = ExplorerPage(self.explorers().first)
        self.explorer.wait_until_drawn(60_000)
        self.run(REMEMBER)
        self.first_cells = len(self.cells())
        self.usable = True

    def undo(self) -> None:
        """Take back what a test did: state, cells that it added, where the pointer is."""
        self.usable = False  # in case this fails
        self.page.mouse.move(2, 2)
        layer, head, text = self.run(RESTORE).split(" ", 2)
        self.keep_cells(self.first_cells)
        expect(self.explorers()).to_have_count(1)
        expect(self.explorer.editor).to_have_value(text)
        expect(self.explorer.root).to_have_attribute("data-painted-text-length", str(len(text)))
        until(self.page, lambda: self.explorer.place() == (int(layer), int(head)))
        expect(self.explorer.matrix).to_have_attribute("data-exact", "true")
        self.page.log.clear()
        self.usable = True


class Lessons:
    """Gives the lesson as new: the one that is open, or another where a test failed or used it up."""

    def __init__(self, new: Callable[[], Lesson], files: Path) -> None:
        self.new, self.files = new, files
        self.numbers = count()
        self.kept: Lesson | None = None

    def as_new(self) -> Lesson:
        if self.kept is not None and not self.kept.usable:
            self.drop()
        if self.kept is None:
            self.kept = self._open()
        else:
            self.kept.undo()
        return self.kept

    def _open(self) -> Lesson:
        name = f"lesson_{next(self.numbers)}.ipynb"
        shutil.copy(FIRST_LESSON, self.files / name)
        opened = self.new()
        opened.begin(name)
        return opened

    def drop(self) -> None:
        if self.kept is not None:
            self.kept.shut_down()
            self.kept.page.context.close()
        self.kept = None
