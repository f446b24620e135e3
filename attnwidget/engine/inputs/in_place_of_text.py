"""A picture, a sound or a video that is given where a text would be: its name on the model's shelf, or one sentence that says why not."""

from typing import Any

from attnwidget.engine.inputs.audio import sound_given
from attnwidget.engine.inputs.clips import clip_of
from attnwidget.engine.inputs.images import picture_given
from attnwidget.engine.inputs.recipient import Recipient
from attnwidget.engine.inputs.text_with_pictures import pictures_said, read_together
from attnwidget.engine.inputs.videos import video_given
from attnwidget.engine.media.shelf import Medium
from attnwidget.errors import AttnWidgetError


def in_place_of_text(recipient: Recipient, x: Any, image: Any, audio: Any, video: Any) -> Any:
    """What the model reads: the medium that is given, what is made of a text and its pictures, or else `x` itself.

    A medium is still to be put on the shelf. Raises AttnWidgetError for one that this model does not read, or beside something else.
    """
    if video is not None:
        if x is not None or image is not None or audio is not None:
            raise AttnWidgetError("video= stands in place of a text. Leave the text, image= and audio= out.")
        return film_of(recipient, video)
    if image is not None and audio is not None:
        raise AttnWidgetError("image= and audio= both stand in place of a text. Give one of them.")
    if image is None and recipient.reads_both:
        image = pictures_said(x) or None
    if image is not None:
        return _pictured(recipient, x, image)
    return x if audio is None else _sounded(recipient, x, audio)


def film_of(recipient: Recipient, video: Any) -> Medium:
    """The frames of a video that the model reads. Raises AttnWidgetError for what is no video, and of a model that reads none."""
    clip = clip_of(recipient.model.config) if recipient.medium == "video" else None
    if clip is None:
        raise AttnWidgetError(f"{recipient.name} reads no videos. Leave video= out.")
    return video_given(video, clip.frames)


def _sounded(recipient: Recipient, x: Any, audio: Any) -> Medium:
    if x is not None:
        raise AttnWidgetError(
            "audio= stands in place of a text. For a model that reads both, give what its processor makes of them: "
            "model.trace(processor(text=..., audio=..., return_tensors='pt'))."
        )
    if recipient.medium != "sound":
        raise AttnWidgetError(
            f"{recipient.name} takes {_main_input(recipient, 'no sound')}, so it reads no sound by itself. Leave audio= out."
        )
    return sound_given(audio)


def _pictured(recipient: Recipient, x: Any, image: Any) -> Any:
    if recipient.reads_both:
        if x is None:
            raise AttnWidgetError(f"{recipient.name} reads a text with its pictures. Give one: trace(text, image=...).")
        return read_together(recipient, x, image)
    if recipient.medium == "video":
        raise AttnWidgetError(f"{recipient.name} reads videos, not single pictures. Give one: video=...")
    if recipient.medium != "picture":
        raise AttnWidgetError(
            f"{recipient.name} takes {_main_input(recipient, 'no picture')}, so it reads no picture by itself. Leave image= out."
        )
    if isinstance(image, list | tuple):
        raise AttnWidgetError(f"{recipient.name} reads one picture, and {len(image)} were given as a list. Give one.")
    if x is not None:
        raise AttnWidgetError(
            f"image= stands in place of a text for {recipient.name}, which reads no text. Leave the text out."
        )
    return picture_given(image)


def _main_input(recipient: Recipient, otherwise: str) -> str:
    return str(getattr(recipient.model, "main_input_name", otherwise))
