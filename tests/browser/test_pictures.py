"""A picture where a text would stand: hovered, painted over, replaced."""

import xml.etree.ElementTree as ET
from base64 import b64encode
from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
import torch
from PIL import Image
from playwright.sync_api import expect

import attnwidget as aw
from attnwidget.engine import Picture
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


def test_a_part_is_cut_out_and_undo_brings_the_whole_back(bare, page):
    halves = Image.new("RGB", (48, 48), "#c03020")
    halves.paste("#2040c0", (24, 0, 48, 48))
    explorer = bare.open(vision(), image=halves, processor=Halves())
    root, whole = explorer.shown.root, explorer.text
    picture = root.locator(".aw-picture")
    until(page, lambda: sum(colour_in(picture)) > 0)
    root.get_by_role("button", name="crop", exact=True).click()
    page.mouse.move(*middle_of(picture, 0.5, 3.5))
    page.mouse.down()
    page.mouse.move(*middle_of(picture, 4.5, 5), steps=4)
    expect(root.get_by_text("6 × 16 pixels")).to_be_visible()
    page.mouse.up()
    assert (explorer.text, explorer.query) == (whole, (0, 1))  # a frame is no query
    root.get_by_role("button", name="read this part").click()
    until(page, lambda: explorer.text != whole)
    assert np.asarray(explorer.image).reshape(-1, 3).tolist() == [[32, 64, 192]] * 96
    until(page, lambda: colour_in(picture) == [32, 64, 192])
    assert (explorer.trace.pictures[0].pixels == (32, 64, 192)).all()
    root.get_by_role("button", name="Undo").click()
    until(page, lambda: explorer.text == whole)


# What a browser does when a file is dropped on an element, or pasted into it.
HAND_OVER = """(element, [kind, data, type]) => {
  const bytes = Uint8Array.from(atob(data), (one) => one.charCodeAt(0));
  const held = new DataTransfer();
  held.items.add(new File([bytes], "picture", { type }));
  const how = { bubbles: true, cancelable: true };
  if (kind === "paste") return element.dispatchEvent(new ClipboardEvent(kind, { ...how, clipboardData: held }));
  element.dispatchEvent(new DragEvent("dragover", { ...how, dataTransfer: held }));
  const marked = element.closest(".aw-pictures").dataset.dropping !== undefined;
  element.dispatchEvent(new DragEvent(kind, { ...how, dataTransfer: held }));
  return marked && element.closest(".aw-pictures").dataset.dropping === undefined;
}"""


@pytest.mark.parametrize("kind", ["drop", "paste"])
def test_a_picture_is_dropped_and_pasted_and_a_file_that_is_none_is_said_to_be(explorer, page, kind):
    root = explorer.shown.root
    picture, into = root.locator(".aw-picture"), BytesIO()
    until(page, lambda: colour_in(picture) == [192, 48, 32])
    BLUE.save(into, "PNG")
    marked = picture.evaluate(HAND_OVER, [kind, b64encode(into.getvalue()).decode(), "image/png"])
    assert marked or kind == "paste"
    until(page, lambda: colour_in(picture) == [32, 64, 192])
    shown = explorer.text
    picture.evaluate(HAND_OVER, [kind, b64encode(b"words").decode(), "text/plain"])
    expect(root.get_by_role("alert").filter(has_text="no picture")).to_be_visible()
    assert explorer.text == shown


def test_a_patch_is_hidden_from_its_menu(explorer, page):
    root = explorer.shown.root
    picture = root.locator(".aw-picture")
    until(page, lambda: colour_in(picture) == [192, 48, 32])
    page.mouse.click(*middle_of(picture, 2, 3), button="right")
    menu = root.get_by_role("menu")
    expect(menu).to_contain_text("“2,3” #16")
    menu.get_by_role("menuitem", name="Hide “2,3”").click()
    until(page, lambda: explorer.edits == ("hide 16",))


