"""Weights from anywhere, and the sentence for those that cannot be used."""

import numpy as np
import pytest
import torch

import attnwidget as aw
from attnwidget.engine.trace import parse_head

SQUARE = torch.rand(2, 3, 3).softmax(-1)


@pytest.mark.parametrize(
    "layer",
    [
        SQUARE,
        SQUARE.numpy(),
        SQUARE[None],
        SQUARE.bfloat16(),
        SQUARE.half(),
        SQUARE.numpy().astype(np.float64),
        SQUARE.requires_grad_(),
    ],
)
def test_what_can_be_given(layer):
    trace = aw.Trace.from_weights((layer, layer), ["a", "b", "c"])
    assert trace.weights(-1).dtype == torch.float32
    assert trace.weights(1, 1).shape == (3, 3)
    assert torch.allclose(trace.weights(0), SQUARE.detach(), atol=1e-2)
    assert trace.path == "given"


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ((), "tuple is empty"),
        (None, "NoneType holds no layers"),
        (5, "int holds no layers"),
        ({}, "tuple is empty"),
        (["x"], "str, which is no array"),
        ((None, None), "Layer 0 is None"),
        ((torch.rand(2, 2, 3, 3),), "batch of 2"),
        ((torch.rand(2, 4, 4),), r"\(2, 4, 4\)"),
        ((SQUARE, torch.rand(2, 3, 4)), "Layer 1 has the shape"),
        ((torch.rand(3, 3),), r"\(3, 3\)"),
        ((torch.tensor([[[0.5, float("nan"), 0.5]] * 3]),), "not numbers"),
        ((torch.full((1, 3, 3), float("inf")),), "not numbers"),
    ],
)
def test_what_cannot(weights, message):
    with pytest.raises(aw.AttnWidgetError, match=message):
        aw.Trace.from_weights(weights, ["a", "b", "c"])


def test_a_row_that_is_all_nan_is_padding():
    maps = SQUARE.clone()
    maps[:, 0] = float("nan")
    trace = aw.Trace.from_weights([maps, maps], ["a", "b", "c"])
    assert trace.weights(0)[:, 0].abs().max() == 0
    assert trace.text.padding == (True, False, False)
    # and so counts in no mean
    uniform = torch.full((1, 4, 4), 0.25)
    uniform[:, 3] = float("nan")
    padded = aw.Trace.from_weights([uniform], ["a", "b", "c", "[PAD]"])
    assert float(aw.entropy(padded)[0, 0]) == pytest.approx(np.log(4), abs=1e-5)


def test_special_pieces_are_no_part_of_the_text():
    tokens = aw.Trace.from_weights([SQUARE], ["[CLS]", "river", "bank"]).text
    assert (tokens.text, tokens.spans) == ("river bank", ((-1, -1), (0, 5), (6, 10)))


def test_rows_that_end_before_they_begin():
    assert aw.Trace.from_weights([SQUARE], ["a", "b", "c"]).weights(0, 0, queries=slice(2, 1)).shape == (0, 3)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64])
def test_torchs_default_type_changes_nothing(dtype):
    trace = aw.Trace.from_weights([SQUARE, SQUARE], ["a", "b", "c"])
    expected = trace.weights(0), np.asarray(aw.rollout(trace)), np.asarray(aw.entropy(trace))
    torch.set_default_dtype(dtype)
    try:
        again = aw.Trace.from_weights([SQUARE, SQUARE], ["a", "b", "c"])
        found = again.weights(0), np.asarray(aw.rollout(again)), np.asarray(aw.entropy(again))
    finally:
        torch.set_default_dtype(torch.float32)
    for one, other in zip(found, expected, strict=True):
        assert one.dtype == other.dtype
        assert (one == other).all()


def test_several_parts_must_be_named():
    cross = torch.rand(2, 3, 4).softmax(-1)
    trace = aw.Trace.from_weights({"cross": [cross], "other": [cross]}, list("abc"), list("wxyz"))
    with pytest.raises(aw.AttnWidgetError, match="cross, other"):
        trace.weights(0, 0)
    assert trace.weights(0, 0, "cross").shape == (3, 4)
    assert [len(text) for text in trace.tokens("cross")] == [3, 4]


@pytest.mark.parametrize("wrong", [2, -3, "x", True, None, 0.0])
def test_layers_and_heads_that_are_not_there(wrong):
    trace = aw.Trace.from_weights([SQUARE, SQUARE], ["a", "b", "c"])
    with pytest.raises(aw.AttnWidgetError):
        trace.weights(wrong, 0)


def test_a_result_can_be_changed_without_changing_the_trace():
    trace = aw.Trace.from_weights([SQUARE], ["a", "b", "c"])
    trace.weights(0)[:] = 0
    trace.weights(0, 0).zero_()
    assert torch.allclose(trace.weights(0).sum(-1), torch.ones(2, 3))


@pytest.mark.parametrize("name", ["L1", "L1H2", "l1h2", "L1 H2", "L-1H-2"])
def test_heads_have_names(name):
    assert parse_head(name)[0] in {1, -1}


@pytest.mark.parametrize("name", ["", "H1", "L", "LxH1", "1.2"])
def test_and_other_names_are_refused(name):
    with pytest.raises(aw.AttnWidgetError, match="L5H3"):
        parse_head(name)


def test_given_weights_have_no_logits():
    with pytest.raises(aw.AttnWidgetError, match="prediction head"):
        aw.Trace.from_weights([SQUARE], ["a", "b", "c"]).logits()
