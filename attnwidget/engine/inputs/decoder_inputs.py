"""What the decoder of an encoder-decoder reads: a target, shifted behind the token that starts it."""

from typing import Any

import torch

from attnwidget.engine.inputs.tensors import plain_ids
from attnwidget.engine.text.tokens import NO_SPAN, Tokens, read_ids, read_target
from attnwidget.errors import AttnWidgetError


def target_tokens(model: Any, tokenizer: Any | None, name: str, target: Any, first: int | None = None) -> Tokens:
    """The tokens of a target: a text shifted behind the start token, ids as given, the start token alone for None.

    Of a text, `first` keeps that many of them.
    """
    if target is None:
        return read_ids(tokenizer, [start_token(model, name)])
    if not isinstance(target, str):
        return read_ids(tokenizer, plain_ids(target))  # as given: what the decoder reads
    if tokenizer is None:
        raise AttnWidgetError(f"{name} came without a tokenizer, so target= must be token ids.")
    tokens = read_target(tokenizer, target)
    labels = list(tokens.ids)
    if not tokens.special[-1]:
        labels.append(model.config.get_text_config().eos_token_id or labels[-1])
    shift = getattr(model, "prepare_decoder_input_ids_from_labels", None)
    shifted = (
        [start_token(model, name), *labels[:-1]]
        if shift is None
        else shift(torch.tensor([labels], dtype=torch.long, device="cpu"))[0].tolist()
    )
    if shifted[1:] != labels[:-1]:
        return read_ids(tokenizer, shifted[:first])
    return _behind(tokens, read_ids(tokenizer, shifted[:1]), len(shifted[:first]) - 1)


def shifted_tokens(model: Any, tokenizer: Any | None, name: str, text: Tokens) -> Tokens:
    """A text as a decoder reads it: the start token, and all of the text but its last token."""
    return _behind(text, read_ids(tokenizer, [start_token(model, name)]), len(text) - 1)


def _behind(tokens: Tokens, start: Tokens, count: int) -> Tokens:
    """The first `count` tokens behind the one that starts a decoder."""
    return Tokens(
        ids=start.ids + tokens.ids[:count],
        pieces=start.pieces + tokens.pieces[:count],
        spans=(NO_SPAN, *tokens.spans[:count]),
        words=(-1, *tokens.words[:count]),
        special=(True, *tokens.special[:count]),
        padding=(False, *tokens.padding[:count]),
        segment=(0, *tokens.segment[:count]),
        text=tokens.text,
    )


def start_token(model: Any, name: str) -> int:
    """The token id that a decoder begins with. Raises AttnWidgetError where nothing says which."""
    configs = [model.config, getattr(model, "generation_config", None), getattr(model.config, "decoder", None)]
    known = [
        number
        for config in configs
        for key in ("decoder_start_token_id", "bos_token_id", "pad_token_id")
        if isinstance(number := getattr(config, key, None), int)
    ]
    if not known:
        raise AttnWidgetError(f"{name} does not say how its decoder starts. Give target= as token ids, or as a text.")
    return known[0]
