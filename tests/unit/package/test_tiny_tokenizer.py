"""The tokenizer of tiny-causal: one token per word of the language, any other text too."""
# ruff: noqa: S311 - random sentences

from random import Random

import pytest
from transformers import PreTrainedTokenizerFast

from attnwidget.tiny.causal import language, tokenizer, vocabulary

OTHER_TEXTS = (
    "Hello, world!", "def f(x):\n    return x ** 2", "你好，世界", "🎉 emoji 👩‍🔬", "naïve café", "  two  spaces\t\ttab", "xyzzy PLUGH 12345",
    "The <|endoftext|> inside", "'single' \"double\"", "don't we'll",
)  # fmt: skip


@pytest.fixture(scope="module")
def built() -> PreTrainedTokenizerFast:
    return tokenizer.build()


@pytest.fixture(scope="module")
def ids(built: PreTrainedTokenizerFast) -> dict[str, int]:
    return tokenizer.surface_ids(built)


def test_it_is_small_and_the_same_each_time(built: PreTrainedTokenizerFast) -> None:
    assert len(built) <= tokenizer.MOST_ENTRIES
    assert tokenizer.build().get_vocab() == built.get_vocab()
    assert sorted(built.get_vocab().values()) == list(range(len(built)))


def test_the_end_token_is_id_0_and_begins_and_ends(built: PreTrainedTokenizerFast, ids: dict[str, int]) -> None:
    assert ids[vocabulary.END] == built.bos_token_id == built.eos_token_id == 0


def test_every_surface_is_one_token(built: PreTrainedTokenizerFast, ids: dict[str, int]) -> None:
    for surface in vocabulary.surfaces():
        if surface.startswith(" "):
            assert built(surface).input_ids == [ids[surface]]
        else:  # Seen after a newline: at the start of a text it would get a space.
            assert built("\n" + surface).input_ids[-1] == ids[surface] or surface == "\n"


@pytest.mark.parametrize("kind", tuple(language.SENTENCE_KINDS))
def test_the_generators_ids_are_the_tokenizers(kind: str, built: PreTrainedTokenizerFast, ids: dict[str, int]) -> None:
    rng = Random(kind)
    for document in (language.SENTENCE_KINDS[kind](rng, False) for _ in range(200)):
        assert built(document.text).input_ids == [ids[token.surface] for token in document.tokens]


def test_rows_of_documents_have_the_tokenizers_ids(built: PreTrainedTokenizerFast, ids: dict[str, int]) -> None:
    from attnwidget.tiny.causal.rows import document_tokens

    for seed in range(50):
        tokens = document_tokens(Random(seed), "mixed", 96)
        text = "".join(token.surface for token in tokens).removeprefix(" ")
        assert built(text).input_ids == [ids[token.surface] for token in tokens]


def test_no_token_is_added_and_the_first_word_is_an_ordinary_one(built: PreTrainedTokenizerFast) -> None:
    first, *_, last = built("The cat and The").input_ids
    assert first == last
    assert built.bos_token_id not in built("The cat").input_ids


def test_offsets_lie_side_by_side_and_cover_the_text(built: PreTrainedTokenizerFast) -> None:
    text = 'The cat sat on the mat.\nThen Ana said, "The ball is old."'
    spans = built(text, return_offsets_mapping=True)["offset_mapping"]
    assert spans[0] == (0, 3)
    assert spans[1] == (3, 7)
    assert "".join(text[start:stop] for start, stop in spans) == text


@pytest.mark.parametrize("text", OTHER_TEXTS)
def test_any_text_comes_back(text: str, built: PreTrainedTokenizerFast) -> None:
    """Up to the space before the first word, which stays on decoding; ids come back exactly."""
    encoded = built(text).input_ids
    assert built.decode(encoded).removeprefix(" ").replace("<|endoftext|>  ", "<|endoftext|> ") == text.removeprefix(
        " "
    )
    assert built(built.decode(encoded)).input_ids == encoded


@pytest.mark.parametrize(
    "text",
    [
        "The cat sat on the mat.", "The movie was unexpectedly not boring.",
        "The river bank was quiet, so she walked to the bank for money.", "When Ana and Tom went to the park, Tom gave a ball to Ana.",
        "The keys to the cabinet are old.", "The capital of France is Paris. What is the capital of France?",
        "The animal didn't cross the street because it was too tired.",
    ],
)  # fmt: skip
def test_the_lessons_fall_into_whole_words(text: str, built: PreTrainedTokenizerFast, ids: dict[str, int]) -> None:
    known = set(ids.values())
    assert all(number in known for number in built(text).input_ids)
