"""A picture that comes from a page: only its pixels are kept, and nothing that it is not."""

import struct
import zlib
from io import BytesIO

import pytest
from PIL import Image, PngImagePlugin

from attnwidget.widget.page_picture import HIGHEST, LARGEST_SENT, WIDEST, page_picture


def png(size=(300, 200), mode="RGBA", colour=(255, 120, 0, 255), **more):
    file = BytesIO()
    Image.new(mode, size, colour).save(file, "PNG", **more)
    return file.getvalue()


def opened(data):
    with Image.open(BytesIO(data)) as image:
        return image.convert("RGB")


def with_header(width, height):
    """A PNG that says that it is so large."""
    data = bytearray(png())
    data[16:24] = struct.pack(">II", width, height)
    data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    return bytes(data)


def test_the_pixels_of_a_picture_are_kept_and_nothing_beside_them():
    notes = PngImagePlugin.PngInfo()
    notes.add_text("note", "a secret")
    kept = page_picture([memoryview(png(pnginfo=notes) + b"<script>")])
    assert opened(kept).size == (300, 200)
    assert opened(kept).getpixel((5, 5)) == (255, 120, 0)
    assert b"secret" not in kept
    assert b"<script>" not in kept


def test_what_is_transparent_is_white():
    assert opened(page_picture([png(colour=(0, 0, 0, 0))])).getpixel((0, 0)) == (255, 255, 255)


def noise():
    """What may be sent, and is too large for a notebook."""
    file = BytesIO()
    Image.effect_noise((560, 560), 90).save(file, "PNG")
    assert len(file.getvalue()) <= LARGEST_SENT
    return file.getvalue()


def gif():
    file = BytesIO()
    Image.new("P", (9, 9)).save(file, "GIF")
    return file.getvalue()


@pytest.mark.parametrize(
    "buffers",
    [
        None,
        [],
        [b""],
        ["a text"],
        [7],
        [png(), png()],
        [gif()],
        [b"\x89PNG\r\n\x1a\n"],
        [png()[:60]],
        [png()[:-40]],
        [png((WIDEST + 1, 10))],
        [png((10, HIGHEST + 1))],
        [with_header(2**31 - 1, 2**31 - 1)],
        [with_header(0, 10)],
        [png() + b" " * LARGEST_SENT],
        [noise()],
    ],
)
def test_anything_else_is_no_picture(buffers):
    assert page_picture(buffers) is None
