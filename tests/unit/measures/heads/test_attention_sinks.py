"""Tokens that receive far more than the others."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import attnwidget as aw
from tests.unit.traces import example, random_trace


def on_one_key(size, key=0, share=0.9, *, layers=1, heads=2):
    maps = torch.full((heads, size, size), (1 - share) / (size - 1))
    maps[..., key] = share
    return aw.Trace.from_weights([maps] * layers, [f"t{i}" for i in range(size)])


@pytest.mark.parametrize("key", [0, 4])
def test_a_key_that_takes_nearly_all(key):
    found = aw.attention_sinks(on_one_key(8, key))
    assert (found.positions, found.pieces) == ((key,), (f"t{key}",))
    assert np.asarray(found)[key] == pytest.approx(0.9)
    assert found.threshold < 0.9
    assert f"{key} 't{key}' 0.9" in repr(found)
    assert found.top(1)[0].position == key


@given(st.integers(6, 14), st.integers(1, 3), st.booleans(), st.integers(0, 3))
def test_against_numpy(size, layers, causal, seed):
    trace = random_trace(layers, 3, size, causal=causal, seed=seed)
    received = np.stack([trace.weights(layer).numpy() for layer in range(layers)]).astype(np.float64).mean((0, 1, 2))
    limit = received.mean() + 2 * received.std()
    found = aw.attention_sinks(trace)
    assert np.asarray(found) == pytest.approx(received, rel=1e-5, abs=1e-6)
    assert found.threshold == pytest.approx(limit, rel=1e-5, abs=1e-6)
    assert found.positions == tuple(np.flatnonzero(received > limit))


@pytest.mark.parametrize("size", [2, 3, 5, 6])
def test_fewer_than_six_tokens_have_none(size):
    # of n numbers none is further from the mean than sqrt(n - 1) standard deviations
    assert aw.attention_sinks(on_one_key(size, share=1.0)).positions == ((0,) if size == 6 else ())


def test_its_length_is_how_many_were_found_so_that_none_is_false():
    found, none = aw.attention_sinks(on_one_key(8)), aw.attention_sinks(on_one_key(5))
    assert (len(found), bool(found)) == (1, True)
    assert (len(none), bool(none)) == (0, False)
    assert np.asarray(none).shape == none.received.shape == (5,)


def test_one_token():
    found = aw.attention_sinks(aw.Trace.from_weights([torch.ones(1, 1, 1)], ["a"]))
    assert found.positions == ()
    assert "none" in repr(found)


def test_nothing_but_padding():
    text = replace(aw.Tokens.from_pieces(["[PAD]", "[PAD]"]), padding=(True, True))
    found = aw.attention_sinks(aw.Trace.from_weights([torch.eye(2)[None]], text))
    assert found.positions == ()
    assert np.isnan(np.asarray(found)).all()


@pytest.mark.parametrize("size", [7, 50, 300])
def test_rounding_makes_no_sink(size):
    maps = torch.full((2, size, size), 1 / size) * (1 + 1e-7 * torch.randn(2, size, size).clamp(-2, 2))
    assert aw.attention_sinks(aw.Trace.from_weights([maps], [str(i) for i in range(size)])).positions == ()


def test_uniform_causal_attention_has_a_sink_and_the_score_allows_for_it():
    # as the docstring warns: the first token is read by more queries
    maps = torch.ones(12, 12).tril() / torch.arange(1, 13)[:, None]
    trace = aw.Trace.from_weights([maps[None]], [str(i) for i in range(12)])
    assert aw.attention_sinks(trace).positions == (0,)
    assert float(aw.sink_score(trace, fewest=3)[0, 0]) < 0.3


def test_one_layer_and_one_head():
    rest, none = torch.full((1, 8, 8), 1 / 8), torch.zeros(1, 8, 8)
    none[..., 3] = 1
    trace = aw.Trace.from_weights([torch.cat([rest, none]), rest], list("abcdefgh"))
    assert aw.attention_sinks(trace, layer=0, head=1).positions == (3,)
    assert aw.attention_sinks(trace, layer="L0H1").positions == (3,)
    assert aw.attention_sinks(trace, layer=-1).positions == ()
    assert "head 1 of layer 0" in aw.attention_sinks(trace, layer="L0H1").recipe
    assert np.asarray(aw.attention_sinks(trace, layer=0))[3] == pytest.approx((1 / 8 + 1) / 2)
    # head 1 of every layer that has one; of all heads each counts alike
    assert np.asarray(aw.attention_sinks(trace, head=1))[3] == pytest.approx(1)
    assert np.asarray(aw.attention_sinks(trace))[3] == pytest.approx((1 / 8 + 1 + 1 / 8) / 3)


def test_only_chosen_heads_are_computed(monkeypatch):
    from attnwidget.measures import portions

    asked = []
    plain = portions.weights
    monkeypatch.setattr(
        portions, "weights", lambda block, heads, **kw: asked.append((block.layer, heads)) or plain(block, heads, **kw)
    )
    aw.attention_sinks(random_trace(), layer=1, head=2)
    assert asked == [(1, [2])]


def test_padding_is_in_neither_mean_nor_deviation():
    plain = on_one_key(8, key=2)
    text = replace(
        aw.Tokens.from_pieces([f"t{i}" for i in range(8)] + ["[PAD]"] * 30), padding=(False,) * 8 + (True,) * 30
    )
    maps = torch.zeros(2, 38, 38)
    maps[:, :8, :8] = plain.weights(0)
    found, expected = aw.attention_sinks(aw.Trace.from_weights([maps], text)), aw.attention_sinks(plain)
    assert found.positions == expected.positions == (2,)
    assert found.threshold == pytest.approx(expected.threshold)
    assert np.asarray(found)[:8] == pytest.approx(np.asarray(expected))
    assert np.isnan(np.asarray(found)[8:]).all()


def test_cross_attention_has_sinks_among_its_keys():
    maps = torch.full((2, 3, 9), 0.025)
    maps[..., 6] = 0.8
    trace = aw.Trace.from_weights([maps], list("abc"), list("pqrstuvwx"), part="cross")
    assert aw.attention_sinks(trace).pieces == ("v",)


@pytest.mark.parametrize(
    "wrong", [{"layer": 2}, {"head": 2}, {"layer": "L0H9"}, {"layer": 1.5}, {"part": "cross"}, {"layer": "H1"}]
)
def test_bad_options(wrong):
    with pytest.raises(aw.AttnWidgetError):
        aw.attention_sinks(example(), **wrong)
