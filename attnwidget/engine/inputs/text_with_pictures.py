"""A text and the pictures that it speaks of -> the arguments of a forward pass, as the model's processor makes them."""

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

from attnwidget.engine.inputs.images import picture_given
from attnwidget.engine.inputs.processed import accepted, made_by
from attnwidget.engine.inputs.recipient import Recipient
from attnwidget.engine.text.chat import is_chat, refuse_what_is_no_chat
from attnwidget.errors import AttnWidgetError, reason_of

PLACEHOLDERS = ("boi_token", "image_token")
"""Where a processor keeps what a text says in place of a picture; the first that it has."""

ON_ITS_OWN_LINE = ("llava",)
"""Model types (by prefix) that were trained with a line break between a picture and the words."""

PADDED = ("siglip",)
"""Model types (by prefix) that were trained on texts of one length, with padding that is read."""


def read_together(recipient: Recipient, text: Any, images: Any) -> dict[str, Tensor]:
    """What the model is given for a text, or chat messages, with one picture or several, in order.

    A text says by the processor's own placeholder where a picture stands; where it says it nowhere, the pictures stand before it, and
    in a chat at the beginning of the first message of a user. Raises AttnWidgetError without a processor, for what is no
    picture, for more or fewer placeholders than pictures, and where the processor fails.
    """
    processor: Any = recipient.processor
    if processor is None:
        raise AttnWidgetError(
            f"{recipient.name} was loaded without a processor, so it cannot read a text with pictures. Pass one, "
            "aw.load(model, processor=processor), or trace what a processor has made."
        )
    listed = list(images) if isinstance(images, list | tuple) else [images]
    pictures = [picture_given(image).image for image in listed]
    if not pictures:
        raise AttnWidgetError("image= is empty. Give a picture, several as a list, or leave it out.")
    family = str(getattr(recipient.model.config, "model_type", ""))
    words = (
        _in_template(processor, text, len(pictures))
        if is_chat(text)
        else _placed(processor, text, len(pictures), "\n" if family.startswith(ON_ITS_OWN_LINE) else "")
    )
    padding = {"padding": "max_length"} if family.startswith(PADDED) else {}
    made = made_by(
        recipient,
        f"this text with {len(pictures)} pictures",
        lambda: processor(text=[words], images=pictures, return_tensors="pt", **padding),
        to_go_on="Give the processor of this model, and as many pictures as it reads.",
    )
    found = accepted(recipient, made)
    if not {"input_ids", "pixel_values"} <= found.keys():
        raise AttnWidgetError(
            f"{type(processor).__name__} makes {', '.join(made) or 'nothing'} of a text and a picture, so it is not the processor of "
            f"{recipient.name}. Give the model's own."
        )
    return found


def pictures_said(messages: Any) -> list[Any]:
    """The pictures that chat messages bring with them, in order, as transformers' templates take them.

    >>> pictures_said([{"role": "user", "content": [{"type": "image", "path": "cat.png"}, {"type": "text", "text": "Who?"}]}])
    ['cat.png']
    """
    if not is_chat(messages):
        return []
    parts = [part for message in messages if isinstance(message.get("content"), list) for part in message["content"]]
    brought = [part for part in parts if isinstance(part, Mapping) and part.get("type") == "image"]
    found = (
        next((part[name] for name in ("image", "path", "url") if part.get(name) is not None), None) for part in brought
    )
    return [picture for picture in found if picture is not None]


def _placed(processor: Any, text: Any, count: int, between: str) -> str:
    """The text with a placeholder for each picture, where the processor has one."""
    if not isinstance(text, str):
        raise AttnWidgetError(
            f"image= goes with a text or with chat messages, not with {type(text).__name__}. A mapping of forward inputs has its "
            "pictures already."
        )
    sign = _placeholder(processor)
    if sign is None:
        return text
    said = text.count(sign)
    if said not in (0, count):
        raise AttnWidgetError(
            f"The text says {sign!r} {said} times for {count} pictures. Say it once for each, or leave it out: then all stand before the text."
        )
    return text if said else f"{sign * count}{between}{text}"


def _placeholder(processor: Any) -> str | None:
    found = (getattr(processor, name, None) for name in PLACEHOLDERS)
    return next((str(sign) for sign in found if sign is not None), None)


def _in_template(processor: Any, messages: Sequence[Mapping[str, Any]], count: int) -> str:
    """Chat messages as one text, by the processor's template."""
    refuse_what_is_no_chat(messages)
    whole = [{**message, "content": _parts(message.get("content") or "")} for message in messages]
    said = [part for message in whole for part in message["content"] if part["type"] == "image"]
    if not said:
        first = next((message for message in whole if message["role"] == "user"), None)
        if first is None:
            raise AttnWidgetError("No message of these is a user's, so the pictures belong to none. Add one.")
        first["content"] = [*({"type": "image"} for _ in range(count)), *first["content"]]
    elif len(said) != count:
        raise AttnWidgetError(
            f"The messages speak of {len(said)} pictures, and {count} were given. Give one for each entry of the type 'image'."
        )
    try:
        return str(processor.apply_chat_template(whole, tokenize=False, add_generation_prompt=True))
    except Exception as error:  # templates are anybody's code
        raise AttnWidgetError(
            f"{type(processor).__name__} has no chat template that takes these messages: {reason_of(error)}. Give a plain text."
        ) from error


def _parts(content: Any) -> list[dict[str, Any]]:
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return [{"type": "image"} if part.get("type") == "image" else dict(part) for part in content]
