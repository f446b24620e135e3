"""Words of any script, and of any tokenizer."""

from itertools import pairwise

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from attnwidget.engine.text.spans import NO_SPAN
from attnwidget.engine.text.tokenise import tokenise_text
from attnwidget.engine.text.words import words_of
from tests.unit.engine.built_tokenizers import byte_fallback, byte_level, unigram, wordpiece

SCRIPTS = {
    "devanagari": ("अनुच्छेद पढ़ना", ["अनुच्छेद", " पढ़ना"]),
    "vowel signs": ("किताबें मेज़", ["किताबें", " मेज़"]),
    "tamil": ("தமிழ் மொழி", ["தமிழ்", " மொழி"]),
    "arabic": ("العَرَبِيَّة جميلة", ["العَرَبِيَّة", " جميلة"]),
    "hebrew": ("שלום עולם", ["שלום", " עולם"]),
    "hangul": ("안녕하세요 세계", ["안녕하세요", " 세계"]),
    "jamo": (
        "\u1112\u1161\u11ab\u1100\u1173\u11af \u1112\u1161",
        ["\u1112\u1161\u11ab\u1100\u1173\u11af", " \u1112\u1161"],
    ),
    "marks of their own": ("e\u0301te\u0301 e\u0301", ["e\u0301te\u0301", " e\u0301"]),
    "chinese": ("我爱北京。你", ["我", "爱", "北", "京", "。", "你"]),
    "a variant of a character": ("葛\U000e0100城", ["葛\U000e0100", "城"]),
    "japanese": ("東京タワーへ行きました。らーめん", ["東", "京", "タワー", "へ", "行", "きました", "。", "らーめん"]),
    "thai": ("สวัสดีครับ ผม", ["สวัสดีครับ", " ผม"]),
    "khmer": ("ភាសាខ្មែរ", ["ភាសាខ្មែរ"]),
    "burmese": ("ကျောင်း မြန်မာ", ["ကျောင်း", " မြန်မာ"]),
    "scripts together": ("Tokyo東京です", ["Tokyo", "東", "京", "です"]),
    "emoji": ("a👩‍👩‍👧‍👦👍🏽", ["a", "👩‍👩‍👧‍👦", "👍🏽"]),
    "flags": ("🇩🇪🇫🇷", ["🇩🇪", "🇫🇷"]),
    "latin": ("It's  3.14,\nfoo_bar!", ["It's", " ", " 3.14", ",", "\n", "foo_bar", "!"]),
}


def pieces_of(text, spans):
    """The text cut where one word ends and the next begins."""
    words = words_of(text, spans)
    found = {}
    for word, (start, stop) in zip(words, spans, strict=True):
        found[word] = found.get(word, "") + text[start:stop]
    return list(found.values())


@pytest.mark.parametrize("name", SCRIPTS)
def test_words_of_a_script(name):
    text, expected = SCRIPTS[name]
    assert pieces_of(text, [(i, i + 1) for i in range(len(text))]) == expected


@pytest.mark.parametrize("build", [byte_level, byte_fallback, unigram])
@pytest.mark.parametrize("name", SCRIPTS)
def test_a_tokenizer_has_no_say_in_it(build, name):
    text, expected = SCRIPTS[name]
    tokens = tokenise_text(build(), text)
    found = {}
    for word, span in zip(tokens.words, tokens.spans, strict=True):
        if span != NO_SPAN and span[0] < span[1]:
            found.setdefault(word, []).append(span)
    seen = [text[spans[0][0] : spans[-1][1]].strip() for spans in found.values()]
    assert [word for word in seen if word] == [word.strip() for word in expected if word.strip()]


def test_what_one_token_holds_is_one_word():
    assert words_of("我爱你。", [(0, 1), (1, 3), (3, 4)]) == [0, 1, 2]
    assert words_of("a, b", [(0, 1), (1, 4)]) == [0, 1]
    assert words_of("a b c", [(0, 2), (2, 4), (4, 5)]) == [0, 1, 2]  # a blank at its end parts nothing
    assert tokenise_text(wordpiece(), "hello 中文").words == (-1, 0, 1, -1)  # [UNK] is the whole of it


@given(st.data(), st.text(alphabet=st.characters() | st.sampled_from("ािํ้ー한가🇩🇪\u200d👩 \n"), min_size=1, max_size=30))
def test_no_word_ends_inside_a_letter(data, text):
    cuts = sorted({0, len(text), *data.draw(st.lists(st.integers(0, len(text)), max_size=12))})
    spans = list(pairwise(cuts))
    words = words_of(text, spans)
    assert words == sorted(words)
    assert sorted(set(words)) == list(range(len(set(words))))
    ends = {span[1] for span, word, after in zip(spans, words, [*words[1:], None], strict=True) if word != after}
    assert ends <= {
        match.end() for match in regex.finditer(r"\X", text)
    }  # where a token ends inside one, the word goes on
