"""What a picture costs: a hover over its patches, and another picture until it is painted."""

import random
from io import BytesIO
from statistics import median, quantiles
from typing import Any

import attnwidget as aw
from attnwidget.tiny.vision.drawing import drawn_picture
from attnwidget.tiny.vision.evaluate import held_out_scenes
from attnwidget.tiny.vision.scenes import Scene
from tests.benchmarks.browser_page import PATIENCE, chromium
from tests.benchmarks.edit_to_paint import WATCH
from tests.benchmarks.hover import BUDGET, CATEGORIES, WAIT, Move, moves, ninth
from tests.benchmarks.in_lab import lab
from tests.benchmarks.report import machine, ms
from tests.browser.bridge import Bridge
from tests.browser.conftest import VIEWPORT, BarePage
from tests.browser.explorer_page import ExplorerPage

PATCHES = 14
MOVES, ROUNDS = 24, 3
PICTURES = 25
PAINTED = 150
"""Milliseconds at most from another picture to its map, half of them."""

PAGE = 1.5
"""Megabytes at most of a saved page with one picture."""


def hovers() -> list[Move]:
    """Moves from patch to patch over the picture of tiny-vision."""
    bridge, found = Bridge(), []
    with chromium() as browser:
        page = browser.new_page(viewport=VIEWPORT, device_scale_factor=1)
        page.set_default_timeout(PATIENCE * 1000)
        bare = BarePage(page, bridge)
        explorer = bare.explore("tiny-vision")
        for _ in range(ROUNDS):
            page.goto("about:blank")
            bare.load()
            shown = bare.show(explorer)
            shown.wait_until_drawn()
            page.wait_for_timeout(2500)
            found += over_patches(page, shown)
        page.goto("about:blank")
        page.context.close()
        explorer.close()
    bridge.close()
    return found


def over_patches(page: Any, shown: ExplorerPage) -> list[Move]:
    box = shown.root.locator(".aw-picture").bounding_box()
    draw = random.Random(0)  # noqa: S311  places, not secrets
    where = [(draw.randrange(PATCHES), draw.randrange(PATCHES)) for _ in range(MOVES)]
    page.mouse.move(box["x"] + 5, box["y"] + 5)
    page.wait_for_timeout(500)
    page.context.browser.start_tracing(page=page, categories=CATEGORIES)
    for row, column in where:
        page.mouse.move(
            box["x"] + (column + 0.5) * box["width"] / PATCHES, box["y"] + (row + 0.5) * box["height"] / PATCHES
        )
        page.wait_for_timeout(WAIT)
    return moves(page.context.browser.stop_tracing())


def exchanges() -> list[float]:
    """Milliseconds from the choice of a file to the first frame of the screen after its map was drawn, in JupyterLab."""
    with lab() as notebook:
        notebook.run("aw.explore('tiny-vision')")
        page, explorer = notebook.page, ExplorerPage(notebook.explorers().first)
        explorer.wait_until_drawn(60_000)
        page.wait_for_timeout(2000)
        return [exchange(page, explorer, file_of(scene)) for scene in held_out_scenes("many", PICTURES, seed=0)]


def exchange(page: Any, explorer: ExplorerPage, file: bytes) -> float:
    explorer.root.evaluate(WATCH)
    chooser = explorer.root.get_by_label("Another picture")
    chooser.set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": file})
    milliseconds = float(page.evaluate("() => window.painted"))
    page.wait_for_timeout(200)
    return milliseconds


def file_of(scene: Scene) -> bytes:
    into = BytesIO()
    drawn_picture(scene).save(into, "PNG")
    return into.getvalue()


def section() -> str:
    over, taken = hovers(), exchanges()
    totals, numbers = [move.total for move in over], [move.numbers for move in over]
    size = len(aw.explore("tiny-vision")._page(None, None)) / 1e6
    return f"""tiny-vision, {PATCHES} x {PATCHES} patches, 3 layers x 4 heads. A hover over the picture, as in "What a hover costs": median **{ms(median(totals))}**, 90th
percentile {ms(ninth(totals))}, and {ms(median(numbers))} in the frame after it ({len(over)} moves; at most {BUDGET} ms). From the choice of another file in
JupyterLab to the first animation frame after its map was drawn: median **{median(taken):.0f} ms**, 95th percentile {quantiles(taken, n=20)[-1]:.0f} ms ({PICTURES}
pictures; at most {PAINTED} ms). A saved page with one picture: **{size:.2f} MB** (at most {PAGE} MB).

{machine("playwright", "jupyterlab", "ipykernel", "anywidget")}
"""
