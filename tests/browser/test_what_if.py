"""What if: the computation changed from the page, where it is looked at."""

import pytest
from playwright.sync_api import expect

from tests.browser.until import until

TEXT = "The river bank was quiet so she walked along."


@pytest.fixture
def explorer(bare):
    return bare.open(text=TEXT, layer=1, head=0, query=6)


def word_at(shown, token):
    """The middle of a word of the text, on the page."""
    [rect] = next(mark["rects"] for mark in shown.words() if mark["token"] == token)
    return rect["x"] + rect["width"] / 2, rect["y"] + rect["height"] / 2


def right_click(shown, token):
    shown.page.mouse.move(*word_at(shown, token))
    shown.expect_marked("focus", [token])
    shown.page.mouse.click(*word_at(shown, token), button="right")


def expect_shown(shown, explorer, edits):
    """What Python has, what it traces and what is painted are the text with these edits."""
    until(shown.page, lambda: explorer.edits == edits, lambda: f"Python has {explorer.edits}")
    shown.expect_weights(explorer.trace.weights(1, 0).numpy())
    assert tuple(map(str, explorer.trace.edits)) == tuple(edit for edit in edits if not edit.startswith("("))


def test_a_word_is_hidden_by_its_menu_switched_off_and_on_moved_and_had_back(explorer):
    shown = explorer.shown
    page, root = shown.page, shown.root
    plain = shown.checksum()
    right_click(shown, 2)
    menu = root.get_by_role("menu")
    expect(menu.get_by_role("menuitem").first).to_be_focused()
    page.keyboard.press("Escape")
    expect(menu).to_have_count(0)
    assert explorer.query == (6, 7), "a right click moved the query"
    right_click(shown, 2)
    page.keyboard.press("Enter")
    expect_shown(shown, explorer, ("hide 2",))
    shown.expect_marked("hidden", [2])
    chip = root.get_by_role("switch", name="hide 2 (bank)")
    chip.click()
    expect_shown(shown, explorer, ("(hide 2)",))
    shown.expect_checksum(plain)
    expect(chip).to_have_attribute("aria-checked", "false")
    chip.click()
    expect_shown(shown, explorer, ("hide 2",))
    # The chip goes with its word, and is off once that is gone.
    shown.editor.press("ControlOrMeta+Home")
    before = len(explorer.trace.text)
    page.keyboard.insert_text("So the the ")
    until(page, lambda: explorer.text.startswith("So the the The"), "Python does not hear of the text")
    expect_shown(shown, explorer, (f"hide {2 + len(explorer.trace.text) - before}",))
    shown.replace_text("The river was quiet.")
    until(page, lambda: all(edit.startswith("(") for edit in explorer.edits), lambda: explorer.edits)
    expect(root.locator(".aw-why")).to_contain_text("token is gone")
    root.get_by_role("button", name="Remove").click()
    expect(root.locator(".aw-edit")).to_have_count(0)
    root.get_by_role("button", name="Undo").click()
    expect(root.locator(".aw-edit")).to_have_count(1)


def test_the_browsers_own_menu_comes_where_text_is_selected_and_with_shift(explorer):
    shown = explorer.shown
    shown.editor.evaluate("""(area) => area.closest(".attnwidget").parentElement.addEventListener("contextmenu", (event) => {
      (window.menus ??= []).push(event.defaultPrevented);
      event.preventDefault();
    })""")
    menus = lambda: shown.page.evaluate("window.menus ?? []")  # noqa: E731
    shown.page.mouse.move(*word_at(shown, 2))
    shown.page.keyboard.down("Shift")
    shown.page.mouse.click(*word_at(shown, 2), button="right")
    shown.page.keyboard.up("Shift")
    until(shown.page, lambda: menus() == [False], menus)
    shown.editor.press("ControlOrMeta+A")
    shown.page.mouse.click(*word_at(shown, 2), button="right")
    until(shown.page, lambda: menus() == [False, False], menus)
    expect(shown.root.get_by_role("menu")).to_have_count(0)
