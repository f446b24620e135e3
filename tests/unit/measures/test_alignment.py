"""Where pieces stand in their text, whatever the vocabulary makes of it."""

import unicodedata
from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from transformers.convert_slow_tokenizer import bytes_to_unicode

from attnwidget.engine.text.spans import NO_SPAN, aligned

WORDS = "the river bank rose early yesterday while nobody looked through seven broken windows über Straße Ωmega".split()
BYTE_LETTERS = bytes_to_unicode()

letters = st.characters(exclude_categories=["Cs"])
texts = st.text(letters, max_size=60)
scripts = st.text(st.sampled_from("aéÉßﬁ½Ωß中文字ไทยहिन्दी👩😀 \n.,'"), min_size=1, max_size=40)
surfaces = st.lists(
    st.one_of(st.none(), st.sampled_from(["[UNK]", "##a", "▁b", "<0xE2>", "Ġc", "é"]), texts), max_size=30
)


@st.composite
def cut(draw, text):
    """A text and where it is cut: whole words or parts of them, blanks left out."""
    text = draw(text)
    spans = []
    start = 0
    while start < len(text):
        stop = draw(st.integers(start + 1, len(text)))
        piece = text[start:stop].split(maxsplit=1)
        if piece:
            begin = text.index(piece[0], start)
            spans.append((begin, begin + len(piece[0])))
            stop = spans[-1][1]
        start = stop
    return text, spans


def check(text, spans):
    real = [span for span in spans if span != NO_SPAN]
    assert all(0 <= start <= stop <= len(text) for start, stop in real)
    for (one_start, one_stop), (start, stop) in pairwise(real):
        assert one_start <= start
        assert one_stop <= stop


@given(texts, surfaces)
def test_whatever_the_pieces_the_spans_are_in_order_and_in_the_text(text, pieces):
    spans = aligned(text, pieces, "[UNK]")
    assert [span == NO_SPAN for span in spans] == [piece is None for piece in pieces]
    check(text, spans)


@given(texts)
def test_characters_get_what_they_are(text):
    assert aligned(text, list(text)) == tuple((i, i + 1) for i in range(len(text)))


@dataclass(frozen=True)
class Part:
    """A piece of a text, and whether a word begins and ends with it."""

    text: str
    begins: bool
    ends: bool


def parts(text, spans):
    edges = [(-1, -1), *spans, (len(text) + 1, len(text) + 1)]
    return [
        Part(text[start:stop], before[1] < start, stop < after[0])
        for before, (start, stop), after in zip(edges, spans, edges[2:], strict=False)
    ]


def in_bytes(piece):
    return "".join(BYTE_LETTERS[byte] for byte in piece.encode())


STYLES = {
    "wordpiece": lambda part: part.text if part.begins else f"##{part.text}",
    "bpe": lambda part: part.text if part.ends else f"{part.text}@@",
    "bpe-ends": lambda part: f"{part.text}</w>" if part.ends else part.text,
    "sentencepiece": lambda part: f"▁{part.text}" if part.begins else part.text,
    "upper": lambda part: part.text.upper(),
    "nfkc": lambda part: unicodedata.normalize("NFKC", part.text),
    "nfkc-casefold": lambda part: unicodedata.normalize("NFKC", part.text.casefold()),
    "byte-level": lambda part: in_bytes(f" {part.text}" if part.begins else part.text),
}


@pytest.mark.parametrize("style", STYLES)
@given(case=cut(st.lists(st.sampled_from(WORDS), min_size=1, max_size=12).map(" ".join)))
def test_every_way_to_write_pieces(style, case):
    text, spans = case
    assert aligned(text, [STYLES[style](part) for part in parts(text, spans)]) == tuple(spans)


@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=12).map(" ".join))
def test_lower_case_without_accents(text):
    plain = "".join(c for c in unicodedata.normalize("NFD", text.lower()) if unicodedata.category(c) != "Mn")
    words = plain.split(" ")
    assert [text[a:b] for a, b in aligned(text, words)] == text.split(" ")


BYTES = {
    "latin": chr,
    "byte-level": BYTE_LETTERS.__getitem__,
    "fallback": lambda byte: f"<0x{byte:02X}>",
}


@pytest.mark.parametrize("style", BYTES)
@given(text=scripts.map(lambda text: f"{text}é"))
def test_bytes_get_the_span_of_their_whole_character(style, text):
    expected = [(i, i + 1) for i, letter in enumerate(text) for _ in letter.encode()]
    assert aligned(text, [BYTES[style](byte) for byte in text.encode()]) == tuple(expected)


@given(st.lists(st.sampled_from(WORDS), unique=True, min_size=1), st.data())
def test_an_unknown_word_covers_it_without_blanks(words, data):
    unknown = [data.draw(st.booleans()) for _ in words]
    text = "  ".join(words)
    pieces = ["[UNK]" if mark else word for word, mark in zip(words, unknown, strict=True)]
    assert [text[a:b] for a, b in aligned(text, pieces, "[UNK]")] == words


