"""Chat messages -> the text that the model's own template makes from them."""

from collections.abc import Mapping
from typing import Any

from attnwidget.engine.text.tokenizer import decoded
from attnwidget.errors import AttnWidgetError

MESSAGES = "Chat messages are a list like [{'role': 'user', 'content': 'Hello'}]"


def is_chat(x: Any) -> bool:
    """Whether this looks like chat messages: a list or tuple of mappings, and nothing else.

    >>> is_chat([{"role": "user", "content": "Hello"}]), is_chat([]), is_chat("Hello")
    (True, False, False)
    """
    return isinstance(x, list | tuple) and bool(x) and all(isinstance(message, Mapping) for message in x)


def chat_text(tokenizer: Any, messages: Any) -> tuple[str, list[int] | None]:
    """The messages as one text, ready for an answer unless the last one is the assistant's.

    Token ids are returned as well by tokenizers whose text cannot be encoded again (mistral-common). Raises
    AttnWidgetError for messages without role or content, a tokenizer without a template, and a template that refuses
    the messages.
    """
    refuse_what_is_no_chat(messages)
    templated = has_template(tokenizer)
    if templated is None:
        raise AttnWidgetError(
            f"{type(tokenizer).__name__} has no chat template. Set tokenizer.chat_template and load again, or give the "
            "finished text."
        )
    plain = [dict(message) for message in messages]
    options = {"add_generation_prompt": plain[-1]["role"] != "assistant"}
    try:
        if templated:
            return str(tokenizer.apply_chat_template(plain, tokenize=False, **options)), None
        ids = list(tokenizer.apply_chat_template(plain, return_dict=False, **options))
    except Exception as error:  # noqa: BLE001  templates may raise anything
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__).rstrip(".")
        raise AttnWidgetError(
            f"The chat template of {type(tokenizer).__name__} rejected the messages: {reason}."
        ) from None
    return decoded(tokenizer, ids), ids


def has_template(tokenizer: Any) -> bool | None:
    """Whether a tokenizer writes chats as text; False for one that writes the ids itself, None for one without chats."""
    try:
        return bool(tokenizer.get_chat_template())
    except NotImplementedError:
        return False  # mistral-common
    except (AttributeError, ValueError):
        return None


def refuse_what_is_no_chat(messages: Any) -> None:
    if not is_chat(messages):
        raise AttnWidgetError(f"{MESSAGES}; this is {'empty' if messages in ([], ()) else 'something else'}.")
    for number, message in enumerate(messages):
        if not isinstance(message.get("role"), str):
            raise AttnWidgetError(f"Message {number} has no role. {MESSAGES}.")
        # An assistant that only calls tools has no content.
        if message.get("content") is None and "tool_calls" not in message:
            raise AttnWidgetError(f"Message {number} has no content. {MESSAGES}.")
