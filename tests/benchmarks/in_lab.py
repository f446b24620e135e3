"""JupyterLab with a real kernel, in headless Chromium, and explorers to look at in it."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import sync_playwright

from scripts import find_chromium
from tests.browser.conftest import CHROMIUM_ARGUMENTS
from tests.browser.jupyter_server import JupyterServer
from tests.browser.notebook_page import NotebookPage

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def lab() -> Iterator[NotebookPage]:
    """A notebook whose kernel knows `aw` and this module. Its first cell stays, others may go."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = JupyterServer(Path(folder))
        browser = playwright.chromium.launch(executable_path=find_chromium.find(), args=CHROMIUM_ARGUMENTS)
        try:
            server.wait_until_it_answers()
            kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
            cells = [new_code_cell(f"import sys; sys.path.insert(0, {str(ROOT)!r})")]
            nbformat.write(new_notebook(cells=cells, metadata=kernel), server.files / "bench.ipynb")
            opened = NotebookPage(browser.new_page(viewport={"width": 1280, "height": 1000}), server.url)
            opened.open("bench.ipynb")
            opened.run_all()
            opened.run("import attnwidget as aw\nfrom tests.benchmarks import in_lab")
            opened.keep_cells(1)
            yield opened
            opened.shut_down()
        finally:
            browser.close()
            server.end()


def minilm(count: int) -> Any:
    """An explorer of all-MiniLM-L6-v2, as a package carries it, over so many tokens."""
    from transformers import AutoModel, AutoTokenizer

    import attnwidget as aw
    from tests.benchmarks.geometry import minilm_folder

    folder = minilm_folder()
    words = "the river bank was quiet so she walked to the other bank for money".split()
    text = " ".join((words * count)[: count - 2])
    return aw.explore(AutoModel.from_pretrained(folder), text, tokenizer=AutoTokenizer.from_pretrained(folder))


def gpt2(count: int) -> Any:
    """An explorer of 12 x 12 heads over so many tokens."""
    import attnwidget as aw
    from tests.benchmarks.browser_ours import model, text_of

    return aw.explore(model(), text_of(count))