def heat_at(picture, row, column):
    """The colours that lie over a patch, each once."""
    return picture.locator(".aw-picture-heat").evaluate(
        """(canvas, [row, column]) => {
          const side = canvas.width / 6, inner = Math.floor(side) - 8;
          const { data } = canvas.getContext("2d").getImageData(column * side + 4, row * side + 4, inner, inner);
          const found = new Set();
          for (let at = 0; at < data.length; at += 4) found.add(data.slice(at, at + 4).join());
          return [...found].map((one) => one.split(",").map(Number));
        }""",
        [row, column],
    )


def test_sinks_are_hatched_and_what_is_not_read_goes_dark(bare, page):
    # A model without [CLS]: the first token is a patch.
    maps = torch.full((1, 36, 36), 0.001)
    maps[..., 0], maps[..., 7], maps[..., 19] = 0.6, 0.3, 0.0
    given = aw.Trace.from_weights([maps / maps.sum(-1, keepdim=True)], aw.Tokens.patches(6, 6))
    given = replace(given, pictures=(Picture(np.full((24, 24, 3), (192, 48, 32), np.uint8), (4, 4)),))
    explorer = bare.view(given, query=3)
    root = explorer.shown.root
    picture = root.locator(".aw-picture")
    page.mouse.move(2, 2)
    until(page, lambda: len(heat_at(picture, 0, 0)) > 2)  # stripes, and between them nothing
    assert [0, 0, 0, 0] in heat_at(picture, 0, 0)
    ((*_, covers),) = heat_at(picture, 1, 1)
    assert covers > 100
    root.get_by_role("button", name="light", exact=True).click()
    until(page, lambda: heat_at(picture, 3, 1)[0][:3] == [0, 0, 0] and heat_at(picture, 3, 1)[0][3] > 200)
    assert heat_at(picture, 1, 1)[0][3] < 60
    assert explorer.over == "light"
    root.get_by_role("button", name="Undo").click()
    until(page, lambda: explorer.over == "colour")
    expect(root.get_by_role("button", name="colour", exact=True)).to_have_attribute("aria-pressed", "true")


def test_a_special_token_beside_the_picture_has_its_heat_and_its_ring(explorer, page):
    chip = explorer.shown.root.locator(".aw-toned")
    explorer.query = 9
    until(page, lambda: chip.get_attribute("data-ring") is None)
    explorer.over, explorer.scale = "colour", "stretch"
    row = explorer.trace.weights(explorer.layer, explorer.head)[9]
    tone = min(1.0, float((row[0] / row.max()) ** 0.5))
    shown = float(chip.evaluate("chip => parseFloat(chip.style.getPropertyValue('--aw-tone'))"))
    assert (shown > 0) == (tone > 0)
    chip.get_by_role("button").click()
    until(page, lambda: explorer.query == (0, 1))
    until(page, lambda: chip.get_attribute("data-ring") is not None)


def test_two_pictures_are_compared_patch_by_patch(explorer, page):
    root = explorer.shown.root
    held = explorer.trace.weights(explorer.layer, explorer.head)
    root.get_by_role("tab", name="Compare").click()
    root.get_by_role("button", name="Hold this picture").click()
    expect(root.get_by_text("The picture is held.")).to_be_visible()
    noise = np.random.default_rng(0).integers(0, 256, (48, 48, 3), dtype=np.uint8)
    explorer.image = Image.fromarray(noise)
    changed = float((explorer.trace.weights(explorer.layer, explorer.head) - held).abs().max())
    expect(root.locator(".aw-view")).to_contain_text(f"largest change {changed:.3f}")
    root.get_by_role("button", name="show it").click()
    until(page, lambda: colour_in(root.locator(".aw-picture")) == [192, 48, 32])


def test_model_shows_the_picture_once_for_every_head(explorer, page):
    root = explorer.shown.root
    root.get_by_role("tab", name="Model").click()
    heads = root.locator(".aw-head-pictures button")
    expect(heads).to_have_count(4)
    heads.nth(3).hover()
    expect(root.get_by_text("Layer 1 · Head 1")).to_be_visible()
    heads.nth(3).click()
    until(page, lambda: (explorer.layer, explorer.head) == (1, 1))
    expect(heads.nth(3)).to_have_attribute("aria-pressed", "true")
    root.locator(".aw-view-head .aw-shades button", has_text="entropy").click()
    expect(root.locator(".aw-head-pictures")).to_have_count(0)
