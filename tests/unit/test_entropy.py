"""Entropy: constants, closed forms, and scipy."""

import numpy as np
import pytest
import scipy.stats
import torch

import attnwidget as aw

from .traces import example, random_trace


def test_the_reference_constants():
    expected = [[0.574267, 0.425118], [0.416632, 0.518071]]
    assert np.asarray(aw.entropy(example())) == pytest.approx(np.array(expected), abs=1e-5)


def test_against_scipy():
    trace = random_trace(2, 3, 11, causal=True)
    for layer in range(2):
        expected = scipy.stats.entropy(trace.weights(layer).numpy(), axis=-1).mean(-1)
        assert np.asarray(aw.entropy(trace))[layer] == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("n", [1, 2, 50])
def test_uniform_is_log_n_and_one_key_is_zero(n):
    tokens = [str(i) for i in range(n)]
    uniform = aw.Trace.from_weights([torch.full((1, n, n), 1 / n)], tokens)
    assert float(aw.entropy(uniform)[0, 0]) == pytest.approx(np.log(n), abs=1e-5)
    assert float(aw.entropy(aw.Trace.from_weights([torch.eye(n)[None]], tokens))[0, 0]) == 0


def test_layers_with_fewer_heads_are_nan_beyond():
    trace = aw.Trace.from_weights([torch.eye(3).expand(4, 3, 3), torch.eye(3).expand(2, 3, 3)], list("abc"))
    found = np.asarray(aw.entropy(trace))
    assert np.isnan(found[1, 2:]).all()
    assert not np.isnan(found[1, :2]).any()
