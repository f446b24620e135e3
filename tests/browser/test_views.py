"""The views on the stage: tabs, lines, and the query through all layers."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect

import attnwidget as aw
from attnwidget.frames.frame import Question
from attnwidget.frames.maps.strip import compose_strip
from tests.browser.bridge import bridged_widgets
from tests.browser.explorer_page import FRAMES, resting
from tests.browser.until import until

TEXT = "The capital of France is Paris. The capital of France is"
LONG = "The capital of France is Paris. " * 43


@pytest.fixture
def explorer(bare):
    return bare.open(text=TEXT, layer=1, head=2, query=4)


def tab(shown, name):
    return shown.root.get_by_role("tab", name=name)


def open_view(explorer, name):
    tab(explorer.shown, name).click()
    view = explorer.shown.root.locator(f".aw-{name.lower()}")
    expect(view).to_be_visible()
    if name == "Layers":
        expect(view).to_have_attribute("data-exact", "true")
    return view


def middle_of_cell(view, layer, token):
    """Where the strip has a cell: the keyboard goes there, and the tooltip stands beside it."""
    view.focus()
    for _ in range(int(view.get_attribute("data-layers"))):
        view.press("ArrowUp")
    view.press("Home")
    for _ in range(token):
        view.press("ArrowRight")
    for _ in range(layer + 1):
        view.press("ArrowDown")
    expect(view.get_by_role("gridcell")).to_contain_text(f"Layer {layer}:")
    resting(view.locator(".aw-tooltip"))
    left, top = view.locator(".aw-tooltip").evaluate("tip => [parseFloat(tip.style.left), parseFloat(tip.style.top)]")
    return {"x": left, "y": top + 4}


# ------------------------------------------------------------------------------------------------------------ tabs


def test_tabs_and_python_choose_the_same_view(explorer):
    shown = explorer.shown
    expect(tab(shown, "Matrix")).to_have_attribute("aria-selected", "true")
    explorer.view = "layers"
    expect(tab(shown, "Layers")).to_have_attribute("aria-selected", "true")
    expect(shown.root.get_by_role("tabpanel", name="Layers")).to_be_visible()
    tab(shown, "Lines").click()
    expect(shown.root.locator(".aw-lines")).to_be_visible()
    until(shown.page, lambda: explorer.view == "lines")


def test_arrows_go_from_tab_to_tab(explorer):
    shown = explorer.shown
    tab(shown, "Matrix").focus()
    first, *others = shown.root.get_by_role("tab").all_inner_texts()
    for name in (*others, first):
        shown.page.keyboard.press("ArrowRight")
        expect(tab(shown, name)).to_be_focused()
        expect(tab(shown, name)).to_have_attribute("aria-selected", "true")
    shown.page.keyboard.press("Tab")
    expect(shown.matrix).to_be_focused()


def test_tabs_without_room_are_in_a_menu_of_their_groups(explorer):
    shown = explorer.shown
    tabs = shown.root.get_by_role("tab")
    all_names = tabs.all_inner_texts()
    shown.root.evaluate("root => { root.style.width = '833px'; }")
    others = shown.root.locator(".aw-other-tabs")
    expect(others.locator(".aw-unfold")).to_contain_text("inside")
    look = tabs.all_inner_texts()
    assert look == all_names[: len(look)]
    others.get_by_role("button").click()
    others.get_by_role("menuitem", name="Neuron").click()
    expect(tab(shown, "Neuron")).to_have_attribute("aria-selected", "true")
    expect(others.locator(".aw-unfold")).to_contain_text("look")
    tab(shown, "Neuron").press("ArrowLeft")  # into the group that is folded
    expect(tab(shown, look[-1])).to_be_focused()
    shown.root.evaluate("root => { root.style.width = ''; }")
    expect(others).to_have_count(0)
    assert tabs.all_inner_texts() == all_names


def test_an_explorer_can_begin_with_any_view(bare):
    for view in ("lines", "layers"):
        made = bare.explore(text=TEXT, view=view)
        expect(bare.show(made).root.locator(f".aw-{view} canvas").first).to_be_visible()


def test_the_matrix_comes_back_as_it_was(explorer):
    before = explorer.shown.checksum()
    open_view(explorer, "Lines")
    tab(explorer.shown, "Matrix").click()
    explorer.shown.expect_checksum(before)


# ---------------------------------------------------------------------------------------------------------- layers


@pytest.mark.parametrize(
    ("direction", "fusion"),
    [
        ("reads", "mean"),
        ("read_by", "max"),
        *(pytest.param(*each, marks=pytest.mark.long) for each in (("reads", "single"), ("reads", "max"))),
        *(pytest.param(*each, marks=pytest.mark.long) for each in (("read_by", "mean"), ("read_by", "single"))),
    ],
)
def test_a_cell_tells_the_exact_weight(explorer, direction, fusion):
    explorer.direction = direction
    view = open_view(explorer, "Layers")
    explorer.shown.choose(fusion)
    expect(view).to_have_attribute("data-exact", "true")
    strip = compose_strip(explorer.trace, Question((4, 5), direction, fusion, head=2)).values
    token = 2 if direction == "reads" else 6
    place = middle_of_cell(view, 3, token)
    view.hover(position=place)
    expect(view.locator(".aw-tooltip b")).to_have_text(f"{strip[3, token]:.3f}")
    explorer.shown.expect_marked("marked", [token])


def test_a_click_on_a_row_pins_the_layer_and_on_a_token_the_query(explorer):
    view = open_view(explorer, "Layers")
    place = middle_of_cell(view, 3, 2)
    view.click(position=place)
    expect(explorer.shown.grid).to_have_attribute("data-layer", "3")
    until(explorer.shown.page, lambda: (explorer.layer, explorer.head) == (3, 2))
    # The names of the tokens stand above the picture, aslant: their feet are over their columns.
    above = middle_of_cell(view, 0, 2)
    view.click(position={"x": above["x"] + 4, "y": above["y"] - 16})
    expect(explorer.shown.root.locator(".aw-query .aw-number")).to_have_text("#2")


def test_the_keyboard_pins_layers_and_tokens(explorer):
    view = open_view(explorer, "Layers")
    middle_of_cell(view, 2, 1)
    view.press("Enter")
    expect(explorer.shown.grid).to_have_attribute("data-layer", "2")
    for _ in range(3):
        view.press("ArrowUp")
    expect(view.get_by_role("gridcell")).to_have_text(re.compile("^Token .*; Enter makes it the query$"))
    view.press("Enter")
    expect(explorer.shown.root.locator(".aw-query .aw-number")).to_have_text("#1")


def test_a_late_strip_leaves_the_last_one_to_look_at(bare, explorer):
    view = open_view(explorer, "Layers")
    bare.bridge.hold()
    explorer.shown.choose("max")
    expect(view).to_have_attribute("aria-busy", "false")  # the bytes of the frame are a first sight
    expect(view).to_have_attribute("data-exact", "false")
    explorer.shown.root.locator(".aw-ranking button").nth(1).hover()
    expect(view.locator("canvas")).to_be_visible()
    bare.bridge.release()
    expect(view).to_have_attribute("data-exact", "true")


def test_a_strip_of_a_long_text_is_scrolled_to_its_query(bare):
    made = bare.explore(text=LONG, query=250, view="layers")
    made.shown = bare.show(made)
    view = made.shown.root.locator(".aw-layers")
    expect(view).to_have_attribute("data-turned", "true", timeout=30_000)
    scroll = view.locator(".aw-view-scroll")
    expect(view.locator("canvas")).to_be_visible()
    made.shown.page.wait_for_function("e => e.scrollTop > 500", arg=scroll.element_handle())
    scroll.hover()
    made.shown.page.mouse.wheel(0, -100_000)
    made.shown.page.wait_for_function("e => e.scrollTop === 0", arg=scroll.element_handle())


# ----------------------------------------------------------------------------------------------------------- lines


def numbers(shown, side):
    """Numbers by token, of the lines' ends on one side."""
    return {label["token"]: label["number"] for label in shown.labels(side) if label["number"]}


