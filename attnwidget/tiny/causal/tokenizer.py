"""Builds the tokenizer of tiny-causal: every surface of the language is one token, any other text still works.

As with any GPT-2 tokenizer that puts a space before the text, decoding gives that space back.
"""

from collections.abc import Iterator
from random import Random

from tokenizers import processors
from transformers import PreTrainedTokenizerFast

from attnwidget.tiny.byte_level import byte_form, byte_level_tokenizer
from attnwidget.tiny.causal import language
from attnwidget.tiny.causal.vocabulary import END, surfaces

MOST_ENTRIES = 1024
POSITIONS = 512


def _corpus() -> Iterator[str]:
    rng = Random(0)
    makers = tuple(language.SENTENCE_KINDS.values())
    for number in range(2000):
        yield makers[number % len(makers)](rng, False).text
    # Each word a few more times, so that rare words shape the merges too.
    yield from surfaces() * 20


def build() -> PreTrainedTokenizerFast:
    """The tokenizer of tiny-causal, the same on every call; it adds no special token by itself."""
    core = byte_level_tokenizer(_corpus(), surfaces(), [END], most=MOST_ENTRIES)
    # Offsets keep the space with its word, as GPT-2's do: then the spans of a text lie side by side and cover all of it.
    core.post_processor = processors.ByteLevel(add_prefix_space=True, trim_offsets=False)
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
    return {surface: ids[byte_form(surface)] for surface in surfaces()} | {END: ids[END]}
