"""Where a token stands that is no stretch of a text."""

from dataclasses import dataclass


@dataclass(frozen=True)
class PatchPlace:
    """A rectangle of a picture, in rows and columns of its patches: one patch, or those that were merged into one token.

    `picture` numbers the pictures of a trace. In a video `frame` is the first of the `frames` that one token is made from.

    >>> PatchPlace(3, 7).name, PatchPlace(0, 2, picture=1).name, PatchPlace(0, 2, picture=1, frame=2, frames=2).name
    ('3,7', '0,2', '2:0,2')
    """

    row: int
    column: int
    rows: int = 1
    columns: int = 1
    picture: int = 0
    frame: int = 0
    frames: int = 0

    @property
    def name(self) -> str:
        """Its row and column, from the upper left corner; in a video after its frame."""
        return f"{self.frame}:{self.row},{self.column}" if self.frames else f"{self.row},{self.column}"


@dataclass(frozen=True)
class TimePlace:
    """A stretch of a sound, in seconds; `sound` numbers the sounds of a trace.

    >>> TimePlace(1.24, 1.26).name
    '1.24 s'
    """

    start: float
    stop: float
    sound: int = 0

    @property
    def name(self) -> str:
        """Where it begins."""
        return f"{self.start:.2f} s"


@dataclass(frozen=True)
class NodePlace:
    """A node of a graph in its picture, from 0 to 1: `x` to the right, `y` downwards."""

    x: float
    y: float


def in_rows(rows: int, columns: int, *, picture: int = 0) -> tuple[PatchPlace, ...]:
    """All patches of a grid, row by row.

    >>> [place.name for place in in_rows(1, 2)]
    ['0,0', '0,1']
    """
    return tuple(PatchPlace(row, column, picture=picture) for row in range(rows) for column in range(columns))


def in_squares(rows: int, columns: int, side: int, *, picture: int = 0) -> tuple[PatchPlace, ...]:
    """All patches of a grid, square by square of `side` times `side` patches, and row by row in each.

    >>> [place.name for place in in_squares(2, 4, 2)]
    ['0,0', '0,1', '1,0', '1,1', '0,2', '0,3', '1,2', '1,3']
    """
    return tuple(
        PatchPlace(top + row, left + column, picture=picture)
        for top in range(0, rows, side)
        for left in range(0, columns, side)
        for row in range(side)
        for column in range(side)
    )


def in_time(count: int, seconds: float, *, sound: int = 0) -> tuple[TimePlace, ...]:
    """Stretches of so many seconds each, one after the other.

    >>> [place.name for place in in_time(2, 0.02)]
    ['0.00 s', '0.02 s']
    """
    return tuple(TimePlace(at * seconds, (at + 1) * seconds, sound) for at in range(count))
