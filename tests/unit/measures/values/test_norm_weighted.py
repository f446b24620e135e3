"""Norm-based attention on layers made by hand: closed forms, and laws against the form with a vector for every pair."""

import hashlib
from dataclasses import replace

import numpy as np
import pytest
import torch
from einops import einsum, repeat
from hypothesis import given
from hypothesis import strategies as st

import attnwidget as aw
from attnwidget.engine.trace.projection import Projection
from attnwidget.engine.trace.records import ModelFacts
from attnwidget.measures.values.norm_weighted import norm_weighted
from attnwidget.measures.values.value_norms import value_norms
from tests.unit.traces import example


def layer(heads=4, shared=None, tokens=6, dim=5, out=7, seed=0, keys=None):
    """One layer of random q, k, v and W_O."""
    generator = torch.Generator().manual_seed(seed)

    def noise(*shape):
        return torch.randn(*shape, generator=generator)

    shared, keys = shared or heads, keys or tokens
    q, k, v = noise(1, heads, tokens, dim), noise(1, shared, keys, dim), noise(1, shared, keys, dim + 1)
    projection = Projection("o_proj", noise(out, heads * (dim + 1)), noise(out))
    causal = keys == tokens
    return aw.Block("self", 0, "attn", heads, shared, q, k, v, scale=dim**-0.5, causal=causal, projection=projection)


def trace_of(block):
    text, keys = (example_tokens(size) for size in block.shape[1:])
    return aw.Trace((block,), text, "interface", ModelFacts(), {"self": (text, keys)})


def example_tokens(size):
    return aw.Trace.from_weights([torch.eye(size)[None]], [f"t{i}" for i in range(size)]).text


