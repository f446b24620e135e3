"""What a user hands in -> what the model's forward pass takes, and the tokens that it reads."""

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from attnwidget.arguments import truth_of, whole_number
from attnwidget.engine.inputs.decoder_inputs import shifted_tokens, start_token, target_tokens
from attnwidget.engine.inputs.tensors import device_of, plain_ids, refuse_images, tensor_of
from attnwidget.engine.prediction_head import predicts
from attnwidget.engine.text.tokens import Tokens, is_chat, read_chat, read_ids, read_text
from attnwidget.errors import AttnWidgetError, EmptyText

IGNORED = -100
"""The label that is none, to every loss of transformers."""


@dataclass(frozen=True, eq=False)
class Inputs:
    """`forward` are the arguments of the forward pass, batches of one; `tokens` those of each sequence that is text.

    The sequences are "text" (what decoders and encoders read, and the source of an encoder-decoder) and "target".
    """

    forward: Mapping[str, Tensor]
    tokens: Mapping[str, Tokens] = field(default_factory=dict)


def read_inputs(
    model: Any,
    tokenizer: Any | None,
    name: str,
    x: Any,
    pair: Any = None,
    *,
    target: Any = None,
    prepend_bos: Any = None,
    first: Any = None,
    prompt: str = "",
) -> Inputs:
    """Inputs of one text, pair, chat, list of ids or mapping. `name` is the model's, for the sentences of errors.

    `prompt` is what stands before every text, and is read with it.

    Raises EmptyText, TooLarge, and AttnWidgetError for what cannot be read.
    """
    pair, first = text_or_none(pair), count_or_none(first)
    if isinstance(x, Mapping):
        if pair is not None or prepend_bos is not None:
            raise AttnWidgetError("A mapping of forward inputs is used as it is, without pair= and prepend_bos=.")
        return _with_target(model, tokenizer, name, _mapped(model, tokenizer, name, x), target)
    tokens = read_tokens(model, tokenizer, name, x, pair, prepend_bos=prepend_bos, first=first, prompt=prompt)
    device = device_of(model)
    forward = {"input_ids": torch.tensor([tokens.ids], dtype=torch.long, device=device)}
    if "token_type_ids" in getattr(tokenizer, "model_input_names", ()) and _accepts(model, "token_type_ids"):
        forward["token_type_ids"] = torch.tensor([tokens.segment], dtype=torch.long, device=device)
    return _with_target(model, tokenizer, name, Inputs(forward, {"text": tokens}), target, first)


def read_tokens(
    model: Any,
    tokenizer: Any | None,
    name: str,
    x: Any,
    pair: Any = None,
    *,
    prepend_bos: Any = None,
    first: Any = None,
    prompt: str = "",
) -> Tokens:
    """The tokens of a text, pair, chat or list of ids, all of them known to the model."""
    pair, first = text_or_none(pair), count_or_none(first)
    prepend_bos = None if prepend_bos is None else truth_of("prepend_bos", prepend_bos)
    if isinstance(x, str) or is_chat(x):
        if pair is not None and not isinstance(x, str):
            raise AttnWidgetError("Chat messages are read without pair=. Put the second text into a message.")
        if tokenizer is None:
            raise AttnWidgetError(
                f"{name} came without a tokenizer, so it cannot read text. "
                "Pass one, aw.load(model, tokenizer), or trace token ids."
            )
        if isinstance(x, str):
            tokens = read_text(tokenizer, x, pair, first=first, prepend_bos=prepend_bos, prompt=prompt)
        else:
            tokens = read_chat(tokenizer, x, first=first)
    else:
        if pair is not None:
            raise AttnWidgetError("Token ids are used as given, without pair=. Put both texts into one list of ids.")
        tokens = read_ids(tokenizer, plain_ids(x, first))
    refuse_foreign(model, name, tokens.ids)
    return tokens


def text_or_none(pair: Any) -> str | None:
    """The second text of a pair. Raises AttnWidgetError for anything that is no text."""
    if pair is None or isinstance(pair, str):
        return pair
    raise AttnWidgetError(f"pair is {type(pair).__name__}. Give a second text, or leave it out.")


def count_or_none(first: Any) -> int | None:
    """How many tokens to read at most. Raises AttnWidgetError for anything but a whole number of at least 1.

    >>> count_or_none(3)
    3
    """
    if first is None:
        return None
    number = whole_number(first)
    if number is None or number < 1:
        raise AttnWidgetError(f"first is {first!r}. Give a whole number of tokens, 1 or more, or leave it out.")
    return number


def refuse_foreign(model: Any, name: str, ids: Sequence[int]) -> None:
    """Raise AttnWidgetError for an id that the model has no embedding for."""
    try:
        entries = model.get_input_embeddings().num_embeddings
    except (AttributeError, NotImplementedError):
        return
    # On a GPU an id outside the table ends the whole process, so it must not get that far.
    outside = [number for number in ids if not 0 <= number < entries]
    if outside:
        raise AttnWidgetError(
            f"There is no token {outside[0]}: {name} has {entries:,}, counted from 0. "
            "Does the tokenizer belong to another model?"
        )


