"""Where the parts of an explorer stand: in sight together, and none over another, at any width of it."""

import numpy as np
import pytest
from playwright.sync_api import expect

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

IN_HEADER = [".aw-brand", ".aw-model", ".aw-marks", ".aw-chip-verify", ".aw-chips"]
# What is at a line's end as a whole, or in the next line, which is not shown.
IN_LINES = {".aw-model": ".aw-model > span", ".aw-marks": ".aw-marks > .aw-chip"}
PARTS = [".aw-header", ".aw-editor", ".aw-toolbar", ".aw-heads", ".aw-stage", ".aw-side", ".aw-below", ".aw-caution"]
LISTS = [".aw-ranking"]
# What stands in a row that has no room to spare.
ROWS = {"heads": [".aw-shades button"], "stage": [".aw-tabs button"], "frame": [".aw-toolbar :is(button, input)"]}


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


def cut(seen):
    """What a line of the header shows in part only."""
    found = []
    for line, parts in IN_LINES.items():
        for left, top, right, bottom in (one["box"] for one in seen[line]):
            begun = [one for one in seen[parts] if one["box"][1] < bottom - 1]
            found += outside(begun, (left, top - 1, right, bottom + 1))
    return found


def lay(bare, shown, width, height):
    bare.page.set_viewport_size({"width": width + 40, "height": height})
    shown.root.evaluate("(root, width) => { root.style.width = `${width}px`; }", width)


def faults(shown, width, height):
    """What lies over something else, leaves its place or is cut, all from one look at the page."""
    columns = shown.root.locator(".aw-frame").get_attribute("data-columns")
    if columns != ("1" if width < 640 else "2" if width < 800 else "3"):
        return {"columns": columns}
    names = {"frame": [".aw-frame"], "parts": PARTS, "header": IN_HEADER, "lists": LISTS, "side": [".aw-side"]}
    names |= {"heads": [".aw-heads"], "grid": [".aw-grid-scroll"], "stage": [".aw-stage"], "map": [".aw-stage .aw-map"]}
    names |= {f"rows of the {part}": buttons for part, buttons in ROWS.items()}
    names |= {line: [line] for line in IN_LINES} | {parts: [parts] for parts in IN_LINES.values()}
    seen = shown.root.evaluate(
        f"(root, names) => Object.fromEntries(Object.entries(names).map(([name, of]) => [name, ({BOXES})(root, of)]))",
        names,
    )
    one = {name: boxes[0]["box"] for name, boxes in seen.items() if boxes}
    found = {
        "parts shown": len(seen["parts"]) == 7 or len(seen["parts"]),
        "parts over each other": overlaps(seen["parts"]),
        "parts outside the frame": outside(seen["parts"], one["frame"]),
        "header over itself": overlaps(seen["header"]),
        "header outside the frame": outside(seen["header"], one["frame"]),
        "header cut": cut(seen),
    } | {rows: outside(seen[rows], one[part]) for part in ROWS for rows in [f"rows of the {part}"]}
    if width >= 800:  # what JupyterLab leaves of the window
        height_of = {name: box[3] - box[1] for name, box in one.items()}
        found |= {
            "frame too high": height_of["frame"] <= height - 110 or height_of["frame"],
            "lists outside their column": outside(seen["lists"][:2], one["side"]),
            "grid outside its column": outside(seen["grid"], one["heads"]),
            "map too low": height_of["map"] >= 260 or height_of["map"],
            "map outside the stage": outside(seen["map"], one["stage"]),
        }
    return {what: how for what, how in found.items() if how not in (True, [])}


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
        (993, 900),  # what a JupyterLab of 1,440 leaves beside its sidebar and the bar that scrolls
        (833, 720),  # and one of 1,280
        (1400, 900),
        (1880, 1080),
        (800, 800),
        (760, 800),
        (640, 800),
        (500, 800),
        (480, 800),
        (360, 800),
    ]:
        lay(bare, shown, width, height)
        shown.expect_settled(lambda width=width, height=height: faults(shown, width, height))


# How far below the toolbar the stage and its picture begin, and the words of the toolbar that are in sight.
TOPS = """root => [".aw-stage", ".aw-stage .aw-map"].map((name) => root.querySelector(name).getBoundingClientRect().top
  - root.querySelector(".aw-toolbar").getBoundingClientRect().top)"""
