"""Entropy: constants, closed forms, and scipy."""

import numpy as np
import pytest
import scipy.stats
import torch

import attnwidget as aw
from tests.model.families import FAMILIES, build, eager_maps
from tests.unit.traces import example, random_trace


def test_the_reference_constants():
    expected = [[0.574267, 0.425118], [0.416632, 0.518071]]
    assert np.asarray(aw.entropy(example())) == pytest.approx(np.array(expected), rel=1e-5, abs=1e-5)


def test_against_scipy():
    trace = random_trace(2, 3, 11, causal=True)
    for layer in range(2):
        expected = scipy.stats.entropy(trace.weights(layer).numpy(), axis=-1).mean(-1)
        assert np.asarray(aw.entropy(trace))[layer] == pytest.approx(expected, rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("n", [1, 2, 50])
def test_uniform_is_log_n_and_one_key_is_zero(n):
    tokens = [str(i) for i in range(n)]
    uniform = aw.Trace.from_weights([torch.full((1, n, n), 1 / n)], tokens)
    assert float(aw.entropy(uniform)[0, 0]) == pytest.approx(np.log(n), rel=1e-5, abs=1e-5)
    assert float(aw.entropy(aw.Trace.from_weights([torch.eye(n)[None]], tokens))[0, 0]) == 0


def test_layers_with_fewer_heads_are_nan_beyond():
    trace = aw.Trace.from_weights([torch.eye(3).expand(4, 3, 3), torch.eye(3).expand(2, 3, 3)], list("abc"))
    found = np.asarray(aw.entropy(trace))
    assert np.isnan(found[1, 2:]).all()
    assert not np.isnan(found[1, :2]).any()


@pytest.mark.parametrize("n", [2, 3, 30])
@pytest.mark.parametrize("causal", [False, True])
def test_normalised_is_one_for_uniform_and_zero_for_peaked(n, causal):
    tokens = [str(i) for i in range(n)]
    seen = torch.ones(n, n).tril() if causal else torch.ones(n, n)
    uniform = aw.Trace.from_weights([(seen / seen.sum(-1, keepdim=True))[None]], tokens)
    assert float(aw.entropy(uniform, normalised=True)[0, 0]) == pytest.approx(1, rel=1e-5, abs=1e-5)
    peaked = aw.Trace.from_weights([torch.eye(n)[None] if causal else torch.eye(n).flip(0)[None]], tokens)
    assert float(aw.entropy(peaked, normalised=True)[0, 0]) == 0


def test_normalised_has_no_number_where_there_is_no_choice():
    assert np.isnan(aw.entropy(aw.Trace.from_weights([torch.ones(1, 1, 1)], ["a"]), normalised=True)[0, 0])


@pytest.mark.parametrize("family", ["llama-grouped", "mistral-window", "bert-masked-lm"])
def test_normalised_counts_the_keys_that_the_model_lets_a_query_read(family):
    given = FAMILIES[family].inputs(20)
    trace = aw.load(build(family)).trace({"input_ids": given["input_ids"]})
    i, j = np.indices((20, 20))
    seen = {"bert-masked-lm": i >= 0, "llama-grouped": j <= i, "mistral-window": (j <= i) & (i - j < 8)}[family].sum(-1)
    for layer, maps in enumerate(eager_maps(family, given)[trace.parts[0]]):
        rows = scipy.stats.entropy(maps.numpy(), axis=-1)[:, seen > 1] / np.log(seen[seen > 1])
        assert np.asarray(aw.entropy(trace, normalised=True))[layer] == pytest.approx(rows.mean(-1), rel=1e-5, abs=1e-5)


def test_weights_with_a_sink_outside_the_text_are_taken_as_they_are():
    trace = aw.Trace.from_weights([torch.full((1, 2, 2), 0.25)], ["a", "b"])
    assert float(aw.entropy(trace)[0, 0]) == pytest.approx(0.5 * np.log(4), rel=1e-5, abs=1e-6)


def test_the_recipe_tells_the_unit():
    assert "nats" in aw.entropy(example()).recipe
    assert "share of the log" in aw.entropy(example(), normalised=True).recipe
