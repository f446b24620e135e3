"""A picture where a text would stand: hovered, painted over, replaced."""

import xml.etree.ElementTree as ET
from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.bridge import bridged_widgets
from tests.browser.test_export import SVG, copied, open_export, picture_of, saved
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


def test_figures_have_the_picture_with_its_heat(explorer, page):
    root = explorer.shown.root
    until(page, lambda: colour_in(root.locator(".aw-picture")) == [192, 48, 32])
    panel = open_export(explorer.shown)
    panel.get_by_label("scale").fill("1")
    view = picture_of(saved(explorer.shown, "Save PNG")[1])
    panel.get_by_role("button", name="picture", exact=True).click()
    name, data = saved(explorer.shown, "Save PNG")
    alone = np.asarray(picture_of(data)).astype(int)
    assert name.endswith("-picture.png")
    svg = ET.fromstring(saved(explorer.shown, "Save SVG")[1])  # noqa: S314  of our own making
    assert len(list(svg.iter(f"{SVG}image"))) == 1
    assert not any("picture:" in (element.text or "") for element in svg.iter(f"{SVG}text"))
    # What is read most is the furthest from the colour of the picture.
    weights = explorer.trace.weights(explorer.layer, explorer.head)[explorer.query[0], 1:].numpy()
    strongest, weakest = (divmod(int(place), 6) for place in (weights.argmax(), weights.argmin()))
    left = 16

    def apart(row, column):
        at = [int((place + 0.5) * 320 / 6) for place in (row, column)]
        return np.abs(alone[first + at[0], left + at[1]] - (192, 48, 32)).sum()

    first = int(np.flatnonzero((np.abs(alone - (255, 255, 255)) > 8).any(-1)[:, left : left + 320].all(1))[0])
    assert apart(*strongest) > apart(*weakest)
    assert view.height > 320 + 200  # the picture, and the map under it


def test_copied_code_reads_the_same_picture(explorer, bare, page):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    root = explorer.shown.root
    until(page, lambda: colour_in(root.locator(".aw-picture")) == [192, 48, 32])
    root.get_by_role("button", name="light", exact=True).click()
    until(page, lambda: explorer.over == "light")
    open_export(explorer.shown)
    code = copied(explorer.shown, "As Python", "Python code for this explorer")
    assert "add processor= if you gave one" in code
    names = {"model": explorer.model}
    with bridged_widgets():
        exec(code, names)  # noqa: S102  that is what it is for
    made = names["ex"]
    bare.made.append(made)
    assert made.look == explorer.look
    assert made.trace.pictures[0].name == explorer.trace.pictures[0].name
    np.testing.assert_array_equal(names["weights"], explorer.trace.weights(explorer.layer, explorer.head)[0])


def test_layers_are_pictures_and_a_patch_has_its_number_in_each(explorer, page):
    root = explorer.shown.root
    explorer.query = 0
    root.get_by_role("tab", name="Layers").click()
    view = root.locator(".aw-layers")
    expect(view).to_have_attribute("data-exact", "true")
    pictures = view.locator("canvas")
    expect(pictures).to_have_count(2)
    assert min(one.bounding_box()["width"] for one in pictures.all()) > 150
    page.mouse.move(*middle_of(pictures.first, 2, 3))
    token = 1 + 2 * 6 + 3
    for layer in (0, 1):
        number = float(explorer.trace.weights(layer)[:, 0, token].mean())
        expect(view.get_by_role("button", name=f"layer {layer}")).to_contain_text(f"2,3 {number:.3f}")
    view.get_by_role("button", name="layer 1").click()
    until(page, lambda: explorer.layer == 1)


def test_lists_have_the_patch_beside_its_name(explorer, page):
    first = explorer.shown.root.locator(".aw-ranking[data-tint=reads] li .aw-crop").first
    until(
        page,
        lambda: (
            first.evaluate("canvas => [...canvas.getContext('2d').getImageData(6, 6, 1, 1).data]") == [192, 48, 32, 255]
        ),
    )
