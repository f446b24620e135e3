"""The generator of the pictures: its rule found again in the pixels, the patches that decide drawn by Pillow, and what it keeps out."""
# ruff: noqa: S311 - random pictures

import subprocess
import sys
from colorsys import rgb_to_hsv
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from attnwidget.tiny.vision import PICTURE_EXAMPLES, drawing, scenes, truth
from attnwidget.tiny.vision import vocabulary as v

KINDS = scenes.PICTURE_KINDS
FINER = 32
"""So many points a pixel, across and down, are drawn by Pillow."""


def arranged(kind, count, *, held_out=False):
    rng = Random(f"{kind} {held_out}")
    return [scenes.arranged_scene(rng, kind, held_out=held_out) for _ in range(count)]


def test_importing_the_pictures_imports_no_torch():
    code = "import attnwidget.tiny, attnwidget.tiny.vision.truth, sys; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def class_in_pixels(pixels):
    """The class of a picture, from its pixels alone.

    A cell's shape is what has a colour there. Of all shapes only the triangle is heavier below: the mean row of its pixels lies
    under the middle of the rows that it spans.
    """
    bright = pixels.astype(int)
    coloured = bright.max(2) - bright.min(2) > 75
    for row in range(3):
        for column in range(3):
            here = (slice(1 + 18 * row, 19 + 18 * row), slice(1 + 18 * column, 19 + 18 * column))
            rows = np.nonzero(coloured[here])[0]
            if len(rows) and rows.mean() - (rows.min() + rows.max()) / 2 > 0.07 * (np.ptp(rows) + 1):
                return nearest_colour(pixels[here][coloured[here]].mean(0))
    return "none"


def nearest_colour(mean):
    """The name of the colour whose hue is nearest."""
    hue = rgb_to_hsv(*(mean / 255))[0]
    apart = {
        name: abs(hue - rgb_to_hsv(*(part / 255 for part in colour))[0]) for name, colour in v.SHAPE_COLOURS.items()
    }
    return min(apart, key=lambda name: min(apart[name], 1 - apart[name]))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("held_out", [False, True])
def test_the_class_is_found_again_in_the_pixels(kind, held_out):
    told = arranged(kind, 100, held_out=held_out)
    found = [class_in_pixels(drawing.drawn_pixels(scene)) for scene in told]
    assert found == [scenes.colour_asked(scene) for scene in told]


def covered_by_pillow(one):
    """[row column] share of each patch that lies in a triangle, drawn alone as a polygon and much finer."""
    canvas = Image.new("L", (v.SIDE * FINER, v.SIDE * FINER))
    half, base = one.size / 2, one.down + 0.9 * one.size / 2
    corners = [(one.across, one.down - half), (one.across - half, base), (one.across + half, base)]
    ImageDraw.Draw(canvas).polygon([(x * FINER, y * FINER) for x, y in corners], fill=1)
    wide = v.PATCH * FINER
    return np.asarray(canvas).reshape(v.GRID, wide, v.GRID, wide).mean((1, 3))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(KINDS), st.booleans())
def test_the_deciding_patches_are_those_that_the_triangle_covers(seed, kind, held_out):
    scene = scenes.arranged_scene(Random(seed), kind, held_out=held_out)
    asked = scenes.asked_shape(scene)
    told = np.zeros((v.GRID, v.GRID), dtype=bool)
    for place in truth.deciding_patches(scene):
        told[place] = True
    share = np.zeros(told.shape) if asked is None else covered_by_pillow(asked)
    assert not told[share == 0].any()
    # A border that lies between the points of our pixels changes none of them: an eighth of a pixel of four at most.
    assert told[share > 0.04].all()
    assert (asked is None) == (not told.any())


def test_the_pixels_change_with_the_triangle_only_in_the_deciding_patches():
    changed = 0
    for scene in arranged("many", 40):
        asked = scenes.asked_shape(scene)
        if asked is not None:
            others = tuple(one for one in scene.shapes if one is not asked)
            without = scenes.Scene(scene.kind, others, scene.ground, scene.slope, scene.grain)
            differ = (drawing.drawn_pixels(scene) != drawing.drawn_pixels(without)).any(2)
            patches = differ.reshape(v.GRID, v.PATCH, v.GRID, v.PATCH).any((1, 3))
            assert not (patches & ~drawing.covered_patches(asked)).any()
            changed += patches.sum() / drawing.covered_patches(asked).sum() > 0.9
    assert changed > 25


