"""The model that inputs are made for."""

import inspect
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from attnwidget.engine.inputs.clips import clip_of
from attnwidget.engine.media.shelf import Shelf
from attnwidget.errors import AttnWidgetError


@dataclass(frozen=True, eq=False)
class Recipient:
    """A model, its tokenizer and processor; `name` is for error messages, `prompt` is put before every text.

    `reads` is what `media_read` says of the model. `shelf` has the pictures or sounds that stand where a text would; None of a
    model that reads text.
    """

    model: Any
    tokenizer: Any | None
    name: str
    prompt: str = ""
    processor: Any | None = None
    shelf: Shelf | None = None
    reads: frozenset[str] = frozenset()

    @property
    def medium(self) -> str | None:
        """What stands where a text would; None where a text does."""
        return medium_read(self.model, self.reads)

    @property
    def reads_both(self) -> bool:
        """Whether the model reads a text together with its pictures."""
        return {"text", "picture"} <= self.reads

    def accepts(self, argument: str) -> bool:
        """Whether the model's forward pass takes an argument of this name."""
        names = forward_names(self.model)
        return names is None or argument in names

    def refuse_foreign(self, ids: Sequence[int]) -> None:
        """Raise AttnWidgetError for an id that the model has no embedding for."""
        try:
            entries = self.model.get_input_embeddings().num_embeddings
        except (AttributeError, NotImplementedError):
            return
        # On a GPU an id outside the table kills the whole process, so it must not get that far.
        outside = [number for number in ids if not 0 <= number < entries]
        if outside:
            raise AttnWidgetError(
                f"There is no token id {outside[0]}: {self.name} has {entries:,} tokens, counted from 0. Check that "
                "the tokenizer belongs to this model."
            )


MEDIA = {
    "text": ("input_ids",),
    "picture": ("pixel_values",),
    "sound": ("input_features", "input_values"),
}
"""What can be read, and the arguments of a forward pass that say so."""


def media_read(model: Any) -> frozenset[str]:
    """What a model reads: "text", "picture", "sound", one or several of them; nothing where its inputs are others.

    >>> from transformers import ViTConfig, ViTModel
    >>> media_read(ViTModel(ViTConfig(num_hidden_layers=1)))
    frozenset({'picture'})
    """
    names = forward_names(model)
    if names is None:
        return frozenset({"text"})
    return frozenset(medium for medium, known in MEDIA.items() if names & {*known})


def medium_read(model: Any, reads: Collection[str]) -> str | None:
    """What stands where a text would: "picture", "sound" or "video"; None for a model that does not read this alone.

    >>> from transformers import ViTConfig, ViTModel
    >>> medium_read(ViTModel(ViTConfig(num_hidden_layers=1)), {"picture"})
    'picture'
    """
    if {*reads} == {"picture"}:
        return "picture" if clip_of(getattr(model, "config", None)) is None else "video"
    return "sound" if {*reads} == {"sound"} else None


def forward_names(module: Any) -> set[str] | None:
    """The names of the arguments of a forward pass; None if it takes any."""
    parameters = inspect.signature(module.forward).parameters.values()
    # transformers uses **kwargs for typed output options, so a **kwargs alone proves nothing.
    names = {parameter.name for parameter in parameters if parameter.kind is not parameter.VAR_KEYWORD}
    return names or None
