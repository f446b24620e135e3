"""A picture where a text would stand: hovered, painted over, replaced."""

from io import BytesIO

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.until import until
from tests.model.pictures import Halves, vision

RED, BLUE = (Image.new("RGB", (48, 48), colour) for colour in ("#c03020", "#2040c0"))


@pytest.fixture
def explorer(bare):
    return bare.open(vision(), image=RED, processor=Halves())


def middle_of(picture, row, column):
    box = picture.bounding_box()
    return box["x"] + (column + 0.5) * box["width"] / 6, box["y"] + (row + 0.5) * box["height"] / 6


def colour_in(picture):
    """Of the middle of the picture itself, under the heat."""
    return picture.locator(".aw-picture-ground").evaluate(
        "canvas => [...canvas.getContext('2d').getImageData(canvas.width / 2, canvas.height / 2, 1, 1).data].slice(0, 3)"
    )


def test_a_picture_is_looked_at_chosen_from_and_painted_over(explorer, page):
    root = explorer.shown.root
    picture = root.locator(".aw-picture")
    until(page, lambda: colour_in(picture) == [192, 48, 32])
    page.mouse.move(*middle_of(picture, 2, 3))
    expect(root.get_by_text("“2,3” reads")).to_be_visible()
    page.mouse.down()
    page.mouse.up()
    until(page, lambda: explorer.query == (1 + 2 * 6 + 3, 1 + 2 * 6 + 4))
    picture.press("ArrowRight")
    until(page, lambda: explorer.query == (1 + 2 * 6 + 4, 1 + 2 * 6 + 5))
    root.get_by_role("button", name="hide by painting").click()
    page.mouse.move(*middle_of(picture, 0, 0))
    page.mouse.down()
    page.mouse.move(*middle_of(picture, 0, 2), steps=6)
    page.mouse.up()
    until(page, lambda: explorer.edits == ("hide 1..3",))
    assert float(explorer.trace.weights(1, 0)[10, 1:4].max()) == 0
    page.mouse.move(*middle_of(picture, 0, 1))
    page.mouse.down()
    page.mouse.up()
    until(page, lambda: explorer.edits == ("hide 1, 3",))


def test_another_picture_is_chosen_and_what_is_none_changes_nothing(explorer, page):
    root = explorer.shown.root
    picture, before = root.locator(".aw-picture"), explorer.text
    until(page, lambda: colour_in(picture) == [192, 48, 32])
    into = BytesIO()
    BLUE.save(into, "PNG")
    chooser = root.get_by_label("Another picture")
    chooser.set_input_files({"name": "blue.png", "mimeType": "image/png", "buffer": into.getvalue()})
    until(page, lambda: colour_in(picture) == [32, 64, 192])
    assert explorer.text != before
    chooser.set_input_files({"name": "words.txt", "mimeType": "text/plain", "buffer": b"words"})
    expect(root.get_by_role("alert").filter(has_text="no picture")).to_be_visible()
    assert colour_in(picture) == [32, 64, 192]
    root.get_by_role("button", name="Undo").click()
    until(page, lambda: explorer.text == before)
    until(page, lambda: colour_in(picture) == [192, 48, 32])
