"""Distances between heads: constants of Clark's code, scipy, and the laws of a divergence."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon

import attnwidget as aw
from tests.unit.traces import example, random_trace


def scipy_mean(first, second):
    """The mean over rows of scipy's distance, squared; rows have their missing mass as one more column."""
    rows = [np.column_stack([maps, 1 - maps.sum(-1)]).clip(0) for maps in (first, second)]
    return (jensenshannon(*rows, axis=-1) ** 2).mean()


def test_the_reference_constants_which_are_sums_over_three_rows():
    found = aw.head_distances(example(), smoothing=0.001)
    assert 3 * found.between("L0H0", "L0H1") == pytest.approx(0.191922, rel=1e-5, abs=1e-6)
    assert 3 * found.between("L0H1", (1, 0)) == pytest.approx(0.408159, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize(("smoothing", "expected"), [(0.0, np.log(2)), (0.001, 0.688847)])
def test_heads_that_share_no_key(smoothing, expected):
    rows = torch.tensor([[[1.0, 0]] * 2, [[0, 1.0]] * 2])
    found = aw.head_distances(aw.Trace.from_weights([rows], list("ab")), smoothing=smoothing)
    assert found.between("L0H0", "L0H1") == pytest.approx(expected, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("causal", [True, False])
def test_against_scipy(causal):
    trace = random_trace(2, 3, 9, causal=causal)
    maps = [trace.weights(layer, head).double().numpy() for layer in range(2) for head in range(3)]
    expected = [[scipy_mean(one, other) for other in maps] for one in maps]
    assert np.asarray(aw.head_distances(trace)) == pytest.approx(np.nan_to_num(expected), rel=1e-5, abs=1e-6)


def test_mass_outside_the_text_is_one_outcome_and_nothing_is_normalised():
    whole = random_trace(1, 3, 5).weights(0)
    maps = whole * torch.tensor([1.0, 0.5, 0.2])[:, None, None]
    found = aw.head_distances(aw.Trace.from_weights([maps], list("abcde")))
    for one, other in [(0, 1), (0, 2), (1, 2)]:
        assert found[one, other] == pytest.approx(
            scipy_mean(maps[one].numpy(), maps[other].numpy()), rel=1e-5, abs=1e-6
        )
    assert "outside" in found.recipe
    same_but_leaking = aw.Trace.from_weights([torch.stack([whole[0], whole[0] * 0.5])], list("abcde"))
    assert aw.head_distances(same_but_leaking)[0, 1] > 0.05


def test_an_empty_row_lies_outside_altogether():
    maps = torch.stack([torch.zeros(2, 2), torch.eye(2), torch.zeros(2, 2)])
    maps[:, 0, 0] = 1
    found = aw.head_distances(aw.Trace.from_weights([maps], list("ab")))
    assert found[0, 1] == pytest.approx(np.log(2) / 2, rel=1e-5, abs=1e-6)
    assert found[0, 2] == 0


@given(st.integers(1, 3), st.integers(1, 4), st.integers(1, 8), st.floats(0, 0.5), st.integers(0, 9))
def test_it_is_a_divergence(layers, heads, size, smoothing, seed):
    trace = random_trace(layers, heads, size, seed=seed)
    found = np.asarray(aw.head_distances(trace, smoothing=smoothing))
    assert found.shape == (layers * heads,) * 2
    assert found.dtype == np.float32
    assert (found == found.T).all()
    assert (found.diagonal() == 0).all()
    assert found.min() >= 0
    assert found.max() <= np.log(2) + 1e-6
    roots = np.sqrt(found.astype(np.float64))  # the root is a metric
    assert (roots[:, None] <= roots[:, :, None] + roots[None] + 2e-3).all()


@given(st.integers(1, 30), st.integers(1, 40))
def test_rows_that_are_sampled_are_read_alone(rows, size):
    trace = random_trace(2, 2, size)
    found = aw.head_distances(trace, rows=rows)
    if rows >= size:
        assert f"all {size}" in found.recipe
        assert (found.values == aw.head_distances(trace, rows=None).values).all()
        return
    assert f"{rows} evenly spaced of {size}" in found.recipe
    read = [size - 1] if rows == 1 else [round(at) for at in np.linspace(0, size - 1, rows)]
    maps = [trace.weights(layer, head).double().numpy()[read] for layer in range(2) for head in range(2)]
    assert found[0, 3] == pytest.approx(scipy_mean(maps[0], maps[3]), rel=1e-5, abs=1e-6)


def test_portions_give_what_the_whole_gives(monkeypatch):
    trace = random_trace(3, 4, 20, causal=True)
    whole = aw.head_distances(trace).values
    monkeypatch.setattr("attnwidget.engine.trace.recompute.TILE", 500)
    monkeypatch.setattr("attnwidget.measures.similarity.head_distances.PAIRS", 40)
    assert aw.head_distances(trace).values == pytest.approx(whole, rel=1e-5, abs=1e-6)


def test_never_more_than_a_tile_of_all_heads_is_there(monkeypatch):
    seen = []
    original = torch.cat

    def watched(tensors, *more):
        seen.append(sum(tensor.numel() for tensor in tensors))
        return original(tensors, *more)

    monkeypatch.setattr("attnwidget.engine.trace.recompute.TILE", 4 * 300)
    monkeypatch.setattr(torch, "cat", watched)
    aw.head_distances(random_trace(2, 2, 300), rows=None)
    assert len(seen) >= 300
    assert max(seen) <= 4 * 301


def test_queries_that_are_padding_do_not_count():
    maps = random_trace(1, 2, 4).weights(0).clone()
    shorter = aw.Trace.from_weights([maps[:, :3]], list("abc"), list("abcd"))
    maps[:, 3] = torch.nan
    padded = aw.Trace.from_weights([maps], list("abcd"))
    assert aw.head_distances(padded)[0, 1] == pytest.approx(aw.head_distances(shorter)[0, 1], rel=1e-5, abs=1e-6)
    assert "all 3 queries" in aw.head_distances(padded).recipe


def test_layers_without_attention_and_of_other_sizes_keep_the_names_true():
    maps = random_trace(1, 4, 3).weights(0)
    found = aw.head_distances(aw.Trace.from_weights([maps[:1], None, maps[1:]], list("abc")))
    assert found.names == ("L0H0", "L2H0", "L2H1", "L2H2")
    assert found.heads == ((0, 0), (2, 0), (2, 1), (2, 2))
    assert found.layers == 3
    assert found.between("L-1H-1", "L0H0") == found[3, 0] == found.between((2, 2), (0, 0))


@pytest.mark.parametrize("head", ["L1H0", "L0H9", "L3H0", "L0", "nothing", (0,), (0.5, 1), None])
def test_a_head_that_is_not_there(head):
    maps = random_trace(1, 2, 3).weights(0)
    found = aw.head_distances(aw.Trace.from_weights([maps, None, maps], list("abc")))
    with pytest.raises(aw.AttnWidgetError, match="head"):
        found.between("L0H0", head)


@pytest.mark.parametrize(
    "wrong",
    [
        {"rows": 0},
        {"rows": True},
        {"rows": "all"},
        {"rows": 1.5},
        {"smoothing": 1},
        {"smoothing": -0.1},
        {"smoothing": float("nan")},
        {"smoothing": "little"},
        {"part": "cross"},
    ],
)
def test_bad_options_are_refused(wrong):
    with pytest.raises(aw.AttnWidgetError):
        aw.head_distances(example(), **wrong)


def test_cross_attention_and_a_single_token_have_distances():
    cross = aw.Trace.from_weights([torch.rand(2, 3, 5).softmax(-1)], list("abc"), list("vwxyz"), part="cross")
    assert 0 < aw.head_distances(cross)[0, 1] < np.log(2)
    assert aw.head_distances(aw.Trace.from_weights([torch.ones(2, 1, 1)], ["a"])).values.tolist() == [[0, 0], [0, 0]]


def test_a_traced_model_agrees_with_its_own_weights_given():
    traced = aw.load().trace("The cat sat on the mat.")
    given_again = aw.Trace.from_weights([traced.weights(layer) for layer in range(4)], traced.text)
    assert aw.head_distances(traced).values == pytest.approx(aw.head_distances(given_again).values, rel=1e-5, abs=1e-6)


def test_the_record_reads_as_an_array_and_prints_its_recipe():
    found = aw.head_distances(example(), smoothing=0.5)
    assert np.asarray(found, dtype=np.float64).shape == (4, 4)
    assert "HeadDistances(4 x 4; Jensen-Shannon divergence in nats, smoothed by 0.5" in repr(found)
