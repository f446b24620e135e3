"""Builds the tokenizer of tiny-translator: every word of both languages is one token, any other text still works.

No space is put before a text, so that a translation decodes without one; words that can come first are known without their space, too.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from random import Random

from tokenizers import processors
from transformers import PreTrainedTokenizerFast

from attnwidget.tiny.byte_level import byte_form, byte_level_tokenizer
from attnwidget.tiny.translator import vocabulary as v
from attnwidget.tiny.translator.grammar import CAPITALS, as_text, is_joined
from attnwidget.tiny.translator.language import TEXT_KINDS, translation

MERGED_PIECES = 150
MOST_WORDS = 1200
LONGEST_INPUT = 64
"""Tokens. Positions are sines and cosines, so that more would be computed, but none was ever trained."""

ONE_SURFACE = r" ?\w+(?='s\b)|'s\b| ?\w+'(?=\w|$)|-\w+| ?\w+| ?[^\s\w]|\s+(?=\s)|\s+"


def both_surfaces() -> tuple[str, ...]:
    """Every word of both languages as it can stand in a text, with the space before it, in a fixed order."""
    spaced = (word if is_joined(word, "") else " " + word for word in (*_english(), *_french()))
    # What a text can begin with, or what can follow an l', n' or d'.
    opening = (
        *CAPITALS,
        *v.DETERMINERS,
        *v.MONTHS,
        *v.WEEKDAYS,
        *v.SMALL,
        *v.TENS,
        *v.FRENCH_ARTICLES,
        *v.FRENCH_SMALL,
        *v.FRENCH_TENS,
    )
    elided = (word for word in _french() if word[0] in v.VOWELS)
    return tuple(dict.fromkeys((*spaced, *opening, *(word.capitalize() for word in v.FRENCH_ARTICLES), *elided)))


def _english() -> Iterator[str]:
    yield from (
        *v.DETERMINERS,
        *CAPITALS,
        *v.PREPOSITIONS,
        *v.FRENCH_ADVERBS,
        "is",
        "are",
        "does",
        "do",
        "'s",
        ",",
        ".",
    )
    yield from (*v.DESCRIBING, *v.SMALL, *v.TENS, *v.SMALL_UNITS, *v.MONTHS, *v.WEEKDAYS, *v.DAYS, *v.YEARS)
    yield from (*v.ORDINALS, *v.ROUND_ORDINALS, *v.ORDINAL_UNITS)
    yield from (word for noun in v.NOUNS.values() for form in noun.english for word in form)
    yield from (word for verb in v.DOING.values() for word in (*verb.english, verb.particle) if word is not None)


def _french() -> Iterator[str]:
    yield from (
        *v.FRENCH_ARTICLES,
        "de",
        "d'",
        "du",
        "des",
        "ne",
        "n'",
        "est",
        "sont",
        "et",
        "1er",
        "-vingt",
        "-vingts",
    )
    yield from (
        *v.FRENCH_ADVERBS.values(),
        *v.FRENCH_SMALL,
        *v.FRENCH_TENS,
        *(f"-{word}" for word in (*v.FRENCH_SMALL, "une")),
    )
    yield from (word for written in v.PREPOSITIONS.values() for word in written.split())
    yield from (*v.MONTHS.values(), *v.WEEKDAYS.values())
    yield from (word for noun in v.NOUNS.values() for form in noun.french for word in form)
    yield from (word for one in v.DESCRIBING.values() for word in (*one.french, one.elided))
    yield from (word for verb in v.DOING.values() for word in verb.french)


def in_surfaces(spelled: Sequence[str]) -> list[str]:
    """Words as they stand in a text, each with the space before it."""
    text, spans = as_text(spelled)
    stops = [0, *(stop for _, stop in spans)]
    return [text[before:stop] for before, stop in pairwise(stops)]


def _corpus() -> Iterator[str]:
    rng = Random(0)
    kinds = tuple(TEXT_KINDS)
    for number in range(2000):
        made = translation(rng, kinds[number % len(kinds)], False)
        yield from (made.text, made.target)
    # Each word a few more times, so that rare words shape the merges too.
    yield from both_surfaces() * 20


def built() -> PreTrainedTokenizerFast:
    """The tokenizer of tiny-translator, the same on every call; it puts the end token behind a text."""
    special = (v.PADDING, v.BEGINS, v.ENDS)
    core = byte_level_tokenizer(
        _corpus(), both_surfaces(), special, merges=MERGED_PIECES, most=MOST_WORDS, pattern=ONE_SURFACE
    )
    end = [(v.ENDS, special.index(v.ENDS))]
    template = processors.TemplateProcessing(single=f"$A {v.ENDS}", pair=f"$A {v.ENDS} $B {v.ENDS}", special_tokens=end)
    # Offsets keep the space with its word: then the spans of a text lie side by side and cover all of it.
    core.post_processor = processors.Sequence([processors.ByteLevel(trim_offsets=False), template])
    return PreTrainedTokenizerFast(
        tokenizer_object=core, pad_token=v.PADDING, bos_token=v.BEGINS, eos_token=v.ENDS,
        model_max_length=LONGEST_INPUT, clean_up_tokenization_spaces=False,
    )  # fmt: skip


def ids_of_surfaces(tokenizer: PreTrainedTokenizerFast) -> dict[str, int]:
    """Surface -> id, for writing training texts without running the tokenizer."""
    ids = tokenizer.get_vocab()
    return {surface: ids[byte_form(surface, ONE_SURFACE)] for surface in both_surfaces()}
