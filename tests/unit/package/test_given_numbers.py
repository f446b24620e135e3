"""A number is one whatever library made it; what only looks like one is refused, everywhere in the same way."""

from decimal import Decimal
from fractions import Fraction
from functools import cache

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import attnwidget as aw
from attnwidget.arguments import real_number, truth, whole_number
from attnwidget.engine.inputs.inputs import count_or_none
from attnwidget.engine.names import fit_index, parse_head
from attnwidget.experiments.training.checkpoints import ordered
from attnwidget.frames.filter import read_filter
from attnwidget.widget.selection.look import PLAIN_LOOK, read_look
from tests.unit.plots.charts import transcript, translation
from tests.unit.traces import example

model = cache(aw.load)

HALF = [
    0.5,
    np.float32(0.5),
    np.float16(0.5),
    np.array(0.5),
    torch.tensor(0.5),
    torch.tensor(0.5).bfloat16(),
    Fraction(1, 2),
]
NO_SHARE = [
    True,
    np.bool_(True),
    torch.tensor(True),
    float("nan"),
    np.float32("nan"),
    None,
    "0.5",
    b"1",
    [0.5],
    np.array([0.5]),
    1j,
    -1,
]
TWO = [2, np.int8(2), np.array(2), torch.tensor(2)]
NO_COUNT = [True, np.bool_(True), torch.tensor(True), 2.0, "2", np.array([2]), 0, -1]

SHARES = {
    "alignment": lambda share: aw.alignment(translation(), least=share).coverage,
    "compare": lambda share: aw.compare(example(), example(), threshold=share).mean_map,
    "dead_heads": lambda share: aw.dead_heads(example(), uniform=share, silent=share).scores["uniform"],
    "rollout": lambda share: aw.rollout(example(), residual=share, discard=share),
    "flow": lambda share: aw.flow(example(), residual=share),
    "head_distances": lambda share: aw.head_distances(example(), smoothing=share),
    "sink_rate": lambda share: aw.sink_rate(example(), threshold=share),
    "trace_influence": lambda share: aw.trace_influence(example(), -1, share).row,
}
COUNTS = {
    "concentration": lambda count: aw.concentration(example(), count=count),
    "head_distances": lambda count: aw.head_distances(example(), rows=count),
    "sink_score": lambda count: aw.sink_score(example(), fewest=count),
}


@pytest.mark.parametrize("name", SHARES)
def test_a_number_of_any_kind_is_one(name):
    first, *others = [SHARES[name](share) for share in HALF]
    for other in others:
        np.testing.assert_array_equal(other, first)
        assert other.recipe == first.recipe


@pytest.mark.parametrize("name", SHARES)
@pytest.mark.parametrize("wrong", NO_SHARE, ids=repr)
def test_what_is_no_share_is_a_sentence(name, wrong):
    with pytest.raises(aw.AttnWidgetError, match=r"is (no|not) .*[Gg]ive a number"):
        SHARES[name](wrong)


@pytest.mark.parametrize("name", COUNTS)
def test_a_count_of_any_kind_is_one(name):
    first, *others = [COUNTS[name](count) for count in TWO]
    for other in others:
        np.testing.assert_array_equal(other, first)
        assert other.recipe == first.recipe


@pytest.mark.parametrize("name", COUNTS)
@pytest.mark.parametrize("wrong", NO_COUNT, ids=repr)
def test_what_is_no_count_is_a_sentence(name, wrong):
    with pytest.raises(aw.AttnWidgetError, match=r"[Gg]ive"):
        COUNTS[name](wrong)


# Elsewhere than in measures

WHOLES = [int, np.int8, np.uint8, np.int64, np.array, torch.tensor, lambda n: torch.tensor(n, dtype=torch.int16)]
REALS = [float, np.float32, np.float64, np.array, Fraction, Decimal, lambda x: torch.tensor(x, dtype=torch.float64)]
SEVERAL = [[2], (2,), np.array([2]), torch.tensor([2]), np.array([2, 3]), torch.tensor([2, 3])]
TEXT = aw.Tokens.from_pieces(["a"] * 200)


