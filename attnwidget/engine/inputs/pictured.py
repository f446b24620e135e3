"""A picture -> the arguments of a forward pass, as the model's processor makes them."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from attnwidget.engine.inputs.recipient import Recipient
from attnwidget.engine.inputs.tensors import tensor_of
from attnwidget.engine.media.given_sound import GivenSound
from attnwidget.engine.media.given_video import GivenVideo
from attnwidget.engine.media.shelf import GivenPicture, Medium
from attnwidget.errors import AttnWidgetError


def arguments_of(recipient: Recipient, picture: GivenPicture) -> dict[str, Tensor]:
    """What the model is given for one picture. Raises AttnWidgetError without a processor, or where it fails."""
    refuse_without_processor(recipient)
    processor: Any = recipient.processor
    try:
        made = processor(images=picture.image, return_tensors="pt")
    except Exception as error:  # processors are anybody's code
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise AttnWidgetError(
            f"The processor {type(processor).__name__} failed on this picture: {reason}. Give the processor of this model."
        ) from error
    if not isinstance(made, Mapping) or "pixel_values" not in made:
        raise AttnWidgetError(
            f"{type(processor).__name__} makes no pixel_values of a picture, so it is not the processor of {recipient.name}. "
            "Give the model's own."
        )
    taken = {name: value for name, value in made.items() if recipient.accepts(name)}
    return {name: tensor_of(recipient.model, name, value) for name, value in taken.items()}


def refuse_without_processor(recipient: Recipient) -> None:
    """Raise AttnWidgetError where nothing turns a picture into the model's input."""
    if recipient.processor is None:
        raise AttnWidgetError(
            f"{recipient.name} was loaded without a processor, so it cannot read pictures. Pass one, aw.load(model, "
            "processor=processor), or trace what a processor has made: {'pixel_values': ...}."
        )


def medium_of(recipient: Recipient, x: Any) -> Medium | None:
    """The picture, the sound or the video that a text names to a model that reads these; None for any other input.

    Raises AttnWidgetError for the name of one that is not there.
    """
    if recipient.shelf is None or not isinstance(x, str):
        return None
    found = recipient.shelf.get(x)
    if found is None or not isinstance(found, _kind_read(recipient)):
        what, argument = _named(recipient)
        raise AttnWidgetError(
            f"{recipient.name} reads {what}s, not text, and {x!r:.60} names none that is here. Choose a {what}, or give one: "
            f"{argument}=..."
        )
    return found


def _kind_read(recipient: Recipient) -> type[Medium]:
    return GivenSound if recipient.hears else GivenVideo if recipient.watches else GivenPicture


def _named(recipient: Recipient) -> tuple[str, str]:
    """What the model reads, and the argument that gives it."""
    if recipient.hears:
        return "sound", "audio"
    return ("video", "video") if recipient.watches else ("picture", "image")
