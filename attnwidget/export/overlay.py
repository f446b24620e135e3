"""A picture and the weights of its patches -> the picture with its heat, drawn without a browser."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from PIL import Image, ImageDraw

from attnwidget.engine import Picture, file_of_image

FULLEST = 0.78
"""The most that a colour covers, as in js/src/surface/picture/paint.ts: the picture is still to be seen through it."""

OVERLAY_SIDE = 320
"""Pixels of the longer side."""

DARKEST = 0.86
"""The deepest dark, of what is not read where light tells it."""

_FAINTEST = 1 / 512
_STRIPE = 3

Ink: TypeAlias = tuple[int, int, int]


@dataclass(frozen=True)
class Overlay:
    """What is laid over a picture: `painted` (token) are signed tones from -1 to 1, `inks` their colours, above and below zero.

    `query` are the tokens that ask, framed in `ring`; `sinks` are hatched.
    By `light` weights are not coloured: what is not read goes dark.
    """

    painted: np.ndarray
    query: tuple[int, int]
    sinks: Collection[int]
    ring: Ink
    inks: tuple[Ink, Ink]
    light: bool = False


def overlaid(picture: Picture, number: int, places: Sequence[Sequence[int] | None], over: Overlay) -> Image.Image:
    """The picture with its heat, OVERLAY_SIDE pixels on its longer side.

    `places` has [picture, frame, row, column, rows, columns] of every token, None where it stands in no picture;
    `number` is the picture's own.

    >>> own = Picture(np.full((4, 8, 3), 255, np.uint8), (4, 4))
    >>> over = Overlay(np.array([1.0, 0.0]), (0, 0), (), (0, 0, 0), ((0, 0, 0), (0, 0, 0)))
    >>> overlaid(own, 0, [[0, 0, 0, 0, 1, 1], [0, 0, 0, 1, 1, 1]], over).getpixel((10, 10))
    (56, 56, 56)
    """
    (height, width), (high, wide) = picture.size, picture.patch
    scale = OVERLAY_SIDE / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    how = Image.Resampling.NEAREST if scale > 1 else Image.Resampling.LANCZOS
    shown = np.asarray(Image.fromarray(picture.pixels).resize(size, how), np.float64).copy()
    own = [(token, place) for token, place in enumerate(places) if place is not None and place[0] == number]
    boxes = {
        token: tuple(
            round(side * scale) for side in (column * wide, row * high, (column + columns) * wide, (row + rows) * high)
        )
        for token, (_, _, row, column, rows, columns) in own
    }
    read = bool((np.abs(over.painted) > _FAINTEST).any())
    for token, (left, top, right, bottom) in boxes.items():
        tone, hatched = float(over.painted[token]), token in over.sinks
        patch = shown[top:bottom, left:right]
        if over.light and read:
            patch *= 1 - DARKEST * (1 - abs(tone))
        if abs(tone) <= _FAINTEST or (over.light and not hatched):
            continue
        cover: Any = FULLEST * abs(tone)
        if hatched:
            across = np.add.outer(np.arange(bottom - top), np.arange(right - left))
            cover = np.where((across % (2 * _STRIPE) < _STRIPE)[..., None], max(0.35, abs(tone)), 0.0)
        patch += cover * (np.asarray((255, 255, 255) if over.light else over.inks[tone < 0]) - patch)
    image = Image.fromarray(np.rint(shown).astype(np.uint8))
    _frame(image, [boxes[token] for token in range(*over.query) if token in boxes], over.ring)
    return image


def _frame(image: Image.Image, boxes: Sequence[tuple[int, ...]], ring: Ink) -> None:
    """A line around some patches together, with a light one under it: it is seen on any colour."""
    inside = Image.new("1", image.size)
    pen = ImageDraw.Draw(inside)
    for left, top, right, bottom in boxes:
        pen.rectangle((left, top, right - 1, bottom - 1), fill=1)
    held = np.pad(np.asarray(inside), 3)
    for reach, ink in ((3, (255, 255, 255)), (2, ring)):
        near = [
            np.roll(held, (down, across), (0, 1))
            for down in range(-reach, reach + 1)
            for across in range(-reach, reach + 1)
        ]
        edge = np.logical_or.reduce(near) & ~held
        image.paste(ink, (0, 0), Image.fromarray(edge[3:-3, 3:-3]))


def small_file(image: Image.Image, most: int) -> tuple[bytes, str]:
    """(file, media type) of at most so many bytes: a PNG of few colours, or a JPEG where that is smaller.

    >>> small_file(Image.new("RGB", (8, 8)), 1_000)[1]
    'image/png'
    """
    drawn = file_of_image(image.quantize(255), "PNG", optimize=True)
    photo = file_of_image(image, "JPEG", quality=85)
    best = (drawn, "image/png") if len(drawn) <= len(photo) else (photo, "image/jpeg")
    if len(best[0]) <= most or min(image.size) < 32:
        return best
    return small_file(image.resize((image.width * 3 // 4, image.height * 3 // 4)), most)


def places_in(tokens: Mapping[str, Any]) -> Sequence[Sequence[int] | None]:
    """Where tokens of a frame stand in its pictures; [] where none does.

    >>> places_in({"pieces": ["a"]})
    []
    """
    return tokens.get("places") or tokens.get("placeholders") or []