def expect_numbers(shown, side, weights):
    """The numbers on one side are these, token by token, wherever there is one; returned by token."""

    def right():
        found = numbers(shown, side)
        return found == {token: f"{weights[token]:.3f}" for token in found} and found

    return until(shown.page, right, lambda: (numbers(shown, side), weights))


def test_lines_hold_seventy_percent_of_the_row_outside_sinks(explorer):
    open_view(explorer, "Lines")
    row = explorer.trace.weights(1, 2)[4].numpy()
    found = expect_numbers(explorer.shown, "key", row)
    assert numbers(explorer.shown, "query") == {}
    sinks = [label["token"] for label in explorer.shown.labels("key") if label["sink"]]
    kept = [token for token in found if token not in sinks]
    open_mass = row.sum() - row[sinks].sum()
    assert row[kept].sum() >= 0.7 * open_mass - 1e-5
    assert row[kept].sum() - row[kept].min() < 0.7 * open_mass


def test_a_token_under_the_pointer_shows_its_lines_both_ways(explorer):
    view, shown = open_view(explorer, "Lines"), explorer.shown
    view.locator("canvas").last.hover(position=shown.label_place("key", 3))
    until(shown.page, lambda: [label["token"] for label in shown.labels("query") if label["focus"]] == [3])
    maps = explorer.trace.weights(1, 2).numpy()
    expect_numbers(shown, "query", maps[:, 3])
    expect_numbers(shown, "key", maps[3])


