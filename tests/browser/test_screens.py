"""What the page lies on and is shown on: tinted themes, and screens of any scale."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import VIEWPORT
from tests.browser.until import until

pytestmark = pytest.mark.timeout(300)

TEXT = "The cat sat on the mat because it was tired."
VIEWS = ("matrix", "lines", "layers", "flow", "neuron", "model", "compare")

# Canvases that do not have exactly the pixels that the screen gives them.
BLURRED = """
() => Promise.all([...document.querySelectorAll(".attnwidget canvas")].map((canvas) => new Promise((resolve) => {
  const observer = new ResizeObserver(([{ devicePixelContentBoxSize: [box] }]) => {
    observer.disconnect();
    const shown = box.inlineSize > 0 && box.blockSize > 0;
    const same = !shown || (canvas.width === box.inlineSize && canvas.height === box.blockSize);
    resolve(same ? null : [canvas.width, canvas.height, box.inlineSize, box.blockSize]);
  });
  observer.observe(canvas, { box: "device-pixel-content-box" });
}))).then((all) => all.filter((one) => one !== null))
"""

# How often each colour is in the canvases of the stage, over what they lie on.
COLOURS = """
() => {
  const counts = {};
  for (const canvas of document.querySelectorAll(".aw-stage canvas, .aw-grid canvas")) {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    for (let at = 0; at < data.length; at += 4) {
      if (data[at + 3] !== 255) continue;
      const name = [...data.subarray(at, at + 3)].join(" ");
      counts[name] = (counts[name] ?? 0) + 1;
    }
  }
  return counts;
}
"""


def shown_in(explorer, shown, view):
    explorer.view = view
    expect(shown.root.locator(f".aw-stage[data-view={view}] canvas").last).to_be_visible(timeout=30_000)
    expect(shown.root.locator(".aw-stage [aria-busy=true]")).to_have_count(0)


@pytest.mark.own_page
def test_every_canvas_has_the_pixels_of_the_screen_that_it_is_moved_to(bare):
    explorer = bare.explore(text=TEXT, against="The dog sat on the mat.")
    shown = bare.show(explorer, width="731.3px")
    shown.wait_until_drawn()
    devtools = bare.page.context.new_cdp_session(bare.page)
    for scale in (2, 1.25, 1.5, 1.1):
        change = {**VIEWPORT, "deviceScaleFactor": scale, "mobile": False}
        devtools.send("Emulation.setDeviceMetricsOverride", change)
        until(bare.page, lambda: bare.page.evaluate(BLURRED) == [])
    for view in VIEWS:
        shown_in(explorer, shown, view)
        until(bare.page, lambda: bare.page.evaluate(BLURRED) == [])
    explorer.size = "projector"
    expect(shown.root.locator(".aw-frame")).to_have_attribute("data-size", "projector")
    until(bare.page, lambda: bare.page.evaluate(BLURRED) == [])


# The ground of a theme, whether it is light, and the fine lines on it: 13 % of the text's colour, the rest of the ground's.
TINTED = {"sepia": ("#f4ecd8", "true", "216 210 193"), "dark blue": ("#0b1e3b", "false", "39 56 82")}
DRESS = """([ground, light]) => {
  document.body.dataset.jpThemeLight = light;
  document.body.style.setProperty("--jp-layout-color0", ground);
}"""


@pytest.mark.parametrize("theme", [pytest.param("sepia", marks=pytest.mark.long), "dark blue"])
def test_the_canvases_lie_on_the_ground_of_a_tinted_theme_and_follow_it(bare, theme):
    ground, light, hairline = TINTED[theme]
    explorer = bare.explore(text=TEXT, against="The dog sat on the mat.")
    shown = bare.show(explorer, width="1000px")
    shown.wait_until_drawn()
    assert hairline not in bare.page.evaluate(COLOURS)
    bare.page.evaluate(DRESS, [ground, light])
    for view in VIEWS:
        shown_in(explorer, shown, view)
        until(bare.page, lambda: bare.page.evaluate(COLOURS).get(hairline, 0) > 500)


@pytest.mark.parametrize("motion", ["reduce", pytest.param("no-preference", marks=pytest.mark.long)])
def test_a_ground_that_the_class_of_any_ancestor_brings_is_seen_however_little_may_move(bare, motion):
    ground, _, hairline = TINTED["sepia"]
    bare.page.emulate_media(reduced_motion=motion)
    # As pages write it that want nothing to move.
    still = "@media (prefers-reduced-motion: reduce) { * { transition: none !important; } }"
    bare.page.add_style_tag(content=f".sepia {{ --jp-layout-color0: {ground}; }} {still}")
    explorer = bare.explore(text=TEXT)
    shown = bare.show(explorer, width="1000px")
    for last in (".aw-alike button", ".aw-chip-verify"):  # which change its size, whereupon it looks around
        expect(shown.root.locator(last).first).to_be_visible()
    bare.settle(explorer)
    assert hairline not in bare.page.evaluate(COLOURS)
    bare.page.evaluate("() => document.querySelector('#views').classList.add('sepia')")
    until(bare.page, lambda: bare.page.evaluate(COLOURS).get(hairline, 0) > 500)


# As ipywidgets writes it.
ROW = ".widget-box { display: flex; overflow: auto; margin: 0; } .widget-hbox { flex-direction: row; }"


def test_explorers_share_a_row_that_scrolls_below_what_they_need_and_draw_once_it_is_seen(bare):
    bare.page.add_style_tag(content=ROW)
    bare.page.evaluate("() => { views.className = 'widget-box widget-hbox'; views.style.cssText = 'display: none' }")
    explorers = [bare.explore(text=TEXT), bare.explore(text="The dog sat on the mat.")]
    shown = [bare.show(explorer, width="") for explorer in explorers]
    for explorer in explorers:
        bare.settle(explorer)
    for row, share in (1208, 600), (800, 480), (0, 480):
        bare.page.evaluate("(width) => { views.style.cssText = `width: ${width}px` }", row)
        for one in shown:
            one.wait_until_drawn()
            until(bare.page, lambda: abs(one.root.bounding_box()["width"] - share) < 1)  # noqa: B023  within the turn
    until(bare.page, lambda: bare.page.evaluate("() => views.scrollWidth") > 960)

    bare.page.evaluate("() => { views.firstElementChild.style.width = '0px' }")
    until(bare.page, lambda: shown[0].root.locator(".attnwidget").bounding_box()["height"] < 60)
