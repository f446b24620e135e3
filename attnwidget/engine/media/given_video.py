"""A video as somebody gave it."""

from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from io import BytesIO

from PIL import Image, PngImagePlugin

from attnwidget.engine.media.picture import file_of_image

_FRAMES, _NOTE = "frames", "note"
"""What a PNG says of how many frames stand in it, one below the other, and of what was done to have them."""


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
        told.add_itxt(_NOTE, self.note)
        return file_of_image(sheet, "PNG", pnginfo=told)

    @cached_property
    def reference(self) -> str:
        """What names it: the same for the same colours of the same frames."""
        found = sha256(repr((self.frames[0].size, len(self.frames), self.note)).encode())
        for frame in self.frames:
            found.update(frame.tobytes())
        return f"video:{found.hexdigest()[:16]}"


def video_in_sheet(file: bytes) -> GivenVideo:
    """The video that `GivenVideo.whole` is the file of. Raises ValueError or OSError for anything else.

    >>> video = GivenVideo((Image.new("RGB", (4, 2), "red"), Image.new("RGB", (4, 2), "blue")))
    >>> video_in_sheet(video.whole).reference == video.reference
    True
    """
    with Image.open(BytesIO(file), formats=("PNG",)) as opened:
        opened.load()
        count, note = int(opened.info.get(_FRAMES, 0)), str(opened.info.get(_NOTE, ""))
        sheet = opened.convert("RGB")
    width, height = sheet.size
    if count < 1 or height % count:
        raise ValueError("it does not say how many frames it holds")
    side = height // count
    return GivenVideo(tuple(sheet.crop((0, place * side, width, (place + 1) * side)) for place in range(count)), note)
