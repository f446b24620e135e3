"""Rollout: constants of the reference implementation, closed forms, laws."""

import hashlib

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import BertConfig, BertModel, GPT2Config, GPT2LMHeadModel

import attnwidget as aw
from attnwidget.errors import NotNumbers
from attnwidget.measures.paths.fusion import without_lowest
from tests.unit.traces import example, random_trace


def test_the_reference_constants():
    whole = np.asarray(aw.rollout(example()))
    assert whole == pytest.approx(
        np.array([[1, 0, 0], [0.5125, 0.4875, 0], [0.3275, 0.1325, 0.54]]), rel=1e-5, abs=1e-6
    )
    assert np.asarray(aw.rollout(example(), residual=0.0, query=-1)) == pytest.approx(
        [0.61, 0.18, 0.21], rel=1e-5, abs=1e-6
    )
    assert np.asarray(aw.rollout(example(), fusion="max", query=2)) == pytest.approx(
        [0.411458, 0.119792, 0.46875], rel=1e-5, abs=1e-6
    )
    assert np.asarray(aw.rollout(example(), fusion="min", query=2)) == pytest.approx(
        [0.191406, 0.152344, 0.65625], rel=1e-5, abs=1e-6
    )


def test_the_reference_constants_of_discarding():
    whole = np.asarray(aw.rollout(example(), discard=0.7))
    expected = [[1, 0, 0], [0.607843, 0.392157, 0], [0.285714, 0, 0.714286]]
    assert whole == pytest.approx(np.array(expected), rel=1e-5, abs=1e-6)
    assert (np.asarray(aw.rollout(example(), discard=0.0)) == np.asarray(aw.rollout(example()))).all()


@given(st.integers(1, 7), st.floats(0, 1), st.integers(0, 99))
def test_what_is_discarded_is_what_topk_finds_lowest(size, share, seed):
    order = torch.randperm(size * (size + 1), generator=torch.Generator().manual_seed(seed))
    whole = (order + 1.0).reshape(size, size + 1)
    lowest = whole.flatten().topk(int(whole.numel() * share), largest=False).indices
    expected = whole.flatten().index_fill(0, lowest[lowest != 0], 0).reshape(whole.shape)
    assert torch.equal(without_lowest(whole, share), expected)


def test_of_equal_entries_the_first_are_kept():
    assert without_lowest(torch.full((2, 3), 0.5), 0.5).tolist() == [[0.5, 0.5, 0.5], [0, 0, 0]]
    assert without_lowest(torch.full((2, 2), 0.5), 1.0).tolist() == [[0.5, 0], [0, 0]]


@settings(max_examples=30)
@given(st.integers(1, 3), st.integers(1, 6), st.floats(0, 1), st.sampled_from(["mean", "max", "min"]), st.booleans())
def test_discarding_step_by_step(layers, size, share, fusion, causal):
    trace = random_trace(layers, 2, size, causal=causal)
    fuse = {"mean": lambda maps: maps.mean(0), "max": lambda maps: maps.amax(0), "min": lambda maps: maps.amin(0)}
    product = torch.eye(size)
    for layer in range(layers):
        flat = fuse[fusion](trace.weights(layer)).flatten()
        order = sorted(range(len(flat)), key=lambda at: (float(flat[at]), -at))
        for at in order[: int(len(flat) * share)]:
            flat[at] = flat[at] if at == 0 else 0
        step = flat.reshape(size, size) + torch.eye(size)
        product = (step / step.sum(-1, keepdim=True)) @ product
    found = aw.rollout(trace, discard=share, fusion=fusion)
    assert np.asarray(found) == pytest.approx(product.numpy(), rel=1e-5, abs=1e-5)
    assert np.asarray(aw.rollout(trace, discard=share, fusion=fusion, query=-1)) == pytest.approx(
        found[-1], rel=1e-5, abs=1e-6
    )


def test_nothing_is_discarded_from_the_null_model():
    trace = random_trace(3, 2, 5, causal=True)
    null = np.asarray(aw.rollout(trace)) / np.where(np.tri(5), np.asarray(aw.rollout(trace, null="uniform")), 1)
    found = aw.rollout(trace, discard=0.8)
    ratio = aw.rollout(trace, discard=0.8, null="uniform")
    assert np.asarray(ratio)[np.tri(5) > 0] == pytest.approx((found.values / np.where(null, null, 1))[np.tri(5) > 0])
    assert "the lowest 0.8 of every layer's entries discarded" in found.recipe
    assert "discarded" not in aw.rollout(trace).recipe


