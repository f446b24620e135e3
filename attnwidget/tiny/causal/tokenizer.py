"""Builds the tokenizer: a byte-level BPE in which every surface of the language is one token and any other text still works.

Merges are learned from the words of the language for a small part of the vocabulary. The surfaces are then put into the vocabulary as
they are: with `ignore_merges` a pre-token found there is one token without a chain of merges that builds it. A space is put before the
text, so the first word is the same token as inside a sentence; as with any such GPT-2 tokenizer, decoding gives that space back.
"""

import json
from collections.abc import Iterator
from random import Random

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

from attnwidget.tiny.causal import language
from attnwidget.tiny.causal.vocabulary import END, surfaces

MERGES = 120
MOST_ENTRIES = 1024
POSITIONS = 512


def _corpus() -> Iterator[str]:
    rng = Random(0)
    makers = tuple(language.SENTENCE_KINDS.values())
    for number in range(2000):
        yield makers[number % len(makers)](rng, False).text
    # Each word a few more times, so that rare words shape the merges too.
    yield from surfaces() * 20


def _learned() -> tuple[list[str], list[tuple[str, str]]]:
    """Base vocabulary in order (END, 256 bytes, merged pieces) and the merges, learned from the corpus."""
    learner = Tokenizer(models.BPE())
    learner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    trainer = trainers.BpeTrainer(
        vocab_size=1 + 256 + MERGES,
        special_tokens=[END],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    learner.train_from_iterator(_corpus(), trainer)
    ids = learner.get_vocab()
    merges = json.loads(learner.to_str())["model"]["merges"]
    return sorted(ids, key=lambda piece: ids[piece]), [(first, second) for first, second in merges]


def _byte_form(surface: str) -> str:
    """A surface in the alphabet of byte-level BPE; it must be a single pre-token."""
    pieces = pre_tokenizers.ByteLevel(add_prefix_space=False).pre_tokenize_str(surface)
    if len(pieces) != 1:
        raise ValueError(f"surface {surface!r} falls apart into {[piece for piece, _ in pieces]}")
    return pieces[0][0]


def build() -> PreTrainedTokenizerFast:
    """The tokenizer of tiny-causal, the same on every call; it adds no special token by itself."""
    base, merges = _learned()
    pieces = dict.fromkeys((*base, *map(_byte_form, surfaces())))
    if len(pieces) > MOST_ENTRIES:
        raise ValueError(f"{len(pieces)} entries, at most {MOST_ENTRIES} fit")
    vocabulary = {piece: number for number, piece in enumerate(pieces)}
    core = Tokenizer(models.BPE(vocab=vocabulary, merges=merges, ignore_merges=True))
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    core.decoder = decoders.ByteLevel()
    # Offsets keep the space with its word, as GPT-2's do: then the spans of a text lie side by side and cover all of it.
    core.post_processor = processors.ByteLevel(add_prefix_space=True, trim_offsets=False)
    core.add_special_tokens([END])
    return PreTrainedTokenizerFast(
        tokenizer_object=core,
        bos_token=END,
        eos_token=END,
        model_max_length=POSITIONS,
        clean_up_tokenization_spaces=False,
        add_prefix_space=True,
    )


def surface_ids(tokenizer: PreTrainedTokenizerFast) -> dict[str, int]:
    """Surface -> id, for writing training rows without running the tokenizer."""
    ids = tokenizer.get_vocab()
    return {surface: ids[_byte_form(surface)] for surface in surfaces()} | {END: ids[END]}
