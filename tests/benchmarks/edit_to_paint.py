"""From a keystroke in JupyterLab to the picture that answers it: 50 edits, one after the other, in a real browser."""

from statistics import median, quantiles
from typing import NamedTuple

from tests.benchmarks.in_lab import lab
from tests.benchmarks.report import machine
from tests.browser.explorer_page import ExplorerPage

EDITS = 50
TEXT = "The capital of France is Paris. The river of Veldt is Miro. What is the capital of France? The capital of France is"

# Resolves with the milliseconds from the next input event to the first frame on screen that was drawn for it.
WATCH = """
(root) => {
  window.painted = new Promise((resolve) => {
    root.addEventListener("input", () => {
      const started = performance.now();
      const observer = new MutationObserver(() => {
        observer.disconnect();
        requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - started)));
      });
      observer.observe(root, { attributes: true, attributeFilter: ["data-frame-id"] });
    }, { once: true, capture: true });
  });
}
"""


class Latency(NamedTuple):
    edits: int
    tokens: int
    median_ms: float
    p95_ms: float


def latency() -> Latency:
    with lab() as notebook:
        notebook.run(f"aw.explore(text={TEXT!r})")
        page, explorer = notebook.page, ExplorerPage(notebook.explorers().first)
        explorer.wait_until_drawn(60_000)
        explorer.caret_to_end()
        tokens = explorer.tokens()
        page.wait_for_timeout(2000)
        taken = [edit(page, explorer, letter) for letter in "x\b" * (EDITS // 2)]
        return Latency(EDITS, tokens, median(taken), quantiles(taken, n=20)[-1])


def edit(page, explorer: ExplorerPage, letter: str) -> float:
    explorer.root.evaluate(WATCH)
    page.keyboard.press("Backspace" if letter == "\b" else letter)
    milliseconds = page.evaluate("() => window.painted")
    page.wait_for_timeout(200)
    return milliseconds


def section() -> str:
    paint = latency()
    return f"""JupyterLab with a real kernel in headless Chromium, the bundled teaching model, {paint.tokens} tokens: from the input event to the first
animation frame after the new map was drawn. Median **{paint.median_ms:.0f} ms**, 95th percentile {paint.p95_ms:.0f} ms, {paint.edits} edits.

{machine("jupyterlab", "ipykernel", "anywidget")}
"""
