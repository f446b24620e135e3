"""A text with the picture that it speaks of: words light patches, patches light words, and what is refused is said."""

import pytest
from playwright.sync_api import expect

import attnwidget as aw
from tests.browser.until import until
from tests.model.families import FAMILIES, build


def trace_of(name, tokens=30):
    return aw.load(build(name)).trace(FAMILIES[name].inputs(tokens))


def changed(picture):
    """Pixels of the heat over a picture that are not empty."""
    return picture.locator(".aw-picture-heat").evaluate(
        """canvas => {
          const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          return data.filter((value, at) => at % 4 === 3 && value > 0).length;
        }"""
    )


@pytest.fixture
def llava(bare):
    trace = trace_of("llava-clip")
    return trace, bare.view(trace, layer=1, head=2, part="text", query=len(trace.text) - 1)


def test_words_light_the_picture_and_patches_the_words(llava, page):
    trace, view = llava
    root = view.shown.root
    picture = root.locator(".aw-text-pictures .aw-picture")
    expect(picture).to_have_count(1)
    until(page, lambda: changed(picture) > 0)
    tokens = trace.tokens("text")[0]
    row = trace.weights(1, 2, part="text")[-1]
    seen = float(sum(row[token] for token, place in enumerate(tokens.places) if place is not None))
    expect(root.locator(".aw-row-shares")).to_contain_text(f"{seen:.2f} of its row in the picture")
    token, place = next((at, place) for at, place in enumerate(tokens.places) if place is not None and place.row == 1)
    box = picture.bounding_box()
    rows, columns = trace.pictures[0].grid
    page.mouse.move(
        box["x"] + box["width"] * (place.column + 0.5) / columns, box["y"] + box["height"] * (place.row + 0.5) / rows
    )
    page.mouse.down()
    page.mouse.up()
    until(page, lambda: view.query == (token, token + 1))


def test_every_crop_stands_beside_the_text_and_the_tower_is_said_to_be_missing(bare, page):
    trace = trace_of("smolvlm-five-crops")
    root = bare.view(trace).shown.root
    expect(root.locator(".aw-text-pictures .aw-picture")).to_have_count(len(trace.pictures))
    expect(root.locator(".aw-notes")).to_contain_text(f"vision is not shown: {trace.refused['vision']}")
