"""The inputs of a trace with one token replaced by another, or without it."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor, cat

from attnwidget.arguments import whole_number
from attnwidget.engine import AttentionModel, Trace
from attnwidget.errors import AttnWidgetError

READ = {
    "input_ids": ("input_ids", "token_type_ids", "attention_mask"),
    "decoder_input_ids": ("decoder_input_ids", "decoder_attention_mask"),
}
"""The inputs that have one number for each token: of a text, and of what the decoder reads."""


def tokens_read(trace: Trace, part: str | None) -> str:
    """The input with the tokens of a part. Raises AttnWidgetError if there is none: pictures, sounds, given weights."""
    _, tokens = trace.tokens(part)
    name = "decoder_input_ids" if part == "decoder" else "input_ids"
    ids = trace.forward.get(name)
    known = {each for names in READ.values() for each in names}
    if ids is None or tuple(ids.shape) != (1, len(tokens)) or trace.forward.keys() - known:
        raise AttnWidgetError(
            f"The tokens of {trace.model.name} cannot be replaced or deleted: the trace was not read from token ids alone. "
            "Hide them: by='hide'."
        )
    return name


def with_token(trace: Trace, name: str, place: int, token: int) -> Mapping[str, Tensor]:
    """The inputs with another token at a place."""
    changed = trace.forward[name].clone()
    changed[0, place] = token
    return {**trace.forward, name: changed}


def without_token(trace: Trace, name: str, place: int) -> Mapping[str, Tensor]:
    """The inputs without the token at a place."""
    return {
        each: cat([tensor[:, :place], tensor[:, place + 1 :]], 1) if each in READ[name] else tensor
        for each, tensor in trace.forward.items()
    }


def replacing_token(model: AttentionModel, trace: Trace, given: Any) -> int:
    """The token that stands for none: the given one, as id or text, else the mask token, else the unknown one.

    Raises AttnWidgetError if the tokenizer has neither, and for a text of several tokens.
    """
    number = whole_number(given)
    if number is not None:
        return number
    tokenizer = model.tokenizer
    if given is not None:
        found = [] if tokenizer is None else tokenizer(str(given), add_special_tokens=False)["input_ids"]
        if len(found) != 1:
            raise AttnWidgetError(f"replacement={given!r:.60} is no single token of {trace.model.name}. Give its id.")
        return int(found[0])
    for name in ("mask_token_id", "unk_token_id"):
        number = getattr(tokenizer, name, None)
        if number is not None:
            return int(number)
    raise AttnWidgetError(
        f"{trace.model.name} has no mask token and no unknown one. Give replacement=, a token's id or text."
    )
