"""A tokenizer of any kind and a text -> its tokens, with a span for each."""

import threading
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

from attnwidget.engine.text.pieces import LOST, byte_named, characters
from attnwidget.engine.text.spans import NO_SPAN, aligned
from attnwidget.engine.text.tokenizer import asked, decoded, marks, names_of, special_id
from attnwidget.engine.text.tokens import Tokens, placed
from attnwidget.engine.text.words import words_of
from attnwidget.errors import AttnWidgetError
from attnwidget.text import Span

_one_at_a_time = threading.Lock()
"""Some tokenizers switch languages, or change their post-processor, while they are called."""


def encode(
    tokenizer: Any, text: str, pair: str | None = None, *, add_special: bool = True, target: bool = False
) -> Tokens:
    """Tokens of a text or a pair, by any transformers tokenizer; with `target`, a text for the decoder.

    Raises AttnWidgetError if the tokenizer fails, with the first line of its message.
    """
    options = _options(tokenizer, add_special=add_special)
    given = {"text_target": text} if target else {"text": text, "text_pair": pair}
    with _one_at_a_time:
        read = _fast if getattr(tokenizer, "is_fast", False) else _slow
        return read(tokenizer, given, options, text, pair)


def encode_many(tokenizer: Any, texts: Sequence[str], pairs: Sequence[str] | None = None) -> list[Tokens] | None:
    """Tokens of many texts, or of many pairs, in one call of the tokenizer; None for one that takes them one by one.

    Raises as `encode`, for all of them if it fails at one.
    """
    if not getattr(tokenizer, "is_fast", False):
        return None
    options = {**_options(tokenizer, add_special=True), "return_offsets_mapping": True}
    given = {"text": list(texts), "text_pair": None if pairs is None else list(pairs)}
    with _one_at_a_time:
        said = asked(tokenizer, lambda: tokenizer(**given, **options))
        if len(said["input_ids"]) != len(texts):
            return None
        second = [None] * len(texts) if pairs is None else pairs
        return [
            _placed_by_offsets(tokenizer, said, number, *both)
            for number, both in enumerate(zip(texts, second, strict=True))
        ]


def _options(tokenizer: Any, *, add_special: bool) -> dict[str, Any]:
    options = {"add_special_tokens": add_special, "return_special_tokens_mask": True, "verbose": False}
    if "token_type_ids" in tokenizer.model_input_names:
        options["return_token_type_ids"] = True
    return options


def encode_ids(tokenizer: Any, ids: list[int], text: str) -> Tokens:
    """Ids that are known to decode to this text, aligned with it; nothing is added."""
    names = names_of(tokenizer, ids)
    spans = list(aligned(text, names, tokenizer.special_tokens_map.get("unk_token")))
    return _marked(tokenizer, ids, names, spans, [0] * len(ids), text)


def encode_again(tokenizer: Any, ids: list[int]) -> Tokens | None:
    """Ids without special tokens, aligned with the text that they decode to; None if a piece is not found in it."""
    try:
        text = decoded(tokenizer, ids)
        again = encode(tokenizer, text, add_special=False)
        # Generated ids are often not those that the tokenizer would choose.
        said = again if list(again.ids) == ids else encode_ids(tokenizer, ids, text)
    except AttnWidgetError:
        return None
    # The space that SentencePiece puts before a text is not part of it.
    seen = all(
        start < stop or not piece.strip("▁") for (start, stop), piece in zip(said.spans, said.pieces, strict=True)
    )
    return said if seen and text.strip() else None


def begin(tokenizer: Any, said: Tokens, prepend_bos: bool | None) -> Tokens:
    """With the tokenizer's first token once (True), without the one that it adds (False), or unchanged (None).

    Raises AttnWidgetError if the tokenizer has no such token.
    """
    if prepend_bos is None:
        return said
    known = [special_id(tokenizer, role) for role in ("bos_token", "cls_token")]
    own = [number for number in known if number is not None]
    if not own and prepend_bos:
        raise AttnWidgetError(f"{type(tokenizer).__name__} has no token that begins a text. Leave prepend_bos= out.")
    added = said.ids[0] in own and said.spans[0] == NO_SPAN
    if added and (not prepend_bos or said.ids[1:2] == said.ids[:1]):
        return said[1:]
    if not prepend_bos or said.ids[0] in own:
        return said
    first = replace(said[:1], ids=(own[0],), pieces=tuple(names_of(tokenizer, own[:1])))
    return first.beside(said.text) + said


def trimmed(text: str, start: int, stop: int, *, special: bool = False) -> Span:
    """A span without the spaces at its ends that should not be marked in the text.

    Byte-level tokens include the space before a word, and some special tokens the line break after them.
    """
    piece = text[start:stop]
    kept = piece.lstrip()
    end = stop - (len(piece) - len(piece.rstrip()) if special else 0)
    return (stop - len(kept), end) if kept else (start, stop)


def _fast(tokenizer: Any, given: Any, options: Any, text: str, pair: str | None) -> Tokens:
    said = asked(tokenizer, lambda: tokenizer(**given, **options, return_offsets_mapping=True))
    return _placed_by_offsets(tokenizer, said, None, text, pair)


