"""Flow: constants of the reference implementation, closed forms, laws, and a linear programme."""

import importlib
import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

import attnwidget as aw
from attnwidget.errors import Cancelled, NotNumbers
from tests.unit.traces import example, random_trace

module = importlib.import_module("attnwidget.measures.paths.flow")


@pytest.fixture(params=["as a whole", "grown"])
def way(request, monkeypatch):
    """How a network is solved does not depend on its size in these tests."""
    monkeypatch.setattr(module, "SMALL_NETWORK", 10**9 if request.param == "as a whole" else -1)


def steps(trace, residual=0.5):
    """The capacities of every layer, bottom first, by hand."""
    size = len(trace.text)
    maps = [trace.weights(layer).double().mean(0).numpy() for layer in range(len(trace.blocks))]
    mixed = [residual * np.eye(size) + (1 - residual) * one for one in maps]
    return [one / one.sum(-1, keepdims=True) for one in mixed]


def by_linear_programme(layers, query, key):
    """The same maximum flow as a linear programme: what leaves the query, of flows that no node between adds to."""
    depth, size = len(layers), len(layers[0])
    number = np.arange(depth * size * size).reshape(depth, size, size)
    kept = np.zeros(((depth - 1) * size, number.size))
    for level in range(1, depth):
        for token in range(size):
            kept[(level - 1) * size + token, number[level, :, token]] = 1
            kept[(level - 1) * size + token, number[level - 1, token]] = -1
    bounds = np.stack([np.zeros(number.size), np.stack(layers).ravel()], 1)
    bounds[number[-1, np.arange(size) != query].ravel(), 1] = 0
    bounds[number[0, :, np.arange(size) != key].ravel(), 1] = 0
    gain = np.zeros(number.size)
    gain[number[-1, query]] = -1
    return -linprog(gain, A_eq=kept, b_eq=np.zeros(len(kept)), bounds=bounds).fun


@pytest.mark.usefixtures("way")
def test_the_reference_constants():
    raw = np.asarray(aw.flow(example(), normalise=False))
    assert raw == pytest.approx(np.array([[1, 0, 0], [0.6, 0.65, 0], [0.4, 0.175, 0.675]]), rel=1e-5, abs=1e-6)
    assert np.asarray(aw.flow(example(), query=2)) == pytest.approx([0.32, 0.14, 0.54], rel=1e-5, abs=1e-6)
    assert np.asarray(aw.flow(example(), query=-1, normalise=False)) == pytest.approx(
        [0.4, 0.175, 0.675], rel=1e-5, abs=1e-6
    )


@pytest.mark.usefixtures("way")
def test_uniform_attention_both_ways():
    trace = aw.Trace.from_weights([torch.full((2, 3, 3), 1 / 3)] * 2, list("abc"))
    expected = np.full((3, 3), 0.5) + 0.5 * np.eye(3)
    assert np.asarray(aw.flow(trace, normalise=False)) == pytest.approx(expected, rel=1e-5, abs=1e-6)


@settings(max_examples=25)
@given(
    st.integers(1, 5),
    st.integers(1, 5),
    st.booleans(),
    st.integers(0, 99),
    st.sampled_from([0.0, 0.1, 0.5, 1.0]),
    st.booleans(),
)
def test_against_a_linear_programme(layers, size, causal, seed, residual, grown):
    trace = random_trace(layers, 2, size, causal=causal, seed=seed)
    capacities = steps(trace, residual)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "SMALL_NETWORK", -1 if grown else 10**9)
        for query in {0, size - 1}:
            found = np.asarray(aw.flow(trace, query=query, residual=residual, normalise=False))
            expected = [by_linear_programme(capacities, query, key) for key in range(size)]
            assert found == pytest.approx(expected, rel=1e-5, abs=1e-5)


