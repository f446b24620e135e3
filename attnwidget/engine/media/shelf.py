"""Pictures, sounds and videos that were given to a model, each under a name that stands for it where a text would."""

import re
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from threading import Lock
from typing import TypeAlias

from PIL import Image

from attnwidget.engine.media.given_sound import GivenSound
from attnwidget.engine.media.given_video import GivenVideo
from attnwidget.engine.media.picture import file_of_image

MEDIA_KEPT = 64
"""Pictures and sounds that a model remembers: those looked at last."""

_REFERENCE = re.compile(r"(picture|sound|video):[0-9a-f]{16}")


@dataclass(frozen=True, eq=False)
class GivenPicture:
    """A picture in RGB as it was given, and what was done to have it so, as half a sentence."""

    image: Image.Image
    note: str = ""

    @property
    def whole(self) -> bytes:
        """It, exactly, as a PNG."""
        return file_of_image(self.image, "PNG")

    @property
    def reference(self) -> str:
        """What names it: the same for the same colours."""
        size = repr(self.image.size).encode()
        return f"picture:{sha256(size + self.image.tobytes()).hexdigest()[:16]}"


Medium: TypeAlias = GivenPicture | GivenSound | GivenVideo

GIVEN_KINDS: Mapping[str, type[Medium]] = {"picture": GivenPicture, "sound": GivenSound, "video": GivenVideo}
"""By the first half of a reference."""

ARGUMENT_OF: Mapping[str, str] = {"picture": "image", "sound": "audio", "video": "video"}
"""The argument, and the attribute of an explorer, that gives one of each kind."""


class Shelf:
    """The pictures and sounds of a model, by reference.

    >>> shelf = Shelf()
    >>> name = shelf.put(GivenPicture(Image.new("RGB", (4, 2), "red")))
    >>> is_reference(name), shelf.get(name).image.size, shelf.get("picture:0000000000000000")
    (True, (4, 2), None)
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Medium] = OrderedDict()
        self._lock = Lock()

    def put(self, medium: Medium) -> str:
        """Keep a picture, a sound or a video; its reference."""
        name = medium.reference
        with self._lock:
            self._kept[name] = medium
            self._kept.move_to_end(name)
            while len(self._kept) > MEDIA_KEPT:
                self._kept.popitem(last=False)
        return name

    def get(self, reference: str) -> Medium | None:
        """What is kept under a reference; None for any other."""
        with self._lock:
            found = self._kept.get(reference)
            if found is not None:
                self._kept.move_to_end(reference)
            return found


def is_reference(text: object) -> bool:
    """Whether what is given as a text names a picture, a sound or a video.

    >>> is_reference("a picture of a cat"), is_reference("sound:0123456789abcdef")
    (False, True)
    """
    return medium_named(text) is not None


def medium_named(text: object) -> str | None:
    """What is named where a text is given: "picture", "sound" or "video"; None for any other text, and for chat messages.

    >>> medium_named("sound:0123456789abcdef"), medium_named("sound")
    ('sound', None)
    """
    found = _REFERENCE.fullmatch(text) if isinstance(text, str) else None
    return None if found is None else found[1]
