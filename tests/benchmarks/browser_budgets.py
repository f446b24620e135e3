"""What is promised of the page, beside what it is."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any, NamedTuple

import nbformat
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

import attnwidget as aw
from attnwidget.frames.codec import encode_frame
from attnwidget.frames.compose import compose_frame
from attnwidget.frames.frame import Selection
from tests.benchmarks import browser_ours as ours
from tests.benchmarks.browser_page import chromium, new_page

IMPORT = """
import sys, time
started = time.perf_counter()
import attnwidget
print(time.perf_counter() - started, "torch" in sys.modules)
"""
MEGA = 1e6


class Promise(NamedTuple):
    what: str
    most: float
    found: float | None
    unit: str

    def row(self) -> list[str]:
        digits = 2 if self.most < 10 else 0
        kept = "–" if self.found is None else "yes" if self.found <= self.most else "**no**"
        found = "–" if self.found is None else f"{self.found:,.{digits}f} {self.unit}"
        return [
            self.what,
            f"{self.most:,.{2 if self.most < 1 else 1 if self.most < 10 else 0}f} {self.unit}",
            found,
            kept,
        ]


def promises(loaded: "aw.AttentionModel") -> list[Promise]:
    large = ours.looks(loaded, ours.text_of(512), edit=False)
    small = loaded.trace(ours.text_of(128))
    pages = [saved_page(loaded, size) for size in (128, 512)]
    saved = notebook()
    return [
        Promise(
            "first payload, 12 x 12 heads, 512 tokens", 1.5, len(first(loaded.trace(ours.text_of(512)))) / MEGA, "MB"
        ),
        Promise(
            "overview paint, 512 tokens: a whole view made and painted from a frame at hand",
            150,
            large["second view"],
            "ms",
        ),
        Promise("kernel's share of an edit beyond the forward pass, 128 tokens", 15, kernel_share(small), "ms"),
        Promise("saved page, 128 tokens", 3, pages[0][0], "MB"),
        Promise("saved page, 128 tokens, opened and usable", 1000, pages[0][1], "ms"),
        Promise("saved page, 512 tokens", 8, pages[1][0], "MB"),
        Promise("saved notebook with one explorer", 5, len(nbformat.writes(saved).encode()) / MEGA, "MB"),
        Promise("stored in it beyond the still", 10, len(json.dumps(saved.metadata["widgets"])) / 1e3, "KB"),
        Promise("bare import, without torch", 0.25, bare_import(), "s"),
    ]


def first(trace: Any) -> bytes:
    return encode_frame(compose_frame(trace, Selection(query=(127, 128)), str))


def kernel_share(trace: Any) -> float:
    """What answers an edit first: the frame without thumbnails of heads nobody looks at."""
    times = []
    for turn in range(9):
        started = perf_counter()
        encode_frame(compose_frame(trace, Selection(layer=turn, query=(127, 128)), str, overview=False))
        times.append(1000 * (perf_counter() - started))
    return median(times)


def saved_page(loaded: "aw.AttentionModel", size: int) -> tuple[float, float | None]:
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        explorer = aw.explore(loaded, ours.text_of(size))
        path = Path(explorer.save(Path(folder) / "page.html"))
        explorer.close()
        page = new_page(browser)
        page.goto(path.as_uri(), wait_until="commit")
        shown = page.evaluate(ours.SHOWN, None)
        return path.stat().st_size / MEGA, shown


def notebook() -> nbformat.NotebookNode:
    made = new_notebook(cells=[new_code_cell("import attnwidget as aw; aw.explore()")])
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    NotebookClient(made, timeout=120, kernel_name="python3", store_widget_state=True).execute()
    assert made.metadata["widgets"]
    return made


def bare_import() -> float:
    times = []
    for _ in range(5):
        said = subprocess.run([sys.executable, "-c", IMPORT], capture_output=True, text=True, check=True).stdout.split()
        assert said[1] == "False"
        times.append(float(said[0]))
    return median(times)
