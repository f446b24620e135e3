"""Measures of values on a trace in which a head was silenced: nothing comes through it."""

import numpy as np
import pytest

import attnwidget as aw


@pytest.fixture(scope="module", params=["zero", "mean"])
def traces(request):
    model = aw.load()
    text = "The cat sat on the mat."
    return model.trace(text), model.trace(text, edits=f"silence L0H2 by {request.param}")


def test_norms_of_a_silenced_head_are_zero_and_the_others_as_before(traces):
    before, after = (np.asarray(aw.value_norms(trace, 0)) for trace in traces)
    assert not after[2].any()
    assert np.allclose(np.delete(after, 2, 0), np.delete(before, 2, 0), atol=1e-6)
    assert not np.asarray(aw.norm_weighted(traces[1], 0, 2)).any()


def test_a_silenced_head_writes_nothing(traces):
    plain, silenced = traces
    assert (
        aw.dead_heads(silenced).scores["written"].values[0, 2]
        == 0
        < aw.dead_heads(plain).scores["written"].values[0, 2]
    )


def test_no_weight_of_a_silenced_head_takes_effect(traces):
    _, silenced = traces
    assert not np.asarray(aw.effective(silenced, 0, 2)).any()
    assert np.asarray(aw.effective(silenced, 0, 1)).any()
