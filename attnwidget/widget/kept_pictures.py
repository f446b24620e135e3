"""The pictures of an explorer: from its page and from a stored state onto its model's shelf, and back."""

from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Mapping
from typing import Any

from attnwidget.engine import AttentionModel, is_reference
from attnwidget.errors import AttnWidgetError, BadRequest
from attnwidget.widget.given import GivenModel

LARGEST_FILE = 32 * 2**20
"""Bytes of a picture's file that a page may send."""


def stored_pictures(model: Any, *texts: str) -> dict[str, str]:
    """The pictures that texts name, whole, as base64 of a PNG: a state is plain data."""
    shelf = getattr(model, "shelf", None)
    found = {text: shelf.get(text) for text in texts if is_reference(text)} if shelf is not None else {}
    return {name: b64encode(picture.png).decode() for name, picture in found.items() if picture is not None}


def take_pictures(model: AttentionModel | GivenModel, stored: Any) -> None:
    """Put the pictures of a state on the model's shelf. Raises AttnWidgetError for anything but those."""
    if not isinstance(stored, Mapping):
        raise AttnWidgetError("The pictures of this state are not valid: give the dictionary that ex.state() returns.")
    if isinstance(model, GivenModel):
        return
    for name, data in stored.items():
        try:
            put = model.put(b64decode(data, validate=True))
        except (AttnWidgetError, NotBase64, TypeError, ValueError) as error:
            raise AttnWidgetError(f"The picture {name!r:.40} of this state cannot be read: {error}") from None
        if put != name:
            raise AttnWidgetError(f"The picture {name!r:.40} of this state is another one than it says.")


def uploaded(model: AttentionModel | GivenModel, buffers: Any) -> str:
    """The name of a picture whose file a page has sent. Raises BadRequest without one, AttnWidgetError for what is none."""
    if isinstance(model, GivenModel):
        model.refuse_editing()
    if not buffers:
        raise BadRequest("A picture came without its file. Send it as a buffer.")
    data = bytes(buffers[0])
    if len(data) > LARGEST_FILE:
        raise AttnWidgetError(
            f"This file has {len(data) / 2**20:.0f} MB; at most {LARGEST_FILE / 2**20:.0f} MB are read. Choose a smaller picture."
        )
    return model.put(data)
