"""What was said of a sound -> a text that reads back as the same tokens."""

from typing import Any

from attnwidget.engine.inputs.decoder_inputs import prompt_of
from attnwidget.engine.text.tokenizer import decoded, names_of
from attnwidget.engine.text.tokens import Tokens


def spoken_text(reader: Any | None, tokens: Tokens) -> str:
    """The words of a decoder's tokens, without what starts and ends them; what starts them stands before, where the tokenizer starts otherwise."""
    if reader is None:
        return ""
    ids, prompt = list(tokens.ids), prompt_of(reader)
    while len(ids) > 1 and ids[-1] in {reader.eos_token_id, reader.pad_token_id}:
        ids.pop()
    first = next((at for at, special in enumerate(tokens.special) if not special), len(ids))
    words = decoded(reader, ids[first:])
    own = not prompt or ids[:first] == prompt
    return words if own or not words else "".join(names_of(reader, ids[:first])) + words
