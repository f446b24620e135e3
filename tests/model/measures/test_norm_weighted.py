"""Norm-based attention of real architectures: the models' own layers agree, and long texts need no vector for each pair."""

import numpy as np
import pytest
import torch
from einops import einsum, repeat
from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM

import attnwidget as aw
from attnwidget.engine.trace import recompute
from attnwidget.measures.values.norm_weighted import norm_weighted
from attnwidget.measures.values.value_norms import value_norms, written_values
from tests.model.exact import test_long
from tests.model.families import FAMILIES, build, reference

NAMES = ["gpt2", "llama-grouped", "bert-masked-lm", "t5", "deepseek-v3", "albert", "gpt-oss-sinks", "gemma2-soft-cap"]


def traced(name):
    return aw.load(build(name)).trace(FAMILIES[name].inputs(20))


@pytest.fixture(scope="module", params=[name for name in NAMES if name in FAMILIES])
def trace(request):
    return traced(request.param)


def vectors(trace, block):
    """A_ij f^h(x_j): a vector for every pair of tokens and every head."""
    maps = trace.weights(block.layer, part=block.part)
    values = repeat(block.v[0], "shared key dim -> (shared group) key dim", group=block.heads // block.kv_heads)
    weight = block.projection.of_heads(block.heads)
    return einsum(maps, values, weight, "head query key, head key dim, out head dim -> head query key out")


def test_it_equals_the_form_with_a_vector_for_every_pair(trace):
    for block in trace.blocks:
        every = vectors(trace, block)
        expected = every.sum(0).norm(dim=-1).numpy()
        found = np.asarray(norm_weighted(trace, block.layer, part=block.part))
        assert np.abs(found - expected).max() <= 1e-5 * expected.max()
        for head, own in enumerate(every.norm(dim=-1).numpy()):
            found = np.asarray(norm_weighted(trace, block.layer, head, part=block.part))
            assert np.abs(found - own).max() <= 1e-5 * own.max()


@pytest.mark.parametrize("name", ["gpt2", "t5"])
def test_the_vectors_and_the_bias_add_up_to_what_the_models_own_layer_puts_out(name):
    trace, model = traced(name), reference(name)
    for block in trace.blocks:
        heard = []
        hook = model.get_submodule(block.projection.path).register_forward_hook(
            lambda *own, heard=heard: heard.append(own[2])
        )
        with torch.no_grad():
            model(**FAMILIES[name].inputs(20))
        hook.remove()
        written = torch.cat(list(written_values(block)))
        found = einsum(
            trace.weights(block.layer, part=block.part), written, "head query key, key head out -> query out"
        )
        if block.projection.bias is not None:
            found = found + block.projection.bias
        assert (found - heard[0][0]).abs().max() <= 1e-5 * heard[0].abs().max()


def test_generated_and_saved_traces_have_it_too(tmp_path):
    model = aw.load()
    trace = model.generate("The cat sat on the", max_new_tokens=3)
    expected = np.asarray(norm_weighted(model.trace(trace.text.text), 2))
    assert np.asarray(norm_weighted(trace, 2))[:-1] == pytest.approx(expected[:-1], abs=1e-4)
    again = aw.Trace.load(trace.save(tmp_path / "cat", values=True))
    assert np.array_equal(norm_weighted(again, 2), norm_weighted(trace, 2))
    with pytest.raises(aw.AttnWidgetError, match="values=True"):
        norm_weighted(aw.Trace.load(trace.save(tmp_path / "lean")), 2)


def test_a_model_with_a_gate_before_its_projection_is_refused_in_a_sentence():
    if not FAMILIES["qwen3-next"].known():
        pytest.skip("this transformers does not have it")
    trace = traced("qwen3-next")
    with pytest.raises(aw.AttnWidgetError, match="has no output projection"):
        norm_weighted(trace, trace.blocks[0].layer)


TOKENS, HEADS, WIDTH = 600, 4, 64
LONG = {
    "gpt2": lambda: GPT2LMHeadModel(
        GPT2Config(
            n_layer=1, n_head=HEADS, n_embd=WIDTH, n_positions=700, vocab_size=60, bos_token_id=0, eos_token_id=0
        )
    ),
    "llama-grouped": lambda: LlamaForCausalLM(
        LlamaConfig(
            num_hidden_layers=1,
            num_attention_heads=HEADS,
            num_key_value_heads=2,
            hidden_size=WIDTH,
            intermediate_size=32,
            vocab_size=60,
        )
    ),
}


@pytest.mark.parametrize("name", LONG)
@pytest.mark.parametrize("asked", ["a head", "a layer", "lengths"])
def test_of_long_texts_no_vector_of_a_pair_and_no_maps_of_all_heads_are_made(name, asked, monkeypatch):
    torch.manual_seed(0)
    trace = aw.load(LONG[name]().eval()).trace(torch.randint(3, 60, (TOKENS,)))
    ask = {
        "a head": lambda: norm_weighted(trace, 0, 1),
        "a layer": lambda: norm_weighted(trace, 0),
        "lengths": lambda: value_norms(trace, 0),
    }[asked]
    limit = HEADS * TOKENS**2
    assert recompute.TILE < limit < TOKENS**2 * WIDTH
    monkeypatch.setattr(test_long, "SQUARE", limit)
    with test_long.Largest() as largest:
        ask()
    assert not largest.found
    with test_long.Largest() as largest:
        vectors(trace, trace.block(0))
    assert largest.found  # or nothing would have been counted
