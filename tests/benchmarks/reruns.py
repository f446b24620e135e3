"""A cell that shows an explorer, run thirty times: what the kernel and the page keep of it."""

import re
from typing import NamedTuple

from playwright.sync_api import expect

from tests.benchmarks.in_lab import lab
from tests.benchmarks.report import machine, mb, table
from tests.browser.memory import held
from tests.browser.notebook_page import NotebookPage

LOOKED_AT = (1, 10, 20, 30)
"""Runs. Until the second of these the allocator of torch and the caches of Lab fill; what grows later goes on growing."""

MODELS = {"tiny-causal": "aw.explore()", "all-MiniLM-L6-v2, loaded by every run": "in_lab.minilm(24)"}
RESIDENT = """
import re
print(re.search(r"VmRSS:\\s*(\\d+)", open("/proc/self/status").read())[1])
"""


class Kept(NamedTuple):
    """Megabytes."""

    kernel: float
    page: float


def kept(notebook: NotebookPage) -> Kept:
    kernel = int(re.search(r"\d+", notebook.run(RESIDENT))[0]) / 1024
    notebook.keep_cells(2)
    return Kept(kernel, held(notebook.page).bytes / 2**20)


def runs(notebook: NotebookPage, made: str) -> list[Kept]:
    """After the runs of the cell that are looked at."""
    found = []
    notebook.run(f"ex = {made}\nex")
    notebook.keep_cells(2)
    for run in range(1, LOOKED_AT[-1] + 1):
        if run > 1:
            notebook.run_again(1)
        expect(notebook.explorers()).to_have_count(1, timeout=60_000)
        if run in LOOKED_AT:
            found.append(kept(notebook))
    return found


def section() -> str:
    rows = []
    for name, made in MODELS.items():
        with lab() as notebook:
            found = runs(notebook, made)
        for what in Kept._fields:
            sizes = [getattr(each, what) for each in found]
            grown = (sizes[-1] - sizes[1]) / (LOOKED_AT[-1] - LOOKED_AT[1])
            rows.append([name, what, *map(mb, sizes), f"**{grown:+.2f} MB**"])
    columns = ["cell", "memory of the", *(f"{run} runs" if run > 1 else "1 run" for run in LOOKED_AT)]
    columns.append(f"each run after the {LOOKED_AT[1]}th")
    return f"""A cell of JupyterLab whose last line is an explorer, run {LOOKED_AT[-1]} times, each time looked at until it is drawn. Of the kernel all resident
memory, torch and what its allocator holds back included; of the page script, DOM and buffers after a collection, JupyterLab included.

{table(columns, rows)}
{machine("jupyterlab", "ipykernel", "anywidget")}
"""
