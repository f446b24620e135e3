"""Value zeroing: against plain hooks that zero a row of the eager model's values, one token at a time."""

import numpy as np
import pytest
import torch

import attnwidget as aw
from tests.model.families import FAMILIES, build, reference

VALUES = {
    "gpt2": ("transformer.h.{}", "attn.c_attn"),
    "llama-grouped": ("model.layers.{}", "self_attn.v_proj"),
    "bert-masked-lm": ("bert.encoder.layer.{}", "attention.self.value"),
    "gemma2-soft-cap": ("model.layers.{}", "self_attn.v_proj"),
    "gpt-oss-sinks": ("model.layers.{}", "self_attn.v_proj"),
}
"""Layers and the modules that make their values; GPT-2's makes queries and keys too."""


def moved(name, layer, inputs, count):
    """(query key) by the definition: a pass for every token."""
    eager = reference(name)
    where, what = VALUES[name]
    block = eager.get_submodule(where.format(layer))
    heard = []

    def keep(_module, _given, result):
        heard.append((result[0] if isinstance(result, tuple) else result)[0].detach())

    listening = block.register_forward_hook(keep)
    for token in (None, *range(count)):

        def zero(_module, _given, result, token=token):
            result = result.clone()
            result[:, token, -(result.shape[-1] // 3 if "c_attn" in what else result.shape[-1]) :] = 0
            return result

        hook = None if token is None else block.get_submodule(what).register_forward_hook(zero)
        with torch.no_grad():
            eager(**inputs)
        if hook is not None:
            hook.remove()
    listening.remove()
    own, *without = heard
    found = torch.stack([1 - torch.cosine_similarity(one.double(), own.double(), dim=-1) for one in without], 1)
    return (found / found.sum(-1, keepdim=True)).numpy()


@pytest.mark.parametrize("name", VALUES)
def test_a_layers_map_is_that_of_zeroed_values(name):
    model, inputs = aw.load(build(name)), FAMILIES[name].inputs(7)
    trace = model.trace(inputs)
    layer = trace.blocks[1].layer
    found = aw.value_zeroing(model, trace, layer, progress=False)
    assert np.allclose(found, moved(name, layer, inputs, 7), atol=1e-4)
    assert np.allclose(found.values.sum(1), 1)


def test_through_all_layers_it_is_the_product(monkeypatch):
    model = aw.load()
    trace = model.trace("The cat sat on the mat.")
    expected = np.eye(7)
    for layer in range(4):
        expected = aw.value_zeroing(model, trace, layer).values @ expected
    monkeypatch.setattr("attnwidget.engine.zeroing.ZEROED_TOGETHER", 4 * 7)
    done = []
    found = aw.value_zeroing(model, trace, progress=lambda *one: done.append(one))
    assert np.allclose(found, expected, atol=1e-6)
    assert np.abs(np.triu(found.values, 1)).max() < 1e-9
    assert done[:3] == [(3, 28), (6, 28), (7, 28)]
    assert done[-1] == (28, 28)


def test_under_edits_a_hidden_token_moves_only_itself():
    model = aw.load()
    trace = model.trace("The cat sat on the mat.")
    edited = model.trace(trace, edits=["hide 2", "silence L1H0"])
    found = aw.value_zeroing(model, edited, 1).values
    assert np.allclose(np.delete(found[:, 2], 2), 0, atol=1e-6)
    assert found[2, 2] > 0.01
    rest = aw.value_zeroing(model, model.trace(trace, edits=[f"silence L1H{head}" for head in range(4)]), 1)
    assert np.allclose(rest.values, 0, atol=1e-6)


def test_both_kinds_of_layers_of_a_translator():
    model = aw.load(build("t5"))
    trace = model.trace(FAMILIES["t5"].inputs(7))
    for part in ("encoder", "decoder", "cross"):
        found = aw.value_zeroing(model, trace, 1, part=part)
        queries, keys = trace.tokens(part)
        assert found.shape == (len(queries), len(keys))
        assert np.allclose(found.values.sum(1), 1)
    edited = model.trace(trace, edits="silence cross L1H0")
    with pytest.raises(aw.AttnWidgetError, match="without them"):
        aw.value_zeroing(model, edited, 1, part="decoder")
    with pytest.raises(aw.AttnWidgetError, match="follows one text through its layers"):
        aw.value_zeroing(model, trace, part="cross")


def test_layers_of_code_of_its_own_cannot_be_run_alone():
    model = aw.load(build("bloom"))
    with pytest.raises(aw.AttnWidgetError, match="code of its own"):
        aw.value_zeroing(model, model.trace(FAMILIES["bloom"].inputs(7)), 0)
