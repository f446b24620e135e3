"""What may be read, where models hand out nothing but their maps: causality, padding and windows."""

import numpy as np
import pytest
import torch

import attnwidget as aw
from attnwidget.engine.trace.recompute import visible
from tests.model.families import build
from tests.model.small import small

IDS = [5, 6, 7, 8, 9, 5, 6, 7]
LEFT = 3
MEASURES = {
    "normalised entropy": lambda trace: aw.entropy(trace, normalised=True),
    "sink score": lambda trace: aw.sink_score(trace, key=-1),
    "next": lambda trace: aw.share(trace, "next"),
    "previous": lambda trace: aw.share(trace, "previous"),
}


def padded(model):
    mask = [[0] * LEFT + [1] * len(IDS)]
    return model.trace({"input_ids": torch.tensor([[0] * LEFT + IDS]), "attention_mask": torch.tensor(mask)})


@pytest.fixture(scope="module")
def bloom():
    model = aw.load(small("bloom"))
    return model.trace(IDS), padded(model)


@pytest.mark.parametrize("name", MEASURES)
def test_left_padding_changes_no_measure_of_an_eager_model(bloom, name):
    plain, left = bloom
    assert left.path == "eager"
    assert (left.weights(0)[:, 0] > 0).all()  # a row of padding reads everything, later keys as well
    expected = np.asarray(MEASURES[name](plain))
    assert np.asarray(MEASURES[name](left)) == pytest.approx(expected, rel=1e-5, abs=1e-5, nan_ok=True)


def test_left_padding_changes_no_null_model_of_rollout(bloom):
    plain, left = (np.asarray(aw.rollout(trace, null="uniform")) for trace in bloom)
    assert left[LEFT:, LEFT:] == pytest.approx(plain, abs=1e-4)


def test_the_same_weights_given_with_their_padding(bloom):
    plain, left = bloom
    again = aw.Trace.from_weights([left.weights(layer) for layer in range(2)], left.text)
    for name, measure in MEASURES.items():
        expected = np.asarray(measure(plain))
        assert np.asarray(measure(again)) == pytest.approx(expected, rel=1e-5, abs=1e-5, nan_ok=True), name


def test_windows_of_a_model_that_hands_out_maps_alone():
    trace = aw.load(build("gpt-neo-window")).trace(list(range(5, 25)))
    assert trace.path == "eager"
    scores = np.asarray(aw.sink_score(trace))
    back = torch.arange(20)[:, None] - torch.arange(20)
    for block in trace.blocks:
        window = 8 if block.layer % 2 else 20
        assert block.causal
        assert torch.equal(visible(block), (back >= 0) & (back < window))
        can = trace.weights(block.layer)[:, :window, 0].mean(-1)
        assert scores[block.layer] == pytest.approx(can.numpy(), rel=1e-5, abs=1e-6)


def test_an_eager_model_that_reads_both_ways_is_not_causal():
    trace = aw.load(build("xlnet")).trace(list(range(5, 15)))
    assert trace.path == "eager"
    assert not any(block.causal for block in trace.blocks)
    assert all(bool(visible(block).all()) for block in trace.blocks)
