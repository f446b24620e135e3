"""A video as somebody gave it."""

from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from io import BytesIO

from PIL import Image, PngImagePlugin

from attnwidget.engine.media.picture import file_of_image

_FRAMES = "frames"
"""What a PNG says of how many frames stand in it, one below the other."""


@dataclass(frozen=True, eq=False)
class GivenVideo:
    """The frames that are read, in RGB and of one size, and what was done to have them so, as half a sentence.

    >>> GivenVideo((Image.new("RGB", (4, 2)), Image.new("RGB", (4, 2))))
    GivenVideo(2 frames, 4 x 2 pixels)
    """

    frames: tuple[Image.Image, ...]
    note: str = ""

    def __repr__(self) -> str:
        width, height = self.frames[0].size
        return f"GivenVideo({len(self.frames)} frames, {width} x {height} pixels)"

    @property
    def whole(self) -> bytes:
        """All of it, exactly, as a PNG in which the frames stand one below the other."""
        width, height = self.frames[0].size
        sheet = Image.new("RGB", (width, height * len(self.frames)))
        for place, frame in enumerate(self.frames):
            sheet.paste(frame, (0, place * height))
        told = PngImagePlugin.PngInfo()
        told.add_text(_FRAMES, str(len(self.frames)))
        return file_of_image(sheet, "PNG", pnginfo=told)

    @cached_property
    def reference(self) -> str:
        """What names it: the same for the same colours."""
        found = sha256(repr((self.frames[0].size, len(self.frames))).encode())
        for frame in self.frames:
            found.update(frame.tobytes())
        return f"video:{found.hexdigest()[:16]}"


def frames_in_sheet(file: bytes) -> tuple[Image.Image, ...]:
    """The frames of what `GivenVideo.whole` wrote. Raises ValueError or OSError for anything else.

    >>> video = GivenVideo((Image.new("RGB", (4, 2), "red"), Image.new("RGB", (4, 2), "blue")))
    >>> GivenVideo(frames_in_sheet(video.whole)).reference == video.reference
    True
    """
    with Image.open(BytesIO(file), formats=("PNG",)) as opened:
        opened.load()
        count = int(opened.info.get(_FRAMES, 0))
        sheet = opened.convert("RGB")
    width, height = sheet.size
    if count < 1 or height % count:
        raise ValueError("it does not say how many frames it holds")
    side = height // count
    return tuple(sheet.crop((0, place * side, width, (place + 1) * side)) for place in range(count))
