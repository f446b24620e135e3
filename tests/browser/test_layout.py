"""Where the parts of an explorer stand: in sight together, and none over another, at any width of it."""

import numpy as np
import pytest
from playwright.sync_api import expect

import attnwidget as aw
from tests.browser.bridge import bridged_widgets
from tests.browser.explorer_page import ExplorerPage

pytestmark = pytest.mark.timeout(300)

LONG = "The capital of France is Paris. The river of Veldt is Miro. What is the capital of France? " * 6

# Boxes of elements that are shown, in pixels of the window: left, top, right, bottom.
BOXES = """
(root, selectors) => selectors.flatMap((selector) => [...root.querySelectorAll(selector)].map((element) => {
  const { left, top, right, bottom } = element.getBoundingClientRect();
  return { name: element.className, box: [left, top, right, bottom] };
})).filter(({ box: [left, top, right, bottom] }) => right > left && bottom > top)
"""

IN_HEADER = [".aw-brand", ".aw-model", ".aw-marks", ".aw-chips"]
# What is at a line's end as a whole, or in the next line, which is not shown.
IN_LINES = {".aw-model": ".aw-model > span", ".aw-marks": ".aw-chip"}
PARTS = [".aw-header", ".aw-editor", ".aw-toolbar", ".aw-heads", ".aw-stage", ".aw-side", ".aw-below", ".aw-caution"]
LISTS = [".aw-ranking"]


def boxes(shown, selectors):
    return shown.root.evaluate(BOXES, selectors)


def overlaps(found):
    def over(one, other):
        (left, top, right, bottom), (left2, top2, right2, bottom2) = one["box"], other["box"]
        return min(right, right2) - max(left, left2) > 0.5 and min(bottom, bottom2) - max(top, top2) > 0.5

    return [(a["name"], b["name"]) for place, a in enumerate(found) for b in found[:place] if over(a, b)]


def outside(found, box):
    left, top, right, bottom = box
    return [
        one["name"]
        for one in found
        if one["box"][0] < left - 0.5
        or one["box"][1] < top - 0.5
        or one["box"][2] > right + 0.5
        or one["box"][3] > bottom + 0.5
    ]


def cut(shown):
    """What a line of the header shows in part only."""
    found = []
    for line, parts in IN_LINES.items():
        for left, top, right, bottom in (one["box"] for one in boxes(shown, [line])):
            begun = [one for one in boxes(shown, [parts]) if one["box"][1] < bottom - 1]
            found += outside(begun, (left, top - 1, right, bottom + 1))
    return found


def lay(bare, shown, width, height):
    bare.page.set_viewport_size({"width": width + 40, "height": height})
    shown.root.evaluate("(root, width) => { root.style.width = `${width}px`; }", width)
    columns = "1" if width < 640 else "2" if width < 1000 else "3"
    expect(shown.root.locator(".aw-frame")).to_have_attribute("data-columns", columns)


def test_text_heads_stage_and_lists_are_in_sight_together_and_nothing_lies_over_anything(bare):
    explorer = bare.explore(text=LONG, layer=1)
    shown = bare.show(explorer)
    shown.wait_until_drawn()
    expect(shown.root.locator(".aw-chip-verify")).to_be_visible()
    shown.type("x")
    expect(shown.root.locator(".aw-chip-edit")).to_have_count(1)
    for width, height in [
        (1240, 800),
        (1008, 800),
        (1400, 900),
        (1880, 1080),
        (850, 800),
        (640, 800),
        (500, 800),
        (480, 800),
        (360, 800),
    ]:
        lay(bare, shown, width, height)
        frame = boxes(shown, [".aw-frame"])[0]["box"]
        parts = boxes(shown, PARTS)
        assert len(parts) == 7, width
        assert overlaps(parts) == [], width
        assert outside(parts, frame) == [], width
        header = boxes(shown, IN_HEADER)
        assert overlaps(header) == [], width
        assert outside(header, frame) == [], width
        assert cut(shown) == [], width
        if width >= 1000:
            assert frame[3] - frame[1] <= height - 110, width  # what JupyterLab leaves
            side = boxes(shown, [".aw-side"])[0]["box"]
            assert outside(boxes(shown, LISTS)[:2], side) == [], width
            grid, stage = (boxes(shown, [name])[0]["box"] for name in (".aw-grid-scroll", ".aw-stage .aw-map"))
            assert outside([{"name": "grid", "box": grid}], boxes(shown, [".aw-heads"])[0]["box"]) == [], width
            assert stage[3] - stage[1] >= 180, width
            assert outside([{"name": "map", "box": stage}], boxes(shown, [".aw-stage"])[0]["box"]) == [], width


def test_a_deep_model_scrolls_in_its_column_and_the_chosen_head_stays_in_sight(bare):
    weights = np.tril(np.ones((9, 3, 3), "float32"))
    layers = [weights / weights.sum(-1, keepdims=True)] * 60
    with bridged_widgets():
        made = aw.view(layers, ["the", "cat", "sat"], layer=59)
    bare.made.append(made)
    bare.bridge.widgets[made.model_id] = made
    shown: ExplorerPage = bare.show(made, "1200px")
    shown.wait_until_drawn()
    scroller = shown.root.locator(".aw-grid-scroll")
    expect(scroller).to_have_attribute("data-deep", "true")
    assert scroller.evaluate("(it) => it.scrollTop") > 0
    facts = boxes(shown, [".aw-facts"])[0]
    assert outside([facts], boxes(shown, [".aw-heads"])[0]["box"]) == []
    made.layer = 0
    bare.page.wait_for_function("(it) => it.scrollTop === 0", arg=scroller.element_handle())
    shown.grid.press("ArrowUp")
    for _ in range(40):
        shown.grid.press("ArrowDown")
    expect(shown.grid).to_have_attribute("data-layer", "40")
    assert scroller.evaluate("(it) => it.scrollTop") > 0
