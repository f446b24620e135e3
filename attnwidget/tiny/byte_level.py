"""A byte-level BPE in which every surface of a language is one token, and any other text still works.

Merges are learned from texts of the language for a small part of the vocabulary. The surfaces are then put into the vocabulary as
they are: with `ignore_merges` a pre-token found there is one token without a chain of merges that builds it. A space is put before the
text, so the first word is the same token as inside a sentence; unless the language says by a pattern what a word is.
"""

import json
from collections.abc import Iterable, Sequence

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers


def byte_level_tokenizer(
    texts: Iterable[str],
    surfaces: Sequence[str],
    special: Sequence[str],
    *,
    merges: int = 120,
    most: int = 1024,
    pattern: str | None = None,
) -> Tokenizer:
    """The tokenizer, the same on every call: ids of `special` first, then bytes, `merges` pieces learned from `texts`, and `surfaces`.

    `pattern` is what a word is, with the space before it; by default that of GPT-2, and a space is put before the text.
    Raises ValueError if there are more than `most` entries, or a surface is more than one word.
    """
    base, learned = _learned(texts, special, merges, pattern)
    pieces = dict.fromkeys((*base, *(byte_form(surface, pattern) for surface in surfaces)))
    if len(pieces) > most:
        raise ValueError(f"{len(pieces)} entries, at most {most} fit")
    vocabulary = {piece: number for number, piece in enumerate(pieces)}
    core = Tokenizer(models.BPE(vocab=vocabulary, merges=learned, ignore_merges=True))
    core.pre_tokenizer = _words(pattern)
    core.decoder = decoders.ByteLevel()
    core.add_special_tokens(list(special))
    return core


def _words(pattern: str | None, *, spaced: bool = True) -> pre_tokenizers.PreTokenizer:
    """What splits a text into words; without a pattern it can be `spaced` before the first."""
    if pattern is None:
        return pre_tokenizers.ByteLevel(add_prefix_space=spaced)
    split = pre_tokenizers.Split(Regex(pattern), behavior="isolated")
    return pre_tokenizers.Sequence([split, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


def _learned(
    texts: Iterable[str], special: Sequence[str], merges: int, pattern: str | None
) -> tuple[list[str], list[tuple[str, str]]]:
    """Base vocabulary in order (special tokens, 256 bytes, merged pieces) and the merges."""
    learner = Tokenizer(models.BPE())
    learner.pre_tokenizer = _words(pattern)
    trainer = trainers.BpeTrainer(
        vocab_size=len(special) + 256 + merges,
        special_tokens=list(special),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    learner.train_from_iterator(texts, trainer)
    ids = learner.get_vocab()
    learned = json.loads(learner.to_str())["model"]["merges"]
    return sorted(ids, key=lambda piece: ids[piece]), [(first, second) for first, second in learned]


def byte_form(surface: str, pattern: str | None = None) -> str:
    """A surface in the alphabet of byte-level BPE; it must be a single pre-token."""
    pieces = _words(pattern, spaced=False).pre_tokenize_str(surface)
    if len(pieces) != 1:
        raise ValueError(f"surface {surface!r} falls apart into {[piece for piece, _ in pieces]}")
    return pieces[0][0]
