"""What can be loaded and read, and the one sentence for what cannot."""

import copy
import threading

import pytest
import torch
from transformers import (
    MambaConfig,
    MambaForCausalLM,
    RobertaConfig,
    RobertaModel,
)

import attnwidget as aw
from attnwidget.errors import EmptyText, TooLarge, TooLong
from tests.model.conftest import build


def test_a_local_folder(tmp_path, tiny):
    build("gpt2").save_pretrained(tmp_path)
    tiny.tokenizer.save_pretrained(tmp_path)
    loaded = aw.load(tmp_path)
    assert type(loaded.model).__name__ == "GPT2LMHeadModel"
    assert loaded.facts.predicts == "next token"
    assert not loaded.facts.teaching


def test_the_class_follows_the_configuration(tmp_path, tiny):
    build("bert-masked-lm").save_pretrained(tmp_path)
    tiny.tokenizer.save_pretrained(tmp_path)
    assert aw.load(str(tmp_path)).facts.predicts == "this token"


def test_options_reach_from_pretrained(tmp_path, tiny):
    build("gpt2").save_pretrained(tmp_path)
    tiny.tokenizer.save_pretrained(tmp_path)
    assert aw.load(tmp_path, dtype=torch.bfloat16).model.dtype == torch.bfloat16


def test_a_model_in_hand_stays_the_users_object(tiny):
    model = build("gpt2")
    loaded = aw.load(model, tiny.tokenizer)
    assert loaded.model is model
    assert loaded.tokenizer is tiny.tokenizer
    assert aw.load(loaded) is loaded


def test_the_teaching_model_says_so(tiny):
    assert tiny.facts.teaching
    assert tiny.facts.limit == 512
    assert tiny.model.dtype == torch.float32
    assert repr(tiny) == "AttentionModel(tiny-causal, decoder, 4 layers x 4 heads)"


@pytest.mark.parametrize("source", ["no/such-model-anywhere", "gptt2", "./no-folder-here"])
def test_a_name_that_cannot_be_found(source):
    with pytest.raises(aw.AttnWidgetError, match="could not be loaded") as caught:
        aw.load(source)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    assert source.removeprefix("./") in str(caught.value)


@pytest.mark.parametrize("source", [3, object(), [1, 2]])
def test_what_is_no_model(source):
    with pytest.raises(aw.AttnWidgetError, match="Give a name"):
        aw.load(source)


def test_a_model_without_attention():
    model = MambaForCausalLM(MambaConfig(hidden_size=32, num_hidden_layers=2, vocab_size=50))
    with pytest.raises(aw.AttnWidgetError, match="no attention"):
        aw.load(model)


def test_without_a_tokenizer_ids_can_be_read_and_text_cannot():
    loaded = aw.load(build("gpt2"))
    assert loaded.trace([3, 4, 5]).text.pieces == ("3", "4", "5")
    with pytest.raises(aw.AttnWidgetError, match="without a tokenizer"):
        loaded.trace("words")


@pytest.mark.parametrize(
    "ids",
    [torch.zeros(2, 3, dtype=torch.long), [[1, 2], [3]], [1.5], None, {"input_ids": [[1], [2]]}, {}, {"pixels": [1]}],
)
def test_ids_that_are_none(ids):
    with pytest.raises(aw.AttnWidgetError):
        aw.load(build("gpt2")).trace(ids)


@pytest.mark.parametrize("number", [200, 999_999, -1])
def test_ids_outside_the_vocabulary_are_one_sentence(number):
    with pytest.raises(aw.AttnWidgetError, match=f"no token id {number}: .* has 200"):
        aw.load(build("gpt2")).trace([5, number])


def test_texts_that_cannot_be_read(tiny):
    with pytest.raises(EmptyText):
        tiny.trace("")
    with pytest.raises(TooLarge, match="1,000,000 characters"):
        tiny.trace("a" * 1_000_000)
    with pytest.raises(TooLong, match=r"600 tokens .* at most 512") as caught:
        tiny.trace(" ".join(["the"] * 600))
    assert (caught.value.tokens, caught.value.limit) == (600, 512)


def test_the_first_tokens_of_a_long_text(tiny):
    trace = tiny.trace(" ".join(["the"] * 600), first=512)
    assert len(trace.text) == 512
    assert trace.weights(3, 3).shape == (512, 512)


