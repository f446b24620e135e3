"""From a click on a chip in JupyterLab to the picture that answers it: words hidden one after the other, and had back."""

from statistics import median, quantiles
from typing import NamedTuple

from tests.benchmarks.edit_to_paint import TEXT, WATCH
from tests.benchmarks.in_lab import lab
from tests.benchmarks.report import machine
from tests.browser.explorer_page import ExplorerPage

CHIPS = 25


class Latency(NamedTuple):
    tokens: int
    on: list[float]
    off: list[float]


def latency() -> Latency:
    """Of each chip on its own: switched on, which is a new computation, and off again, which is one at hand."""
    edits = tuple(f"(hide {token})" for token in range(1, CHIPS + 1))
    with lab() as notebook:
        notebook.run(f"aw.explore(text={TEXT!r}, edits={edits!r})")
        page, explorer = notebook.page, ExplorerPage(notebook.explorers().first)
        explorer.wait_until_drawn(60_000)
        tokens = explorer.tokens()
        page.wait_for_timeout(2000)
        taken = [[press(page, explorer, place) for _ in range(2)] for place in range(CHIPS)]
        return Latency(tokens, [on for on, _ in taken], [off for _, off in taken])


def press(page, explorer: ExplorerPage, place: int) -> float:
    explorer.root.evaluate(WATCH.replace('"input"', '"click"'))
    explorer.root.get_by_role("switch").nth(place).click()
    milliseconds = page.evaluate("() => window.painted")
    page.wait_for_timeout(200)
    return milliseconds


def section() -> str:
    paint = latency()
    on, off = (
        f"median **{median(taken):.0f} ms**, 95th percentile {quantiles(taken, n=20)[-1]:.0f} ms"
        for taken in (paint.on, paint.off)
    )
    return f"""JupyterLab with a real kernel in headless Chromium, the bundled teaching model, {paint.tokens} tokens, a trace at hand: from the click on a
chip to the first animation frame after the new map was drawn. {CHIPS} chips, each hides another word.
Switched on: {on}. Off again, back to what was computed before: {off}.

{machine("jupyterlab", "ipykernel", "anywidget")}
"""
