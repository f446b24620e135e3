"""A picture with its heat, for readers that run no script: each patch has the tone of its weight, and nothing else is painted."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from attnwidget.engine import Picture
from attnwidget.export.overlay import DARKEST, FULLEST, OVERLAY_SIDE, Overlay, overlaid, places_in, small_file

GREY, INK, OTHER = 200, (232, 111, 38), (10, 20, 30)
PLACES = [None, *([0, 0, row, column, 1, 1] for row in (0, 1) for column in (0, 1, 2))]
EACH = OVERLAY_SIDE // 3


def painted(tones, **how):
    given = {"query": (0, 0), "sinks": (), "ring": (0, 0, 255), "inks": (INK, OTHER), **how}
    picture = Picture(np.full((8, 12, 3), GREY, np.uint8), (4, 4))
    return np.asarray(overlaid(picture, 0, PLACES, Overlay(np.array(tones), **given))).astype(int)


def middle(image, row, column):
    return image[int((row + 0.5) * EACH), int((column + 0.5) * EACH)]


def test_a_patch_is_covered_by_as_much_as_its_tone():
    image = painted([0.9, 1.0, 0.5, 0, 0, 0, -1.0])
    assert image.shape == (round(OVERLAY_SIDE * 2 / 3), OVERLAY_SIDE, 3)
    for (row, column), tone, ink in (((0, 0), 1, INK), ((0, 1), 0.5, INK), ((1, 2), 1, OTHER)):
        expected = GREY + FULLEST * tone * (np.array(ink) - GREY)
        assert abs(middle(image, row, column) - expected).max() <= 1
    assert (middle(image, 1, 0) == GREY).all()


def test_what_is_not_read_is_dark_where_light_tells_it():
    image = painted([0, 1.0, 0, 0, 0, 0, 0.5], light=True)
    assert (middle(image, 0, 0) == GREY).all()
    for (row, column), tone in (((1, 0), 0), ((1, 2), 0.5)):
        assert abs(middle(image, row, column) - GREY * (1 - DARKEST * (1 - tone))).max() <= 1
    assert (painted([0] * 7, light=True) == GREY).all()  # nothing is read: nothing is dark


def test_sinks_are_hatched_and_the_query_is_framed():
    image = painted([0, 1.0, 0, 0, 0, 0, 0], sinks={1})
    patch = image[:EACH, :EACH]
    assert (patch == GREY).all(-1).mean() == pytest.approx(0.5, abs=0.02)
    framed = painted([0] * 7, query=(5, 7))
    blue = (framed == (0, 0, 255)).all(-1)
    rows, columns = np.nonzero(blue)
    assert (rows.min(), columns.min()) == (round(OVERLAY_SIDE / 3) - 2,) * 2  # around both, and not between them
    assert not blue[EACH + 5 : -5, 2 * EACH - 4 : 2 * EACH + 4].any()


def test_only_tokens_of_this_picture_are_painted():
    picture = Picture(np.full((4, 4, 3), GREY, np.uint8), (4, 4))
    over = Overlay(np.array([1.0]), (0, 0), (), INK, (INK, INK))
    assert (np.asarray(overlaid(picture, 0, [[1, 0, 0, 0, 1, 1]], over)) == GREY).all()


def test_a_file_is_as_small_as_it_must_be():
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (320, 320, 3), dtype=np.uint8))
    data, kind = small_file(noise, 20_000)
    assert len(data) <= 20_000
    assert Image.open(BytesIO(data)).format.lower() == kind.removeprefix("image/")


def test_a_frame_of_words_has_no_places():
    assert places_in({"pieces": ["a"]}) == []
    assert places_in({"placeholders": [None]}) == [None]
