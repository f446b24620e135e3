"""The input of an encoder-decoder's decoder: a target, shifted right behind the start token."""

from typing import Any

import torch

from attnwidget.engine.inputs.recipient import Recipient
from attnwidget.engine.inputs.tensors import plain_ids
from attnwidget.engine.text.tokenise import tokenise_ids, tokenise_target, tokenise_written
from attnwidget.engine.text.tokenizer import names_of
from attnwidget.engine.text.tokens import Tokens
from attnwidget.errors import AttnWidgetError

TRANSCRIPT_STARTS = "<|startoftranscript|>"
"""The token with which Whisper's decoder starts."""


def target_tokens(recipient: Recipient, target: Any, first: int | None = None) -> Tokens:
    """The tokens of a target: a text shifted behind the start token, ids as given, or the start token alone for None.

    `first` keeps that many tokens of a text.
    """
    model, tokenizer = recipient.model, recipient.tokenizer
    if target is None:
        return tokenise_ids(tokenizer, prompt_of(tokenizer) or [start_token(recipient)])
    if not isinstance(target, str):
        return tokenise_ids(tokenizer, plain_ids(target))  # used as given
    if tokenizer is None:
        raise AttnWidgetError(f"{recipient.name} was loaded without a tokenizer, so target= must be token ids.")
    prompt = prompt_of(tokenizer)
    if prompt and target.startswith(names_of(tokenizer, prompt[:1])[0]):
        return tokenise_written(tokenizer, target)[:first]  # it says its own special tokens
    tokens = tokenise_target(tokenizer, target)
    labels = list(tokens.ids)
    if prompt and labels[: len(prompt)] == prompt:
        ends = tokens.special[-1] or labels[-1] == tokenizer.eos_token_id
        return tokens[: len(labels) - int(ends)][:first]
    if not tokens.special[-1]:
        labels.append(model.config.get_text_config().eos_token_id or labels[-1])
    shift = getattr(model, "prepare_decoder_input_ids_from_labels", None)
    shifted = (
        [start_token(recipient), *labels[:-1]]
        if shift is None
        else shift(torch.tensor([labels], dtype=torch.long, device="cpu"))[0].tolist()
    )
    if shifted[1:] != labels[:-1]:
        return tokenise_ids(tokenizer, shifted[:first])
    return tokenise_ids(tokenizer, shifted[:1]).beside(tokens.text) + tokens[: len(shifted[:first]) - 1]


def prompt_of(tokenizer: Any) -> list[int]:
    """The tokens with which a tokenizer begins every target, those that start the decoder included; [] for nearly all.

    Whisper's say that a transcript starts, its language and the task. Others begin a target behind the start token.
    """
    found = getattr(tokenizer, "prefix_tokens", None)
    start = getattr(tokenizer, "convert_tokens_to_ids", lambda _name: None)(TRANSCRIPT_STARTS)
    return list(found) if isinstance(found, list | tuple) and found and found[0] == start else []


def shifted_tokens(recipient: Recipient, text: Tokens) -> Tokens:
    """A text as decoder input: the start token, and all of the text except its last token."""
    return tokenise_ids(recipient.tokenizer, [start_token(recipient)]).beside(text.text) + text[:-1]


def start_token(recipient: Recipient) -> int:
    """The token id that a decoder starts with. Raises AttnWidgetError if the model does not define one."""
    if (prompt := prompt_of(recipient.tokenizer)) and "sound" in recipient.reads:
        return prompt[0]
    model = recipient.model
    configs = [model.config, getattr(model, "generation_config", None), getattr(model.config, "decoder", None)]
    known = [
        number
        for config in configs
        for key in ("decoder_start_token_id", "bos_token_id", "pad_token_id")
        if isinstance(number := getattr(config, key, None), int)
    ]
    if not known:
        raise AttnWidgetError(
            f"{recipient.name} does not define a start token for its decoder. Give target= as token ids, or as a text."
        )
    return known[0]