def _placed_by_offsets(tokenizer: Any, said: Any, number: int | None, text: str, pair: str | None) -> Tokens:
    """The tokens of what a fast tokenizer said of one text, or of that with a number among many."""

    def own(name: str) -> Any:
        return said[name] if number is None else said[name][number]

    ids = list(own("input_ids"))
    names = names_of(tokenizer, ids)
    parts = said.sequence_ids(number or 0)
    joined = text if pair is None else f"{text}\n{pair}"
    spans: list[Span] = []
    for name, mark, part, span in zip(names, own("special_tokens_mask"), parts, own("offset_mapping"), strict=True):
        shift = len(text) + 1 if part == 1 else 0
        start, stop = span[0] + shift, span[1] + shift
        if not name.strip("▁") and joined[start:stop].strip():
            # The tokenizer gives a lone space the span of the letter after it. It is the space before, or not in the text.
            stop, start = start, start - (span[0] > 0 and joined[start - 1].isspace())
        spans.append(NO_SPAN if mark else (start, stop))
    spans = _bytes_apart(joined, names, spans)
    segment = _segment({"token_type_ids": own("token_type_ids")} if "token_type_ids" in said else {}, parts)
    return _marked(tokenizer, ids, names, spans, segment, joined)


def _slow(tokenizer: Any, given: Any, options: Any, text: str, pair: str | None) -> Tokens:
    said = asked(tokenizer, lambda: tokenizer(**given, **options))
    ids = list(said["input_ids"])
    if None in ids:
        raise AttnWidgetError(
            f"{type(tokenizer).__name__} has no token for a part of this text. Give token ids instead."
        )
    joined = text if pair is None else f"{text}\n{pair}"
    unknown = tokenizer.special_tokens_map.get("unk_token")
    names = names_of(tokenizer, ids)
    spans = [NO_SPAN] * len(ids)
    parts: list[int | None] = [None] * len(ids)
    texts = [text] if pair is None else [text, pair]
    # The original pieces say more than the names of ids, which are [UNK] for pieces outside the vocabulary.
    # If they do not give these ids (for example with a separate target vocabulary), the names must do.
    cut = asked(tokenizer, lambda: [tokenizer.tokenize(one) for one in texts])
    if any(LOST in surface for surfaces in cut for surface in surfaces):
        cut = []  # mistral-common cannot convert such pieces back
    places = _places(ids, asked(tokenizer, lambda: [tokenizer.convert_tokens_to_ids(surfaces) for surfaces in cut]))
    for part, (surfaces, place) in enumerate(zip(cut, places, strict=False)):
        here = slice(place, place + len(surfaces))
        shift = part * (len(text) + 1)
        names[here] = surfaces
        parts[here] = [part] * len(surfaces)
        # VITS puts a blank token, which looks like a letter, around every letter.
        blank = len(surfaces) > 2 and getattr(tokenizer, "add_blank", False)
        said_of = [None if blank and i % 2 == 0 else surface for i, surface in enumerate(surfaces)]
        found = aligned(texts[part], said_of, unknown)
        spans[here] = [span if span == NO_SPAN else (span[0] + shift, span[1] + shift) for span in found]
    if len(places) < len(texts):
        known = marks(tokenizer)
        told = said["special_tokens_mask"] if len(said["special_tokens_mask"]) == len(ids) else [0] * len(ids)
        added = [bool(mark) or number in known for number, mark in zip(ids, told, strict=True)]
        surfaces = [None if mark else name for name, mark in zip(names, added, strict=True)]
        spans = list(aligned(joined, surfaces, unknown))
        parts = [None if span == NO_SPAN else int(span[0] > len(text)) for span in spans]
    return _marked(tokenizer, ids, names, spans, _segment(said, parts), joined)


def _places(ids: list[int], parts: list[list[int]]) -> list[int]:
    """Where the tokens of each text begin among those that the tokenizer adds; nothing if they are not found."""
    places: list[int] = []
    here = 0
    for part in parts:
        place = next((at for at in range(here, min(here + 64, len(ids)) + 1) if ids[at : at + len(part)] == part), None)
        if place is None:
            return []
        places.append(place)
        here = place + len(part)
    return places


def _segment(said: Any, parts: Sequence[int | None]) -> list[int]:
    if "token_type_ids" in said:
        return list(said["token_type_ids"])
    segment, now = [], 0
    for part in parts:
        now = now if part is None else part
        segment.append(now)
    return segment


def _bytes_apart(text: str, names: list[str], spans: list[Span]) -> list[Span]:
    # Unigram gives every byte of an unknown stretch the span of the whole stretch.
    apart = list(spans)
    numbers = [byte_named(name) for name in names]
    for (span, known), run in groupby(range(len(names)), lambda i: (spans[i], numbers[i] is not None)):
        tokens = list(run)
        if known and len(tokens) > 1:
            letters, owner = characters(bytes(numbers[i] or 0 for i in tokens))
            if letters == text[span[0] : span[1]]:
                for i, letter in zip(tokens, owner, strict=True):
                    apart[i] = (span[0] + letter, span[0] + letter + 1)
    return apart


def _marked(
    tokenizer: Any,
    ids: list[int],
    names: list[str],
    spans: list[Span],
    segment: list[int],
    text: str,
) -> Tokens:
    known = marks(tokenizer)
    special = [span == NO_SPAN or number in known for number, span in zip(ids, spans, strict=True)]
    words = words_of(text, [NO_SPAN if mark else span for mark, span in zip(special, spans, strict=True)])
    marked = [
        span if span == NO_SPAN else trimmed(text, *span, special=mark)
        for span, mark in zip(spans, special, strict=True)
    ]
    pieces = [
        name if span == NO_SPAN else text[span[0] : span[1]] or name for span, name in zip(marked, names, strict=True)
    ]
    return placed(text, ids, pieces, marked, words, special, segment)
