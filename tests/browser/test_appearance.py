"""How the explorer sits in JupyterLab's light and dark themes. `make images` keeps what is seen here for the README."""

import pytest

from tests.browser.conftest import ROOT
from tests.browser.explorer_page import ExplorerPage

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


def test_light_and_dark(notebook, request):
    lab = notebook()
    lab.page.set_viewport_size({"width": 1320, "height": 1700})
    lab.command("application:toggle-left-area")
    lab.run_all()
    explorer = ExplorerPage(lab.explorers().first)
    explorer.wait_until_drawn(60_000)
    lab.run("from attnwidget.tiny import FIRST_HEAD; ex.layer, ex.head = FIRST_HEAD; ex.query = -1")
    lightness = {}
    for theme in ("light", "dark"):
        lab.theme(f"JupyterLab {theme.title()}")
        explorer.root.scroll_into_view_if_needed()
        lab.page.mouse.move(5, 5)
        lab.page.wait_for_timeout(1500)  # the check against eager attention comes when the page is idle
        lightness[theme] = explorer.matrix.locator("canvas").evaluate(LIGHTNESS)
        if request.config.getoption("--update-images"):
            IMAGES.mkdir(parents=True, exist_ok=True)
            explorer.root.screenshot(path=IMAGES / f"explorer-{theme}.png")
    assert lightness["light"] > 180
    assert lightness["dark"] < 75
