"""The tokenizer of tiny-translator: one token for every word of both languages, any other text too."""
# ruff: noqa: S311 - random sentences

from random import Random

import pytest
from transformers import PreTrainedTokenizerFast

from attnwidget.tiny.translator import language, tokenizer

OTHER_TEXTS = (
    "Hello, world!", "def f(x):\n    return x ** 2", "你好，世界", "🎉 emoji 👩‍🔬", "naïve café", "  two  spaces\t\ttab", "xyzzy 12345",
    "the sisters' car", "don't we'll", "l'été", "well-known - a -b", "",
)  # fmt: skip


@pytest.fixture(scope="module")
def built() -> PreTrainedTokenizerFast:
    return tokenizer.built()


@pytest.fixture(scope="module")
def ids(built: PreTrainedTokenizerFast) -> dict[str, int]:
    return tokenizer.ids_of_surfaces(built)


def test_it_is_the_same_each_time(built: PreTrainedTokenizerFast) -> None:
    assert tokenizer.built().get_vocab() == built.get_vocab()
    assert sorted(built.get_vocab().values()) == list(range(len(built)))


@pytest.mark.parametrize("kind", tuple(language.TEXT_KINDS))
@pytest.mark.parametrize("held_out", [False, True])
def test_every_word_is_one_token_and_the_end_follows(
    kind: str, held_out: bool, built: PreTrainedTokenizerFast, ids: dict[str, int]
) -> None:
    rng = Random(kind)
    for made in (language.translation(rng, kind, held_out) for _ in range(300)):
        for words, text in ((made.english, made.text), ([word.word for word in made.french], made.target)):
            encoded = built(text).input_ids
            assert encoded == [*(ids[one] for one in tokenizer.in_surfaces(words)), built.eos_token_id]
            assert built.decode(encoded, skip_special_tokens=True) == text


@pytest.mark.parametrize("text", OTHER_TEXTS)
def test_any_text_comes_back(text: str, built: PreTrainedTokenizerFast) -> None:
    assert built.decode(built(text).input_ids, skip_special_tokens=True) == text


def test_what_has_been_written_so_far_is_a_beginning_of_the_whole(built: PreTrainedTokenizerFast) -> None:
    """A translation is traced before it is finished, also behind an l'."""
    whole = built("L'église n'est pas loin d'un arbre", add_special_tokens=False).input_ids
    for end in ("L'", "L'église", "L'église n'", "L'église n'est pas loin d'"):
        some = built(end, add_special_tokens=False).input_ids
        assert some == whole[: len(some)]


def test_offsets_lie_side_by_side_and_cover_the_text(built: PreTrainedTokenizerFast) -> None:
    text = "The old dog's twenty-one keys are not in l'église."
    spans = built(text, return_offsets_mapping=True, add_special_tokens=False)["offset_mapping"]
    assert "".join(text[start:stop] for start, stop in spans) == text
