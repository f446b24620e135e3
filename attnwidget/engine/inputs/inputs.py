"""User input -> the arguments of the model's forward pass, and their tokens."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from attnwidget.arguments import truth_of, whole_number
from attnwidget.engine.inputs.decoder_inputs import shifted_tokens, start_token, target_tokens
from attnwidget.engine.inputs.pictured import arguments_of, medium_of
from attnwidget.engine.inputs.pictures import pictures_in
from attnwidget.engine.inputs.placeholders import with_placeholders
from attnwidget.engine.inputs.recipient import Recipient, forward_names
from attnwidget.engine.inputs.sounded import sound_arguments
from attnwidget.engine.inputs.sounds import sound_in
from attnwidget.engine.inputs.tensors import device_of, plain_ids, refuse_images, tensor_of
from attnwidget.engine.inputs.videos import video_arguments
from attnwidget.engine.media.given_sound import GivenSound
from attnwidget.engine.media.given_video import GivenVideo
from attnwidget.engine.media.picture import Picture
from attnwidget.engine.media.sound import Sound
from attnwidget.engine.prediction_head import predicts
from attnwidget.engine.text.chat import is_chat
from attnwidget.engine.text.conversation import Conversation
from attnwidget.engine.text.tokenise import (
    tokenise_chat,
    tokenise_ids,
    tokenise_text,
    tokenise_texts,
    tokenise_written,
)
from attnwidget.engine.text.tokens import Tokens
from attnwidget.errors import AttnWidgetError, EmptyText

IGNORED = -100
"""The label that every loss in transformers ignores."""


@dataclass(frozen=True, eq=False)
class Inputs:
    """`forward` has the arguments of the forward pass, as batches of one; `tokens` the tokens of each text sequence.

    The sequences are "text" (the input of a decoder or encoder, the source of an encoder-decoder) and "target".
    `pictures` and `sounds` are what of the arguments can be looked at; the stretches of a sound are tokens of "text".
    """

    forward: Mapping[str, Tensor]
    tokens: Mapping[str, Tokens] = field(default_factory=dict)
    pictures: tuple[Picture, ...] = ()
    sounds: tuple[Sound, ...] = ()


@dataclass(frozen=True)
class Given:
    """User input: a text, chat, list of ids or mapping of forward inputs, and how to encode it.

    `first` limits its tokens, and those of a target text. Two plain texts are equal if all their fields are, and so are
    two texts that a chat template has written.
    """

    x: Any
    pair: str | None = None
    target: Any = None
    prepend_bos: bool | None = None
    first: int | None = None

    @staticmethod
    def checked(x: Any, pair: Any = None, *, target: Any = None, prepend_bos: Any = None, first: Any = None) -> "Given":
        """The given input with valid pair, first and prepend_bos. Raises AttnWidgetError otherwise."""
        bos = None if prepend_bos is None else truth_of("prepend_bos", prepend_bos)
        return Given(x, text_or_none(pair), target, bos, count_or_none(first))


def inputs_of(recipient: Recipient, given: Given) -> Inputs:
    """Inputs of one text, pair, chat, list of ids or mapping.

    Raises EmptyText, TooLarge, and AttnWidgetError for unusable input.
    """
    if isinstance(given.x, Mapping):
        if given.pair is not None or given.prepend_bos is not None:
            raise AttnWidgetError("A mapping of forward inputs is used as it is: leave out pair= and prepend_bos=.")
        return _with_target(recipient, _mapped(recipient, given.x), given.target)
    medium = medium_of(recipient, given.x)
    if isinstance(medium, GivenSound):
        arguments, sound = sound_arguments(recipient, medium)
        return _with_target(recipient, _heard(recipient, Inputs(arguments), sound), given.target, given.first)
    if medium is not None:
        forward = (
            video_arguments(recipient, medium) if isinstance(medium, GivenVideo) else arguments_of(recipient, medium)
        )
        seen = pictures_in(forward, recipient.model.config, recipient.processor, medium.note)
        return Inputs(forward, pictures=seen)
    tokens = tokens_of(recipient, given)
    made = _forward(tokens, device_of(recipient.model), told=_tells_segments(recipient))
    return _with_target(recipient, made, given.target, given.first)


def _heard(recipient: Recipient, made: Inputs, given: GivenSound | None = None) -> Inputs:
    """The same inputs with the sound among them, and the tokens of its stretches."""
    found = sound_in(made.forward, recipient.model.config, recipient.processor, given)
    if found is None:
        return made
    return replace(made, tokens={"text": found.tokens, **made.tokens}, sounds=(found.sound,))


def inputs_of_texts(
    recipient: Recipient, texts: Sequence[tuple[str, str | None]], targets: Sequence[str | None]
) -> list[Inputs | AttnWidgetError]:
    """Inputs of many texts, each alone or with a pair, as `inputs_of` gives them, or why there are none."""
    device, told = device_of(recipient.model), _tells_segments(recipient)

    def made(tokens: Tokens, target: str | None) -> Inputs:
        recipient.refuse_foreign(tokens.ids)
        return _with_target(recipient, _forward(tokens, device, told=told), target)

    found: list[Inputs | AttnWidgetError] = []
    for tokens, target in zip(
        tokenise_texts(recipient.tokenizer, texts, prompt=recipient.prompt), targets, strict=True
    ):
        try:
            found.append(tokens if isinstance(tokens, AttnWidgetError) else made(tokens, target))
        except AttnWidgetError as error:
            found.append(error.with_traceback(None))
    return found


def _tells_segments(recipient: Recipient) -> bool:
    known = "token_type_ids" in getattr(recipient.tokenizer, "model_input_names", ())
    return known and recipient.accepts("token_type_ids")


def _forward(tokens: Tokens, device: Any, *, told: bool) -> Inputs:
    forward = {"input_ids": torch.tensor([tokens.ids], dtype=torch.long, device=device)}
    if told:
        forward["token_type_ids"] = torch.tensor([tokens.segment], dtype=torch.long, device=device)
    return Inputs(forward, {"text": tokens})


def tokens_of(recipient: Recipient, given: Given) -> Tokens:
    """The tokens of a text, pair, chat or list of ids, all of them known to the model. Raises as `inputs_of`."""
    x, tokenizer = given.x, recipient.tokenizer
    if isinstance(x, str | Conversation) or is_chat(x):
        if given.pair is not None and not isinstance(x, str):
            raise AttnWidgetError("pair= cannot be combined with chat messages. Put the second text into a message.")
        if tokenizer is None:
            raise AttnWidgetError(
                f"{recipient.name} was loaded without a tokenizer, so it cannot encode text. Pass one, aw.load(model, "
                "tokenizer), or trace token ids."
            )
        if isinstance(x, str):
            tokens = tokenise_text(
                tokenizer,
                x,
                given.pair,
                first=given.first,
                prepend_bos=given.prepend_bos,
                prompt=recipient.prompt,
            )
        elif isinstance(x, Conversation):
            tokens = tokenise_written(tokenizer, x.text, first=given.first)
        else:
            tokens = tokenise_chat(tokenizer, x, first=given.first)
    else:
        if given.pair is not None:
            raise AttnWidgetError("pair= cannot be combined with token ids. Put both texts into one list of ids.")
        tokens = tokenise_ids(tokenizer, plain_ids(x, given.first))
    recipient.refuse_foreign(tokens.ids)
    return tokens


def text_or_none(pair: Any) -> str | None:
    """The second text of a pair, or None. Raises AttnWidgetError for anything else."""
    if pair is None or isinstance(pair, str):
        return pair
    raise AttnWidgetError(f"pair={type(pair).__name__} is not valid: give a second text, or leave it out.")


def count_or_none(first: Any) -> int | None:
    """The number of tokens to keep, or None. Raises AttnWidgetError for anything but a whole number of 1 or more.

    >>> count_or_none(3)
    3
    """
    if first is None:
        return None
    number = whole_number(first)
    if number is None or number < 1:
        raise AttnWidgetError(
            f"first={first!r} is not valid: give a whole number of tokens, 1 or more, or leave it out."
        )
    return number


def _mapped(recipient: Recipient, x: Mapping[Any, Any]) -> Inputs:
    model, known = recipient.model, forward_names(recipient.model)
    forward: dict[str, Tensor] = {}
    for key, value in x.items():
        if not isinstance(key, str) or (known is not None and key not in known and key != "labels"):
            takes = ", ".join(sorted(known or ()))
            raise AttnWidgetError(f"{recipient.name} has no input {key!r}. Its forward pass takes {takes}.")
        if value is not None:
            forward[key] = tensor_of(model, key, value)
    refuse_images(forward, known)
    if (labels := forward.pop("labels", None)) is not None:
        forward.update(_from_labels(recipient, forward, labels))
    if not forward:
        raise EmptyText("No inputs were given. Give at least one tensor, such as input_ids or pixel_values.")
    tokens = {}
    for sequence, key, mask in (
        ("text", "input_ids", "attention_mask"),
        ("target", "decoder_input_ids", "decoder_attention_mask"),
    ):
        if key in forward:
            ids = plain_ids(forward[key])
            recipient.refuse_foreign(ids)
            attended = forward.get(mask)
            marks = None if attended is None or attended.ndim != 2 else [bool(mark) for mark in attended[0].tolist()]
            if marks is not None and len(marks) != len(ids):
                raise AttnWidgetError(f"{mask} has {len(marks)} entries for {len(ids)} tokens. Give one per token.")
            tokens[sequence] = tokenise_ids(recipient.tokenizer, ids, attended=marks)
    if "text" in tokens and "token_type_ids" in forward:
        tokens["text"] = _segmented(tokens["text"], forward["token_type_ids"])
    pictures = pictures_in(forward, recipient.model.config, recipient.processor)
    placed = {name: with_placeholders(own, pictures, model.config) for name, own in tokens.items()}
    return _heard(recipient, Inputs(forward, placed, pictures))


def _segmented(tokens: Tokens, segment: Tensor) -> Tokens:
    if segment.ndim != 2:
        return tokens
    if segment.shape[1] != len(tokens):
        raise AttnWidgetError(
            f"token_type_ids has {segment.shape[1]} entries for {len(tokens)} tokens. Give one per token."
        )
    return replace(tokens, segment=tuple(int(number) for number in segment[0].tolist()))


def _from_labels(recipient: Recipient, forward: Mapping[str, Tensor], labels: Tensor) -> dict[str, Tensor]:
    """The decoder input that an encoder-decoder derives from these labels; nothing if they are not text."""
    model = recipient.model
    crossed = getattr(model.config, "is_encoder_decoder", False) and recipient.accepts("decoder_input_ids")
    told = forward.keys() & {"decoder_input_ids", "decoder_inputs_embeds"}
    if not crossed or told or predicts(model) in {"class", "answer span"}:
        return {}
    if labels.ndim != 2 or labels.is_floating_point() or labels.shape[1] == 0:
        raise AttnWidgetError(
            f"labels has the shape {tuple(labels.shape)} and dtype {labels.dtype}; an encoder-decoder needs token ids "
            "of shape [1, n]. Give these, or target=."
        )
    shift = getattr(model, "prepare_decoder_input_ids_from_labels", None)
    if shift is None:
        shifted = torch.cat([labels.new_tensor([[start_token(recipient)]]), labels[:, :-1]], 1)
    else:
        # Some models overwrite their labels.
        shifted = shift(labels.clone())
    pad = model.config.get_text_config(decoder=True).pad_token_id
    return {"decoder_input_ids": shifted.masked_fill(shifted == IGNORED, 0 if pad is None else pad)}


def _with_target(recipient: Recipient, made: Inputs, target: Any, first: int | None = None) -> Inputs:
    """The same inputs with the decoder input of an encoder-decoder; without a target, its start token alone."""
    model = recipient.model
    if not getattr(model.config, "is_encoder_decoder", False):
        if target is not None:
            raise AttnWidgetError(
                f"{recipient.name} is not an encoder-decoder, so it takes no target=. Put both into one text, or give "
                "a sentence pair."
            )
        return made
    if not recipient.accepts("decoder_input_ids"):
        return made
    if target is None and ("decoder_input_ids" in made.forward or "decoder_inputs_embeds" in made.forward):
        return made
    if "decoder_input_ids" in made.forward:
        raise AttnWidgetError("Both target= and decoder_input_ids (or labels) were given. Give one of them.")
    if target is None and predicts(model) in {"class", "answer span"} and "text" in made.tokens:
        # These models give their decoder the same text, and shift it themselves.
        shifted = shifted_tokens(recipient, made.tokens["text"])
        return replace(made, tokens={**made.tokens, "target": shifted})
    tokens = target_tokens(recipient, target, first)
    recipient.refuse_foreign(tokens.ids)
    ids = torch.tensor([tokens.ids], dtype=torch.long, device=device_of(model))
    return replace(made, forward={**made.forward, "decoder_input_ids": ids}, tokens={**made.tokens, "target": tokens})