@pytest.mark.parametrize(
    "text",
    [
        "<b>bold</b> & </script>",
        "שלום עולם",
        "👩‍👩‍👧 family 😀",
        "a\ud800b",
        "line\n\nline\ttab",
        " ",
        "\x00\x07",
        "中文字符",
    ],
)
def test_any_text_can_be_read(tiny, minilm, text):
    for model in (tiny, minilm):
        try:
            tokens = model.tokens(text)
        except EmptyText:
            continue
        assert all(
            tokens.text[a:b] == piece or a < 0 for piece, (a, b) in zip(tokens.pieces, tokens.spans, strict=True)
        )
        spans = [span for span in tokens.spans if span[0] >= 0]
        assert spans == sorted(spans)
        assert len(model.trace(text).text) == len(tokens)


def test_tokens_of_an_encoder(minilm):
    tokens = minilm.tokens("Unexpectedly boring")
    assert tokens.pieces[0] == "[CLS]"
    assert tokens.pieces[-1] == "[SEP]"
    assert tokens.special == (True, *[False] * (len(tokens) - 2), True)
    assert tokens.spans[0] == (-1, -1)
    assert tokens.words[1] == 0
    assert "".join(tokens.pieces[1:-1]).startswith("Unexpectedly")


def test_pieces_of_one_character_share_its_span(tiny):
    tokens = tiny.tokens("a 😀 b")
    emoji = [span for piece, span in zip(tokens.pieces, tokens.spans, strict=True) if piece == "😀"]
    assert len(emoji) > 1
    assert set(emoji) == {(2, 3)}


def test_entries_that_the_tokenizer_does_not_have_are_shown_by_number(tiny):
    loaded = aw.load(build("gpt2"), tiny.tokenizer)
    assert loaded.piece(len(tiny.tokenizer) + 5) == f"#{len(tiny.tokenizer) + 5}"
    assert loaded.piece(tiny.tokenizer(" cat").input_ids[0]) == " cat"


@pytest.mark.parametrize("text", ["The tokenization of embeddings", "a 😀 naïve café", "cat  cat"])
def test_ids_read_like_the_text_they_came_from(tiny, text):
    tokens, expected = tiny.tokens(tiny.tokenizer(text).input_ids), tiny.tokens(text)
    assert (tokens.ids, tokens.special) == (expected.ids, expected.special)
    assert tokens.pieces == expected.pieces


def test_ids_of_an_encoder_read_like_its_vocabulary(minilm):
    text = "The tokenization of naïve 😀"
    tokens = minilm.tokens(minilm.tokenizer(text).input_ids)
    assert tokens.ids == minilm.tokens(text).ids
    assert tokens.text == "the tokenization of naive [UNK]"  # it has neither capitals nor accents
    assert tokens.pieces[:4] == ("[CLS]", "the", "token", "ization")
    assert tokens.special == minilm.tokens(text).special


def test_the_users_tokenizer_is_left_alone_and_leaves_us_alone(tiny):
    """Truncation and padding are state of a fast tokenizer; a batch of the user's in another thread sets them."""
    model = build("gpt2")
    model.resize_token_embeddings(len(tiny.tokenizer))
    loaded = aw.load(model, copy.deepcopy(tiny.tokenizer))
    text, wrong, stop = " ".join(["a"] * 150), [], threading.Event()

    def batches():
        tokenizer = loaded.tokenizer
        tokenizer.pad_token = tokenizer.eos_token
        while not stop.is_set():
            ids = tokenizer([text, "cat"], padding=True, truncation=True, max_length=20).input_ids
            wrong.extend(row for row in ids if len(row) != 20)

    worker = threading.Thread(target=batches)
    worker.start()
    lengths = {len(loaded.tokens(text)) for _ in range(400)}
    stop.set()
    worker.join()
    assert (lengths, wrong) == ({150}, [])


def test_positions_that_begin_behind_the_padding():
    config = RobertaConfig(
        hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32, vocab_size=50
    )
    config.max_position_embeddings = 34
    loaded = aw.load(RobertaModel(config).eval())
    assert loaded.facts.limit == 32
    assert len(loaded.trace([5] * 32).text) == 32
    with pytest.raises(TooLong):
        loaded.trace([5] * 33)


def test_a_tokenizer_given_later_is_used(tiny):
    model = build("gpt2")
    model.resize_token_embeddings(len(tiny.tokenizer))
    assert aw.load(aw.load(model), tiny.tokenizer).tokens("a b").pieces == ("a", "b")


def test_a_tokenizer_of_another_model_is_one_sentence(tiny):
    with pytest.raises(aw.AttnWidgetError, match="tokenizer belongs to this model"):
        aw.load(build("gpt2"), tiny.tokenizer).trace("The cat sat")


def test_explorers_of_one_name_share_a_model_and_load_gives_a_new_one():
    from attnwidget.engine.load_model import shared

    assert shared() is shared()
    assert aw.load().model is not aw.load().model
