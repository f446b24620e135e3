"""The matrix under wheel, hand, fingers and keys: what is in sight, what it says, and where its numbers come from."""

import re
from itertools import pairwise

import pytest
import torch
import transformers
from playwright.sync_api import expect

import attnwidget as aw
from tests.browser.explorer_page import FRAMES, resting
from tests.browser.until import until
from tests.model.small import WORDS, words

pytestmark = pytest.mark.timeout(180)

TEXT = "The capital of France is Paris. The river of Veldt is Miro. What is the capital of France? The capital of France is"
LONG = 1300


class Matrix:
    """The square of one view's matrix, by its hooks."""

    def __init__(self, shown):
        self.shown, self.page, self.element = shown, shown.page, shown.matrix
        self.tooltip = shown.root.locator(".aw-tooltip")
        self.element.scroll_into_view_if_needed()

    def extent(self):
        """(first row, behind the last, first column, behind the last), or None while all of it is in sight."""
        told = self.element.get_attribute("data-extent")
        return None if told is None else tuple(int(number) for number in told.split())

    def rectangle(self):
        """The square on the page, found by asking where the first and the last cell are: (left, top, side)."""
        resting(self.element.locator("canvas"))
        return self.page.evaluate(SQUARE, self.shown.root.get_attribute("id"))

    def at(self, across, down):
        """A place of the square, 0 to 1 along both axes, in pixels of the page."""
        found = self.rectangle()
        return found["left"] + across * found["side"], found["top"] + down * found["side"]

    def hover(self, across, down):
        self.page.mouse.move(*self.at(across, down))

    def zoom(self, across, down, turns=1, delta=-100):
        self.hover(across, down)
        self.page.keyboard.down("Control")
        for _ in range(turns):
            self.page.mouse.wheel(0, delta)
            self.page.evaluate(FRAMES)  # turns in one frame may be one
        self.page.keyboard.up("Control")

    def rest(self, frames=12):
        """Wait until a movement has ended, the page's too: the same extent in several frames after each other."""
        self.page.evaluate(AT_REST, [self.shown.root.get_attribute("id"), frames])

    def read(self):
        """(query, key, text, shade) under the pointer over a long text, once its number is exact."""
        text, shade = self.page.evaluate(EXACT, self.shown.root.get_attribute("id"))
        query, key = re.search(r"(\d+) → (\d+)$", text).groups()
        return int(query), int(key), re.search(r"(<?\d\.\d{3})", text)[1], shade

    def until(self, holds, what):
        until(self.page, lambda: holds(self.extent()), lambda: f"{what}: the extent is still {self.extent()}")
        self.rest(4)  # of several turns or touches the last one counts
        assert holds(self.extent()), what
        return self.extent()


# What the tooltip says once it is exact, and how dark the cell under the pointer is: it stands over its middle, at its edge.
EXACT = """
async (id) => {
  const find = (name) => document.querySelector(`#${id} .aw-matrix ${name}`);
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  const began = performance.now();
  for (let frames = 0; frames < 2 || find(".aw-tooltip")?.dataset.kind !== "exact"; frames++) {
    await frame();
    if (performance.now() - began > 15000) throw new Error("no exact number");
  }
  const tooltip = find(".aw-tooltip");
  const { left, top } = tooltip.style;
  const context = find("canvas").getContext("2d");
  const [red, green, blue] = context.getImageData(parseInt(left), parseInt(top) + 8, 1, 1).data;
  return [tooltip.innerText, 765 - red - green - blue];
}
"""

# A movement gives every frame an extent of its own, but the last ones of it may be the same in whole cells.
AT_REST = """
async ([id, frames]) => {
  const matrix = document.querySelector(`#${id} .aw-matrix`);
  const began = performance.now();
  const seen = () => `${matrix.dataset.extent} ${scrollX} ${scrollY}`;
  let same = 0, last = seen();
  while (same < frames) {
    await new Promise((resolve) => requestAnimationFrame(resolve));
    same = seen() === last ? same + 1 : 0;
    last = seen();
    if (performance.now() - began > 15000) throw new Error(`still moving at ${last}`);
  }
}
"""

