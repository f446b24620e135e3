"""Builds the tokenizer of tiny-classifier: every word of the reviews is one token, any other text still works.

A text comes between [CLS] and [SEP], and so does a second one after it. Decoding gives the space back that is put before the text.
"""

from collections.abc import Iterator
from random import Random

from tokenizers import processors
from transformers import PreTrainedTokenizerFast

from attnwidget.tiny.byte_level import byte_form, byte_level_tokenizer
from attnwidget.tiny.causal.vocabulary import words as story_words
from attnwidget.tiny.classifier.language import REVIEW_KINDS, write_review
from attnwidget.tiny.classifier.vocabulary import WORD_KINDS

PAD, CLS, SEP, MASK = "[PAD]", "[CLS]", "[SEP]", "[MASK]"
MARKS = (".", ",", "?", "!")
REVIEW_POSITIONS = 128

_TEMPLATE_WORDS = tuple("I found it did that in after a".split())


def review_surfaces() -> tuple[str, ...]:
    """Every surface a review can hold once, in a fixed order: words with the space before them, also with a capital, and marks."""
    words = dict.fromkeys((*_TEMPLATE_WORDS, *(word for kind in WORD_KINDS.values() for word in kind)))
    spelled = (form for word in words for form in (" " + word, " " + word[0].upper() + word[1:]))
    return tuple(dict.fromkeys((*MARKS, *spelled, *(" " + word for word in story_words()))))


def _texts() -> Iterator[str]:
    rng = Random(0)
    for number in range(1000):
        yield write_review(rng, REVIEW_KINDS[number % len(REVIEW_KINDS)], held_out=False).text
    yield from review_surfaces() * 10


def review_tokenizer() -> PreTrainedTokenizerFast:
    """The tokenizer of tiny-classifier, the same on every call."""
    core = byte_level_tokenizer(_texts(), review_surfaces(), [PAD, CLS, SEP, MASK], most=1280)
    ids = core.get_vocab()
    core.post_processor = processors.Sequence(
        [
            processors.ByteLevel(add_prefix_space=True, trim_offsets=True),  # a token stands where its word does
            processors.TemplateProcessing(
                single=f"{CLS} $A {SEP}",
                pair=f"{CLS}:0 $A:0 {SEP}:0 $B:1 {SEP}:1",
                special_tokens=[(CLS, ids[CLS]), (SEP, ids[SEP])],
            ),
        ]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=core,
        pad_token=PAD,
        cls_token=CLS,
        sep_token=SEP,
        mask_token=MASK,
        model_max_length=REVIEW_POSITIONS,
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
        clean_up_tokenization_spaces=False,
        add_prefix_space=True,
    )


def review_ids(tokenizer: PreTrainedTokenizerFast) -> dict[str, int]:
    """Surface -> id, for training without running the tokenizer."""
    ids = tokenizer.get_vocab()
    return {surface: ids[byte_form(surface)] for surface in review_surfaces()} | {
        special: ids[special] for special in (PAD, CLS, SEP, MASK)
    }
