"""Pictures that were given to a model, each under a name that stands for it where a text would."""

import re
from collections import OrderedDict
from dataclasses import dataclass
from hashlib import sha256
from threading import Lock

from PIL import Image

from attnwidget.engine.media.picture import file_of_image

PICTURES_KEPT = 64
"""Pictures that a model remembers: those looked at last."""

_REFERENCE = re.compile(r"picture:[0-9a-f]{16}")


@dataclass(frozen=True, eq=False)
class GivenPicture:
    """A picture in RGB as it was given, and what was done to have it so, as half a sentence."""

    image: Image.Image
    note: str = ""

    @property
    def png(self) -> bytes:
        """It, whole, as a file."""
        return file_of_image(self.image, "PNG")

    @property
    def reference(self) -> str:
        """What names it: the same for the same colours."""
        size = repr(self.image.size).encode()
        return f"picture:{sha256(size + self.image.tobytes()).hexdigest()[:16]}"


class Shelf:
    """The pictures of a model, by reference.

    >>> shelf = Shelf()
    >>> name = shelf.put(GivenPicture(Image.new("RGB", (4, 2), "red")))
    >>> is_reference(name), shelf.get(name).image.size, shelf.get("picture:0000000000000000")
    (True, (4, 2), None)
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[str, GivenPicture] = OrderedDict()
        self._lock = Lock()

    def put(self, picture: GivenPicture) -> str:
        """Keep a picture; its reference."""
        name = picture.reference
        with self._lock:
            self._kept[name] = picture
            self._kept.move_to_end(name)
            while len(self._kept) > PICTURES_KEPT:
                self._kept.popitem(last=False)
        return name

    def get(self, reference: str) -> GivenPicture | None:
        """A picture that is kept; None for any other reference."""
        with self._lock:
            found = self._kept.get(reference)
            if found is not None:
                self._kept.move_to_end(reference)
            return found


def is_reference(text: str) -> bool:
    """Whether a text names a picture.

    >>> is_reference("a picture of a cat")
    False
    """
    return _REFERENCE.fullmatch(text) is not None