# The square has a hairline around it; its place is worked out from the canvas, whose pixels nobody else knows.
SQUARE = """
(id) => {
  const canvas = document.querySelector(`#${id} .aw-matrix canvas`);
  const { left, top, width, height } = canvas.getBoundingClientRect();
  const context = canvas.getContext("2d");
  const rows = Number(document.querySelector(`#${id} .aw-matrix`).dataset.rows);
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  const hit = (x, y) => data[(y * canvas.width + x) * 4 + 3] > 0;
  // Six pixels below the square are kept for the extent: the hairline is the last full line above them.
  let bottom = canvas.height - 1;
  const filled = (y) => {
    let count = 0;
    for (let x = 0; x < width; x++) if (hit(x, y)) count++;
    return count;
  };
  while (bottom > 0 && filled(bottom) < width / 2) bottom--;
  let start = 0, end = width - 1;
  while (!hit(start, bottom)) start++;
  while (!hit(end, bottom)) end--;
  const side = end - start - 1;
  return { left: left + start + 1, top: top + bottom - side, side, rows };
}
"""


def rounded(value):
    return "<0.001" if 0 < value < 0.0005 else f"{value:.3f}"


@pytest.fixture
def matrix(bare):
    made = bare.open(text=TEXT)
    found = Matrix(made.shown)
    found.explorer = made
    return found


def test_the_wheel_with_control_zooms_about_the_pointer_and_changes_no_number(matrix):
    checksum = matrix.shown.checksum()
    count = len(matrix.explorer.trace.text)
    assert matrix.extent() is None
    matrix.hover(0.7, 0.8)
    cell = matrix.element.locator("[role=gridcell]")
    expect(matrix.tooltip).to_be_visible()  # which comes with the cell
    named = cell.inner_text()
    matrix.zoom(0.7, 0.8, turns=3)
    rows = matrix.until(lambda extent: extent is not None, "zoomed")
    assert 0 < rows[0] <= 0.8 * count < rows[1] <= count
    assert rows[2] <= 0.7 * count < rows[3]
    expect(cell).to_have_text(named)  # what was under the pointer still is
    assert matrix.shown.checksum() == checksum
    assert matrix.element.get_attribute("data-rows") == str(count)
    assert matrix.page.evaluate("() => [scrollX, scrollY, visualViewport.scale]")[2] == 1


def test_a_plain_wheel_scrolls_the_page_until_the_matrix_is_zoomed(matrix):
    page = matrix.page
    page.evaluate("() => { document.body.style.paddingBottom = '3000px'; }")
    matrix.hover(0.5, 0.5)
    before = page.evaluate("() => scrollY")
    page.mouse.wheel(0, 60)
    page.wait_for_function("(before) => scrollY > before", arg=before)
    matrix.rest()
    assert matrix.extent() is None
    matrix.element.scroll_into_view_if_needed()
    matrix.zoom(0.5, 0.5, turns=4)
    extent = matrix.until(lambda extent: extent is not None, "zoomed")
    before = page.evaluate("() => scrollY")
    page.mouse.wheel(0, 60)
    matrix.until(lambda now: now[0] > extent[0], "panned by the wheel")
    assert page.evaluate("() => scrollY") == before


def test_dragging_pans_a_zoomed_matrix_and_pins_nothing(bare, matrix):
    query = tuple(matrix.explorer.query)
    matrix.zoom(0.5, 0.5, turns=4)
    before = matrix.until(lambda extent: extent is not None, "zoomed")
    page = matrix.page
    page.mouse.move(*matrix.at(0.6, 0.6))
    page.mouse.down()
    page.mouse.move(*matrix.at(0.3, 0.4), steps=6)
    page.mouse.up()
    after = matrix.until(lambda extent: extent[0] > before[0] and extent[2] > before[2], "dragged")
    assert abs((after[1] - after[0]) - (before[1] - before[0])) <= 1
    bare.settle(matrix.explorer)
    assert tuple(matrix.explorer.query) == query
    page.mouse.click(*matrix.at(0.5, 0.5))  # a click is still a click
    until(page, lambda: tuple(matrix.explorer.query) != query, "the click pins nothing")


def test_dragging_does_nothing_while_all_is_in_sight(matrix):
    page = matrix.page
    page.mouse.move(*matrix.at(0.6, 0.6))
    page.mouse.down()
    page.mouse.move(*matrix.at(0.3, 0.4), steps=4)
    page.mouse.up()
    matrix.rest(4)
    assert matrix.extent() is None


