"""The bundled model of pictures, tiny-vision: where it is, and pictures that show what its heads do. Importing this imports no torch."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PIL.Image import Image

from attnwidget.tiny.bundled import Bundled, Example
from attnwidget.tiny.vision.drawing import drawn_picture
from attnwidget.tiny.vision.scenes import Scene, shape_in_cell

VISION_FOLDER = Path(__file__).parent / "model"


def _drawn(*shapes: tuple[str, str, int, float], grain: int) -> Callable[[], Image]:
    """Draws (shape, colour, cell, size), each in the middle of its cell."""
    placed = tuple(shape_in_cell(*one) for one in shapes)
    return partial(drawn_picture, Scene("example", placed, (222, 226, 230), (6.0, -8.0), grain))


PICTURE_EXAMPLES = (
    Example(
        "One among many",
        "",
        "[CLS] reads the patches of the triangle, and hardly any other shape.",
        head=(2, 2),
        query=0,
        picture=_drawn(
            ("circle", "blue", 0, 15), ("triangle", "red", 1, 15), ("ring", "green", 2, 14), ("cross", "yellow", 3, 16),
            ("square", "orange", 5, 13), ("diamond", "purple", 6, 16), ("ring", "blue", 8, 15),
            grain=1,
        ),
    ),
    Example(
        "A small one",
        "",
        "[CLS] reads the small triangle, and not the large shapes around it.",
        head=(2, 2),
        query=0,
        picture=_drawn(
            ("triangle", "purple", 4, 10.5), ("square", "yellow", 0, 17), ("circle", "yellow", 1, 17), ("cross", "yellow", 2, 17),
            ("ring", "yellow", 3, 17), ("diamond", "yellow", 5, 17), ("circle", "yellow", 7, 17),
            grain=2,
        ),
    ),
    Example(
        "What looks like it",
        "",
        "The upper half of the diamond looks like the triangle; [CLS] reads the triangle.",
        head=(2, 2),
        query=0,
        picture=_drawn(("diamond", "orange", 3, 17), ("triangle", "green", 5, 15), grain=3),
    ),
    Example(
        "None is there",
        "",
        "Without a triangle [CLS] reads the empty ground, and none of the shapes.",
        head=(2, 2),
        query=0,
        picture=_drawn(
            ("diamond", "blue", 1, 15), ("cross", "red", 3, 14), ("ring", "orange", 4, 16), ("square", "green", 8, 13),
            grain=4,
        ),
    ),
)  # fmt: skip

# It begins at the head with which [CLS] reads the triangle.
VISION = Bundled("tiny-vision", VISION_FOLDER, PICTURE_EXAMPLES, first_head=(2, 2))
