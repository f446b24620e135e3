"""The turns of a conversation, for the page; and what is worth knowing of them."""

from typing import Any

from attnwidget.engine import Conversation, Texts, Tokens
from attnwidget.frames.utf16 import unit_offsets


def turns_told(chat: Conversation) -> list[dict[str, Any]]:
    """Role and places of every turn, in UTF-16 units of the text.

    >>> from attnwidget.engine import Turn
    >>> turns_told(Conversation("<u>😀</u>", (Turn("user", 0, 3, 4, 8),)))
    [{'role': 'user', 'begin': 0, 'start': 3, 'stop': 5, 'end': 9}]
    """
    units = unit_offsets(chat.text)
    return [
        {"role": turn.role, **{name: units[getattr(turn, name)] for name in ("begin", "start", "stop", "end")}}
        for turn in chat.turns
    ]


def mark_notes(tokens: Tokens, texts: Texts) -> list[str]:
    """A sentence for every turn that has the model's own marks in what is said."""
    turns = () if texts.chat is None or tokens.text != texts.chat.text else texts.chat.turns
    marks = [
        (*span, piece) for span, piece, mark in zip(tokens.spans, tokens.pieces, tokens.special, strict=True) if mark
    ]
    notes = []
    for number, turn in enumerate(turns, 1):
        inside = [piece for start, stop, piece in marks if turn.start <= start < stop <= turn.stop]
        if inside:
            notes.append(
                f"Turn {number} ({turn.role}) contains {inside[0]}, which the model reads as its own mark, not as text."
            )
    return notes
