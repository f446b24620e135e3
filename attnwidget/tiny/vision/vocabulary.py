"""What the pictures are made of: shapes, colours, cells. The shape that is asked about is the triangle."""

ASKED_SHAPE = "triangle"
DISTRACTING = ("circle", "ring", "square", "diamond", "cross")

SHAPE_COLOURS: dict[str, tuple[int, int, int]] = {
    "red": (212, 45, 48), "orange": (238, 140, 30), "yellow": (240, 214, 40),
    "green": (48, 158, 72), "blue": (46, 98, 214), "purple": (140, 60, 182),
}  # fmt: skip
"""Name -> red, green, blue, each 0 to 255."""

PICTURE_CLASSES = (*SHAPE_COLOURS, "none")
"""The colour of the triangle, or that there is none."""

SIDE = 56
"""Pixels of a picture, across and down."""

PATCH = 4
"""Pixels of a patch, across and down."""

GRID = SIDE // PATCH
"""Patches across, and down."""

CELLS_ACROSS = 3
CELL_SIDE = 18
CELL_MARGIN = 1
"""Pixels: of a cell, and around all cells. A cell holds one shape or none."""