def test_a_double_click_goes_to_the_cell_and_back_to_the_whole(matrix):
    page = matrix.page
    count = len(matrix.explorer.trace.text)
    page.mouse.dblclick(*matrix.at(0.3, 0.9))
    extent = matrix.until(lambda extent: extent is not None and extent[1] - extent[0] < count / 2, "zoomed to the cell")
    assert extent[0] <= int(0.9 * count) < extent[1]
    assert extent[2] <= int(0.3 * count) < extent[3]
    page.mouse.dblclick(*matrix.at(0.5, 0.5))
    matrix.until(lambda extent: extent is None, "back to the whole")


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_the_zoom_is_a_short_movement_where_motion_is_wanted(matrix, motion):
    page = matrix.page
    page.emulate_media(reduced_motion=motion)
    matrix.element.evaluate(
        """(element) => {
          window.painted = [];
          const note = () => window.painted.push(element.dataset.extent);
          new MutationObserver(note).observe(element, { attributeFilter: ["data-extent"] });
        }"""
    )
    place = matrix.at(0.3, 0.9)

    def steps():
        """How often there was something else to see, to the cell or back."""
        page.evaluate("() => { window.painted.length = 0; }")
        page.mouse.dblclick(*place)
        page.wait_for_function("() => window.painted.length > 0")
        matrix.rest()
        return page.evaluate("() => window.painted.length")

    if motion == "reduce":
        assert [steps(), steps()] == [1, 1]
    else:
        until(page, lambda: steps() > 1, "there is no movement")  # a busy machine may paint its end only


def test_keys_zoom_walk_and_take_the_extent_along(matrix):
    page = matrix.page
    matrix.element.focus()
    for key in ("ArrowRight", "+", "+", "+", "+"):
        page.keyboard.press(key)
        matrix.rest()
    zoomed = matrix.until(lambda extent: extent is not None, "zoomed by key")
    for _ in range(40):
        page.keyboard.press("ArrowLeft")
    for _ in range(40):
        page.keyboard.press("ArrowUp")
    matrix.until(lambda extent: extent[0] == 0 and extent[2] == 0, "walked to the first cell")
    page.keyboard.press("End")
    count = len(matrix.explorer.trace.text)
    matrix.until(lambda extent: extent[3] == count and extent[0] == 0, "walked to the last key")
    expect(matrix.element.locator("[role=gridcell]")).to_have_text(re.compile("not visible$"))
    page.keyboard.press("-")
    matrix.rest()
    wider = matrix.extent()
    assert wider is None or wider[1] - wider[0] > zoomed[1] - zoomed[0]
    page.keyboard.press("0")
    matrix.until(lambda extent: extent is None, "the whole again")


def test_the_extent_is_said_and_its_button_shows_the_whole(matrix):
    button = matrix.shown.root.locator(".aw-extent")
    expect(button).to_have_count(0)
    matrix.zoom(0.5, 0.5, turns=3)
    rows = matrix.until(lambda extent: extent is not None, "zoomed")
    expect(button).to_contain_text(f"queries {rows[0]}–{rows[1] - 1}")
    button.click()
    matrix.until(lambda extent: extent is None, "the whole again")


def test_typing_keeps_the_extent_where_it_is(bare, matrix):
    matrix.shown.caret_to_end()  # a query: a map that is zoomed already would go there
    matrix.zoom(0.2, 0.2, turns=4)
    before = matrix.until(lambda extent: extent is not None, "zoomed")
    matrix.page.keyboard.type(" Paris")
    matrix.until(lambda _: matrix.explorer.text == TEXT + " Paris", "typed")
    matrix.shown.wait_for_tokens(len(matrix.explorer.trace.text))
    bare.settle(matrix.explorer)
    assert matrix.extent() == before


@pytest.mark.own_page
def test_two_fingers_pinch_and_one_scrolls_until_then(matrix):
    page = matrix.page
    touch = page.context.new_cdp_session(page)
    expect(matrix.element).to_have_css("touch-action", "pan-x pan-y")

    def fingers(kind, *places):
        points = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(places)]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    fingers("touchStart", matrix.at(0.45, 0.5), matrix.at(0.55, 0.5))
    for step in range(1, 9):
        fingers("touchMove", matrix.at(0.45 - step * 0.03, 0.5), matrix.at(0.55 + step * 0.03, 0.5))
    fingers("touchEnd")
    half = len(matrix.explorer.trace.text) / 2
    extent = matrix.until(lambda extent: extent is not None and extent[1] - extent[0] < half, "pinched")
    expect(matrix.element).to_have_css("touch-action", "none")
    fingers("touchStart", matrix.at(0.5, 0.5))
    for step in range(1, 6):
        fingers("touchMove", matrix.at(0.5 - step * 0.05, 0.5))
    fingers("touchEnd")
    matrix.until(lambda now: now[2] > extent[2], "panned by one finger")


