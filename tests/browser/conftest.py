"""Chromium, a bare page and a JupyterLab, each started once; what a failed test looked like is kept in test-results/."""

import re
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

from attnwidget.engine.load_model import shared
from scripts import find_chromium
from tests.browser.bridge import Bridge, bridged_widgets
from tests.browser.explorer_page import ExplorerPage
from tests.browser.jupyter_server import JupyterServer
from tests.browser.lesson import FIRST_LESSON, Lesson, Lessons
from tests.browser.notebook_page import NotebookPage
from tests.browser.page_log import PageLog
from tests.browser.until import SECONDS, until

ROOT = Path(__file__).resolve().parents[2]
VIEWPORT = {"width": 1280, "height": 1000}
MEDIA = {"color_scheme": "light", "reduced_motion": "no-preference"}
RESULTS = ROOT / "test-results"
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_collection_modifyitems(items):
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker("browser")
            if "jupyter" in item.fixturenames:
                item.add_marker("jupyterlab")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    page = item.funcargs.get("page") or getattr(item.funcargs.get("lesson"), "page", None)
    if report.failed and report.when != "teardown" and page is not None:
        page.failed = True
        keep_evidence(item, page)
    return report


def keep_evidence(item, page):
    folder = RESULTS / re.sub(r"[^\w.-]+", "_", item.name)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "console.txt").write_text("\n".join(page.log.lines), encoding="utf-8")
    page.screenshot(path=folder / "page.png")
    if "jupyter" in item.funcargs:
        shutil.copy(item.funcargs["jupyter"].log, folder)


@pytest.fixture(scope="session", autouse=True)
def _patient_expectations():
    expect.set_options(timeout=SECONDS * 1000)


@pytest.fixture(scope="session")
def chromium_path():
    path = find_chromium.find()
    if path is None:
        pytest.fail(find_chromium.ADVICE)
    return path


@pytest.fixture(scope="session")
def browser(chromium_path):
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium_path, args=CHROMIUM_ARGUMENTS)
        yield started
        started.close()


@pytest.fixture(scope="session")
def pages(browser):
    kept = Pages(lambda: new_page(browser))
    yield kept
    kept.drop()


@pytest.fixture
def page(pages, request):
    """An empty page as new. Any request that leaves loopback fails the test, as does an uncaught error."""
    own = request.node.get_closest_marker("own_page") or "jupyter" in request.fixturenames
    opened = pages.new() if own else pages.as_new()
    yield opened
    if opened.failed and not own:
        pages.drop()
    elif not own:
        pages.undo()
    else:
        opened.context.close()
        if not opened.failed:
            opened.log.check()


class Pages:
    """Gives a page as new: the one that is kept, or another where a test failed."""

    def __init__(self, new):
        self.new = new
        self.kept = None

    def as_new(self):
        if self.kept is None:
            self.kept = self.new()
        self.kept.log.clear()
        self.kept.as_it_came = False
        return self.kept

    def undo(self):
        """Take back what a test can do to a page that outlives its document; what else it does is for a page of its own."""
        page, self.kept = self.kept, None  # in case this fails
        if not page.as_it_came:
            page.goto("about:blank")
        page.mouse.move(0, 0)
        page.set_viewport_size(VIEWPORT)
        page.emulate_media(**MEDIA)
        page.context.set_offline(False)
        page.context.clear_permissions()
        page.log.check()
        self.kept = page

    def drop(self):
        if self.kept is not None:
            self.kept.context.close()
        self.kept = None


def new_page(browser):
    context = browser.new_context(viewport=VIEWPORT, device_scale_factor=1)
    context.set_default_timeout(SECONDS * 1000)
    opened = context.new_page()
    opened.log = PageLog(opened)
    opened.failed = False
    opened.as_it_came = False  # once the bare page in it has been cleared
    return opened


# ------------------------------------------------------------------------------------------------- without Jupyter


@pytest.fixture(scope="session")
def bridge():
    _teaching_model = shared()  # kept, or every explorer reads it from its file again
    started = Bridge()
    yield started
    started.close()


