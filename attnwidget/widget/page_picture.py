"""A picture that the page drew of what it shows -> a small PNG for the notebook. It is checked like all input from outside."""

from collections.abc import Sequence
from io import BytesIO
from typing import Any

from PIL import Image

from attnwidget.engine import file_of_image

LARGEST_SENT = 360 * 1024
"""Bytes. The page draws it smaller where it would be larger (js/src/explorer/still-picture.ts)."""

LARGEST_KEPT = 120 * 1024
"""Bytes. Every copy of the notebook carries them."""

WIDEST, HIGHEST = 900, 2_000
LONGEST_CAPTION = 600
"""Characters that stand for the picture where it is read out."""

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOURS = 128


def page_picture(buffers: Sequence[Any] | None) -> bytes | None:
    """The PNG among the buffers of a message, written anew in few colours; None if there is none, or no valid one.

    Only its pixels are kept: the file that is stored is Pillow's own.

    >>> page_picture([b"GIF89a"]) is None
    True
    """
    if not buffers or len(buffers) != 1:
        return None
    try:
        data = bytes(buffers[0]) if memoryview(buffers[0]).nbytes <= LARGEST_SENT else b""
        return _written(data) if data.startswith(_SIGNATURE) else None
    except Exception:  # noqa: BLE001  of a broken file Pillow raises what it comes upon: there is no picture then
        return None


def _written(data: bytes) -> bytes | None:
    with Image.open(BytesIO(data), formats=("PNG",)) as image:
        width, height = image.size  # as its header says, before anything is unpacked
        if width > WIDEST or height > HIGHEST:
            return None
        opaque = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image.convert("RGBA")).convert("RGB")
    few = opaque.quantize(_COLOURS, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    written = file_of_image(few, "PNG", optimize=True)
    return written if len(written) <= LARGEST_KEPT else None