# ------------------------------------------------------------------------------------------------------ long texts


@pytest.fixture(scope="module")
def long_model():
    torch.manual_seed(0)
    sizes = {"n_layer": 2, "n_head": 2, "n_embd": 32, "n_positions": LONG + 100, "vocab_size": len(WORDS)}
    model = transformers.GPT2LMHeadModel(transformers.GPT2Config(**sizes, bos_token_id=1, eos_token_id=2)).eval()
    with torch.no_grad():
        for block in model.transformer.h:
            block.attn.c_attn.weight.mul_(14)  # so that a row reads a few tokens, and not a thousand alike
    return aw.load(model, words())


@pytest.fixture
def long(bare, long_model):
    drawn = torch.randint(4, len(WORDS), (LONG,), generator=torch.Generator().manual_seed(1))
    made = bare.open(long_model, text=" ".join(WORDS[i] for i in drawn.tolist()), layer=1, head=1)
    found = Matrix(made.shown)
    found.explorer = made
    assert len(made.trace.text) >= LONG
    return found


def test_the_value_under_the_pointer_is_the_traces_at_any_zoom(long):
    weights = long.explorer.trace.weights(1, 1)
    for turns in (0, 4, 4, 4, 4, 4, 4):
        long.zoom(0.2, 0.9, turns=turns)
        long.hover(0.21, 0.9)
        query, key, text, _ = long.read()
        assert text == rounded(float(weights[query, key])), long.extent()
    assert long.extent()[1] - long.extent()[0] < 20


def test_what_is_in_sight_becomes_exact_once_a_cell_has_a_pixel(long):
    checksum = long.shown.checksum()
    assert int(long.element.get_attribute("data-rows")) == -(-len(long.explorer.trace.text) // 3)
    assert long.element.get_attribute("data-tiles") is None
    long.zoom(0.3, 0.8, turns=9)
    expect(long.element).to_have_attribute("data-tiles", "exact")
    expect(long.shown.root.locator(".aw-recipe")).to_contain_text("exact")
    assert long.shown.checksum() == checksum


def test_every_pair_has_the_tone_of_its_own_weight(long):
    long.zoom(0.3, 0.8, turns=16)
    expect(long.element).to_have_attribute("data-tiles", "exact")
    first_row, last_row, *_ = long.extent()
    assert last_row - first_row < 40
    weights = long.explorer.trace.weights(1, 1)
    square = long.rectangle()
    tones = {}
    for step in range(24):
        across, down = 0.2 + 0.03 * step, 0.7 - 0.02 * (step % 5)
        long.page.mouse.move(square["left"] + across * square["side"], square["top"] + down * square["side"])
        query, key, _, shade = long.read()
        tones[query, key] = float(weights[query, key]), shade
    ordered = sorted(tones.values())
    assert len({round(weight, 5) for weight, _ in ordered}) > 12  # pairs side by side, not one pooled cell
    assert all(one[1] <= other[1] + 8 for one, other in pairwise(ordered)), ordered


def test_a_tile_that_is_late_leaves_the_pooled_picture_standing(bare, bridge, long):
    bare.settle(long.explorer)
    bridge.hold()
    long.zoom(0.3, 0.8, turns=9)
    expect(long.element).to_have_attribute("data-tiles", "loading")
    tones = "(canvas) => new Set(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data).size"
    until(long.page, lambda: long.element.locator("canvas").evaluate(tones) > 50, "the pooled picture is gone")
    bridge.release()
    expect(long.element).to_have_attribute("data-tiles", "exact")


def test_another_head_gets_tiles_of_its_own(long):
    long.zoom(0.3, 0.8, turns=12)
    expect(long.element).to_have_attribute("data-tiles", "exact")
    extent = long.extent()
    long.shown.click_head(0, 1)
    expect(long.shown.grid).to_have_attribute("data-layer", "0")
    expect(long.shown.root.locator(".aw-title")).to_contain_text("Layer 0")
    long.rest(4)
    assert long.extent() == extent
    expect(long.element).to_have_attribute("data-tiles", "exact")
    long.hover(0.3, 0.8)
    query, key, text, _ = long.read()
    assert text == rounded(float(long.explorer.trace.weights(0, 1)[query, key]))


def test_the_pooled_picture_is_the_frames_own(long):
    from attnwidget.frames.compose import compose_frame
    from attnwidget.frames.frame import Selection

    frame = compose_frame(long.explorer.trace, Selection(layer=1, head=1), str, overview=False)
    long.shown.expect_weights(frame.blocks["matrix"])