def forward_names(module: Any) -> set[str] | None:
    """The names of the arguments of a forward pass; None when it takes any."""
    parameters = inspect.signature(module.forward).parameters.values()
    # transformers types its open arguments as keywords of the output, so a **kwargs alone says nothing.
    names = {parameter.name for parameter in parameters if parameter.kind is not parameter.VAR_KEYWORD}
    return names or None


def _mapped(model: Any, tokenizer: Any | None, name: str, x: Mapping[Any, Any]) -> Inputs:
    known = forward_names(model)
    forward: dict[str, Tensor] = {}
    for key, value in x.items():
        if not isinstance(key, str) or (known is not None and key not in known and key != "labels"):
            takes = ", ".join(sorted(known or ()))
            raise AttnWidgetError(f"{name} takes no input {key!r}. Its forward pass takes: {takes}.")
        if value is not None:
            forward[key] = tensor_of(model, key, value)
    refuse_images(forward, known)
    if (labels := forward.pop("labels", None)) is not None:
        forward.update(_from_labels(model, name, forward, labels))
    if not forward:
        raise EmptyText("No inputs were given. Give at least one tensor, such as input_ids or pixel_values.")
    tokens = {}
    for sequence, key, mask in (
        ("text", "input_ids", "attention_mask"),
        ("target", "decoder_input_ids", "decoder_attention_mask"),
    ):
        if key in forward:
            ids = plain_ids(forward[key])
            refuse_foreign(model, name, ids)
            attended = forward.get(mask)
            marks = None if attended is None or attended.ndim != 2 else [bool(mark) for mark in attended[0].tolist()]
            if marks is not None and len(marks) != len(ids):
                raise AttnWidgetError(f"{mask} has {len(marks)} entries for {len(ids)} tokens. Give one for each.")
            tokens[sequence] = read_ids(tokenizer, ids, attended=marks)
    if "text" in tokens and "token_type_ids" in forward:
        tokens["text"] = _segmented(tokens["text"], forward["token_type_ids"])
    return Inputs(forward, tokens)


def _segmented(tokens: Tokens, segment: Tensor) -> Tokens:
    if segment.ndim != 2:
        return tokens
    if segment.shape[1] != len(tokens):
        raise AttnWidgetError(
            f"token_type_ids has {segment.shape[1]} entries for {len(tokens)} tokens. Give one for each."
        )
    return replace(tokens, segment=tuple(int(number) for number in segment[0].tolist()))


def _from_labels(model: Any, name: str, forward: Mapping[str, Tensor], labels: Tensor) -> dict[str, Tensor]:
    """What the decoder of an encoder-decoder reads when it learns these labels; nothing where they are no text."""
    crossed = getattr(model.config, "is_encoder_decoder", False) and _accepts(model, "decoder_input_ids")
    told = forward.keys() & {"decoder_input_ids", "decoder_inputs_embeds"}
    if not crossed or told or predicts(model) in {"class", "answer span"}:
        return {}
    if labels.ndim != 2 or labels.is_floating_point() or labels.shape[1] == 0:
        raise AttnWidgetError(
            f"labels has the shape {tuple(labels.shape)} of {labels.dtype}; of an encoder-decoder they are token ids "
            "[1, n]. Give these, or target=."
        )
    shift = getattr(model, "prepare_decoder_input_ids_from_labels", None)
    if shift is None:
        shifted = torch.cat([labels.new_tensor([[start_token(model, name)]]), labels[:, :-1]], 1)
    else:
        # A few write over what they are given.
        shifted = shift(labels.clone())
    pad = model.config.get_text_config(decoder=True).pad_token_id
    return {"decoder_input_ids": shifted.masked_fill(shifted == IGNORED, 0 if pad is None else pad)}


def _with_target(
    model: Any, tokenizer: Any | None, name: str, given: Inputs, target: Any, first: int | None = None
) -> Inputs:
    """The same inputs with what the decoder of an encoder-decoder reads; its start token alone without a target."""
    if not getattr(model.config, "is_encoder_decoder", False):
        if target is not None:
            raise AttnWidgetError(
                f"{name} has no decoder beside an encoder, so it reads no target. Put both into one text, or give a "
                "sentence pair."
            )
        return given
    if not _accepts(model, "decoder_input_ids"):
        return given
    if target is None and ("decoder_input_ids" in given.forward or "decoder_inputs_embeds" in given.forward):
        return given
    if "decoder_input_ids" in given.forward:
        raise AttnWidgetError("Both target= and decoder_input_ids (or labels) were given. Give one of them.")
    if target is None and predicts(model) in {"class", "answer span"} and "text" in given.tokens:
        # These read the same text in their decoder, and look for its end: they shift it themselves.
        return Inputs(
            given.forward, {**given.tokens, "target": shifted_tokens(model, tokenizer, name, given.tokens["text"])}
        )
    tokens = target_tokens(model, tokenizer, name, target, first)
    refuse_foreign(model, name, tokens.ids)
    ids = torch.tensor([tokens.ids], dtype=torch.long, device=device_of(model))
    return Inputs({**given.forward, "decoder_input_ids": ids}, {**given.tokens, "target": tokens})


def _accepts(model: Any, argument: str) -> bool:
    names = forward_names(model)
    return names is None or argument in names
