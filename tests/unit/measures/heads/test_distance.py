"""Distance: constants, closed forms, and which sequences have none."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import attnwidget as aw
from tests.unit.traces import example, random_trace


def test_the_reference_constants():
    expected = np.array([[0.4, 0.766667], [0.2, 0.6]])
    assert np.asarray(aw.distance(example())) == pytest.approx(expected, rel=1e-5, abs=1e-6)
    # of causal text all distances are backward
    assert np.asarray(aw.distance(example(), signed=True)) == pytest.approx(expected, rel=1e-5, abs=1e-6)


@given(st.integers(1, 12), st.integers(-11, 11))
def test_a_head_that_looks_so_many_tokens_away(size, away):
    places = (torch.arange(size) - away).clamp(0, size - 1)
    maps = torch.eye(size)[places]
    trace = aw.Trace.from_weights([maps[None]], [str(i) for i in range(size)])
    back = (torch.arange(size) - places).float()
    assert float(aw.distance(trace, signed=True)[0, 0]) == pytest.approx(float(back.mean()), rel=1e-5, abs=1e-6)
    assert float(aw.distance(trace)[0, 0]) == pytest.approx(float(back.abs().mean()), rel=1e-5, abs=1e-6)


def test_turning_the_text_round_turns_the_sign_and_keeps_the_distance():
    trace = random_trace(2, 3, 8)
    turned = aw.Trace.from_weights([trace.weights(layer).flip(-1, -2) for layer in range(2)], trace.text)
    assert np.asarray(aw.distance(turned)) == pytest.approx(np.asarray(aw.distance(trace)), rel=1e-5, abs=1e-5)
    signed = np.asarray(aw.distance(trace, signed=True))
    assert np.asarray(aw.distance(turned, signed=True)) == pytest.approx(-signed, rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("causal", [False, True])
def test_against_numpy(causal):
    trace = random_trace(3, 2, 10, causal=causal)
    apart = np.abs(np.subtract.outer(np.arange(10), np.arange(10)))
    expected = [(trace.weights(layer).numpy() * apart).sum(-1).mean(-1) for layer in range(3)]
    assert np.asarray(aw.distance(trace)) == pytest.approx(np.array(expected), rel=1e-5, abs=1e-5)


@pytest.mark.parametrize(
    ("keys", "part"), [(list("vwxyz"), "cross"), (list("xyz"), "self"), (list("xyz"), "cross"), (list("vwxyz"), "self")]
)
def test_two_sequences_have_no_distance(keys, part):
    trace = aw.Trace.from_weights([torch.rand(2, 3, len(keys)).softmax(-1)], list("abc"), keys, part=part)
    with pytest.raises(aw.AttnWidgetError, match="another sequence"):
        aw.distance(trace)


def test_queries_that_continue_a_prefix_stand_at_its_end():
    maps = torch.eye(5)[None, 3:]
    trace = aw.Trace.from_weights([maps], list("de"), list("abcde"))
    assert float(aw.distance(trace)[0, 0]) == 0


def test_the_recipe_names_the_sign():
    assert "positive is back" in aw.distance(example(), signed=True).recipe
