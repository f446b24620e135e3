"""The tokens of a prompt, followed by those that a model generated."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from attnwidget.engine.text.spans import NO_SPAN
from attnwidget.engine.text.tokenise import tokenise_ids
from attnwidget.engine.text.tokens import Tokens


def continued(reader: Any | None, prompt: Tokens, produced: Sequence[int]) -> Tokens:
    """The prompt's tokens unchanged, followed by the generated ones.

    Their text and spans are found by decoding all ids together: a token of half a character, or one that continues a
    word, decodes differently on its own.
    """
    whole = tokenise_ids(reader, [*prompt.ids, *produced])
    count = len(prompt)
    before = max(0, *(stop for _, stop in whole.spans[:count]))
    behind = whole[count:]
    if any(span != NO_SPAN and span[0] < before for span in behind.spans):
        return whole  # the first new token completes a character that the prompt began
    text = prompt.text + whole.text[before:]
    shift = len(prompt.text) - before
    words = max(prompt.words, default=-1) - max(whole.words[:count], default=-1)
    return replace(prompt, text=text) + replace(
        behind,
        spans=tuple(span if span == NO_SPAN else (span[0] + shift, span[1] + shift) for span in behind.spans),
        words=tuple(word if word < 0 else word + words for word in behind.words),
        segment=(prompt.segment[-1],) * len(behind),
        text=text,
    )
