"""What a user's processor makes of pictures, sounds and videos, as the arguments of a forward pass."""

from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor

from attnwidget.engine.inputs.recipient import Recipient
from attnwidget.engine.inputs.tensors import tensor_of
from attnwidget.errors import AttnWidgetError, reason_of

TO_GO_ON = "Give the processor of this model."


def made_by(
    recipient: Recipient, given: str, make: Callable[[], Any], *, to_go_on: str = TO_GO_ON
) -> Mapping[str, Any]:
    """What `make`, a call of the model's processor for what is `given`, returns; nothing where that is no mapping.

    Raises AttnWidgetError where it fails.
    """
    try:
        made = make()
    except Exception as error:  # processors are anybody's code
        raise AttnWidgetError(
            f"The processor {type(recipient.processor).__name__} failed on {given}: {reason_of(error)}. {to_go_on}"
        ) from error
    return made if isinstance(made, Mapping) else {}


def accepted(recipient: Recipient, made: Mapping[str, Any]) -> dict[str, Tensor]:
    """What the model's forward pass takes of it, as tensors for it. Raises AttnWidgetError for unusable values."""
    taken = {name: value for name, value in made.items() if recipient.accepts(name)}
    return {name: tensor_of(recipient.model, name, value) for name, value in taken.items()}