@settings(max_examples=25)
@given(st.integers(2, 6), st.integers(2, 9), st.integers(0, 99), st.floats(0, 0.3))
def test_a_network_that_is_grown_has_the_flow_of_the_whole(layers, size, seed, residual):
    # Attention to a few keys, and little residual, so that a first solution is seldom the last.
    generator = torch.Generator().manual_seed(seed)
    scores = torch.randn(layers, 1, size, size, generator=generator) * 8
    trace = aw.Trace.from_weights(list(scores.softmax(-1)), [str(i) for i in range(size)])
    found = []
    for limit in (-1, 10**9):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(module, "SMALL_NETWORK", limit)
            found.append(np.asarray(aw.flow(trace, residual=residual, normalise=False)))
    assert found[0] == pytest.approx(found[1], rel=1e-5, abs=1e-6)


@settings(max_examples=25)
@given(st.integers(1, 4), st.integers(1, 6), st.booleans(), st.sampled_from(["mean", "max", "min"]), st.floats(0, 1))
def test_raw_flow_is_at_least_rollout_and_at_most_one(layers, size, causal, fusion, residual):
    trace = random_trace(layers, 3, size, causal=causal)
    raw = np.asarray(aw.flow(trace, fusion=fusion, residual=residual, normalise=False))
    assert (raw >= np.asarray(aw.rollout(trace, fusion=fusion, residual=residual)) - 1e-6).all()
    assert raw.max() <= 1
    shares = np.asarray(aw.flow(trace, fusion=fusion, residual=residual))
    assert shares == pytest.approx(raw / raw.sum(-1, keepdims=True), rel=1e-5, abs=1e-6)
    if causal:
        assert np.abs(np.triu(raw, 1)).max() == 0


@settings(max_examples=20)
@given(st.integers(1, 3), st.integers(1, 5), st.permutations(range(4)))
def test_one_row_is_the_row_of_the_whole_and_heads_may_be_permuted(layers, size, order):
    trace = random_trace(layers, 4, size)
    whole = np.asarray(aw.flow(trace))
    for query in range(size):
        assert (np.asarray(aw.flow(trace, query=query)) == whole[query]).all()
    shuffled = aw.Trace.from_weights([trace.weights(layer)[order] for layer in range(layers)], trace.text)
    assert np.asarray(aw.flow(shuffled)) == pytest.approx(whole, rel=1e-5, abs=1e-6)


def test_identity_one_layer_and_one_token():
    identity = aw.Trace.from_weights([torch.eye(4)[None]] * 3, list("abcd"))
    assert (np.asarray(aw.flow(identity)) == np.eye(4)).all()
    trace = random_trace(1, 3, 5)
    assert np.asarray(aw.flow(trace)) == pytest.approx(steps(trace)[0], rel=1e-5, abs=1e-6)
    assert np.asarray(aw.flow(random_trace(4, 2, 1))).tolist() == [[1.0]]


def test_rows_of_a_model_with_sinks_are_normalised_before_anything_flows():
    maps = random_trace(3, 2, 5)
    less = aw.Trace.from_weights([0.6 * maps.weights(layer) for layer in range(3)], maps.text)
    found = np.asarray(aw.flow(less, query=4, normalise=False))
    expected = [by_linear_programme(steps(less), 4, key) for key in range(5)]
    assert found == pytest.approx(expected, rel=1e-5, abs=1e-5)


def test_layers_with_fewer_heads_and_without_attention():
    one, other = random_trace(1, 4, 5), random_trace(1, 2, 5, seed=1)
    mixed = aw.Trace.from_weights([one.weights(0), None, other.weights(0)], one.text)
    plain = aw.Trace.from_weights([one.weights(0), other.weights(0)], one.text)
    assert (np.asarray(aw.flow(mixed)) == np.asarray(aw.flow(plain))).all()


