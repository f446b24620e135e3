"""Sink score and sink rate: the paper's formula, windows, padding, few queries."""

from dataclasses import replace

import numpy as np
import pytest
import torch

import attnwidget as aw
from tests.model.families import FAMILIES, build, eager_maps
from tests.unit.traces import T0, example, random_trace


def test_the_reference_constants():
    scores = [float(aw.sink_score(example(), key=key)[0, 0]) for key in range(3)]
    assert scores == pytest.approx([0.566667, 0.4, 0.5], rel=1e-5, abs=1e-6)
    assert np.asarray(aw.sink_rate(example())).tolist() == [1.0, 0.5, 0.75]
    assert aw.sink_rate(example()).pieces == ("a", "b", "c")


def test_the_formula_of_the_paper_on_causal_maps():
    trace = random_trace(3, 2, 9, causal=True)
    maps = np.stack([trace.weights(layer).numpy() for layer in range(3)])
    for key in range(9):
        expected = maps[:, :, key:, key].mean(-1)
        assert np.asarray(aw.sink_score(trace, key=key)) == pytest.approx(expected, rel=1e-5, abs=1e-6)
    assert np.asarray(aw.sink_rate(trace, threshold=0.25)) == pytest.approx(
        np.array([(maps[:, :, key:, key].mean(-1) > 0.25).mean() for key in range(9)]), rel=1e-5, abs=1e-6
    )


def test_without_causality_all_queries_count():
    trace = random_trace(2, 2, 6)
    expected = [trace.weights(layer)[..., 4].mean(-1).numpy() for layer in range(2)]
    assert np.asarray(aw.sink_score(trace, key=4)) == pytest.approx(np.array(expected), rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("key", [0, 5, 19])
def test_of_sliding_windows_only_queries_that_reach_the_key_count(key):
    given = FAMILIES["mistral-window"].inputs(20)
    trace = aw.load(build("mistral-window")).trace({"input_ids": given["input_ids"]})
    maps = eager_maps("mistral-window", given)["self"]
    reaching = slice(key, key + 8)
    assert all(bool((layer[:, key + 8 :, key] == 0).all()) for layer in maps)  # the window is 8 tokens wide
    expected = np.array([layer[:, reaching, key].mean(-1).numpy() for layer in maps])
    assert np.asarray(aw.sink_score(trace, key=key)) == pytest.approx(expected, rel=1e-5, abs=1e-5)


def test_sinks_outside_the_text_leave_less_to_the_keys():
    trace = aw.Trace.from_weights([torch.tensor([[[0.1, 0.0], [0.1, 0.2]]])], ["a", "b"])
    assert float(aw.sink_score(trace)[0, 0]) == pytest.approx(0.1)


def test_late_keys_need_so_many_queries():
    assert np.isnan(np.asarray(aw.sink_score(example(), key=2, fewest=2))).all()
    assert not np.isnan(np.asarray(aw.sink_score(example(), key=1, fewest=2))).any()
    rate = aw.sink_rate(example(), fewest=2)
    assert np.asarray(rate)[:2].tolist() == [1.0, 0.5]
    assert np.isnan(rate[2])
    assert "fewer than 2 queries" in rate.recipe


def test_padding_is_no_key_and_its_queries_do_not_count():
    text = replace(aw.Tokens.from_pieces(["[PAD]", "a", "b", "c"]), padding=(True, False, False, False))
    maps = torch.zeros(2, 2, 4, 4)
    maps[..., 1:, 1:] = torch.tensor(T0)
    padded = aw.Trace.from_weights(list(maps), text)
    assert np.asarray(aw.sink_score(padded, key=1)) == pytest.approx(
        np.asarray(aw.sink_score(example())), rel=1e-5, abs=1e-6
    )
    assert np.asarray(aw.sink_rate(padded))[1:].tolist() == [1.0, 0.5, 0.75]
    assert np.isnan(aw.sink_rate(padded)[0])
    with pytest.raises(aw.AttnWidgetError, match="first other token is key 1"):
        aw.sink_score(padded)


def test_layers_that_differ():
    trace = aw.Trace.from_weights([torch.eye(3).expand(1, 3, 3), None, torch.full((2, 3, 3), 1 / 3)], list("abc"))
    found = np.asarray(aw.sink_score(trace, key=0))
    assert np.isnan(found).tolist() == [[False, True], [True, True], [False, False]]
    # layers of one part are judged together: beside one that reads both ways the identity is no causal one
    assert np.asarray(aw.sink_rate(trace, threshold=0.4)) == pytest.approx([0, 0, 0])
    assert np.asarray(aw.sink_rate(trace, threshold=0.3)) == pytest.approx([1, 1, 1])


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"key": 3}, "no key 3"),
        ({"key": [0]}, "is not a valid key"),
        ({"key": True}, "is not a valid key"),
        ({"fewest": 0}, "whole number of 1 or more"),
        ({"part": "cross"}, "no part 'cross'"),
    ],
)
def test_bad_options(wrong, says):
    with pytest.raises(aw.AttnWidgetError, match=says):
        aw.sink_score(example(), **wrong)


@pytest.mark.parametrize("threshold", [1.5, -0.1, float("nan"), "high", True, None])
def test_bad_thresholds(threshold):
    with pytest.raises(aw.AttnWidgetError, match="number from 0 to 1"):
        aw.sink_rate(example(), threshold=threshold)
