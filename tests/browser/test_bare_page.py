"""The explorer without Jupyter around it: what people type and paste, what they click, what can go wrong on the way."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from attnwidget.tiny.causal import EXAMPLES
from tests.browser.conftest import new_page
from tests.browser.explorer_page import checksum_of
from tests.browser.until import until

TEXT = "The capital of France is Paris. The capital of France is"


@pytest.fixture
def explorer(bare):
    """One explorer, and its one view, drawn."""
    return bare.open(text=TEXT)


# ---------------------------------------------------------------------------------------------------------- typing


def test_the_first_view_shows_the_text_its_tokens_and_its_map(explorer):
    shown = explorer.shown
    tokens = len(explorer.trace.text)
    expect(shown.editor).to_have_value(TEXT)
    shown.wait_for_tokens(tokens)
    expect(shown.matrix).to_have_attribute("data-rows", str(tokens))
    expect(shown.matrix).to_have_attribute("data-columns", str(tokens))


def test_the_matrix_is_the_traces_own_numbers(explorer):
    shown = explorer.shown
    for layer, head in ((0, 0), (3, 1), (2, 3)):
        shown.click_head(layer, head)
        weights = explorer.trace.weights(layer, head).numpy()
        shown.expect_weights(weights)


def test_the_text_carries_the_querys_row(explorer):
    shown = explorer.shown
    explorer.layer, explorer.head, explorer.query = 3, 1, -1
    row = explorer.trace.weights(3, 1)[-1]
    expect(shown.grid).to_have_attribute("data-layer", "3")
    until(shown.page, lambda: tones_follow(shown.tones(), row.tolist()))


def test_typing_a_word_changes_everything_that_shows_the_text(explorer):
    shown = explorer.shown
    count, heat, checksum = len(explorer.trace.text), shown.heat(), shown.checksum()
    assert heat
    shown.type(" Paris")
    until(shown.page, lambda: explorer.text == TEXT + " Paris")
    assert explorer.trace.text.text == TEXT + " Paris"
    shown.wait_for_tokens(count + 1)
    shown.wait_for_change(checksum)
    until(shown.page, lambda: shown.heat() != heat, "the colours of the text stay as they were")


def test_the_caret_is_the_query(explorer):
    shown = explorer.shown
    shown.caret_to_end()
    last = len(explorer.trace.text)
    until(shown.page, lambda: tuple(explorer.query) == (last - 1, last))
    shown.editor.press("ControlOrMeta+Home")
    shown.editor.press("ArrowRight")
    until(shown.page, lambda: explorer.query[0] < last - 1)


def test_thirty_quick_keystrokes_end_in_the_right_state(bare, explorer):
    shown = explorer.shown
    shown.type(" the river of Veldt is Miro now", delay=20)
    text = shown.editor.input_value()
    until(shown.page, lambda: explorer.text == text)
    assert explorer.trace.text.text == text
    shown.wait_for_tokens(len(explorer.trace.text))
    # What was reused on the way adds in another order, so the numbers agree as floats do; what is drawn is them exactly.
    weights = explorer.trace.weights(explorer.layer, explorer.head).numpy()
    fresh = bare.explore(text=text).trace.weights(explorer.layer, explorer.head).numpy()
    np.testing.assert_allclose(weights, fresh, atol=1e-5)
    shown.expect_weights(weights)


def test_a_selection_is_a_query_of_several_tokens(explorer):
    shown = explorer.shown
    shown.caret_to_end()
    shown.editor.press("ControlOrMeta+Shift+ArrowLeft")
    shown.editor.press("ControlOrMeta+Shift+ArrowLeft")
    tokens = len(explorer.trace.text)
    until(shown.page, lambda: tuple(explorer.query) == (tokens - 2, tokens))


def test_a_query_pinned_from_python_stays_until_the_caret_moves(bare, explorer):
    shown = explorer.shown
    explorer.query = 3
    shown.expect_marked("query", [3])
    bare.settle(explorer)
    assert tuple(explorer.query) == (3, 4)
    shown.caret_to_end()
    until(shown.page, lambda: explorer.query[1] == len(explorer.trace.text))


ANY = [
    "<b>bold</b> & <i>italic</i> &amp; &lt;",
    "<script>window.hacked = true</script></script><img src=x onerror='window.hacked = true'>",
    "<unk> <s> </s> [CLS] [PAD] <|endoftext|> <bos>",
    "مرحبا بالعالم، كيف حالك؟",
    "עברית then English ואז עברית",
    "👩‍👩‍👧‍👦 👍🏽 🇫🇷 😀",
    "日本語のテキスト と 中文",
    "e\u0301 combining, \u200b zero width, \u202e override, \ufeff mark",
    "tabs\tand\nnew\n\nlines  and   spaces   ",
    "\\ / \" ' ` ${x} {{x}} %s \\n \\u0000",
]


def written(text):
    """The characters of a text or of several, without blanks."""
    return {character for character in "".join(text) if not re.match(r"\s", character)}


def test_any_text_is_text(explorer):
    shown = explorer.shown
    for text in ANY:
        shown.replace_text(text)
        typed = shown.editor.input_value()
        until(shown.page, lambda typed=typed: explorer.text == typed)
        assert typed == text
        tokens = len(explorer.trace.text)
        shown.wait_for_tokens(tokens)
        expect(shown.matrix).to_have_attribute("data-rows", str(tokens))
        painted = str(len(text.encode("utf-16-le")) // 2)
        expect(shown.root.locator(".attnwidget")).to_have_attribute("data-painted-text-length", painted)
        # The marks say what the text says, and nothing in it was taken for markup.
        until(shown.page, lambda text=text: set() < written(shown.pieces()) <= written(text), shown.pieces)
        assert shown.page.evaluate("() => window.hacked") is None
        assert shown.root.locator("script, img, .aw-words *").count() == 0


def test_lone_surrogates_are_made_harmless(explorer):
    shown = explorer.shown
    shown.editor.evaluate(
        """(editor) => {
          editor.focus();
          editor.value = "broken \\ud83d here";
          editor.dispatchEvent(new InputEvent("input", { bubbles: true }));
        }"""
    )
    until(shown.page, lambda: "broken" in explorer.text)
    assert explorer.text == "broken \ufffd here"
    shown.wait_for_tokens(len(explorer.trace.text))


def test_an_empty_text_is_said_and_forgiven(explorer):
    shown = explorer.shown
    shown.replace_text("x")
    shown.editor.press("Backspace")
    expect(shown.status).to_be_visible()
    expect(shown.status).not_to_be_empty()
    shown.type("The river")
    until(shown.page, lambda: explorer.text == "The river")
    shown.wait_for_tokens(len(explorer.trace.text))


def test_a_text_too_long_is_not_cut_unasked(explorer):
    shown = explorer.shown
    checksum = shown.checksum()
    limit = explorer_limit(explorer)
    long = "the river of Veldt is Miro. " * limit
    shown.replace_text(long)
    expect(shown.status).to_contain_text(f"{limit:,}")
    assert shown.checksum() == checksum  # the last good view stays
    assert shown.editor.input_value() == long
    shown.root.get_by_role("button", name=re.compile("first", re.IGNORECASE)).click()
    shown.wait_for_change(checksum)
    expect(shown.root).to_contain_text(re.compile("first", re.IGNORECASE))


def test_a_million_characters_are_refused_before_they_are_read(explorer):
    shown = explorer.shown
    checksum = shown.checksum()
    # As a paste does it: one input event. Typing a million characters through the protocol would take minutes.
    shown.editor.evaluate(
        """(editor) => {
          editor.focus();
          editor.value = "word ".repeat(200_000);
          editor.dispatchEvent(new InputEvent("input", { bubbles: true, inputType: "insertFromPaste" }));
        }"""
    )
    expect(shown.status).to_contain_text(re.compile("characters"))
    assert shown.checksum() == checksum
    shown.editor.evaluate("(editor) => { editor.value = ''; }")
    shown.replace_text("The river of Veldt")
    until(shown.page, lambda: explorer.text == "The river of Veldt")
    shown.wait_for_tokens(len(explorer.trace.text))


# -------------------------------------------------------------------------------------------------- state both ways


def test_a_clicked_head_is_the_explorers_head(explorer):
    shown = explorer.shown
    shown.click_head(2, 1)
    until(shown.page, lambda: (explorer.layer, explorer.head) == (2, 1))
    shown.click_head(0, 3)
    until(shown.page, lambda: (explorer.layer, explorer.head) == (0, 3))


def test_the_direction_can_be_turned_from_both_sides(explorer):
    shown = explorer.shown
    shown.choose("read_by")
    until(shown.page, lambda: explorer.direction == "read_by")
    expect(shown.root.locator(".aw-frame")).to_have_attribute("data-direction", "read_by")
    explorer.direction = "reads"
    expect(shown.root.locator(".aw-frame")).to_have_attribute("data-direction", "reads")


def test_heat_can_come_from_a_layer_or_from_all(explorer):
    shown = explorer.shown
    mean = explorer.trace.weights(explorer.layer).mean(0).numpy()
    shown.choose("layer")
    shown.expect_weights(mean)
    shown.choose("rollout")
    shown.wait_for_change(checksum_of(mean))
    expect(shown.root.locator(".aw-title")).to_contain_text(re.compile("rollout", re.IGNORECASE))
    shown.click_head(1, 1)
    shown.expect_weights(explorer.trace.weights(1, 1).numpy())


def test_hovering_looks_and_leaving_looks_back(explorer):
    shown = explorer.shown
    before = shown.checksum()
    there = explorer.trace.weights(3, 3).numpy()
    shown.hover_head(3, 3)
    shown.expect_weights(there)
    shown.page.mouse.move(2, 2)
    shown.expect_checksum(before)
    assert (explorer.layer, explorer.head) != (3, 3)


def test_the_weights_are_verified_without_being_asked(explorer):
    expect(explorer.shown.root.locator(".aw-chip-verify")).to_contain_text(re.compile(r"exact to \d"))
    expect(explorer.shown.root.locator(".aw-chip-teaching")).to_be_visible()


def test_an_example_replaces_the_text(explorer):
    shown = explorer.shown
    title, text = next((example.title, example.text) for example in EXAMPLES if example.text != TEXT)
    shown.choose_example(title)
    until(shown.page, lambda: explorer.text == text)
    expect(shown.editor).to_have_value(text)
    shown.wait_for_tokens(len(explorer.trace.text))


def test_arrow_keys_walk_through_the_grid(explorer):
    shown = explorer.shown
    shown.click_head(1, 1)
    until(shown.page, lambda: (explorer.layer, explorer.head) == (1, 1))
    shown.page.keyboard.press("ArrowRight")
    until(shown.page, lambda: (explorer.layer, explorer.head) == (1, 2))
    shown.page.keyboard.press("ArrowDown")
    until(shown.page, lambda: (explorer.layer, explorer.head) == (2, 2))


def test_what_python_sets_shows(explorer):
    shown = explorer.shown
    checksum = shown.checksum()
    explorer.layer, explorer.head = 3, 2
    expect(shown.grid).to_have_attribute("data-layer", "3")
    expect(shown.grid).to_have_attribute("data-head", "2")
    shown.wait_for_change(checksum)
    explorer.text = "The river of Veldt is Miro."
    expect(shown.editor).to_have_value("The river of Veldt is Miro.")
    shown.wait_for_tokens(len(explorer.trace.text))


def test_python_and_the_page_draw_the_same_place(bare, explorer):
    explorer.layer, explorer.head = 2, 3
    expect(explorer.shown.grid).to_have_attribute("data-head", "3")
    twin = bare.open(text=TEXT, layer=2, head=3)
    for each in (explorer, twin):
        each.shown.expect_weights(explorer.trace.weights(2, 3).numpy())


def test_keys_stay_inside(bare, explorer):
    shown = explorer.shown
    for place in (shown.grid, shown.matrix):
        place.click()
        for key in ("b", "d", "d", "x", "ArrowDown", "ArrowUp", "a", "Enter"):
            bare.page.keyboard.press(key)
    shown.type("b d d x")
    assert bare.keys_that_escaped() == []


def test_the_keyboard_reaches_everything_and_leaves_again(bare, explorer):
    bare.page.locator("#before").focus()
    seen = set()
    for _ in range(90):
        bare.page.keyboard.press("Tab")
        inside = bare.page.evaluate(
            "() => document.activeElement.closest('#views') ? document.activeElement.className : ''"
        )
        if bare.page.evaluate("() => document.activeElement.id") == "after":
            break
        seen.add(inside)
    else:
        pytest.fail("Tab never came out of the explorer again")
    assert len(seen) >= 3


# ------------------------------------------------------------------------------------------- several, and their ends


def test_two_explorers_do_not_disturb_each_other(bare, explorer):
    other = bare.open(text="The river of Veldt is Miro.")
    shown = other.shown
    text, checksum = explorer.shown.editor.input_value(), explorer.shown.checksum()
    shown.type(" The river")
    until(shown.page, lambda: other.text.endswith("The river"))
    shown.wait_for_tokens(len(other.trace.text))
    assert explorer.text == TEXT
    assert explorer.shown.editor.input_value() == text
    assert explorer.shown.checksum() == checksum


def test_one_explorer_shown_twice_is_one_explorer(bare, explorer):
    second = bare.show(explorer)
    second.wait_until_drawn()
    second.type(" Paris")
    expect(explorer.shown.editor).to_have_value(TEXT + " Paris")
    until(second.page, lambda: explorer.text == TEXT + " Paris")
    tokens = len(explorer.trace.text)
    explorer.shown.wait_for_tokens(tokens)
    second.wait_for_tokens(tokens)
    second.click_head(3, 3)
    expect(explorer.shown.grid).to_have_attribute("data-head", "3")
    expect(explorer.shown.grid).to_have_attribute("data-layer", "3")


def test_what_is_typed_in_one_page_shows_in_another_and_both_rest(bare, explorer, browser, bridge):
    page = new_page(browser)
    other = type(bare)(page, bridge)
    other.load()
    second = other.show(explorer)
    second.wait_until_drawn()
    for here, there, typed in ((explorer.shown, second, " Paris"), (second, explorer.shown, " and Rome")):
        text = here.editor.input_value() + typed
        here.type(typed)
        expect(there.editor).to_have_value(text)
        until(here.page, lambda text=text: explorer.text == text)
        for shown in (here, there):
            shown.wait_for_tokens(len(explorer.trace.text))
    until(second.page, lambda: second.checksum() == explorer.shown.checksum(), "they show two different maps")
    page.context.close()
    page.log.check()


def test_a_view_that_goes_takes_its_listeners_along(bare, explorer):
    listeners = "async (name) => (await bare.model(name)).listenerCount"
    bare.hide(bare.show(explorer))  # what is made once and kept is made by now
    before = bare.page.evaluate(listeners, explorer.model_id)
    bare.settle(explorer)  # effects come after the paint
    page_before = bare.page.evaluate("() => bare.pageListeners()")
    for _ in range(20):
        view = bare.show(explorer)
        view.wait_until_drawn()
        bare.hide(view)
    until(bare.page, lambda: bare.page.evaluate(listeners, explorer.model_id) == before)
    until(explorer.shown.page, lambda: bare.page.evaluate("() => bare.pageListeners()") == page_before)
    explorer.layer = 2
    expect(explorer.shown.grid).to_have_attribute("data-layer", "2")


# -------------------------------------------------------------------------------------------------- on the wire


def test_messages_out_of_order_end_in_the_right_state(bare, explorer):
    shown, whole = explorer.shown, TEXT + " Paris is"
    asked, answered = {}, []

    def hear(data, _buffers):
        if data["method"] == "custom" and data["content"]["status"] == "ok":
            answered.append(asked.get(data["content"]["id"]))

    explorer.on_msg(lambda _widget, question, _buffers: asked.update({question["id"]: question}))
    explorer.comm.listeners.append(hear)
    bare.bridge.hold()
    shown.type(" Paris is", delay=60)
    until(shown.page, lambda: explorer.text == whole)
    tokens = len(explorer.trace.text)
    until(shown.page, lambda: any(one and (one["kind"], one["text"]) == ("frame", whole) for one in answered))
    assert bare.bridge.release(backwards=True) > 1
    shown.wait_for_tokens(tokens)
    assert shown.editor.input_value() == whole


GARBAGE = [
    None, 7, "text", [], {}, {"id": "x"}, {"kind": "frame"}, {"id": 1, "kind": "frame"}, {"id": "y", "kind": "nonsense"},
    {"id": "z", "kind": "frame", "text": 5}, {"id": "w", "kind": "frame", "text": "a", "layer": "b", "query": "c"},
]  # fmt: skip


def test_garbage_from_the_page_does_no_harm(bare, explorer):
    shown, text = explorer.shown, TEXT
    for garbage in GARBAGE:
        bare.send(explorer, garbage)
        shown.type(" a")
        text += " a"
        until(shown.page, lambda text=text: explorer.text == text, f"after {garbage!r}")
        shown.wait_for_tokens(len(explorer.trace.text))
        assert bare.bridge.errors == [], garbage


def test_garbage_from_python_does_no_harm(bare, explorer):
    for content in (None, 7, "text", [], {}, {"id": "never asked", "status": "ok"}, {"status": "error"}):
        explorer.send(content)
    explorer.send({"id": "never asked", "status": "ok"}, buffers=[b"ATTN garbage"])
    explorer.shown.type(" Paris")
    until(explorer.shown.page, lambda: explorer.text == TEXT + " Paris")
    explorer.shown.wait_for_tokens(len(explorer.trace.text))


# ------------------------------------------------------------------------------------------------- how it sits


# What reaches beyond an explorer, and is not scrolled or cut.
SPILLING = """(root) => {
  const right = root.getBoundingClientRect().right + 1;
  return [...root.querySelectorAll("*")]
    .filter((element) => element.checkVisibility() && element.getBoundingClientRect().width > 1)
    .filter((element) => element.getBoundingClientRect().right > right)
    .filter((element) => !scrolls(element.parentElement))
    .map((element) => element.className);
  function scrolls(element) {
    for (let e = element; e && e !== root; e = e.parentElement) {
      if (["auto", "scroll", "hidden", "clip"].includes(getComputedStyle(e).overflowX)) return true;
    }
    return false;
  }
}"""


@pytest.mark.parametrize("width", [320, *(pytest.param(w, marks=pytest.mark.long) for w in (480, 640, 900))])
def test_no_width_makes_it_spill(bare, width):
    shown = bare.open(text=TEXT, width=f"{width}px").shown
    shown.expect_settled(lambda: shown.root.evaluate(SPILLING))


def test_it_follows_a_dark_page(bare, explorer):
    root = explorer.shown.root.locator(".attnwidget").first
    light = root.evaluate("(element) => getComputedStyle(element).color")
    bare.page.emulate_media(color_scheme="dark")
    until(bare.page, lambda: root.evaluate("(element) => getComputedStyle(element).color") != light)
    # It is white whatever the system wants.
    bare.page.evaluate("() => { document.documentElement.style.colorScheme = 'normal' }")
    until(bare.page, lambda: root.evaluate("(element) => getComputedStyle(element).color") == light)


def tones_follow(tones, row):
    """Whether tones (None for sinks) are the square roots of the weights, and nothing below a thousandth."""
    right = [0 if weight < 0.001 else weight**0.5 for weight in row]
    pairs = [(tone, due) for tone, due in zip(tones, right, strict=True) if tone is not None]
    return len(pairs) > 1 and all(abs(tone - due) < 5e-3 for tone, due in pairs)


def explorer_limit(explorer):
    import attnwidget

    return attnwidget.load().facts.limit