@pytest.mark.parametrize("side", ["query", "key"])
def test_a_click_on_either_side_pins_the_token(explorer, side):
    view = open_view(explorer, "Lines")
    view.locator("canvas").last.click(position=explorer.shown.label_place(side, 6))
    explorer.shown.page.mouse.move(2, 2)
    expect(explorer.shown.root.locator(".aw-query .aw-number")).to_have_text("#6")
    until(explorer.shown.page, lambda: explorer.query == (6, 7))


def test_the_keyboard_walks_through_tokens_and_their_lines(explorer):
    view = open_view(explorer, "Lines")
    view.focus()
    view.press("ArrowDown")
    view.press("ArrowRight")
    spoken = view.get_by_role("gridcell")
    expect(spoken).to_have_text(re.compile(r"^\S+ reads \S+ 0\.\d{3}$"))
    view.press("Escape")
    view.press("ArrowUp")
    view.press("Enter")
    expect(explorer.shown.root.locator(".aw-query .aw-number")).to_have_text("#3")


def test_all_lines_and_five_lines_can_be_had(explorer):
    view = open_view(explorer, "Lines")
    explorer.shown.choose("all")
    expect(explorer.shown.root.locator(".aw-caption")).to_contain_text("1.00 of the row")
    explorer.shown.choose("top")
    expect(explorer.shown.root.locator(".aw-caption")).to_contain_text("the 5 strongest")
    until(explorer.shown.page, lambda: int(view.get_attribute("data-lines")) <= 6)


def test_lines_of_all_layers_are_those_of_the_rollout(explorer):
    import attnwidget as aw

    open_view(explorer, "Lines")
    explorer.shown.choose("rollout")
    expect(explorer.shown.root.locator(".aw-recipe")).to_contain_text("rollout")
    expect_numbers(explorer.shown, "key", np.asarray(aw.rollout(explorer.trace, query=4)))


def test_long_words_end_in_an_ellipsis_and_are_told_whole(bare):
    weights = np.tril(np.ones((1, 1, 3, 3), "float32"))
    with bridged_widgets():
        made = aw.view(weights / weights.sum(-1, keepdims=True), ["<b>x</b>", "川" * 60, "مرحبا"], view="lines")
    bare.made.append(made)
    bare.bridge.widgets[made.model_id] = made
    shown = bare.show(made)
    view = shown.root.locator(".aw-lines")
    expect(view.locator("canvas").first).to_be_visible()
    until(shown.page, lambda: shown.labels("key"))
    edge = resting(view.locator("canvas").last)["width"]
    labels = shown.labels("key")
    assert all(label["x"] + label["width"] < edge for label in labels)
    long = [label for label in labels if label["text"].endswith("…")]
    assert long
    assert view.locator("b").count() == 0
    view.locator("canvas").last.hover(position=shown.label_place("key", long[0]["token"]))
    until(shown.page, lambda: view.get_attribute("title") in {label["whole"] for label in long})


def came_to_rest(shown, seen):
    """What is seen, once it has been the same for several frames: the sides glide."""
    last = []

    def rests():
        shown.page.evaluate(FRAMES)
        last.append(seen())
        return len(last) > 6 and last[-7:] == [last[-1]] * 7

    until(shown.page, rests, lambda: last[-7:])
    return last[-1]


