"""The pictures, sounds and videos of an explorer: from its page and from a stored state onto its model's shelf, and back."""

from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Mapping
from typing import Any

from attnwidget.engine import AttentionModel, medium_named, video_in_sheet
from attnwidget.errors import AttnWidgetError, BadRequest
from attnwidget.widget.given import GivenModel
from attnwidget.widget.selection.state import MEDIA_KEYS

LARGEST_FILE = 32 * 2**20
"""Bytes of a file that a page may send."""


def stored_media(model: Any, *texts: str) -> dict[str, dict[str, str]]:
    """The pictures, sounds and videos that texts name, exactly, as base64 of a PNG or WAV file: a state is plain data."""
    shelf = getattr(model, "shelf", None)
    found: dict[str, dict[str, str]] = {}
    for text in texts:
        kind = medium_named(text)
        medium = None if kind is None or shelf is None else shelf.get(text)
        if kind is not None and medium is not None:
            found.setdefault(f"{kind}s", {})[text] = b64encode(medium.whole).decode()
    return found


def take_media(model: AttentionModel | GivenModel, state: dict[str, Any]) -> None:
    """Put the pictures, sounds and videos of a state on the model's shelf, and out of the state.

    Raises AttnWidgetError for anything but those.
    """
    for kind in MEDIA_KEYS:
        stored = state.pop(kind, {})
        if not isinstance(stored, Mapping):
            raise AttnWidgetError(
                f"The {kind} of this state are not valid: give the dictionary that ex.state() returns."
            )
        if isinstance(model, GivenModel):
            continue
        for name, data in stored.items():
            _take(model, kind.removesuffix("s"), name, data)


def _take(model: AttentionModel, kind: str, name: Any, data: Any) -> None:
    try:
        file = b64decode(data, validate=True)
        put = _put(model, kind, file)
    except (AttnWidgetError, NotBase64, OSError, TypeError, ValueError) as error:
        raise AttnWidgetError(f"The {kind} {name!r:.40} of this state cannot be read: {error}") from None
    if put != name:
        raise AttnWidgetError(f"The {kind} {name!r:.40} of this state is another one than it says.")


def _put(model: AttentionModel, kind: str, file: bytes) -> str:
    if kind == "video":
        return model.shelf.put(video_in_sheet(file))
    return model.put_sound(file) if kind == "sound" else model.put(file)


def uploaded(model: AttentionModel | GivenModel, medium: str, buffers: Any) -> dict[str, str]:
    """The name of a picture or sound whose file a page has sent; of a sound also what the model says of it.

    Raises BadRequest without a file, AttnWidgetError for what is none.
    """
    if isinstance(model, GivenModel):
        model.refuse_editing()
    kind = "video" if model.medium == "video" else medium or model.medium or "picture"
    if not buffers:
        raise BadRequest(f"A {kind} came without its file. Send it as a buffer.")
    data = bytes(buffers[0])
    if len(data) > LARGEST_FILE:
        raise AttnWidgetError(
            f"This file has {len(data) / 2**20:.0f} MB; at most {LARGEST_FILE / 2**20:.0f} MB are read. Choose a smaller one."
        )
    put = {"picture": model.put, "sound": model.put_sound, "video": model.put_video}
    name = put[kind](data)
    return {"uploaded": name, "pair": model.transcribe(name)} if kind == "sound" else {"uploaded": name}
