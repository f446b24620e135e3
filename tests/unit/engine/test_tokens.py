"""Every kind of input as tokens, from every kind of tokenizer that can be built here."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st
from transformers import ByT5Tokenizer, CanineTokenizer, PerceiverTokenizer

from attnwidget.engine.text.chat import is_chat
from attnwidget.engine.text.spans import NO_SPAN
from attnwidget.engine.text.tokenise import tokenise_chat, tokenise_ids, tokenise_target, tokenise_text
from attnwidget.engine.text.tokenizer import private_copy
from attnwidget.engine.text.tokens import Tokens
from attnwidget.errors import AttnWidgetError, EmptyText, TooLarge
from attnwidget.text import LARGEST_TEXT
from tests.unit.engine.built_tokenizers import (
    FAST,
    PYTHON,
    byte_fallback,
    byte_level,
    chatting,
    mbart,
    own_ids,
    wordpiece,
    xlnet,
)


def shown(tokens):
    """The pieces in the text, as the text has them."""
    assert all(
        len(tokens) == len(field)
        for field in (tokens.pieces, tokens.spans, tokens.words, tokens.special, tokens.padding, tokens.segment)
    )
    inside = [span for span in tokens.spans if span != NO_SPAN]
    assert inside == sorted(inside)
    assert all(word == -1 for word, mark in zip(tokens.words, tokens.special, strict=True) if mark)
    seen = sorted({word for word in tokens.words if word >= 0})
    assert seen == list(range(len(seen)))
    return [tokens.text[start:stop] for start, stop in inside]


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("byt5", "a 😀é</s>", ["a", " ", *["😀"] * 4, "é", "é", "</s>"]),
        ("perceiver", "é 中", ["é", "é", " ", *["中"] * 3]),
        ("canine", "a é\u0301😀", ["a", " ", "é", "\u0301", "😀"]),
        ("esm", "MK<mask>Y J", ["M", "K", "<mask>", "Y", "J"]),
        ("ctrl", "héllo, it's 😀\nunit", ["h", "é", "ll", "o", ",", "it", "'", "s", "😀", "\n", "un", "i", "t"]),
        ("blenderbot-small", "Hello, Unit", ["He", "ll", "o", ",", "Un", "i", "t"]),
        ("prophetnet", "Héllo, naïve 😀 UNBELIEVABLE", ["Héllo", ",", "naïve", "😀", "UN", "BE", "LIE", "VABLE"]),
        ("wav2vec2", "Héllo  eh 😀", [*"Héllo  eh 😀"]),
        ("vits", "Hello, tab", [*"Hello tab"]),
    ],
)
def test_python_tokenizers_get_spans(tmp_path, kind, text, expected):
    tokenizer = PYTHON[kind](tmp_path)
    tokens = tokenise_text(private_copy(tokenizer), text)
    assert shown(tokens) == expected
    assert list(tokens.ids) == tokenizer(text).input_ids
    assert [piece for piece, span in zip(tokens.pieces, tokens.spans, strict=True) if span != NO_SPAN] == expected


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("byte-level", "a 😀 中文", ["a", " ", *["😀"] * 4, " ", *["中"] * 3, *["文"] * 3]),
        ("byte-fallback", "the 😀é", ["the", " ", *["😀"] * 4, "é", "é"]),
        ("unigram", "the é中文", ["the", " ", "é", "é", *["中"] * 3, *["文"] * 3]),
        ("wordpiece", "hello unbelievable 中文", ["hello", "un", "be", "lie", "vable", "中文"]),
    ],
)
def test_fast_tokenizers_show_bytes_of_a_character_whole(kind, text, expected):
    tokenizer = FAST[kind]()
    tokens = tokenise_text(tokenizer, text)
    assert shown(tokens) == expected
    assert list(tokens.ids) == tokenizer(text).input_ids


@pytest.fixture(scope="module")
def every(tmp_path_factory):
    folder = tmp_path_factory.mktemp("vocabularies")
    return {
        **{kind: build(folder) for kind, build in PYTHON.items()},
        **{kind: build() for kind, build in FAST.items()},
    }


@pytest.mark.parametrize("kind", [*PYTHON, *FAST])
@given(text=st.text(max_size=40), pair=st.none() | st.text(max_size=20))
def test_any_text_and_pair(every, kind, text, pair):
    try:
        tokens = tokenise_text(every[kind], text, pair)
    except EmptyText:
        return
    shown(tokens)
    again = tokenise_ids(every[kind], list(tokens.ids))
    assert again.ids == tokens.ids
    shown(again)


def test_a_blank_that_the_tokenizer_puts_first_has_no_place():
    tokens = tokenise_text(byte_fallback(), "😀 a")
    assert tokens.pieces == ("<s>", "▁", *["😀"] * 4, " ", "a")
    assert tokens.spans[1] == (0, 0)


def test_words():
    assert tokenise_text(wordpiece(), "hello unbelievable, it").words == (-1, 0, 1, 1, 1, 1, 2, 3, -1)
    assert tokenise_text(byte_fallback(), "the cat").words == (-1, 0, 1, 1, 1, 1)  # to itself the text is one word
    assert tokenise_text(ByT5Tokenizer(), "é a").words == (0, 0, 1, 1, -1)


def test_special_tokens_in_the_text_are_special_and_the_mask_is_a_word():
    tokens = tokenise_text(wordpiece(), "hello [MASK] [SEP]")
    assert tokens.special == (True, False, False, True, True)
    assert tokens.words == (-1, 0, 1, -1, -1)
    assert tokens.spans[3:] == ((13, 18), NO_SPAN)


@pytest.mark.parametrize("build", [wordpiece, lambda: wordpiece(model_input_names=["input_ids", "token_type_ids"])])
def test_a_pair_is_one_text_with_two_segments(build):
    tokenizer = build()
    tokens = tokenise_text(tokenizer, "hello it", "naive world")
    assert tokens.text == "hello it\nnaive world"
    assert shown(tokens) == ["hello", "it", "naive", "world"]
    assert tokens.spans[4:6] == ((9, 14), (15, 20))
    assert tokens.words == (-1, 0, 1, -1, 2, 3, -1)
    assert tokens.segment == (0, 0, 0, 0, 1, 1, 1)
    assert list(tokens.ids) == tokenizer("hello it", "naive world").input_ids


def test_the_segment_is_what_the_tokenizer_says(tmp_path):
    assert tokenise_text(xlnet(), "the", "cat").segment == (0, 0, 1, 1, 2)
    canine = CanineTokenizer()
    assert list(tokenise_text(canine, "ab", "é").segment) == canine("ab", "é").token_type_ids
    prophet = PYTHON["prophetnet"](tmp_path)
    assert tokenise_text(prophet, "hello", "it").segment == (0, 0, 1, 1)  # it says nothing


def test_a_pair_of_a_python_tokenizer():
    tokens = tokenise_text(ByT5Tokenizer(), "a", "é")
    assert (tokens.pieces, tokens.text) == (("a", "</s>", "é", "é", "</s>"), "a\né")
    assert tokens.spans == ((0, 1), NO_SPAN, (2, 3), (2, 3), NO_SPAN)
    assert tokens.segment == (0, 0, 1, 1, 1)


def test_the_first_tokens():
    tokens = tokenise_text(wordpiece(), "hello it", "world", first=3)
    assert (tokens.pieces, tokens.text) == (("[CLS]", "hello", "it"), "hello it\nworld")
    assert tokenise_chat(chatting(), [{"role": "user", "content": "cat"}], first=1).pieces == ("<|im_start|>",)


@pytest.mark.parametrize("build", [byte_level, byte_fallback, wordpiece, PerceiverTokenizer])
def test_a_first_token_once_or_not_at_all(build):
    tokenizer = build()
    own, bare = tokenise_text(tokenizer, "the"), tokenise_text(tokenizer, "the", prepend_bos=False)
    begun = tokenise_text(tokenizer, "the", prepend_bos=True)
    name = begun.pieces[0]
    assert name in tokenizer.special_tokens_map.values()
    assert begun.pieces == (name, *bare.pieces)
    assert (begun.spans[0], begun.special[0], begun.words[0]) == (NO_SPAN, True, -1)
    assert name not in bare.pieces
    assert own in {begun, bare}
    typed = tokenise_text(tokenizer, f"{name}the", prepend_bos=True)
    assert typed.ids.count(typed.ids[0]) == 1


def begins_twice(tokenizer, text, **options):
    return [
        note for note in tokenise_text(tokenizer, text, **options).notes if note.startswith("This text starts with two")
    ]


def test_a_text_that_begins_twice_is_read_as_it_is_and_says_so():
    for build, name in ((wordpiece, "[CLS]"), (byte_fallback, "<s>")):
        tokenizer = build()
        written = tokenise_text(tokenizer, f"{name}hello")
        assert list(written.ids) == tokenizer(f"{name}hello").input_ids
        assert written.ids[0] == written.ids[1]
        (note,) = written.notes
        assert note == (
            f"This text starts with two “{name}”: its own, and the one that the tokenizer adds. Remove it from the text, "
            "or give chat messages to trace([...])."
        )
        assert begins_twice(tokenizer, f"{name}hello", first=3)
        for text, options in (("hello", {}), (f"hello {name}", {}), (f"{name}hello", {"prepend_bos": False})):
            assert not begins_twice(tokenizer, text, **options)
    assert tokenise_ids(wordpiece(), [2, 2, 5]).notes == ()  # ids are meant as they are
    tokenizer = wordpiece()
    tokenizer.chat_template = "[CLS]{% for m in messages %}{{ m.content }}{% endfor %}"
    messages = [{"role": "user", "content": "hello"}]
    assert tokenise_chat(tokenizer, messages).notes == ()
    assert begins_twice(tokenizer, tokenizer.apply_chat_template(messages, tokenize=False))


def test_a_tokenizer_without_a_first_token():
    with pytest.raises(AttnWidgetError, match="no token that begins"):
        tokenise_text(ByT5Tokenizer(), "a", prepend_bos=True)
    assert tokenise_text(ByT5Tokenizer(), "a", prepend_bos=False).pieces == ("a", "</s>")


def test_a_target_is_in_the_other_language_and_a_text_after_it_is_not():
    tokenizer = mbart()
    reader = private_copy(tokenizer)
    assert tokenise_target(reader, "hallo").pieces == ("▁", "hallo", "</s>", "de_DE")
    assert list(tokenise_target(reader, "hallo").ids) == tokenizer(text_target="hallo").input_ids
    assert tokenise_text(reader, "hello").pieces == ("▁", "hello", "</s>", "en_XX")
    assert tokenise_target(ByT5Tokenizer(), "é").pieces == ("é", "é", "</s>")


def test_a_chat():
    tokenizer = chatting()
    messages = [{"role": "user", "content": "the 😀"}]
    tokens = tokenise_chat(tokenizer, messages)
    assert tokens.text == "<|im_start|>user\nthe 😀<|im_end|>\n<|im_start|>assistant\n"
    assert list(tokens.ids) == tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=False)
    marks = [i for i, mark in enumerate(tokens.special) if mark]
    assert [tokens.pieces[i] for i in marks] == ["<|im_start|>", "<|im_end|>", "<|im_start|>"]
    assert tokens.spans[0] == (0, 12)
    assert shown(tokens).count("😀") == 4
    answered = tokenise_chat(tokenizer, [*messages, {"role": "assistant", "content": "cat"}])
    assert answered.text.endswith("assistant\ncat<|im_end|>\n")


def test_a_chat_of_a_tokenizer_that_writes_the_ids_itself():
    tokens = tokenise_chat(own_ids(), [{"role": "user", "content": "a 😀"}])
    assert tokens.special == (True, *[False] * 6)
    assert shown(tokens) == ["<|endoftext|>", "a", " ", *["😀"] * 4]


@pytest.mark.parametrize(
    ("messages", "reason"),
    [
        ([], "empty"),
        (["hello"], "something else"),
        ([{"content": "hello"}], "Message 0 has no role"),
        ([{"role": "user", "content": "a"}, {"role": "user"}], "Message 1 has no content"),
        ([{"role": "system", "content": "a"}], r"rejected the messages: No system role\.$"),
    ],
)
def test_messages_that_cannot_be_used(messages, reason):
    with pytest.raises(AttnWidgetError, match=reason):
        tokenise_chat(chatting(), messages)


def test_a_tokenizer_without_a_template():
    with pytest.raises(AttnWidgetError, match="has no chat template"):
        tokenise_chat(byte_level(), [{"role": "user", "content": "a"}])


@pytest.mark.parametrize(("x", "answer"), [([{}], True), (({},), True), ([], False), ("a", False), ([1], False)])
def test_what_is_a_chat(x, answer):
    assert is_chat(x) is answer


def test_ids_with_padding():
    tokens = tokenise_ids(wordpiece(), [2, 5, 3, 0], attended=[True, True, True, False])
    assert tokens.pieces == ("[CLS]", "hello", "[SEP]", "[PAD]")
    assert tokens.padding == (False, False, False, True)
    assert tokenise_ids(wordpiece(), [5, 0]).padding == (False, False)
    assert tokenise_ids(None, [5, 0], attended=[True, False]).padding == (False, True)
    with pytest.raises(AttnWidgetError, match="2 token ids but 1 attention marks"):
        tokenise_ids(wordpiece(), [5, 0], attended=[True])


def test_ids_keep_the_masked_word_in_the_text():
    tokens = tokenise_ids(wordpiece(), [2, 5, 4, 6, 3])
    assert tokens.text == "hello [MASK] world"
    assert tokens.words == (-1, 0, 1, 2, -1)


@pytest.mark.parametrize("build", [byte_level, byte_fallback, wordpiece, ByT5Tokenizer, CanineTokenizer])
def test_ids_read_like_the_text_they_came_from(build):
    tokenizer = build()
    text = "un, it" if build is wordpiece else "the 😀é cat"
    tokens = tokenise_text(tokenizer, text)
    again = tokenise_ids(tokenizer, list(tokens.ids))
    for field in ("ids", "pieces", "words", "special"):
        assert getattr(again, field) == getattr(tokens, field)
    assert again.text.strip() == text


def test_ids_that_the_tokenizer_would_not_choose():
    tokenizer = byte_level()
    ids = [tokenizer.convert_tokens_to_ids(letter) for letter in "theðŁĺĢ"]
    tokens = tokenise_ids(tokenizer, ids)
    assert list(tokens.ids) != tokenizer("the😀").input_ids
    assert shown(tokens) == ["t", "h", "e", *["😀"] * 4]


def test_ids_that_are_nobodys():
    assert tokenise_ids(wordpiece(), [5, 999]).pieces == ("hello", "#999")
    assert tokenise_ids(None, [7, 8]).text == "7 8"


@pytest.mark.parametrize("build", [byte_level, ByT5Tokenizer])
def test_what_is_empty_or_too_large(build):
    tokenizer = build()
    half = "a" * (LARGEST_TEXT // 2 + 1)
    for read in (tokenise_text, tokenise_target):
        with pytest.raises(EmptyText):
            read(tokenizer, "")
        with pytest.raises(TooLarge, match="200,002 characters"):
            read(tokenizer, half * 2)
    with pytest.raises(TooLarge, match="200,002 characters"):
        tokenise_text(tokenizer, half, half)
    with pytest.raises(TooLarge):
        tokenise_chat(chatting(), [{"role": "user", "content": half * 2}])
    with pytest.raises(TooLarge, match="token ids"):
        tokenise_ids(tokenizer, [3] * (LARGEST_TEXT + 1))
    with pytest.raises(EmptyText):
        tokenise_ids(tokenizer, [])


def test_lone_surrogates():
    assert tokenise_text(ByT5Tokenizer(), "a\ud800", "\udfff").text == "a\ufffd\n\ufffd"
    assert tokenise_target(byte_level(), "a\ud800").text == "a\ufffd"
    assert "\ufffd" in tokenise_chat(chatting(), [{"role": "user", "content": "\ud800"}]).text


def test_a_tokenizer_that_fails_is_one_sentence(tmp_path):
    tokenizer = PYTHON["ctrl"](tmp_path)
    tokenizer.bpe = lambda _token: 1 / 0
    with pytest.raises(AttnWidgetError, match="CTRLTokenizer cannot encode this: division by zero") as caught:
        tokenise_text(tokenizer, "it")
    assert caught.value.__suppress_context__


def test_patches_and_frames():
    image = Tokens.patches(2, 2, before=["[CLS]"], after=["[DIST]"])
    assert image.pieces == ("[CLS]", "0,0", "0,1", "1,0", "1,1", "[DIST]")
    assert image.special == (True, False, False, False, False, True)
    assert shown(image) == ["0,0", "0,1", "1,0", "1,1"]
    assert shown(Tokens.frames(3)) == ["0", "1", "2"]
    assert set(image.ids) == {-1}
    for empty in (lambda: Tokens.patches(0, 3), lambda: Tokens.frames(0)):
        with pytest.raises(AttnWidgetError, match="at least one"):
            empty()


@pytest.mark.parametrize("build", [byte_level, ByT5Tokenizer, mbart])
def test_a_copy_shares_nothing_and_neither_cuts_nor_pads(build):
    tokenizer = build()
    copied = private_copy(tokenizer)
    if tokenizer.is_fast:
        tokenizer.pad_token = tokenizer.eos_token
        tokenizer.backend_tokenizer.enable_truncation(2)
        tokenizer.backend_tokenizer.enable_padding(length=9)
        assert private_copy(tokenizer)("hello hello hello").input_ids == copied("hello hello hello").input_ids
        assert tokenizer.backend_tokenizer.truncation["max_length"] == 2
    tokenizer.add_tokens(["hello hello"])
    assert len(copied) < len(tokenizer)
    assert len(tokenise_text(copied, "hello hello hello")) > 2


class Stubborn(ByT5Tokenizer):
    """Holds what cannot be copied."""

    def __deepcopy__(self, _memo):
        raise TypeError


def test_a_tokenizer_that_cannot_be_copied_is_saved_and_loaded(monkeypatch):
    tokenizer = Stubborn()
    copied = private_copy(tokenizer)
    assert copied is not tokenizer
    assert tokenise_text(copied, "é").pieces == ("é", "é", "</s>")
    monkeypatch.setattr(Stubborn, "save_pretrained", lambda *_: 1 / 0)
    with pytest.raises(AttnWidgetError, match="neither copied nor saved"):
        private_copy(tokenizer)
    assert private_copy(None) is None


def test_what_is_no_tokenizer_of_transformers():
    with pytest.raises(AttnWidgetError, match=r"Tokenizer is not a transformers tokenizer\. Wrap"):
        private_copy(byte_level().backend_tokenizer)


def test_targets_and_texts_at_the_same_time():
    reader = private_copy(mbart())
    wrong = []

    def targets():
        wrong.extend(t for t in (tokenise_target(reader, "hallo") for _ in range(200)) if t.pieces[-1] != "de_DE")

    worker = threading.Thread(target=targets)
    worker.start()
    wrong += [t for t in (tokenise_text(reader, "hello") for _ in range(200)) if t.pieces[-1] != "en_XX"]
    worker.join()
    assert wrong == []


def test_some_of_the_tokens_are_tokens_of_the_same_text():
    tokens = tokenise_text(wordpiece(), "hello it", "world")
    assert (tokens[1:3].pieces, tokens[1:3].text) == (("hello", "it"), tokens.text)
    ends = tokens[[1, len(tokens) - 2]]
    assert (ends.pieces, ends.segment, ends.text) == ((tokens.pieces[1], tokens.pieces[-2]), (0, 1), tokens.text)
    assert ends.spans == (tokens.spans[1], tokens.spans[-2])
    assert tokens[:2] + tokens[2:] == tokens
    assert len(tokens[9:]) == len(tokens[[]]) == 0
    for wrong in (1, "hello", True, None):
        with pytest.raises(AttnWidgetError, match=r"tokens\[2:5\]"):
            tokens[wrong]


def test_tokens_of_two_texts_are_not_joined():
    one, other = Tokens.from_pieces(["a"]), Tokens.from_pieces(["[CLS]", "b"])
    with pytest.raises(AttnWidgetError, match="two texts"):
        one + other
    joined = other[:1].beside("a") + one
    assert (joined.pieces, joined.spans, joined.special, joined.text) == (
        ("[CLS]", "a"),
        (NO_SPAN, (0, 1)),
        (True, False),
        "a",
    )
    with pytest.raises(TypeError):
        one + other.pieces
