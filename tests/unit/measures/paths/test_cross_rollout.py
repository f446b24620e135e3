"""Rollout of encoder-decoders: closed forms, laws, the same by hand, and models."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import GPT2Config, GPT2LMHeadModel, T5Config, T5ForConditionalGeneration

import attnwidget as aw

SOURCE, TARGET = list("vwxyz"), list("abc")


def rows(layers, queries, keys, *, causal=False, seed=0):
    """Random maps (head query key) of so many layers."""
    generator = torch.Generator().manual_seed(seed)
    scores = torch.randn(layers, 2, queries, keys, generator=generator) * 2
    if causal:
        scores = scores.masked_fill(torch.ones(queries, keys, dtype=torch.bool).triu(1), float("-inf"))
    return list(scores.softmax(-1))


def translation(layers=3, *, below=2, targets=3, sources=5, seed=0, **more):
    """A trace with all three parts."""
    parts = {
        "encoder": rows(below, sources, sources, seed=seed),
        "decoder": rows(layers, targets, targets, causal=True, seed=seed + 1),
        "cross": rows(layers, targets, sources, seed=seed + 2),
    }
    return aw.Trace.from_weights({**parts, **more}, *named(targets, sources))


def named(targets, sources):
    return [f"t{i}" for i in range(targets)], [f"s{i}" for i in range(sources)]


def normalised(maps):
    return maps / maps.sum(-1, keepdims=True)


def by_hand(encoder, decoder, cross, residual=0.5, fuse=lambda maps: maps.mean(0)):
    """(M_x, M_y) from the bottom up, whole matrices; None where a layer lacks a map."""
    sources, targets = cross[-1].shape[-1], cross[-1].shape[-2]
    through = np.eye(sources)
    for one in encoder:
        through = normalised(residual * np.eye(sources) + (1 - residual) * fuse(one.numpy())) @ through
    source, own = np.zeros((targets, sources)), np.eye(targets)
    for itself, other in zip(decoder, cross, strict=True):
        if itself is not None:
            step = normalised(residual * np.eye(targets) + (1 - residual) * fuse(itself.numpy()))
            source, own = step @ source, step @ own
        if other is not None:
            read = (1 - residual) * fuse(other.numpy())
            total = residual + read.sum(-1, keepdims=True)
            source, own = (read @ through + residual * source) / total, residual * own / total
    return source, own


@settings(max_examples=20)
@given(
    st.integers(1, 4),
    st.integers(1, 5),
    st.integers(1, 6),
    st.integers(0, 99),
    st.floats(0, 1),
    st.sampled_from(["mean", "max", "min"]),
)
def test_both_halves_equal_those_from_the_bottom_up(layers, targets, sources, seed, residual, fusion):
    trace = translation(layers, targets=targets, sources=sources, seed=seed)
    fuse = {"mean": lambda maps: maps.mean(0), "max": lambda maps: maps.max(0), "min": lambda maps: maps.min(0)}[fusion]
    parts = [[trace.weights(i, part=part) for i in range(trace.layers(part))] for part in trace.parts]
    expected = by_hand(*parts, residual, fuse)
    for part, whole in zip(("cross", "decoder"), expected, strict=True):
        found = aw.rollout(trace, part=part, residual=residual, fusion=fusion)
        assert np.asarray(found) == pytest.approx(whole, rel=1e-5, abs=1e-5)
        assert (found.query_pieces, len(found.key_pieces)) == (trace.text.pieces, whole.shape[1])
        row = aw.rollout(trace, part=part, residual=residual, fusion=fusion, query=-1)
        assert np.asarray(row) == pytest.approx(whole[-1], rel=1e-5, abs=1e-5)
        assert len(row.pieces) == whole.shape[1]


@pytest.mark.parametrize("layers", [1, 2, 6])
def test_the_source_has_the_same_share_whatever_the_text(layers):
    for seed in range(3):
        trace = translation(layers, seed=seed)
        source, own = aw.rollout(trace, part="cross"), aw.rollout(trace, part="decoder")
        assert source.values.sum(-1) == pytest.approx([1 - 2.0**-layers] * 3, rel=1e-5, abs=1e-6)
        assert own.values.sum(-1) == pytest.approx([2.0**-layers] * 3, rel=1e-5, abs=1e-6)
        less = aw.rollout(trace, part="cross", residual=0.9)
        assert less.values.sum(-1) == pytest.approx([1 - 0.9**layers] * 3, rel=1e-5, abs=1e-6)
    assert f"1 - 0.5^{layers}" in source.recipe
    assert "sum to 1 together" in own.recipe


def test_uniform_cross_attention_of_targets_that_read_themselves():
    identity = [torch.eye(3).expand(2, 3, 3)] * 4
    uniform = [torch.full((2, 3, 5), 0.2)] * 4
    trace = translation(4, decoder=identity, cross=uniform)
    through = np.asarray(aw.rollout(trace, part="encoder"))
    expected = (1 - 2.0**-4) * through.mean(0)
    assert np.asarray(aw.rollout(trace, part="cross")) == pytest.approx(np.tile(expected, (3, 1)), rel=1e-5, abs=1e-6)
    assert np.asarray(aw.rollout(trace, part="decoder")) == pytest.approx(np.eye(3) / 16, rel=1e-5, abs=1e-6)


def test_the_encoder_alone_is_a_plain_rollout():
    trace = translation()
    alone = aw.Trace.from_weights([trace.weights(i, part="encoder") for i in range(2)], list("vwxyz"))
    assert (np.asarray(aw.rollout(trace, part="encoder")) == np.asarray(aw.rollout(alone))).all()


def test_without_an_encoder_it_counts_as_identity_and_the_recipe_says_so():
    decoder, cross = rows(2, 3, 3, seed=1), rows(2, 3, 5, seed=2)
    trace = aw.Trace.from_weights({"decoder": decoder, "cross": cross}, TARGET, SOURCE)
    found = aw.rollout(trace, part="cross")
    assert np.asarray(found) == pytest.approx(by_hand([], decoder, cross)[0], rel=1e-5, abs=1e-6)
    assert "the encoder taken as identity" in found.recipe
    assert "identity" not in aw.rollout(translation(), part="cross").recipe


def test_without_cross_attention_a_decoder_is_a_plain_rollout():
    maps = rows(2, 3, 3)
    alone = aw.Trace.from_weights(maps, TARGET, part="decoder")
    expected = np.asarray(aw.rollout(aw.Trace.from_weights(maps, TARGET)))
    assert (np.asarray(aw.rollout(alone)) == expected).all()


def test_cross_attention_alone_is_refused():
    trace = aw.Trace.from_weights(rows(2, 3, 3), TARGET, list("xyz"), part="cross")
    with pytest.raises(aw.AttnWidgetError, match="no self-attention maps of the decoder"):
        aw.rollout(trace)


def test_layers_are_matched_by_their_numbers():
    itself, cross = rows(4, 3, 3, seed=1), rows(4, 3, 5, seed=2)
    selves = [itself[0], None, itself[2], itself[3]]
    crosses = [None, cross[1], None, cross[3]]
    trace = aw.Trace.from_weights({"self": selves, "cross": crosses}, TARGET, SOURCE)
    source, own = by_hand([], selves, crosses)
    assert np.asarray(aw.rollout(trace, part="cross")) == pytest.approx(source, rel=1e-5, abs=1e-6)
    assert np.asarray(aw.rollout(trace, part="self")) == pytest.approx(own, rel=1e-5, abs=1e-6)
    assert "1 - 0.5^2" in aw.rollout(trace, part="cross").recipe


def test_rows_that_sum_to_less_than_one_still_make_one_together():
    trace = translation(2)
    less = [0.5 * trace.weights(i, part="cross") for i in range(2)]
    sunk = translation(2, cross=less)
    source, own = (np.asarray(aw.rollout(sunk, part=part)) for part in ("cross", "decoder"))
    assert source.sum(-1) + own.sum(-1) == pytest.approx(np.ones(3), rel=1e-5, abs=1e-6)
    assert own.sum(-1) == pytest.approx(np.full(3, (2 / 3) ** 2), rel=1e-5, abs=1e-6)


def test_padding_of_source_and_target_changes_nothing():
    encoder, decoder, cross = rows(2, 5, 5), rows(2, 4, 4, seed=1), rows(2, 4, 5, seed=2)
    real, read = [0, 1, 3], [1, 2, 3, 4]  # of the target, of the source
    cropped = aw.Trace.from_weights(
        {
            "encoder": [one[:, read][:, :, read] for one in encoder],
            "decoder": [one[:, real][:, :, real] for one in decoder],
            "cross": [one[:, real][:, :, read] for one in cross],
        },
        *named(3, 4),
    )
    for maps, row in ((encoder, 0), (decoder, 2), (cross, 2)):
        for one in maps:
            one[:, row] = torch.nan
    padded = aw.Trace.from_weights({"encoder": encoder, "decoder": decoder, "cross": cross}, *named(4, 5))
    for part, keys in (("cross", read), ("decoder", real)):
        for options in ({}, {"null": "uniform"}, {"discard": 0.4}):
            found = np.asarray(aw.rollout(padded, part=part, **options))
            expected = np.asarray(aw.rollout(cropped, part=part, **options))
            assert found[np.ix_(real, keys)] == pytest.approx(expected, rel=1e-5, abs=1e-6)
            assert not found[2].any()
            assert np.count_nonzero(found.any(0)) <= len(keys)
    assert "padding left out" in aw.rollout(padded, part="cross").recipe
    with pytest.raises(aw.AttnWidgetError, match="attends to nothing: padding"):
        aw.rollout(padded, part="cross", query=next(i for i, one in enumerate(padded.text.padding) if one))


def test_the_null_model_is_uniform_in_all_parts():
    uniform = translation(
        2,
        encoder=[torch.full((1, 5, 5), 0.2)],
        decoder=[torch.ones(3, 3).tril()[None] / torch.arange(1, 4)[:, None]] * 2,
        cross=[torch.full((1, 3, 5), 0.2)] * 2,
    )
    assert np.asarray(aw.rollout(uniform, part="cross", null="uniform")) == pytest.approx(
        np.ones((3, 5)), rel=1e-5, abs=1e-5
    )
    ratio = np.asarray(aw.rollout(uniform, part="decoder", null="uniform"))
    assert ratio == pytest.approx(np.tri(3), rel=1e-5, abs=1e-5)


def test_discarding_everything_leaves_the_residual_alone():
    trace = translation(2)
    own = np.asarray(aw.rollout(trace, part="decoder", discard=1.0))
    assert own[1:] == pytest.approx(np.eye(3)[1:], rel=1e-5, abs=1e-6)  # all but entry (0, 0), which stays


def test_maps_that_do_not_fit_are_refused():
    trace = aw.Trace.from_weights({"self": rows(2, 3, 3), "cross": rows(2, 3, 5)}, TARGET, SOURCE)
    torch_block = trace.blocks[-1]
    object.__setattr__(torch_block, "dense", torch_block.dense[:, :, :4])
    with pytest.raises(aw.AttnWidgetError, match="3 x 4, but there are 3 target and 5 source tokens"):
        aw.rollout(trace, part="cross")


def test_a_model_with_encoder_and_decoder():
    torch.manual_seed(0)
    sizes = {"num_layers": 2, "num_decoder_layers": 3, "num_heads": 4, "d_model": 32, "d_kv": 8, "d_ff": 64}
    model = T5ForConditionalGeneration(T5Config(**sizes, vocab_size=50, decoder_start_token_id=0)).eval()
    source, target = torch.tensor([[5, 6, 7, 8, 9]]), torch.tensor([[0, 3, 4]])
    trace = aw.load(model).trace({"input_ids": source, "decoder_input_ids": target})
    model.set_attn_implementation("eager")
    with torch.no_grad():
        out = model(input_ids=source, decoder_input_ids=target, output_attentions=True)
    parts = [
        [one[0] for one in maps] for maps in (out.encoder_attentions, out.decoder_attentions, out.cross_attentions)
    ]
    expected = by_hand(*parts)
    assert np.asarray(aw.rollout(trace, part="cross")) == pytest.approx(expected[0], rel=1e-5, abs=1e-5)
    assert np.asarray(aw.rollout(trace, part="decoder")) == pytest.approx(expected[1], rel=1e-5, abs=1e-5)
    assert trace.tokens("encoder")[0].pieces == aw.rollout(trace, part="cross", query=0).pieces


def test_a_decoder_that_reads_states_from_elsewhere():
    torch.manual_seed(0)
    sizes = {"n_layer": 2, "n_head": 2, "n_embd": 16, "n_positions": 32, "vocab_size": 40}
    model = GPT2LMHeadModel(GPT2Config(**sizes, add_cross_attention=True)).eval()
    states = torch.randn(1, 5, 16)
    trace = aw.load(model).trace({"input_ids": torch.tensor([[3, 4, 5]]), "encoder_hidden_states": states})
    found = aw.rollout(trace, part="cross")
    parts = [[trace.weights(i, part=part) for i in range(2)] for part in ("self", "cross")]
    assert np.asarray(found) == pytest.approx(by_hand([], *parts)[0], rel=1e-5, abs=1e-5)
    assert "taken as identity" in found.recipe