class BarePage:
    """The page without Jupyter, and the explorers of this process that it shows."""

    def __init__(self, page, bridge):
        self.page = page
        self.bridge = bridge
        self.made = []

    def load(self):
        """The page is loaded once, with the program on it, and used for as long as nothing else stays behind."""
        if self.page.url != self.bridge.url:
            self.page.goto(self.bridge.url)
            self.page.wait_for_function("() => window.bare !== undefined")

    def leave(self):
        self.page.as_it_came = not self.page.failed and self.page.evaluate("() => bare.clear()")
        if not self.page.as_it_came:
            self.page.goto("about:blank")

    def explore(self, *arguments, **options):
        """aw.explore, joined to the page; show() puts it there."""
        import attnwidget

        return self._joined(attnwidget.explore, arguments, options)

    def view(self, *arguments, width="100%", **options):
        """aw.view and its one view on the page, `shown`, drawn."""
        import attnwidget

        return self._drawn(self._joined(attnwidget.view, arguments, options), width)

    def _joined(self, make, arguments, options):
        with bridged_widgets():
            explorer = make(*arguments, **options)
        self.made.append(explorer)
        self.bridge.widgets[explorer.model_id] = explorer
        return explorer

    def _drawn(self, explorer, width):
        explorer.shown = self.show(explorer, width)
        explorer.shown.wait_until_drawn()
        return explorer

    def show(self, explorer, width="100%"):
        """A new view of the explorer."""
        view = self.page.evaluate("([name, width]) => bare.show(name, width)", [explorer.model_id, width])
        return ExplorerPage(self.page.locator(f"#{view}"))

    def open(self, *arguments, width="100%", **options):
        """An explorer and its one view, `shown`, drawn; whatever head they open at, both are there."""
        explorer = self._drawn(self.explore(*arguments, **options), width)
        until(self.page, lambda: explorer.shown.place() == (explorer.layer, explorer.head))
        return explorer

    def hide(self, shown):
        self.page.evaluate("(id) => bare.hide(id)", shown.root.get_attribute("id"))

    def send(self, explorer, content):
        """Send a message of the page's making to Python."""
        self.page.evaluate(
            "async ([name, content]) => (await bare.model(name)).send(content)", [explorer.model_id, content]
        )

    def settle(self, explorer):
        """Wait until the page and Python have heard all that they had to say to each other; timers of the page may still run."""
        self.page.evaluate("(name) => bare.settle(name)", explorer.model_id)

    def keys_that_escaped(self):
        return self.page.evaluate("() => bare.escapedKeys")


@pytest.fixture
def bare(page, bridge):
    bridge.reset()
    host = BarePage(page, bridge)
    host.load()
    yield host
    host.leave()  # the sockets close before the explorers do
    for explorer in host.made:
        explorer.close()
    assert bridge.errors == []


# --------------------------------------------------------------------------------------------------- with Jupyter


@pytest.fixture(scope="session")
def jupyter(tmp_path_factory):
    server = JupyterServer(tmp_path_factory.mktemp("jupyter"))
    try:
        server.wait_until_it_answers()
        yield server
    finally:
        server.end()


@pytest.fixture
def notebook(page, jupyter, request):
    """Opens a notebook in JupyterLab: the first lesson, or whatever path is asked for, as a copy."""
    opened = []

    def open_copy(source=FIRST_LESSON):
        name = f"{re.sub(r'[^a-z0-9]+', '_', request.node.name.lower())}_{len(opened)}.ipynb"
        shutil.copy(source, jupyter.files / name)
        lab = NotebookPage(page, jupyter.url)
        lab.open(name)
        opened.append(lab)
        return lab

    yield open_copy
    for lab in opened:
        lab.shut_down()


@pytest.fixture(scope="session")
def lessons(browser, jupyter):
    kept = Lessons(lambda: Lesson(new_page(browser), jupyter.url), jupyter.files)
    yield kept
    kept.drop()


@pytest.fixture
def lesson(lessons):
    """The first lesson in JupyterLab, run, as it is when its explorer has just been drawn. What a test does to it is undone."""
    lab = lessons.as_new()
    yield lab
    if lab.page.failed:
        lessons.drop()
    else:
        lab.page.log.check()