def test_padding_changes_nothing_and_its_rows_are_zero():
    trace = random_trace(3, 2, 6, seed=3)
    maps = [trace.weights(layer).clone() for layer in range(3)]
    for one in maps:
        one[:, 2] = torch.nan  # the row of a token that is padding, though others read it
    padded = aw.Trace.from_weights(maps, trace.text)
    kept = [0, 1, 3, 4, 5]
    cropped = aw.Trace.from_weights([one[:, kept][:, :, kept] for one in maps], [str(i) for i in kept])
    result = aw.flow(padded)
    found = np.asarray(result)
    assert found[np.ix_(kept, kept)] == pytest.approx(np.asarray(aw.flow(cropped)), rel=1e-5, abs=1e-6)
    assert not found[2].any()
    assert not found[:, 2].any()
    with pytest.raises(aw.AttnWidgetError, match="Query 2 attends to nothing: padding"):
        aw.flow(padded, query=2)
    assert "padding left out" in result.recipe


def test_of_an_encoder_decoder_the_recipe_says_what_is_left_out():
    own, source = random_trace(2, 2, 4, causal=True), random_trace(2, 2, 5)
    cross = [torch.full((2, 4, 5), 0.2)] * 2
    parts = {
        "encoder": [source.weights(i) for i in (0, 1)],
        "decoder": [own.weights(i) for i in (0, 1)],
        "cross": cross,
    }
    trace = aw.Trace.from_weights(parts, own.text, aw.Tokens.from_pieces([f"s{i}" for i in range(5)]))
    found = aw.flow(trace, part="decoder")
    assert "cross-attention left out" in found.recipe
    assert found.recipe.endswith("part 'decoder'")
    assert "cross-attention" not in aw.flow(trace, part="encoder").recipe
    assert "cross-attention" not in aw.flow(own).recipe
    assert (found.values == aw.flow(own).values).all()


def test_progress_counts_every_key_and_ends_at_all():
    seen = []
    aw.flow(random_trace(2, 2, 20), progress=lambda done, total: seen.append((done, total)))
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert {total for _, total in seen} == {400}
    assert {20 * row for row in range(1, 21)} <= {done for done, _ in seen}
    assert max(np.diff([0, *(done for done, _ in seen)])) <= 8


@pytest.mark.parametrize("asked", [1, 5, 30])
def test_it_ends_between_two_keys_when_it_is_cancelled(asked, monkeypatch):
    solved = []
    whole = module._to_key
    monkeypatch.setattr(module, "_to_key", lambda *given: solved.append(1) or whole(*given))
    with pytest.raises(Cancelled), aw.stopping_when(lambda: len(solved) == asked):
        aw.flow(random_trace(2, 2, 20))
    assert len(solved) == asked


@pytest.mark.parametrize(
    "wrong",
    [
        {"fusion": "median"},
        {"residual": 2.0},
        {"residual": float("nan")},
        {"query": 9},
        {"query": (0, 2)},
        {"part": "cross"},
    ],
)
def test_bad_options(wrong):
    with pytest.raises(aw.AttnWidgetError):
        aw.flow(example(), **wrong)


@pytest.mark.parametrize("size", [3, 5])
def test_parts_of_two_sequences_are_refused(size):
    rows = torch.full((2, 3, size), 1 / size)
    names = [f"k{i}" for i in range(size)]
    for part in ("cross", "self"):
        trace = aw.Trace.from_weights([rows], list("abc"), names, part=part)
        with pytest.raises(aw.AttnWidgetError, match=r"tokens to each other|another sequence"):
            aw.flow(trace)


def test_weights_that_are_not_numbers_are_refused():
    trace = random_trace(2, 2, 4)
    trace.blocks[1].dense[0, 2, 1] = torch.nan
    with pytest.raises(NotNumbers):
        aw.flow(trace)


def test_the_recipe_travels_with_the_numbers():
    result = aw.flow(example(), query=-1, fusion="max", normalise=False)
    assert "fused by max" in result.recipe
    assert "not normalised" in result.recipe
    assert result.pieces == ("a", "b", "c")
    assert "divided by its sum" in aw.flow(example()).recipe


@pytest.mark.long  # another Python
def test_only_who_asks_for_a_flow_waits_for_scipy():
    code = "import sys, attnwidget, attnwidget.measures.paths.flow; sys.exit('scipy.sparse' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
