"""The tokenizer of tiny-classifier: one token per word of the reviews, any other text too, between [CLS] and [SEP]."""
# ruff: noqa: S311 - random sentences

from random import Random

import pytest

from attnwidget.tiny.classifier import language, tokenizer


@pytest.fixture(scope="module")
def built():
    return tokenizer.review_tokenizer()


@pytest.mark.parametrize("kind", language.REVIEW_KINDS)
def test_every_word_of_a_review_is_one_token(kind, built):
    ids, rng = tokenizer.review_ids(built), Random(kind)
    for number in range(100):
        review = language.write_review(rng, kind, held_out=number % 2 == 0)
        spelled = [ids[word.surface] for word in review.words]
        assert built(review.text).input_ids == [ids["[CLS]"], *spelled, ids["[SEP]"]]


@pytest.mark.parametrize(
    "text",
    [
        "The cat sat on the mat.", "The movie was unexpectedly not boring", "the film was good",
        "When Ana and Tom went to the park, Tom gave a ball to Ana.",
    ],
)  # fmt: skip
def test_plain_sentences_fall_into_whole_words(text, built):
    spans = built(text, return_offsets_mapping=True)["offset_mapping"][1:-1]
    assert [text[start:stop] for start, stop in spans] == text.replace(".", " .").replace(",", " ,").split()


@pytest.mark.parametrize(
    "text", ["Hello, world!", "你好，世界", "🎉 emoji 👩‍🔬", "naïve café", "a  b\t\tc\n", "xyzzy 12345", "I didn't."]
)
def test_any_text_is_told_back(text, built):
    encoded = built(text, add_special_tokens=False).input_ids
    assert built.decode(encoded).removeprefix(" ") == text
    assert built(text).input_ids == [built.cls_token_id, *encoded, built.sep_token_id]


def test_a_second_text_is_marked_as_one(built):
    encoded = built("How was the film?", "The film was good.")
    second = encoded.input_ids.index(built.sep_token_id) + 1
    assert encoded.token_type_ids == [0] * second + [1] * (len(encoded.input_ids) - second)


def test_it_is_the_same_each_time(built):
    assert tokenizer.review_tokenizer().get_vocab() == built.get_vocab()
    assert sorted(built.get_vocab().values()) == list(range(len(built)))
