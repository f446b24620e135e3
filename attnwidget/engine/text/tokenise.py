"""Text, pair, chat or ids -> Tokens: what the model processes, and where each piece stands in the text."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import count, groupby
from typing import Any

from attnwidget.engine.text.chat import chat_text
from attnwidget.engine.text.encoding import begin, encode, encode_again, encode_ids, encode_many, trimmed
from attnwidget.engine.text.spans import NO_SPAN
from attnwidget.engine.text.tokenizer import decoded, marks, names_of
from attnwidget.engine.text.tokens import Tokens, placed, spaced
from attnwidget.engine.text.words import words_of
from attnwidget.errors import AttnWidgetError, EmptyText, TooLarge
from attnwidget.text import LARGEST_TEXT, well_formed


def tokenise_text(
    tokenizer: Any,
    text: str,
    pair: str | None = None,
    *,
    first: int | None = None,
    prepend_bos: bool | None = None,
    prompt: str = "",
) -> Tokens:
    """Tokens of a text, or of a pair of texts, which are joined by a line break.

    `prompt` is put before the text, and is part of the tokens' text. `first` keeps that many tokens. `prepend_bos`
    ensures that the text begins with the tokenizer's own first token (bos, or cls if there is none) exactly once
    (True), or removes the one that the tokenizer adds (False); None changes nothing. Raises EmptyText, TooLarge, and
    AttnWidgetError for a tokenizer that fails or that has no such token.
    """
    text, pair = well_formed(text), None if pair is None else well_formed(pair)
    _refuse_large(len(text) + len(pair or ""), "characters")
    prompt = well_formed(prompt)
    said = _not_empty(encode(tokenizer, prompt + text, pair), len(prompt))
    return begin(tokenizer, said, prepend_bos)[:first]


def tokenise_texts(
    tokenizer: Any, texts: Sequence[tuple[str, str | None]], *, prompt: str = ""
) -> list[Tokens | AttnWidgetError]:
    """Tokens of many texts, each alone or with a pair, as `tokenise_text` gives them, or why there are none."""
    found: list[Tokens | AttnWidgetError] = []
    for paired, run in groupby(texts, lambda both: both[1] is not None):
        some = list(run)
        found += _many(tokenizer, some, prompt, paired=paired) or [_one(tokenizer, *both, prompt) for both in some]
    return found


def _many(
    tokenizer: Any, texts: Sequence[tuple[str, str | None]], prompt: str, *, paired: bool
) -> list[Tokens | AttnWidgetError] | None:
    """None where they must be asked for one by one: because the tokenizer wants that, or one of them fails."""
    if sum(len(text) + len(pair or "") for text, pair in texts) > LARGEST_TEXT:
        return None
    before = well_formed(prompt)
    try:
        said = encode_many(
            tokenizer,
            [before + well_formed(text) for text, _ in texts],
            [well_formed(pair or "") for _, pair in texts] if paired else None,
        )
    except AttnWidgetError:
        return None
    return None if said is None else [_or_why(partial(_not_empty, one, len(before))) for one in said]


def _one(tokenizer: Any, text: str, pair: str | None, prompt: str) -> Tokens | AttnWidgetError:
    return _or_why(partial(tokenise_text, tokenizer, text, pair, prompt=prompt))


def _or_why(tokens: Callable[[], Tokens]) -> Tokens | AttnWidgetError:
    try:
        return tokens()
    except AttnWidgetError as error:
        return error.with_traceback(None)


def tokenise_target(tokenizer: Any, text: str) -> Tokens:
    """Tokens of a decoder's target text, with the special tokens that targets get. Raises as `tokenise_text`."""
    text = well_formed(text)
    _refuse_large(len(text), "characters")
    return _not_empty(encode(tokenizer, text, target=True))


def tokenise_chat(tokenizer: Any, messages: Any, *, first: int | None = None) -> Tokens:
    """Tokens of chat messages as the tokenizer's template writes them; its special tokens are part of the text.

    Raises EmptyText, TooLarge, and AttnWidgetError for messages or templates that cannot be used.
    """
    text, ids = chat_text(tokenizer, messages)
    if ids is None:
        return tokenise_written(tokenizer, text, first=first)
    text = well_formed(text)
    _refuse_large(len(text), "characters")
    return _not_empty(encode_ids(tokenizer, ids, text))[:first]


def tokenise_written(tokenizer: Any, text: str, *, first: int | None = None) -> Tokens:
    """Tokens of a text that the chat template has written: it has all special tokens already. Raises as `tokenise_text`."""
    text = well_formed(text)
    _refuse_large(len(text), "characters")
    return _not_empty(encode(tokenizer, text, add_special=False))[:first]


def tokenise_ids(tokenizer: Any | None, ids: Sequence[int], *, attended: Sequence[bool] | None = None) -> Tokens:
    """Tokens of ids used as given; their text is what the tokenizer decodes, or the ids without a tokenizer.

    `attended` says which of them the model may attend to; the others are padding. If the pieces cannot be found in the
    decoded text, the text is joined from the pieces. Raises EmptyText, TooLarge, and AttnWidgetError if the numbers of
    ids and marks differ.
    """
    if not ids:
        raise EmptyText("No token ids were given. Give at least one.")
    _refuse_large(len(ids), "token ids")
    if attended is not None and len(attended) != len(ids):
        raise AttnWidgetError(
            f"There are {len(ids)} token ids but {len(attended)} attention marks. Give one mark per id."
        )
    tokens = spaced(ids, [str(number) for number in ids], [False] * len(ids))
    if tokenizer is not None:
        tokens = _decoded(tokenizer, ids)
    return tokens if attended is None else replace(tokens, padding=tuple(not mark for mark in attended))


def _decoded(tokenizer: Any, ids: Sequence[int]) -> Tokens:
    known = marks(tokenizer)
    special = [number in known for number in ids]
    inside = encode_again(tokenizer, [number for number, mark in zip(ids, special, strict=True) if not mark])
    if inside is None:
        return _joined(tokenizer, ids, special)
    marked = [number for number in ids if number in known]
    if not marked:
        return inside
    both = inside + spaced(marked, names_of(tokenizer, marked), [True] * len(marked)).beside(inside.text)
    said, added = count(), count(len(inside))
    return both[[next(added) if mark else next(said) for mark in special]]


def _joined(tokenizer: Any, ids: Sequence[int], special: list[bool]) -> Tokens:
    # One piece after the other; special tokens are not part of the text.
    text, spans, pieces = "", [], []
    for number, name, mark in zip(ids, names_of(tokenizer, ids), special, strict=True):
        # A piece that begins with SentencePiece's space would lose it if decoded alone.
        known = "▁" not in name and name != f"#{number}"
        piece = decoded(tokenizer, [number]) or name if known else name.replace("▁", " ")
        start = len(text)
        text += "" if mark else piece.removeprefix("##")
        spans.append(NO_SPAN if mark else trimmed(text, start, len(text)))
        pieces.append(piece.strip() or piece)
    return placed(text, ids, pieces, spans, words_of(text, spans), special)


def _not_empty(said: Tokens, before: int = 0) -> Tokens:
    # A prompt alone, of this many characters, does not count as text.
    if all(span == NO_SPAN or span[1] <= before > 0 for span in said.spans):
        raise EmptyText("There is no text yet. Type a few words.")
    return said


def _refuse_large(size: int, what: str) -> None:
    if size > LARGEST_TEXT:
        raise TooLarge(f"This text has {size:,} {what}; at most {LARGEST_TEXT:,} are accepted. Give a shorter passage.")
