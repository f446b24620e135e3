"""A picture -> the arguments of a forward pass, as the model's processor makes them."""

from typing import Any

from torch import Tensor

from attnwidget.engine.inputs.processed import accepted, made_by
from attnwidget.engine.inputs.recipient import Recipient
from attnwidget.engine.media.shelf import ARGUMENT_OF, GIVEN_KINDS, GivenPicture, Medium
from attnwidget.errors import AttnWidgetError


def arguments_of(recipient: Recipient, picture: GivenPicture) -> dict[str, Tensor]:
    """What the model is given for one picture. Raises AttnWidgetError without a processor, or where it fails."""
    refuse_without_processor(recipient)
    processor: Any = recipient.processor
    made = made_by(recipient, "this picture", lambda: processor(images=picture.image, return_tensors="pt"))
    if "pixel_values" not in made:
        raise AttnWidgetError(
            f"{type(processor).__name__} makes no pixel_values of a picture, so it is not the processor of {recipient.name}. "
            "Give the model's own."
        )
    return accepted(recipient, made)


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
    found, kind = recipient.shelf.get(x), recipient.medium
    if kind is not None and not isinstance(found, GIVEN_KINDS[kind]):
        raise AttnWidgetError(
            f"{recipient.name} reads {kind}s, not text, and {x!r:.60} names none that is here. Choose a {kind}, or give one: "
            f"{ARGUMENT_OF[kind]}=..."
        )
    return found
