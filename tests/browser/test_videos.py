"""A video where a text would stand: its frames side by side."""

import pytest
from playwright.sync_api import expect

from tests.browser.until import until
from tests.model.videos import HalvedFrames, moving, watching


@pytest.fixture
def explorer(bare):
    return bare.open(watching(), video=moving(), processor=HalvedFrames())


def middle_of(picture, row, column):
    box = picture.bounding_box()
    return box["x"] + (column + 0.5) * box["width"] / 4, box["y"] + (row + 0.5) * box["height"] / 4


def blue_at_the_corner(picture):
    return picture.locator(".aw-picture-ground").evaluate(
        "canvas => canvas.getContext('2d').getImageData(1, 1, 1, 1).data[2]"
    )


def test_frames_are_looked_at_chosen_from_and_gone_through(explorer, page):
    root = explorer.shown.root
    frames = root.locator(".aw-film .aw-picture")
    expect(frames).to_have_count(4)
    until(page, lambda: [blue_at_the_corner(frames.nth(number)) for number in range(4)] == [160] * 4)
    page.mouse.move(*middle_of(frames.nth(2), 1, 3))
    expect(root.get_by_text("“4:1,3” reads")).to_be_visible()
    page.mouse.down()
    page.mouse.up()
    until(page, lambda: explorer.query == (2 * 16 + 1 * 4 + 3, 2 * 16 + 1 * 4 + 4))
    frames.nth(2).press("ArrowRight")
    until(page, lambda: explorer.query == (3 * 16 + 1 * 4, 3 * 16 + 1 * 4 + 1))
    page.mouse.move(2, 2)
    row = explorer.trace.weights(explorer.layer, explorer.head, queries=3 * 16 + 4)
    shares = [f"{float(row[..., at * 16 : (at + 1) * 16].sum()):.3f}" for at in range(4)]
    expect(root.locator(".aw-film-share b")).to_have_text(shares)
