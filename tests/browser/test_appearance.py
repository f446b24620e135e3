"""How the explorer sits in JupyterLab's light and dark themes. `make images` keeps what is seen here for the README."""

import io
import re

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.conftest import ROOT, VIEWPORT
from tests.browser.until import until

pytestmark = pytest.mark.timeout(180)

IMAGES = ROOT / "docs" / "images"

# The mean lightness, 0 to 255, of what an element's canvas shows over the element's own background.
LIGHTNESS = """
(canvas) => {
  let ground = canvas;
  while (getComputedStyle(ground).backgroundColor === "rgba(0, 0, 0, 0)") ground = ground.parentElement;
  const copy = document.createElement("canvas");
  copy.width = canvas.width;
  copy.height = canvas.height;
  const context = copy.getContext("2d");
  context.fillStyle = getComputedStyle(ground).backgroundColor;
  context.fillRect(0, 0, copy.width, copy.height);
  context.drawImage(canvas, 0, 0);
  const { data } = context.getImageData(0, 0, copy.width, copy.height);
  let sum = 0;
  for (let i = 0; i < data.length; i += 4) sum += (data[i] + data[i + 1] + data[i + 2]) / 3;
  return (4 * sum) / data.length;
}
"""


# Once a canvas looks the same in several frames after each other.
AT_REST = """async (canvas) => {
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  const began = performance.now();
  for (let same = 0, last = ""; same < 12; ) {
    await frame();
    const now = canvas.toDataURL();
    same = now === last ? same + 1 : 0;
    last = now;
    if (performance.now() - began > 15000) throw new Error("it does not come to rest");
  }
}"""


def test_light_and_dark(lesson, request):
    lab, explorer = lesson, lesson.explorer
    lab.page.set_viewport_size({"width": 1320, "height": 1700})
    lab.command("application:toggle-left-area")
    images = request.config.getoption("--update-images")
    lab.run("from attnwidget.tiny.causal import CAUSAL; ex.layer, ex.head = CAUSAL.first_head; ex.query = -1")
    for theme, right in (("light", lambda found: found > 180), ("dark", lambda found: found < 75)):
        lab.theme(f"JupyterLab {theme.title()}")
        explorer.root.scroll_into_view_if_needed()
        lab.page.mouse.move(5, 5)
        for last in (".aw-alike button", ".aw-chip-verify") if images else ():  # they come when the page is idle
            expect(explorer.root.locator(last).first).to_be_visible()
        canvas = explorer.matrix.locator("canvas")
        until(lab.page, lambda canvas=canvas, right=right: right(canvas.evaluate(LIGHTNESS)), f"it is not {theme}")
        if images:
            canvas.evaluate(AT_REST)
            IMAGES.mkdir(parents=True, exist_ok=True)
            explorer.root.locator(".aw-frame").screenshot(path=IMAGES / f"explorer-{theme}.png")
    lab.theme("JupyterLab Light")
    lab.command("application:toggle-left-area")
    lab.page.set_viewport_size(VIEWPORT)


EXAMPLE = "The capital of France is Paris. The river of Veldt is Miro. What is the capital of France? The capital of France is"
VIEWS = ("lines", "flow", "neuron", "model", "compare")
INK = """(canvas) => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return new Set(new Uint32Array(data.buffer)).size;
}"""


@pytest.mark.long  # each view has tests of its own
def test_every_view_has_a_picture_of_its_own(bare, request):
    heads = ["L1H1", "L2H0", "L1H0"]
    explorer = bare.explore(text=EXAMPLE, heads=heads, against=EXAMPLE.replace("Paris", "Oslo"))
    shown = bare.show(explorer, width="1000px")
    shown.wait_until_drawn()
    bare.settle(explorer)  # ipywidgets may lose what is set here while it hears from the page on the bridge's thread
    for view in VIEWS:
        explorer.heads = heads if view == "lines" else heads[-1:]
        explorer.view = view
        stage = shown.root.locator(f".aw-stage[data-view={view}]")
        canvas = stage.locator("canvas").last
        expect(canvas).to_be_visible(timeout=30_000)
        expect(stage.locator("[aria-busy=true]")).to_have_count(0)
        until(bare.page, lambda canvas=canvas: canvas.evaluate(INK) > 20, view)
        if request.config.getoption("--update-images"):
            canvas.evaluate(AT_REST)
            stage.screenshot(path=IMAGES / f"view-{view}.png")


@pytest.mark.long  # which other tests see too
def test_the_colours_follow_the_typing(bare, request):
    images = request.config.getoption("--update-images")
    bare.page.set_viewport_size({"width": 1180, "height": 1000})
    explorer = bare.explore(text="")
    shown = bare.show(explorer, width="1120px")
    root = bare.page.locator(".attnwidget")
    written = re.findall(r" ?\S+", EXAMPLE)
    steps = written if images else ["".join(written[:14]), "".join(written[14:20]), "".join(written[20:])]
    pictures, heats = [], []
    for typed in steps:
        shown.type(typed)
        expect(root).to_have_attribute("data-painted-text-length", str(len(shown.editor.input_value())))
        shown.page.mouse.move(5, 5)
        heats.append(shown.heat())
        if images:
            bare.settle(explorer)
            shown.matrix.locator("canvas").evaluate(AT_REST)
            pictures.append(root.locator(".aw-frame").screenshot(caret="initial"))
    assert len({str(heat) for heat in heats}) == len(steps)
    if images:
        moving_picture(pictures[6:], IMAGES / "typing.webp")


def moving_picture(pictures, path):
    """One frame for each word, in the size of the last, which stays."""
    frames = [Image.open(io.BytesIO(picture)).convert("RGB") for picture in pictures]
    width, height = frames[-1].size
    sheets = [Image.new("RGB", (width, height), "white") for _ in frames]
    for sheet, frame in zip(sheets, frames, strict=True):
        sheet.paste(frame)
    times = [350] * (len(sheets) - 1) + [3500]
    sheets[0].save(path, save_all=True, append_images=sheets[1:], duration=times, loop=0, quality=82, method=6)