@given(st.lists(st.sampled_from(WORDS), unique=True, min_size=1), st.data())
def test_what_the_tokenizer_dropped_belongs_to_nobody(words, data):
    kept = [word for word in words if data.draw(st.booleans())]
    text = "".join(word if word in kept else f"\x00{len(word)}\x01" for word in words)
    check(text, aligned(text, kept))
    assert [text[a:b] for a, b in aligned(text, kept)] == kept


CASES = {
    "unknown between pieces of one word": ("naïvely", ["na", "<unk>", "vely"], ["na", "ï", "vely"]),
    "several unknown words": ("x yy zzz end", ["<unk>"] * 3 + ["end"], ["x", "yy", "zzz", "end"]),
    "several unknown characters": ("中文 end", ["<unk>", "<unk>", "end"], ["中", "文", "end"]),
    "unknown that nothing tells apart": ("abc def end", ["<unk>"] * 3 + ["end"], ["abc def"] * 3 + ["end"]),
    "unknown at both ends": ("😀 cat 😀", ["<unk>", "cat", "<unk>"], ["😀", "cat", "😀"]),
    "unknown that stands for nothing": ("cat", ["<unk>", "cat"], ["", "cat"]),
    "unknown in the text itself": ("a <unk> b", ["a", "<unk>", "b"], ["a", "<unk>", "b"]),
    "escaped": ('say "hi" now', ["say", "&quot;", "hi", "&quot;", "now"], ["say", '"', "hi", '"', "now"]),
    "escaped in single letters": ("it's ok", ["it", "&", "apos", ";", "s", "ok"], ["it", "'", "'", "'", "s", "ok"]),
    "a sign for blanks": ("ab  c", ["A", "B", "|", "|", "C"], ["a", "b", " ", " ", "c"]),
    "a word for blanks": ("ab c\nd", ["ab", "[SPACE]", "c", "__nl__", "d"], ["ab", " ", "c", "\n", "d"]),
    "blanks of its own": ("a   b", ["▁a", "▁", "▁", "▁b"], ["a", " ", "  ", "b"]),
    "a blank before the text": ("a", ["▁", "a"], ["", "a"]),
    "blanks put in": ("ab", ["x9", "a", "x9", "b", "x9"], ["", "a", "", "b", ""]),
    "accents of their own": ("cafe\u0301s", ["cafe", "s"], ["cafe\u0301", "s"]),
    "accents as pieces": ("CAFE\u0301s", ["cafe", "\u0301", "s"], ["CAFE", "\u0301", "s"]),
    "a ligature in two": ("ﬁne", ["f", "ine"], ["ﬁ", "ﬁne"]),
    "markers in the text": ("a ##b c@@ d", ["a", "##b", "c@@", "d"], ["a", "##b", "c@@", "d"]),
    "a text about bytes": ("is <0xE2> odd", ["is", "▁<0xE2>", "odd"], ["is", "<0xE2>", "odd"]),
    "a byte in the text": ("is <0xE2>", ["▁is", "▁", "<0xE2>"], ["is", " ", "<0xE2>"]),
    "scraps of characters": ("a 😀 b", ["a", " \ufffd", "\ufffd", "\ufffd", " b"], ["a", "😀", "😀", "😀", "b"]),
    "bytes that straddle": ("é!", ["Ã", "©!"], ["é", "é!"]),
    "control characters": ("a\x00b", ["a", "b"], ["a", "b"]),
    "nothing": ("", ["a", "▁"], ["", ""]),
}


@pytest.mark.parametrize("case", CASES)
def test_what_tokenizers_do_to_a_text(case):
    text, pieces, expected = CASES[case]
    spans = aligned(text, pieces, "<unk>")
    check(text, spans)
    assert [text[start:stop] for start, stop in spans] == expected


def test_special_tokens_are_no_part_of_the_text():
    assert aligned("A b", [None, "a", None, "b", None]) == (NO_SPAN, (0, 1), NO_SPAN, (2, 3), NO_SPAN)


def test_many_pieces_do_not_share_a_long_stretch():
    text = "x" * 1000
    assert set(aligned(text, ["[UNK]"] * 3, "[UNK]")) == {(0, 0)}
    assert aligned(text, ["[UNK]"], "[UNK]") == ((0, 1000),)


@pytest.mark.parametrize("found", ["all", "some", "none"])
def test_a_long_text(found):
    """What grows with the square of its 12,000 characters would run into the time limit of tests."""
    text = "étude " * 2000
    pieces = {"all": text.upper().split(), "some": ["ETUDE", "[UNK]"] * 1000, "none": list("qrsvwxyz" * 1500)}[found]
    spans = aligned(text, pieces, "[UNK]")
    check(text, spans)
    assert (spans[-1] == (11_994, 11_999)) == (found != "none")