@pytest.mark.parametrize("layers", [1, 6, 12])
def test_uniform_attention_both_ways(layers):
    n = 6
    trace = aw.Trace.from_weights([torch.full((2, n, n), 1 / n)] * layers, list("abcdef"))
    expected = 2.0**-layers * np.eye(n) + (1 - 2.0**-layers) / n
    assert np.asarray(aw.rollout(trace)) == pytest.approx(expected, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize(("layers", "share"), [(1, 0.083), (6, 0.586), (12, 0.893), (24, 0.996)])
def test_causal_rollout_collapses_on_the_first_token(layers, share):
    uniform = torch.ones(6, 6).tril() / torch.arange(1, 7)[:, None]
    trace = aw.Trace.from_weights([uniform[None]] * layers, list("abcdef"))
    assert float(aw.rollout(trace, query=-1)[0]) == pytest.approx(share, abs=1e-3)
    # and the null model says that nothing was found
    ratio = np.asarray(aw.rollout(trace, query=-1, null="uniform"))
    assert ratio == pytest.approx(np.ones(6), abs=1e-4)


@given(st.integers(1, 4), st.integers(1, 9), st.booleans(), st.sampled_from(["mean", "max", "min"]), st.floats(0, 1))
def test_rows_sum_to_one_and_causality_is_kept(layers, size, causal, fusion, residual):
    trace = random_trace(layers, 3, size, causal=causal)
    whole = np.asarray(aw.rollout(trace, fusion=fusion, residual=residual))
    assert whole.sum(-1) == pytest.approx(np.ones(size), rel=1e-5, abs=1e-5)
    if causal:
        assert np.abs(np.triu(whole, 1)).max() == 0


@settings(max_examples=30)
@given(st.integers(1, 4), st.integers(1, 8), st.permutations(range(4)))
def test_one_row_is_the_row_of_the_whole_and_heads_may_be_permuted(layers, size, order):
    trace = random_trace(layers, 4, size)
    whole = np.asarray(aw.rollout(trace))
    for query in range(size):
        assert np.asarray(aw.rollout(trace, query=query)) == pytest.approx(whole[query], rel=1e-5, abs=1e-6)
    shuffled = aw.Trace.from_weights([trace.weights(layer)[order] for layer in range(layers)], trace.text)
    assert np.asarray(aw.rollout(shuffled)) == pytest.approx(whole, rel=1e-5, abs=1e-6)


def test_the_diagonal_of_a_causal_rollout():
    trace = random_trace(5, 3, 6, causal=True)
    mean = torch.stack([trace.weights(layer).mean(0).diagonal() for layer in range(5)])
    expected = ((1 + mean) / 2).prod(0)
    assert np.asarray(aw.rollout(trace)).diagonal() == pytest.approx(expected.numpy(), rel=1e-5, abs=1e-6)


def test_no_measure_changes_its_trace():
    trace = random_trace()
    before = _hash(trace)
    aw.rollout(trace)
    aw.rollout(trace, query=0, null="uniform", fusion="max")
    aw.entropy(trace)
    assert _hash(trace) == before


@pytest.mark.parametrize(
    "wrong",
    [
        {"fusion": "median"},
        {"residual": 2.0},
        {"residual": float("nan")},
        {"discard": -0.1},
        {"discard": 1.5},
        {"null": "shuffled"},
        {"query": 9},
        {"query": (0, 2)},
        {"query": slice(1)},
        {"part": "cross"},
    ],
)
def test_bad_options(wrong):
    with pytest.raises(aw.AttnWidgetError):
        aw.rollout(example(), **wrong)


def test_maps_that_are_not_square():
    trace = aw.Trace.from_weights([torch.rand(2, 3, 5).softmax(-1)], list("abc"), list("vwxyz"), part="cross")
    with pytest.raises(aw.AttnWidgetError, match="self-attention maps"):
        aw.rollout(trace)


def test_two_sequences_of_one_length_are_refused():
    trace = aw.Trace.from_weights([torch.eye(3)[None]], list("abc"), list("xyz"))
    with pytest.raises(aw.AttnWidgetError, match="another sequence"):
        aw.rollout(trace)


def models():
    torch.manual_seed(3)
    sizes = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 3, "num_attention_heads": 4}
    yield "bert", BertModel(BertConfig(**sizes, vocab_size=60, max_position_embeddings=32)).eval()
    yield "gpt2", GPT2LMHeadModel(GPT2Config(n_layer=3, n_head=4, n_embd=32, n_positions=32, vocab_size=60)).eval()