WORDS = """root => [...root.querySelectorAll(".aw-toolbar .aw-label")].filter((label) => {
  const word = document.createRange();
  word.selectNodeContents(label);
  const [seen, whole] = [label.getBoundingClientRect(), word.getBoundingClientRect()];
  return whole.bottom <= seen.bottom + 6 && whole.right <= seen.right + 1;
}).map((label) => label.textContent.trim())"""


@pytest.mark.parametrize("width", [833, 1320])
def test_the_toolbar_says_what_it_chooses_and_what_comes_into_it_moves_nothing(bare, width):
    explorer = bare.explore(layer=1)
    bare.page.set_viewport_size({"width": width + 40, "height": 800})
    shown = bare.show(explorer, f"{width}px")
    shown.wait_until_drawn()
    expect(shown.root.locator('[data-value="sinks"]')).to_be_visible()
    known: list[list[float]] = [[]]

    def moved():
        known.append(shown.root.evaluate(TOPS))
        return known[-1] != known[-2] and known

    shown.expect_settled(moved)
    assert shown.root.evaluate(WORDS) == ["query", "heat from", "keep"]
    rest = known[-1]
    shown.choose("sinks")
    shown.choose("top")
    explorer.heads = ["L1H0", "L1H1"]
    for come in ("renormalise", "max"):
        expect(shown.root.locator(f'[data-value="{come}"]')).to_be_visible()
    shown.expect_settled(moved)
    assert known[-1] == rest


# How high the caption's words are, what of them there is, and where the picture is.
CAPTION = """root => {
  const [recipe, words, map] = [".aw-recipe", ".aw-recipe > span", ".aw-lines"].map((name) => root.querySelector(name));
  const { top, height } = map.getBoundingClientRect();
  return { cut: "cut" in recipe.dataset, seen: words.clientHeight, whole: words.scrollHeight, map: [top, height] };
}"""


def test_a_caption_that_is_cut_says_so_and_comes_whole_over_the_picture_which_stays(bare):
    shown = bare.show(bare.explore(text=LONG, layer=1), "1008px")
    shown.wait_until_drawn()
    shown.root.get_by_role("tab", name="Lines").click()
    recipe = shown.root.locator(".aw-recipe")
    expect(recipe).to_have_attribute("data-cut", "")
    expect(recipe).to_have_attribute("tabindex", "0")
    rest = {}

    def cut():
        rest.update(shown.root.evaluate(CAPTION))
        return [] if rest["cut"] and rest["seen"] == 36 < rest["whole"] else rest

    def whole():
        seen = shown.root.evaluate(CAPTION)
        return [] if 36 < seen["seen"] == seen["whole"] and seen["map"] == rest["map"] else seen

    shown.expect_settled(cut)
    recipe.hover()
    shown.expect_settled(whole)
    shown.root.locator(".aw-brand").hover()
    shown.expect_settled(cut)
    recipe.focus()
    recipe.press("Shift")  # as by the keyboard
    shown.expect_settled(whole)


def test_a_deep_model_scrolls_in_its_column_and_the_chosen_head_stays_in_sight(bare):
    weights = np.tril(np.ones((9, 3, 3), "float32"))
    layers = [weights / weights.sum(-1, keepdims=True)] * 60
    made = bare.view(layers, ["the", "cat", "sat"], layer=59, width="1200px")
    shown: ExplorerPage = made.shown
    scroller = shown.root.locator(".aw-grid-scroll")
    expect(scroller).to_have_attribute("data-deep", "true")
    bare.page.wait_for_function("(it) => it.scrollTop > 0", arg=scroller.element_handle())
    shown.expect_settled(lambda: outside(boxes(shown, [".aw-facts"])[:1], boxes(shown, [".aw-heads"])[0]["box"]))
    expect(shown.root.locator(".aw-alike button").first).to_be_visible()  # the last line of all that is said of a head
    facts = shown.root.locator(".aw-facts")
    shown.expect_settled(lambda: facts.evaluate("it => it.scrollHeight > it.clientHeight && it.innerText"))
    made.layer = 0
    bare.page.wait_for_function("(it) => it.scrollTop === 0", arg=scroller.element_handle())
    shown.grid.press("ArrowUp")
    for _ in range(40):
        shown.grid.press("ArrowDown")
    expect(shown.grid).to_have_attribute("data-layer", "40")
    bare.page.wait_for_function("(it) => it.scrollTop > 0", arg=scroller.element_handle())
