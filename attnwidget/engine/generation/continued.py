"""The tokens of a prompt, with those that a model produced behind them."""

from collections.abc import Sequence
from typing import Any

from attnwidget.engine.text.tokens import NO_SPAN, Tokens, read_ids


def continued(reader: Any | None, prompt: Tokens, produced: Sequence[int]) -> Tokens:
    """The prompt's tokens as they are, and the produced ones behind them.

    How these read, and where they stand, is found by reading all ids together: alone, a token of half a character, or
    one that continues a word, reads otherwise.
    """
    whole = read_ids(reader, [*prompt.ids, *produced])
    count = len(prompt)
    before = max(0, *(stop for _, stop in whole.spans[:count]))
    if any(span != NO_SPAN and span[0] < before for span in whole.spans[count:]):
        return whole  # the first new token completes a character that the prompt began
    shift = len(prompt.text) - before
    words = max(prompt.words, default=-1) - max(whole.words[:count], default=-1)
    return Tokens(
        ids=whole.ids,
        pieces=prompt.pieces + whole.pieces[count:],
        spans=prompt.spans
        + tuple(span if span == NO_SPAN else (span[0] + shift, span[1] + shift) for span in whole.spans[count:]),
        words=prompt.words + tuple(word if word < 0 else word + words for word in whole.words[count:]),
        special=prompt.special + whole.special[count:],
        padding=prompt.padding + tuple([False] * len(produced)),
        segment=prompt.segment + tuple([prompt.segment[-1]] * len(produced)),
        text=prompt.text + whole.text[before:],
    )
