"""A scene -> its pixels, and the patches that a shape covers. Shapes are inequalities; borders are smoothed by 4 x 4 points a pixel."""

from collections.abc import Callable
from random import Random

import numpy as np
from PIL import Image

from attnwidget.tiny.vision.scenes import PlacedShape, Scene
from attnwidget.tiny.vision.vocabulary import CELL_MARGIN, CELL_SIDE, CELLS_ACROSS, GRID, PATCH, SHAPE_COLOURS, SIDE

POINTS = 4
"""So many points across and down say how much of a pixel a shape covers."""

NOISE = 10.0
"""At most so much is added to, or taken from, a channel of a pixel."""

_WITHIN: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "circle": lambda x, y: x**2 + y**2 <= 1,
    "ring": lambda x, y: (x**2 + y**2 <= 1) & (x**2 + y**2 >= 0.36),
    "square": lambda x, y: np.maximum(abs(x), abs(y)) <= 0.9,
    "diamond": lambda x, y: abs(x) + abs(y) <= 1,
    "cross": lambda x, y: np.minimum(abs(x), abs(y)) <= 0.34,
    "triangle": lambda x, y: (abs(x) <= (y + 1) / 1.9) & (y <= 0.9),
}
"""Shape -> which points are in it; -1 to 1 is its size across, from left to right, and down."""


def coverage(one: PlacedShape) -> np.ndarray:
    """[row column] how much of each pixel of its cell a shape covers, 0 to 1."""
    row, column = divmod(one.cell, CELLS_ACROSS)
    points = (np.arange(CELL_SIDE * POINTS) + 0.5) / POINTS + CELL_MARGIN
    x = (points + CELL_SIDE * column - one.across) / (one.size / 2)
    y = (points + CELL_SIDE * row - one.down) / (one.size / 2)
    inside = (abs(x) <= 1) & (abs(y) <= 1)[:, None] & _WITHIN[one.shape](x[None, :], y[:, None])
    return inside.reshape(CELL_SIDE, POINTS, CELL_SIDE, POINTS).mean((1, 3))


def _pixels_of_cell(cell: int) -> tuple[slice, slice]:
    row, column = divmod(cell, CELLS_ACROSS)
    return tuple(slice(CELL_MARGIN + CELL_SIDE * at, CELL_MARGIN + CELL_SIDE * (at + 1)) for at in (row, column))  # type: ignore[return-value]


def drawn_pixels(scene: Scene) -> np.ndarray:
    """[row column channel] of a scene, u8; the same on every call."""
    span = np.linspace(-1, 1, SIDE)
    shading = scene.slope[0] * span[None, :] + scene.slope[1] * span[:, None]
    canvas = np.array(scene.ground, dtype=float) + shading[:, :, None]
    for one in scene.shapes:
        covered = coverage(one)[:, :, None]
        here = _pixels_of_cell(one.cell)
        canvas[here] += covered * (np.array(SHAPE_COLOURS[one.colour]) + np.array(one.shade) - canvas[here])
    grain = np.frombuffer(Random(scene.grain).randbytes(canvas.size), np.uint8).reshape(canvas.shape)
    return np.clip(np.rint(canvas + NOISE * (grain / 127.5 - 1)), 0, 255).astype(np.uint8)


def drawn_picture(scene: Scene) -> Image.Image:
    """A scene as a picture, RGB."""
    return Image.fromarray(drawn_pixels(scene))


def covered_patches(one: PlacedShape) -> np.ndarray:
    """[row column] bool: the patches of which a shape covers any point."""
    whole = np.zeros((SIDE, SIDE), dtype=bool)
    whole[_pixels_of_cell(one.cell)] = coverage(one) > 0
    return np.any(whole.reshape(GRID, PATCH, GRID, PATCH), axis=(1, 3))


def painted_patches(pixels: np.ndarray, patches: np.ndarray, grey: int) -> np.ndarray:
    """A copy of [row column channel] whose patches, [row column] bool, are all of one grey."""
    wide = patches.repeat(PATCH, 0).repeat(PATCH, 1)
    return np.where(wide[:, :, None], np.uint8(grey), pixels)
