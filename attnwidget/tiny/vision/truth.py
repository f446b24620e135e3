"""Held-out pictures with their class and the patches that decide it."""

from random import Random

import numpy as np

from attnwidget.tiny.sample import PictureSample
from attnwidget.tiny.vision.drawing import covered_patches, drawn_picture
from attnwidget.tiny.vision.scenes import PICTURE_KINDS, Scene, arranged_scene, asked_shape, colour_asked


def vision_samples(count: int, seed: int) -> list[PictureSample]:
    """`count` pictures with a triangle of a colour that never stood there in training, the kinds in turn.

    >>> sample = vision_samples(2, seed=0)[1]
    >>> sample.kind, sample.picture.size, sample.answer, sample.deciding[:3]
    ('few', (56, 56), 'orange', ((1, 11), (1, 12), (2, 11)))
    """
    rng = Random(f"tiny-vision, held out {seed}")
    return [_with_triangle(rng, PICTURE_KINDS[at % len(PICTURE_KINDS)]) for at in range(count)]


def _with_triangle(rng: Random, kind: str) -> PictureSample:
    """Where there is none, no patch decides: all of them together do."""
    while True:
        scene = arranged_scene(rng, kind, held_out=True)
        if asked_shape(scene) is not None:
            return PictureSample(kind, drawn_picture(scene), colour_asked(scene), deciding_patches(scene))


def deciding_patches(scene: Scene) -> tuple[tuple[int, int], ...]:
    """(row, column) of the patches that the triangle covers, from the top left; () without one."""
    asked = asked_shape(scene)
    if asked is None:
        return ()
    return tuple((int(row), int(column)) for row, column in np.argwhere(covered_patches(asked)))
