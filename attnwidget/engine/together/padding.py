"""The inputs of several texts -> those of one pass, padded on the right to the longest."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from attnwidget.engine.inputs.inputs import Inputs

SEQUENCE_OF = {"input_ids": "text", "token_type_ids": "text", "decoder_input_ids": "target"}
"""Inputs that can be padded -> the sequence that they belong to."""


def kind_of(given: Inputs) -> frozenset[str] | None:
    """The same for inputs that can be padded into one batch: ids, with a token for each. None for all others."""
    fits = "input_ids" in given.forward and all(
        tensor.shape == (1, len(given.tokens.get(SEQUENCE_OF.get(name, ""), ())))
        for name, tensor in given.forward.items()
    )
    return frozenset(given.forward) if fits else None


def length_of(given: Inputs) -> int:
    """The tokens of the longest of its sequences."""
    return max((len(tokens) for tokens in given.tokens.values()), default=0)


def padded(inputs: Sequence[Inputs], padding: Mapping[str, int], *, masked: bool) -> dict[str, Tensor]:
    """One batch of all texts. `padding` has the id that fills up each input, 0 where it says nothing.

    With `masked`, an attention mask says which tokens of the text are none. The target of a decoder needs no mask: none of
    its tokens reads a later one.
    """
    forward = {
        name: pad_sequence(
            [one.forward[name][0] for one in inputs], batch_first=True, padding_value=padding.get(name, 0)
        )
        for name in inputs[0].forward
    }
    if masked:
        ids = forward["input_ids"]
        lengths = torch.tensor([len(one.tokens["text"]) for one in inputs], dtype=torch.long, device=ids.device)
        forward["attention_mask"] = (torch.arange(ids.shape[1], device=ids.device) < lengths[:, None]).long()
    return forward


def padding_ids(config: Any) -> dict[str, int]:
    """The ids that a model's configuration pads with: heads that look for the last token of a text know them by it."""
    text = config.get_text_config(decoder=False)
    target = config.get_text_config(decoder=True)
    known = {"input_ids": _id(text), "decoder_input_ids": _id(target)}
    return {name: number for name, number in known.items() if number is not None}


def _id(config: Any) -> int | None:
    number = getattr(config, "pad_token_id", None)
    return number if isinstance(number, int) and number >= 0 else None