def asked(number):
    """Whatever takes a whole number, by name."""
    explorer, model = aw.explore(text="The cat sat."), aw.load()
    explorer.head = explorer.query = number
    both = explorer.head, explorer.query
    explorer.heads, explorer.query = [(0, number)], (0, number)
    return {
        "layer": fit_index("layer", number, 200),
        "name": parse_head(f"L0H{int(number)}", number),
        "first": count_or_none(number),
        "occurrence": TEXT.find("a", number),
        "step": [(one.step, type(one.step)) for one in ordered([(number, "a")])],
        "filter": str(read_filter(number)),
        "filter in two parts": str(read_filter(("top", number))),
        "explorer": (*both, explorer.heads, explorer.query),
        "piece": model.piece(number),
        "prediction": model.predict(model.trace("The cat sat."), -1, top=number),
    }


def test_a_whole_number_of_any_kind_is_one_everywhere():
    first, *others = [asked(spell(3)) for spell in WHOLES]
    assert all(other == first for other in others)


@given(st.integers(0, 127))
def test_all_spellings_of_a_whole_number_are_one(number):
    assert {(whole_number(spell(number)), type(whole_number(spell(number)))) for spell in WHOLES} == {(number, int)}
    assert {fit_index("head", spell(number), 128) for spell in WHOLES} == {number}


@given(st.floats(0, 1, width=32, exclude_min=True))
def test_all_spellings_of_a_number_are_one(number):
    assert {real_number(spell(number)) for spell in REALS} == {number}
    assert {read_filter(spell(number)) for spell in REALS} == {read_filter(("least", number))}
    assert len({repr(ordered([(spell(number), "a")])[0].step) for spell in REALS}) == 1


@pytest.mark.parametrize("wrong", [*SEVERAL, True, np.bool_(True), torch.tensor(True), float("nan"), "2"], ids=repr)
def test_what_is_no_whole_number_is_a_sentence_everywhere(wrong):
    assert whole_number(wrong) is None
    for ask in (
        lambda: fit_index("layer", wrong, 9),
        lambda: count_or_none(wrong),
        lambda: TEXT.find("a", wrong),
        lambda: model().piece(wrong),
        lambda: model().generate("The cat", max_new_tokens=wrong),
        lambda: model().predict(model().trace("The cat sat."), -1, top=wrong),
    ):
        with pytest.raises(aw.AttnWidgetError):
            ask()


def test_new_tokens_are_counted_by_any_whole_number():
    first, *others = [model().generate("The cat", max_new_tokens=two).text.ids for two in TWO]
    assert all(other == first for other in others)


FLAGS = {
    "alignment": lambda flag: aw.alignment(translation(), special=flag).recipe,
    "distance": lambda flag: aw.distance(example(), signed=flag).recipe,
    "entropy": lambda flag: aw.entropy(example(), normalised=flag).recipe,
    "flow": lambda flag: aw.flow(example(), normalise=flag).recipe,
    "word_times": lambda flag: aw.word_times(transcript(), heads="L0H1", start=flag).recipe,
    "top": lambda flag: aw.entropy(example()).top(lowest=flag),
    "words": lambda flag: read_look({"words": flag}, PLAIN_LOOK),
    "prepend_bos": lambda flag: model().tokens("The cat sat.", prepend_bos=flag).ids,
    "causal": lambda flag: aw.Trace.from_weights([np.eye(2)[None]], ["a", "b"], causal=flag).blocks[0].causal,
}


@pytest.mark.parametrize("name", FLAGS)
def test_yes_and_no_of_any_kind_and_nothing_else(name):
    for flag in (False, True):
        assert FLAGS[name](np.bool_(flag)) == FLAGS[name](torch.tensor(flag)) == FLAGS[name](flag)
    for wrong in ("no", 1, 0.0, np.array([True])):
        with pytest.raises(aw.AttnWidgetError):
            FLAGS[name](wrong)


def test_what_is_neither_yes_nor_no():
    assert [truth(wrong) for wrong in (1, "True", None, np.array([True, False]), torch.tensor([True]))] == [None] * 5
