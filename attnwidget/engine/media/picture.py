"""A picture as a model saw it."""

from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from io import BytesIO
from typing import Any

from PIL import Image

from attnwidget.shapes import Pixels

SHOWN_BYTES = 300_000
"""Bytes of a picture that is shown."""

QUALITIES = (90, 75, 60)
"""Of a JPEG, until it is small enough; after the last one its sides are halved."""


@dataclass(frozen=True, eq=False)
class Picture:
    """What a model saw of one picture: `pixels` (row column channel, uint8), in patches of `patch` pixels (high, wide).

    `note` says what was done before, as half a sentence; "" if nothing is known. `most` are the bytes in which it is shown: frames of a video share those of one picture. What is left at the edges of a picture whose sides are no multiple of a patch was not seen.

    >>> import numpy as np
    >>> picture = Picture(np.zeros((8, 12, 3), np.uint8), (4, 4))
    >>> picture, picture.grid
    (Picture(12 x 8 pixels, 3 x 2 patches), (2, 3))
    """

    pixels: Pixels
    patch: tuple[int, int]
    note: str = ""
    most: int = SHOWN_BYTES

    def __repr__(self) -> str:
        (height, width), (rows, columns) = self.size, self.grid
        return f"Picture({width} x {height} pixels, {columns} x {rows} patches)"

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) in pixels."""
        return self.pixels.shape[0], self.pixels.shape[1]

    @property
    def grid(self) -> tuple[int, int]:
        """(rows, columns) of patches."""
        return self.size[0] // self.patch[0], self.size[1] // self.patch[1]

    @cached_property
    def name(self) -> str:
        """The same for the same pixels."""
        return sha256(repr(self.pixels.shape).encode() + self.pixels.tobytes()).hexdigest()[:16]

    @property
    def reference(self) -> str:
        """What stands for it where a text would."""
        return f"picture:{self.name}"

    @cached_property
    def encoded(self) -> tuple[bytes, str]:
        """(file, media type): PNG, or JPEG where that would take more than 300 kB, or its share of it; smaller, but of the same shape, where that does."""
        image = Image.fromarray(self.pixels)
        if len(png := file_of_image(image, "PNG", optimize=True)) <= self.most:
            return png, "image/png"
        while True:
            for quality in QUALITIES:
                if len(found := file_of_image(image, "JPEG", quality=quality)) <= self.most or max(image.size) == 1:
                    return found, "image/jpeg"
            image = image.resize((max(1, image.width // 2), max(1, image.height // 2)))


def file_of_image(image: Image.Image, kind: str, **options: Any) -> bytes:
    """A picture as a file of a kind that Pillow writes.

    >>> file_of_image(Image.new("RGB", (1, 1)), "PNG")[1:4]
    b'PNG'
    """
    into = BytesIO()
    image.save(into, kind, **options)
    return into.getvalue()
