"""Typing on while the model reads: how many pictures somebody sees meanwhile, and how long the last key waits for its own."""

import time
from statistics import median
from typing import NamedTuple

from playwright.sync_api import Page

from tests.benchmarks.in_lab import lab
from tests.benchmarks.report import machine, ms, table
from tests.browser.explorer_page import ExplorerPage
from tests.browser.notebook_page import NotebookPage

TYPED = "and then quiet river"
EVERY = 0.2
"""Seconds from one key to the next: about sixty words a minute."""
ALONE = 5
"""Edits with nothing else going on, for the time that one takes."""

# When keys came, and when what was drawn after each frame of the kernel's stood on the screen, with the length of its text.
RECORD = """
(root) => {
  const seen = { keys: [], paints: [] };
  root.addEventListener("input", () => seen.keys.push(performance.now()), true);
  const painted = () => {
    const length = Number(root.dataset.paintedTextLength);
    requestAnimationFrame(() => setTimeout(() => seen.paints.push([performance.now(), length])));
  };
  new MutationObserver(painted).observe(root, { attributes: true, attributeFilter: ["data-frame-id"] });
  window.seen = seen;
}
"""
LENGTH = "(area) => area.value.length"
PAINTED = "(length) => window.seen.paints.some(([, painted]) => painted === length)"

MODELS = {
    "tiny-causal, 27 tokens": "aw.explore()",
    "all-MiniLM-L6-v2, 150 tokens": "in_lab.minilm(150)",
    "GPT-2 small's geometry, 256 tokens": "in_lab.gpt2(256)",
}
"""What a cell shows, from the shortest pass to the longest."""


class Typing(NamedTuple):
    model: str
    keys: int
    alone_ms: float
    frames: int
    seconds: float
    last_ms: float

    def row(self) -> list[str]:
        rate = f"{self.frames / self.seconds:.1f}"
        return [self.model, ms(self.alone_ms), f"**{rate}**", f"{self.frames} of {self.keys}", ms(self.last_ms)]


def typing(notebook: NotebookPage, name: str, made: str) -> Typing:
    page = notebook.page
    notebook.run(made)
    explorer = ExplorerPage(notebook.explorers().first)
    explorer.wait_until_drawn(60_000)
    # At the beginning: a causal model then reads everything again.
    explorer.editor.click()
    explorer.editor.press("ControlOrMeta+Home")
    page.wait_for_timeout(2000)
    alone = median(one(page, explorer) for _ in range(ALONE))
    explorer.root.evaluate(RECORD)
    began = time.perf_counter()
    for number, letter in enumerate(TYPED):
        page.wait_for_timeout(max(0.0, 1000 * (began + EVERY * number - time.perf_counter())))
        page.keyboard.press(letter)
    wait_until_painted(page, explorer)
    seen = page.evaluate("() => window.seen")
    notebook.keep_cells(1)
    first, last = seen["keys"][0], seen["keys"][-1]
    frames = sum(first < at <= last for at, _ in seen["paints"])
    length = max(length for _, length in seen["paints"])
    end = next(at for at, painted in seen["paints"] if painted == length)
    return Typing(name, len(seen["keys"]), alone, frames, (last - first) / 1000, end - last)


def one(page: Page, explorer: ExplorerPage) -> float:
    """Milliseconds from one key to its picture, nothing else going on."""
    explorer.root.evaluate(RECORD)
    page.keyboard.press("x")
    wait_until_painted(page, explorer)
    seen = page.evaluate("() => window.seen")
    page.wait_for_timeout(300)
    return seen["paints"][-1][0] - seen["keys"][0]


def wait_until_painted(page: Page, explorer: ExplorerPage) -> None:
    page.wait_for_function(PAINTED, arg=explorer.editor.evaluate(LENGTH), timeout=60_000)


def section() -> str:
    with lab() as notebook:
        rows = [typing(notebook, name, made).row() for name, made in MODELS.items()]
    columns = "model; one edit alone; frames per second; pictures before the last key; last key to its picture"
    return f"""JupyterLab with a real kernel in headless Chromium: {len(TYPED)} keys at the beginning of the text, one every {1000 * EVERY:.0f} ms, so that a causal
model reads everything again each time. Frames are those that were painted between the first key and the last. A pass that began is
finished unless more than a second of it is left (and more than there has been nothing new to see), so there is a frame for every pass;
the last key waits for that one and its own.

{table(columns.split("; "), rows)}
{machine("jupyterlab", "ipykernel", "anywidget")}
"""
