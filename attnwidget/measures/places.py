"""Tokens of a text by a phrase, several phrases, or positions; and those that are words."""

import re
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from attnwidget.engine import NO_SPAN, Tokens, indices
from attnwidget.errors import AttnWidgetError


def tokens_named(text: Tokens, named: Any) -> tuple[int, ...]:
    """The positions, ascending, of all tokens covered by any occurrence of a phrase, or the given positions.

    `named` is a phrase, a position, or a sequence of either. A phrase is searched for as whole words first, and within
    words only if that finds nothing. Raises AttnWidgetError for a phrase that is empty or not in the text, and for
    positions that do not exist.

    >>> text = Tokens.from_pieces(["the", "cat", "saw", "the", "dog"])
    >>> tokens_named(text, "the"), tokens_named(text, ["saw the", -1])
    ((0, 3), (2, 3, 4))
    """
    several = isinstance(named, Sequence) and not isinstance(named, str)
    found: set[int] = set()
    for one in named if several else [named]:
        found.update(_of_phrase(text, one) if isinstance(one, str) else indices(one, len(text), "token").tolist())
    if not found:
        raise AttnWidgetError(f"{named!r} does not name any token. Give a phrase of the text, or token positions.")
    return tuple(sorted(found))


def _of_phrase(text: Tokens, phrase: str) -> list[int]:
    wanted = phrase.strip()
    # Whole words first: "is" must not match in Paris. Only a phrase without such a match is searched for within words.
    whole = rf"(?<!\w){re.escape(wanted)}" if wanted[:1].isalnum() else re.escape(wanted)
    places = list(re.finditer(whole + (r"(?!\w)" if wanted[-1:].isalnum() else ""), text.text)) if wanted else []
    if wanted and not places:
        places = list(re.finditer(re.escape(wanted), text.text))
    found = [
        i
        for place in places
        for i, (start, stop) in enumerate(text.spans)
        if start < place.end() and stop > place.start() and stop > start
    ]
    if not found:
        raise AttnWidgetError(
            f"The text does not contain {phrase!r}. Give a phrase exactly as it appears there, or token positions."
        )
    return found


def word_ranges(text: Tokens) -> tuple[tuple[int, int], ...]:
    """The words of a text, as half-open ranges of tokens that are neighbours and of one word.

    Special tokens and pieces without a word stay alone.

    >>> word_ranges(Tokens.from_pieces(["[CLS]", "un", "happy"]))
    ((0, 1), (1, 2), (2, 3))
    """

    def name(token: int) -> tuple[int, ...]:
        word = text.words[token]
        alone = word < 0 or text.special[token] or text.padding[token]
        return (-1, token) if alone else (word, text.segment[token])

    runs = [list(run) for _, run in groupby(range(len(text)), key=name)]
    return tuple((run[0], run[-1] + 1) for run in runs)


def written_as(text: Tokens, start: int, stop: int) -> str:
    """Neighbouring tokens as they appear in the text; a single token by its piece.

    >>> written_as(Tokens.from_pieces(["a", "river", "bank"]), 1, 3)
    'river bank'
    """
    if stop - start == 1:
        return text.pieces[start]
    spans = [span for span in text.spans[start:stop] if span != NO_SPAN]
    written = text.text[min(a for a, _ in spans) : max(b for _, b in spans)] if spans else ""
    return written or "".join(text.pieces[start:stop])


def words_said(text: Tokens) -> tuple[int, ...]:
    """The tokens with a letter or a digit; of a chat, without the names of those who speak. All tokens, if none has one.

    >>> words_said(Tokens.from_pieces(["[CLS]", "No", ".", "7", "[SEP]"])), words_said(Tokens.from_pieces(["?", "!"]))
    ((1, 3), (0, 1))
    """
    plain = [not (special or padding) for special, padding in zip(text.special, text.padding, strict=True)]
    written = [i for i, piece in enumerate(text.pieces) if plain[i] and any(letter.isalnum() for letter in piece)]
    speakers = _speakers(text, plain)
    said = [i for i in written if i not in speakers]
    return tuple(said or written or [i for i, mark in enumerate(plain) if mark] or range(len(text)))


def _speakers(text: Tokens, plain: Sequence[bool]) -> set[int]:
    """Words that stand alone between a special token and the end of its line, or another special token."""
    found: set[int] = set()
    for begin in range(1, len(text)):
        if not plain[begin] or not text.special[begin - 1]:
            continue
        end = next((i for i in range(begin, len(text)) if not plain[i] or "\n" in text.pieces[i]), None)
        if end is not None and len({text.words[i] for i in range(begin, end)}) == 1:
            found.update(range(begin, end))
    return found


def template_tokens(text: Tokens) -> frozenset[int]:
    r"""The tokens that a chat's template writes beside its special ones: who speaks, and the line breaks around that.

    A name counts where a line break follows it, with or without a special token between them.

    >>> chat = Tokens.from_pieces(["<s>", "user", "\n", "Well", "?", "</s>", "\n", "<s>", "model", "</h>", "\n", "Yes"])
    >>> sorted(template_tokens(chat)), template_tokens(Tokens.from_pieces(["[CLS]", "yes", "[SEP]", "no", "[SEP]"]))
    ([1, 2, 6, 8, 10], frozenset())
    """
    plain = [not (special or padding) for special, padding in zip(text.special, text.padding, strict=True)]
    speakers = _speakers(text, plain)

    def breaks(begin: int) -> bool:
        rest = (i for i in range(begin, len(text)) if plain[i] and i not in speakers)
        return "\n" in text.pieces[next(rest, begin)]

    found = {i for i in speakers if breaks(i)}
    if not found:
        return frozenset()
    for i, piece in enumerate(text.pieces):  # in order: a blank after a blank of the template is one, too
        if plain[i] and not piece.strip() and i and (not plain[i - 1] or i - 1 in found):
            found.add(i)
    return frozenset(found)
