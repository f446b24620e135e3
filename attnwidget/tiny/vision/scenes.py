"""The generator of the pictures: which shapes stand where, and the rule that says which class a picture is of.

The class is the colour of the triangle, "none" without one. A colour has two cells of the nine in which a triangle of it never
stands in training; in held-out pictures triangles stand nowhere else.
"""

from dataclasses import dataclass
from random import Random

from attnwidget.tiny.vision.vocabulary import (
    ASKED_SHAPE,
    CELL_MARGIN,
    CELL_SIDE,
    CELLS_ACROSS,
    DISTRACTING,
    SHAPE_COLOURS,
)

OTHER_SHAPES: dict[str, tuple[int, int]] = {"alone": (0, 0), "few": (1, 3), "many": (4, 8)}
"""Kind of picture -> fewest and most shapes that are not asked about."""

PICTURE_KINDS = tuple(OTHER_SHAPES)
CELLS = CELLS_ACROSS**2
NO_TRIANGLE = 1 / 7
"""The share of pictures without a triangle: as many as of each colour."""

SMALLEST, LARGEST = 10.0, 17.0
"""Pixels that a shape is across."""


@dataclass(frozen=True)
class PlacedShape:
    """One shape. `across` its centre stands so many pixels from the left, `down` from the top; `size` pixels it is wide and high;
    `shade` is added to its colour.
    """

    shape: str
    colour: str
    cell: int
    across: float
    down: float
    size: float
    shade: tuple[int, int, int] = (0, 0, 0)


@dataclass(frozen=True)
class Scene:
    """All that a picture shows. `ground`: red, green, blue of the background at its middle; `slope`: what is added to it towards the
    right and the lower border; `grain`: the seed of the noise.
    """

    kind: str
    shapes: tuple[PlacedShape, ...]
    ground: tuple[int, int, int]
    slope: tuple[float, float]
    grain: int


def kept_out(colour: str, cell: int) -> bool:
    """True where a triangle of this colour never stands in training.

    >>> [cell for cell in range(9) if kept_out("red", cell)], [cell for cell in range(9) if kept_out("blue", cell)]
    ([0, 4], [1, 5])
    """
    return (cell + 2 * list(SHAPE_COLOURS).index(colour)) % CELLS in (0, 4)


def asked_shape(scene: Scene) -> PlacedShape | None:
    """The triangle."""
    return next((one for one in scene.shapes if one.shape == ASKED_SHAPE), None)


def colour_asked(scene: Scene) -> str:
    """The class of a picture, by the rule."""
    asked = asked_shape(scene)
    return "none" if asked is None else asked.colour


def arranged_scene(rng: Random, kind: str, *, held_out: bool) -> Scene:
    """A scene of a kind; `held_out`: its triangle stands where none of its colour stands in training."""
    cells = rng.sample(range(CELLS), CELLS)
    shapes: list[PlacedShape] = []
    if rng.random() >= NO_TRIANGLE:
        colour = rng.choice(list(SHAPE_COLOURS))
        cell = rng.choice([cell for cell in range(CELLS) if kept_out(colour, cell) == held_out])
        cells.remove(cell)
        shapes.append(_placed(rng, ASKED_SHAPE, colour, cell))
    fewest, most = OTHER_SHAPES[kind]
    shapes += [
        _placed(rng, rng.choice(DISTRACTING), rng.choice(list(SHAPE_COLOURS)), cell)
        for cell in cells[: rng.randint(fewest, most)]
    ]
    grey = rng.randint(200, 238)
    return Scene(
        kind,
        tuple(shapes),
        (grey + rng.randint(-10, 10), grey + rng.randint(-10, 10), grey + rng.randint(-10, 10)),
        (rng.uniform(-12, 12), rng.uniform(-12, 12)),
        rng.getrandbits(32),
    )


def shape_in_cell(
    shape: str,
    colour: str,
    cell: int,
    size: float,
    moved: tuple[float, float] = (0.0, 0.0),
    shade: tuple[int, int, int] = (0, 0, 0),
) -> PlacedShape:
    """A shape in a cell, moved from its middle by pixels to the right and down. Cells count row by row.

    >>> shape_in_cell("ring", "blue", 5, 12.0).across, shape_in_cell("ring", "blue", 5, 12.0).down
    (46.0, 28.0)
    """
    row, column = divmod(cell, CELLS_ACROSS)
    middle = (CELL_MARGIN + CELL_SIDE * (at + 0.5) for at in (column, row))
    across, down = (at + by for at, by in zip(middle, moved, strict=True))
    return PlacedShape(shape, colour, cell, across, down, size, shade)


def _placed(rng: Random, shape: str, colour: str, cell: int) -> PlacedShape:
    """Somewhere in its cell, so that all of it is inside."""
    size = rng.uniform(SMALLEST, LARGEST)
    room = (CELL_SIDE - size) / 2
    moved = (rng.uniform(-room, room), rng.uniform(-room, room))
    return shape_in_cell(
        shape, colour, cell, size, moved, (rng.randint(-14, 14), rng.randint(-14, 14), rng.randint(-14, 14))
    )