@pytest.mark.parametrize("side", ["left", "right", "both"])
@pytest.mark.parametrize(("name", "model"), tuple(models()), ids=lambda value: value if isinstance(value, str) else "")
@pytest.mark.parametrize("options", [{}, {"discard": 0.6}, {"null": "uniform"}, {"fusion": "max"}])
def test_padding_changes_nothing_among_the_other_tokens(side, name, model, options):
    before, after = {"left": (3, 0), "right": (0, 2), "both": (2, 3)}[side]
    ids, kept = [5, 6, 7, 8, 9, 10], slice(before, before + 6)
    padded = {
        "input_ids": torch.tensor([[1] * before + ids + [1] * after]),
        "attention_mask": torch.tensor([[0] * before + [1] * 6 + [0] * after]),
        "position_ids": torch.tensor([[0] * before + list(range(6)) + [0] * after]),
    }
    loaded = aw.load(model)
    trace = loaded.trace(padded)
    expected = np.asarray(aw.rollout(loaded.trace({"input_ids": torch.tensor([ids])}), **options))
    result = aw.rollout(trace, **options)
    found = np.asarray(result)
    assert found[kept, kept] == pytest.approx(expected, abs=1e-4)
    rest = found.copy()
    rest[kept, kept] = 0
    assert not rest.any()
    assert np.asarray(aw.rollout(trace, query=before + 5, **options))[kept] == pytest.approx(expected[5], abs=1e-4)
    with pytest.raises(aw.AttnWidgetError, match="attends to nothing: padding"):
        aw.rollout(trace, query=0 if before else -1, **options)
    assert "padding left out" in result.recipe


def test_weights_that_are_not_numbers_are_refused():
    trace = random_trace(2, 2, 4)
    trace.blocks[1].dense[0, 2, 1] = torch.nan
    for fusion in ("mean", "max", "min"):
        with pytest.raises(NotNumbers):
            aw.rollout(trace, fusion=fusion)


def test_one_token():
    for options in ({}, {"discard": 1.0}, {"null": "uniform"}, {"residual": 0.0}):
        assert np.asarray(aw.rollout(random_trace(3, 2, 1), **options)).tolist() == [[1.0]]


@pytest.mark.parametrize("number", [np.float32(0.5), np.float64(0.5), 0.5])
def test_numbers_of_any_kind_are_shares(number):
    found = aw.rollout(example(), residual=number, discard=number)
    assert (found.values == aw.rollout(example(), residual=0.5, discard=0.5).values).all()
    assert "residual 0.5, the lowest 0.5" in found.recipe


@pytest.mark.parametrize(
    "wrong", [{"null": []}, {"null": np.zeros(2)}, {"residual": np.float32(2)}, {"query": np.array([0, 1])}]
)
def test_what_no_option_can_be_is_refused_in_a_sentence(wrong):
    with pytest.raises(aw.AttnWidgetError, match=next(iter(wrong)).replace("null", "null model")):
        aw.rollout(example(), **wrong)


def test_results_know_their_pieces():
    whole = aw.rollout(example())
    assert whole.query_pieces == whole.key_pieces == aw.rollout(example(), query=0).pieces == ("a", "b", "c")


def test_the_recipe_travels_with_the_numbers():
    result = aw.rollout(example(), query=-1, fusion="max")
    assert "fused by max" in result.recipe
    assert "TokenScores(3;" in repr(result)


def _hash(trace):
    return hashlib.sha256(b"".join(trace.weights(layer).numpy().tobytes() for layer in range(3))).hexdigest()