def test_a_picture_has_one_triangle_at_most_and_as_many_other_shapes_as_its_kind_says():
    for kind, (fewest, most) in scenes.OTHER_SHAPES.items():
        counts = set()
        for scene in arranged(kind, 300):
            shapes = [one.shape for one in scene.shapes]
            assert shapes.count(v.ASKED_SHAPE) <= 1
            assert len({one.cell for one in scene.shapes}) == len(shapes)
            counts.add(len(shapes) - shapes.count(v.ASKED_SHAPE))
        assert counts == set(range(fewest, most + 1))


def test_shapes_stay_in_their_cells():
    for scene in arranged("many", 100):
        for one in scene.shapes:
            row, column = divmod(one.cell, 3)
            assert 1 + 18 * column <= one.across - one.size / 2 < one.across + one.size / 2 <= 19 + 18 * column
            assert 1 + 18 * row <= one.down - one.size / 2 < one.down + one.size / 2 <= 19 + 18 * row


def test_all_classes_are_about_as_frequent_and_colours_of_other_shapes_do_not_give_them_away():
    told = [scene for kind in KINDS for scene in arranged(kind, 700)]
    shares = [sum(scenes.colour_asked(scene) == name for scene in told) / len(told) for name in v.PICTURE_CLASSES]
    assert all(0.11 < share < 0.18 for share in shares)
    others = [
        (scenes.colour_asked(scene), one.colour) for scene in told for one in scene.shapes if one.shape != v.ASKED_SHAPE
    ]
    same = sum(asked == colour for asked, colour in others if asked != "none")
    assert same / sum(asked != "none" for asked, _ in others) == pytest.approx(1 / 6, abs=0.03)


@pytest.mark.parametrize("kind", KINDS)
def test_held_out_places_of_triangles_never_occur_in_training(kind):
    for held_out in (False, True):
        asked = [one for scene in arranged(kind, 600, held_out=held_out) if (one := scenes.asked_shape(scene))]
        assert {scenes.kept_out(one.colour, one.cell) for one in asked} == {held_out}
        assert {one.colour for one in asked} == {*v.SHAPE_COLOURS}
    kept = [sum(scenes.kept_out(colour, cell) for cell in range(scenes.CELLS)) for colour in v.SHAPE_COLOURS]
    assert kept == [2] * len(v.SHAPE_COLOURS)


PIXELS = """
import hashlib, numpy as np
from attnwidget.tiny.vision.truth import vision_samples
print(hashlib.sha256(b"".join(np.asarray(one.picture).tobytes() for one in vision_samples(9, seed=2))).hexdigest())
"""


def test_another_process_draws_the_same_pictures():
    drawn = [subprocess.run([sys.executable, "-c", PIXELS], check=True, capture_output=True).stdout for _ in "ab"]
    assert drawn[0] == drawn[1]


def test_samples_are_held_out_and_have_a_triangle():
    samples, again, others = (truth.vision_samples(60, seed=seed) for seed in (1, 1, 2))
    pixels = [np.asarray(one.picture) for one in samples]
    assert all(np.array_equal(one, np.asarray(other.picture)) for one, other in zip(pixels, again, strict=True))
    assert not all(np.array_equal(one, np.asarray(other.picture)) for one, other in zip(pixels, others, strict=True))
    assert {sample.kind for sample in samples} == set(KINDS)
    assert all(one.shape == (v.SIDE, v.SIDE, 3) for one in pixels)
    assert [class_in_pixels(one) for one in pixels] == [sample.answer for sample in samples]
    assert all(sample.deciding for sample in samples)


def test_painting_changes_the_asked_patches_and_no_other():
    pixels = drawing.drawn_pixels(arranged("many", 1)[0])
    patches = np.zeros((v.GRID, v.GRID), dtype=bool)
    patches[2, 3:5] = True
    changed = drawing.painted_patches(pixels, patches, 128) != pixels
    assert not changed[:8].any()
    assert not changed[12:].any()
    assert not changed[:, :12].any()
    assert not changed[:, 20:].any()
    assert (drawing.painted_patches(pixels, patches, 128)[8:12, 12:20] == 128).all()


def test_the_examples_are_pictures_whose_class_is_seen():
    found = {example.title: class_in_pixels(np.asarray(example.picture())) for example in PICTURE_EXAMPLES}
    assert found == {
        "One among many": "red", "A small one": "purple", "What looks like it": "green", "None is there": "none",
    }  # fmt: skip