def test_the_sides_of_a_long_text_go_to_what_is_looked_at_but_not_from_under_the_pointer(bare):
    made = bare.explore(text=LONG, layer=1, head=2, query=250, view="lines")
    shown = bare.show(made)
    view = shown.root.locator(".aw-lines")
    side = view.locator(".aw-lines-column[data-side=query]")
    expect(side).to_be_attached(timeout=30_000)

    def tokens(of):
        return [label["token"] for label in shown.labels(of)]

    until(shown.page, lambda: 250 in tokens("query"))
    under = came_to_rest(shown, lambda: tokens("query"))
    assert under[0] == 0
    looked = next(token for token in under if token > 250)
    row = made.trace.weights(1, 2)[looked].numpy()
    row[0] = 0
    side.hover(position=shown.label_place("query", looked))
    until(shown.page, lambda: int(row.argmax()) in tokens("key"))
    assert came_to_rest(shown, lambda: tokens("query")) == under


# ---------------------------------------------------------------------------------------------------- size and time


@pytest.mark.long
@pytest.mark.parametrize("text", ["the cat sat", LONG], ids=["short", "long"])
@pytest.mark.parametrize("view", ["lines", "layers"])
def test_no_width_makes_a_view_spill(bare, view, text):
    made = bare.explore(text=text, view=view)
    for width in (480, 980, 1400):
        bare.page.set_viewport_size({"width": width + 40, "height": 900})
        shown = bare.show(made, width=f"{width}px")
        expect(shown.root.locator(f".aw-{view} canvas").first).to_be_visible(timeout=30_000)
        shown.expect_settled(lambda shown=shown: shown.root.locator(".aw-stage").evaluate(SPILLED))
        bare.hide(shown)


SPILLED = """stage => [...stage.querySelectorAll("*")].filter((element) =>
     !element.closest(".aw-unseen") && element.getBoundingClientRect().width > 0 &&
     element.getBoundingClientRect().right > stage.getBoundingClientRect().right + 0.5)
   .map((e) => e.className)"""


# From view to view, each of them painted.
WALK = """
async (names) => {
  for (const name of names) {
    document.querySelector(`[role="tab"][data-value="${name}"]`).click();
    for (let frame = 0; frame < 2; frame++) await new Promise((resolve) => requestAnimationFrame(resolve));
  }
}
"""


def test_a_view_that_goes_leaves_nothing_that_listens(bare, explorer):
    names = ("Lines", "Layers", "Flow", "Neuron", "Matrix")
    for name in names:  # what is made once and kept is made by now
        tab(explorer.shown, name).click()
        expect(explorer.shown.root.locator(f".aw-stage[data-view={name.lower()}] canvas").first).to_be_visible()
    bare.settle(explorer)
    before = bare.page.evaluate("() => bare.pageListeners()")
    for _ in range(4):
        bare.page.evaluate(WALK, [name.lower() for name in names])
    expect(explorer.shown.matrix).to_be_visible()
    until(explorer.shown.page, lambda: bare.page.evaluate("() => bare.pageListeners()") == before)
    explorer.text = "The capital of France"
    explorer.shown.wait_for_tokens(len(explorer.trace.text))


# ------------------------------------------------------------------------------------------------------------ flow


def test_what_flows_into_the_query_is_rollout_and_a_click_looks_from_another_token(explorer):
    shown = explorer.shown
    tab(shown, "Flow").click()
    view = shown.root.locator(".aw-flow")
    expect(view).to_have_attribute("data-levels", "5")
    spoken = view.get_by_role("gridcell")
    view.focus()
    for key in ("Home", "ArrowUp"):
        view.press(key)
    share = aw.rollout(explorer.trace, query=4).values
    expect(spoken).to_have_text(f"France, input: {share[3]:.3f} of is")
    expect(shown.root.locator(".aw-flow-path")).to_contain_text(f"“France”: {share[3]:.3f} of “is”")
    rows = view.get_attribute("data-rows")
    for step, words in (("6", "rest, 2 tokens"), ("2", "France")):
        shown.root.locator(".aw-threshold input").fill(step)
        expect(spoken).to_contain_text(f"{words}, input: ")
    expect(view).to_have_attribute("data-rows", rows)
    view.press("Enter")
    expect(shown.root.locator(".aw-query .aw-number")).to_have_text("#3")
    expect(shown.root.locator(".aw-view-head h3")).to_have_text("What flows into “France” all heads of all layers")