def vectors(block):
    """A_ij f^h(x_j): a vector for every pair of tokens and every head, as references compute it."""
    maps = trace_of(block).weights(0)
    values = repeat(block.v[0], "shared key dim -> (shared group) key dim", group=block.heads // block.kv_heads)
    weight = block.projection.of_heads(block.heads)
    return einsum(maps, values, weight, "head query key, head key dim, out head dim -> head query key out")


SHAPES = [
    st.integers(1, 3),  # key heads
    st.integers(1, 3),  # heads that share each
    st.integers(1, 9),  # tokens
    st.integers(1, 8),  # width of the model
    st.integers(0, 99),
]


@given(*SHAPES)
def test_it_equals_the_form_with_a_vector_for_every_pair(shared, group, tokens, out, seed):
    block = layer(shared * group, shared, tokens, out=out, seed=seed)
    trace, every = trace_of(block), vectors(block)
    assert np.asarray(norm_weighted(trace, 0)) == pytest.approx(every.sum(0).norm(dim=-1).numpy(), rel=1e-5, abs=1e-5)
    for head in range(block.heads):
        assert np.asarray(norm_weighted(trace, 0, head)) == pytest.approx(
            every[head].norm(dim=-1).numpy(), rel=1e-5, abs=1e-5
        )


@given(*SHAPES)
def test_of_one_head_it_is_the_weight_times_the_length(shared, group, tokens, out, seed):
    block = layer(shared * group, shared, tokens, out=out, seed=seed)
    trace, lengths = trace_of(block), value_norms(trace_of(block), 0).values
    assert lengths.shape == (block.heads, tokens)
    for head in range(block.heads):
        expected = trace.weights(0, head).numpy() * lengths[head]
        assert np.asarray(norm_weighted(trace, 0, head)) == pytest.approx(expected, rel=1e-5, abs=1e-6)


@given(st.permutations(range(4)), st.integers(0, 99))
def test_the_order_of_heads_does_not_matter_for_the_layer(order, seed):
    block = layer(4, seed=seed)
    weight = block.projection.of_heads(4)[:, order].flatten(1)
    turned = replace(
        block, q=block.q[:, order], k=block.k[:, order], v=block.v[:, order], projection=Projection("turned", weight)
    )
    whole, shuffled = trace_of(block), trace_of(turned)
    assert np.asarray(norm_weighted(shuffled, 0)) == pytest.approx(
        np.asarray(norm_weighted(whole, 0)), rel=1e-5, abs=1e-5
    )
    for place, head in enumerate(order):
        expected = np.asarray(norm_weighted(whole, 0, head))
        assert np.asarray(norm_weighted(shuffled, 0, place)) == pytest.approx(expected, rel=1e-5, abs=1e-5)


@given(*SHAPES)
def test_it_is_no_longer_than_the_heads_by_themselves(shared, group, tokens, out, seed):
    block = layer(shared * group, shared, tokens, out=out, seed=seed)
    trace = trace_of(block)
    most = sum(np.asarray(norm_weighted(trace, 0, head)) for head in range(block.heads))
    assert (np.asarray(norm_weighted(trace, 0)) <= most + 1e-5).all()


def test_values_of_zero_give_a_map_of_zeros_while_the_weights_stay():
    block = layer()
    silent = trace_of(replace(block, v=torch.zeros_like(block.v)))
    assert torch.equal(silent.weights(0), trace_of(block).weights(0))
    assert not np.asarray(norm_weighted(silent, 0)).any()
    assert not np.asarray(norm_weighted(silent, 0, 1)).any()
    assert not value_norms(silent, 0).values.any()


def test_heads_that_cancel_out_add_nothing_together():
    block = layer(2)
    half = block.projection.of_heads(2)[:, 0]
    opposite = Projection("opposite", torch.cat([half, -half * (1 + 1e-7)], 1))
    one, two = block.q[:, :1], block.k[:, :1]
    cancelling = replace(
        block,
        q=one.repeat(1, 2, 1, 1),
        k=two.repeat(1, 2, 1, 1),
        v=block.v[:, :1].repeat(1, 2, 1, 1),
        projection=opposite,
    )
    trace = trace_of(cancelling)
    assert np.asarray(norm_weighted(trace, 0, 0)).max() > 1
    assert np.asarray(norm_weighted(trace, 0)).max() < 1e-5


def test_twice_the_values_are_twice_as_long_and_twice_the_weights_bias_is_nothing():
    block = layer()
    once, twice = norm_weighted(trace_of(block), 0), norm_weighted(trace_of(replace(block, v=block.v * 2)), 0)
    assert np.asarray(twice) == pytest.approx(2 * np.asarray(once), rel=1e-5)
    other = Projection("o_proj", block.projection.weight, block.projection.bias * 2)
    assert np.array_equal(norm_weighted(trace_of(replace(block, projection=other)), 0), once)


def test_one_key_gives_the_length_of_what_is_written():
    block = layer(3, tokens=1)
    written = vectors(block).sum(0)[0, 0]
    assert float(norm_weighted(trace_of(block), 0)[0, 0]) == pytest.approx(float(written.norm()), rel=1e-5)


def test_cross_attention_need_not_be_square():
    block = layer(4, 2, tokens=3, keys=8)
    found = norm_weighted(trace_of(block), 0)
    assert found.shape == (3, 8)
    assert np.asarray(found) == pytest.approx(vectors(block).sum(0).norm(dim=-1).numpy(), rel=1e-5, abs=1e-5)
    assert (len(found.query_pieces), len(found.key_pieces)) == (3, 8)


def test_rows_can_be_chosen():
    trace = trace_of(layer())
    for head in (None, 2):
        whole = norm_weighted(trace, 0, head)
        some = norm_weighted(trace, 0, head, queries=[4, -1])
        assert np.asarray(some) == pytest.approx(np.asarray(whole)[[4, 5]], rel=1e-5, abs=1e-6)
        assert some.query_pieces == ("t4", "t5")
        assert some.key_pieces == whole.key_pieces


def test_padding_that_nobody_reads_adds_nothing():
    block = layer()
    mask = torch.ones(1, 1, 6, 6, dtype=torch.bool)
    mask[..., :2] = mask[:, :, :2] = False  # keys and queries
    found = np.asarray(norm_weighted(trace_of(replace(block, mask=mask)), 0))
    assert not found[:, :2].any()
    assert not found[:2].any()
    assert found[2:, 2:].all()


def test_sinks_make_it_shorter():
    block = layer()
    plain = np.asarray(norm_weighted(trace_of(block), 0, 0))
    with_sinks = np.asarray(norm_weighted(trace_of(replace(block, sinks=torch.full((4,), 2.0))), 0, 0))
    assert (with_sinks <= plain).all()
    assert with_sinks[0, 0] < plain[0, 0]


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_is_computed_in_fp32(dtype):
    block = layer()
    lower = {name: getattr(block, name).to(dtype) for name in ("q", "k", "v")}
    half = replace(block, **lower, projection=Projection("o_proj", block.projection.weight.to(dtype)))
    same = {name: tensor.float() for name, tensor in lower.items()}
    full = replace(half, **same, projection=Projection("o_proj", half.projection.weight.float()))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = norm_weighted(trace_of(half), 0)
    assert np.asarray(found).dtype == np.float32
    assert np.asarray(found) == pytest.approx(np.asarray(norm_weighted(trace_of(full), 0)), rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("tile", [1, 50])
def test_the_size_of_the_portions_changes_nothing(tile, monkeypatch):
    trace = trace_of(layer(4, 2))
    whole, lengths = np.asarray(norm_weighted(trace, 0)), value_norms(trace, 0).values
    monkeypatch.setattr("attnwidget.engine.trace.recompute.TILE", tile)
    assert np.asarray(norm_weighted(trace, 0)) == pytest.approx(whole, rel=1e-5, abs=1e-6)
    assert value_norms(trace, 0).values == pytest.approx(lengths, rel=1e-5, abs=1e-6)


def test_names_of_heads_and_the_recipe():
    trace = trace_of(layer())
    assert np.array_equal(norm_weighted(trace, "L0H3"), norm_weighted(trace, -1, -1))
    assert "L0H3" in norm_weighted(trace, 0, 3).recipe
    for recipe in (norm_weighted(trace, 0).recipe, norm_weighted(trace, 0, 3).recipe):
        assert "not normalised" in recipe
    assert "4 heads of layer 0" in norm_weighted(trace, 0).recipe


def test_the_trace_is_left_alone():
    block = layer()
    trace = trace_of(block)
    tensors = [block.q, block.k, block.v, block.projection.weight, block.projection.bias]
    before = [hashlib.sha256(tensor.numpy().tobytes()).hexdigest() for tensor in tensors]
    maps = trace.weights(0)
    norm_weighted(trace, 0), norm_weighted(trace, 0, 1), value_norms(trace, 0)
    assert [hashlib.sha256(tensor.numpy().tobytes()).hexdigest() for tensor in tensors] == before
    assert torch.equal(trace.weights(0), maps)


@pytest.mark.parametrize("measure", [norm_weighted, value_norms])
def test_what_is_missing_is_named_with_what_would_give_it(measure):
    for trace, field in (
        (example(), "values"),
        (trace_of(replace(layer(), v=None)), "values"),
        (trace_of(replace(layer(), projection=None)), "projection"),
    ):
        with pytest.raises(aw.AttnWidgetError, match=f"{field}.*aw.load\\(model\\)"):
            measure(trace, 0)


@pytest.mark.parametrize("measure", [norm_weighted, value_norms])
def test_numbers_that_are_none_are_refused(measure):
    block = layer()
    values = block.v.clone()
    values[0, 0, 2] = torch.nan
    with pytest.raises(aw.AttnWidgetError, match="values that are NaN or infinite"):
        measure(trace_of(replace(block, v=values)), 0)


@pytest.mark.parametrize("head", [None, 0])
def test_weights_that_are_no_numbers_are_refused(head):
    block = layer()
    query = block.q.clone()
    query[0, 0, 2] = torch.nan
    with pytest.raises(aw.AttnWidgetError, match="attention weights that are NaN or infinite"):
        norm_weighted(trace_of(replace(block, q=query)), 0, head)


@pytest.mark.parametrize(
    "wrong", [{"layer": 3}, {"layer": 0, "head": 9}, {"layer": 0, "part": "cross"}, {"layer": 0, "queries": 17}]
)
def test_what_is_not_there_is_refused(wrong):
    with pytest.raises(aw.AttnWidgetError):
        norm_weighted(trace_of(layer()), **wrong)


def test_weights_that_were_trained_since_are_refused():
    block = layer()
    block.projection.weight.add_(1)
    with pytest.raises(aw.AttnWidgetError, match="Trace the text again"):
        norm_weighted(trace_of(block), 0)


def test_a_chosen_row_keeps_its_place():
    trace = aw.load().trace("The cat sat on the mat.")
    assert {pair.query for pair in aw.norm_weighted(trace, 1, queries=[-1, 2]).top(14)} == {6, 2}


def test_lengths_carry_their_recipe_and_name_heads_and_keys():
    trace = trace_of(layer())
    found = value_norms(trace, "L0")
    assert (np.asarray(found) == value_norms(trace, 0).values).all()
    assert "heads of layer 0" in found.recipe
    assert "not normalised" in found.recipe
    best = found.top(1)[0]
    assert best.value == found.values.max() == found[best.head, best.key]
    assert best.piece == f"t{best.key}"
    with pytest.raises(aw.AttnWidgetError, match="all heads of a layer"):
        value_norms(trace, "L0H1")


@pytest.mark.parametrize("head", [None, 1])
def test_what_is_padding_has_no_number(head):
    plain = trace_of(layer())
    text = replace(plain.text, padding=(True, False, False, False, False, True))
    trace = replace(plain, text=text, sequences={})
    found, whole = norm_weighted(trace, 0, head), norm_weighted(plain, 0, head)
    assert np.isnan(found[[0, 5]]).all()
    assert (found[1:5] == whole[1:5]).all()
    assert "rows of padding left out" in found.recipe
    assert "padding" not in whole.recipe
    assert "padding" not in norm_weighted(trace, 0, head, queries=[1, 2]).recipe
    lengths = value_norms(trace, 0)
    assert np.isnan(lengths[:, [0, 5]]).all()
    assert (lengths[:, 1:5] == value_norms(plain, 0)[:, 1:5]).all()
    assert "padding" in lengths.recipe
