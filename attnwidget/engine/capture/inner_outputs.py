"""The attention of parts whose model hands out that of its vision tower alone, from what each part returns to it."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

PICTURE = {"vision_model": {"attentions": "vision"}}
READING_A_PICTURE = {"attentions": "text", "cross_attentions": "cross"}

RETURNED_INSIDE: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "BlipForConditionalGeneration": {**PICTURE, "text_decoder": READING_A_PICTURE},
    "BlipForImageTextRetrieval": {**PICTURE, "text_encoder": READING_A_PICTURE},
}
"""Name of the class -> module of it -> field of what the module returns -> part."""


@contextmanager
def inner_outputs(model: Any) -> Iterator[dict[str, tuple[Any, ...]]]:
    """Part -> maps, one for each layer, filled by every pass of the model inside the context; {} for models that hand out all."""
    heard: dict[str, tuple[Any, ...]] = {}

    def keep(fields: Mapping[str, str], _module: Any, _given: Any, output: Any) -> None:
        for field, part in fields.items():
            if maps := getattr(output, field, None):
                heard[part] = tuple(maps)

    with ExitStack() as hooks:
        for path, fields in RETURNED_INSIDE.get(type(model).__name__, {}).items():
            hook = model.get_submodule(path).register_forward_hook(partial(keep, fields))
            hooks.callback(hook.remove)
        yield heard