# ------------------------------------------------------------------------------------------------------------ lens


def test_every_layer_is_asked_and_a_click_on_a_token_makes_it_the_query(bare):
    made = bare.open(text=TEXT, query=11)
    shown = made.shown
    tab(shown, "Lens").click()
    view = shown.root.locator(".aw-lens")
    expect(view).to_have_attribute("data-direct", "true")
    expect(view).to_have_attribute("data-known", view.get_attribute("data-tokens"))
    said = aw.lens(made.model, made.trace, positions=[11, 10])
    expect(shown.root.locator(".aw-lens-said")).to_contain_text(f"{said.values[-1, 0]:.3f}")
    view.focus()
    view.press("ArrowUp")  # from what the model says
    best = said.top(2, 11)[0]
    spoken = view.get_by_role("gridcell")
    expect(spoken).to_contain_text(f"Layer 2 after “is”: {best.piece.replace(' ', '␣')} {best.value:.3f}")
    expect(shown.root.locator(".aw-tooltip")).to_contain_text(f"{best.value:.3f}")
    view.press("ArrowLeft")
    expect(spoken).to_contain_text("Layer 2 after “France”")
    view.press("Enter")
    expect(shown.root.locator(".aw-query .aw-number")).to_have_text("#10")
    expect(shown.root.locator(".aw-lens-said")).to_contain_text(f"{said.values[-1, 1]:.3f}")
    added = aw.direct_effects(made.model, made.trace, at=10)
    expect(shown.root.locator(".aw-recipe")).to_contain_text(f"({added.logit:.3f})")
    made.question = {"answer": "Paris"}
    expect(shown.root.locator(".aw-lens-said")).to_contain_text("“␣Paris” after “France”")
    expect(view).to_have_attribute("aria-busy", "false")
    before = view.get_attribute("data-start")
    view.press("Home")
    expect(view).to_have_attribute("data-start", "0")
    assert before != "0"


# --------------------------------------------------------------------------------------------------------- compare


def test_a_text_is_held_and_what_changes_in_the_other_is_told(explorer):
    shown = explorer.shown
    tab(shown, "Compare").click()
    shown.root.locator(".aw-hold").click()
    view = shown.root.locator(".aw-compare")
    expect(shown.root.locator(".aw-view-state")).to_contain_text("Edit it above")
    until(shown.page, lambda: explorer.against == TEXT)
    before = explorer.trace
    other = TEXT.replace("Paris", "Oslo")
    shown.editor.fill(other)
    expect(view).to_have_attribute("data-rows", str(len(before.text)))
    expect(shown.root.locator(".aw-compare[aria-busy=false]")).to_have_count(1)
    until(shown.page, lambda: explorer.text == other)
    most = aw.compare(before, explorer.trace).largest_difference.top(1)[0]
    expect(shown.root.locator(".aw-replaced ins")).to_have_text("Oslo")
    expect(shown.root.locator(".aw-expected h3")).to_contain_text("Next token")
    expect(shown.grid).to_have_attribute("data-shade", "change")
    first = shown.root.locator(".aw-changed button").first
    expect(first).to_have_attribute("data-layer", str(most.layer))
    first.click()
    expect(shown.grid).to_have_attribute("data-head", str(most.head))
    expect(view).to_have_attribute("data-head", str(most.head))
    # Another query comes into sight of a map that is zoomed.
    for _ in range(3):
        view.press("+")
    expect(shown.root.locator(".aw-extent")).to_be_visible()
    expect(view).to_have_attribute("data-extent", "2 10 2 10")  # the movement is over: before, both ends were in sight
    for query, ends in ((0, r"^0 "), (len(explorer.trace.text) - 1, rf"^\d+ {len(explorer.trace.text)} ")):
        explorer.query = query
        expect(view).to_have_attribute("data-extent", re.compile(ends))
    explorer.against = ""
    expect(shown.root.locator(".aw-hold")).to_be_visible()
    expect(shown.grid).to_have_attribute("data-shade", "maps")
