"""What parts add to a logit: against norms and heads written out on eager models, and their sum against the logit."""

import numpy as np
import pytest
import torch

import attnwidget as aw
from attnwidget.errors import AttnWidgetError
from tests.model.families import FAMILIES, build, reference

NORMS = {"gpt2": "transformer.ln_f", "llama-grouped": "model.norm", "gpt-neox": "gpt_neox.final_layer_norm"}
"""Layer norms, RMS norms with shared key heads, an MLP beside attention."""

OTHERS = ["phi", "cohere", "qwen2-moe", "gpt-oss-sinks"]


@pytest.mark.parametrize("by", ["layer", "head", "token"])
@pytest.mark.parametrize("name", [*NORMS, *(pytest.param(name, marks=pytest.mark.long) for name in OTHERS)])
def test_the_parts_sum_to_the_logit(name, by):
    model = aw.load(build(name))
    trace = model.trace(FAMILIES[name].inputs(9))
    one = aw.direct_effects(model, trace, answer=5, at=6, by=by)
    assert abs(one.total - float(trace.logits(6)[0, 5])) < 1e-4
    pair = aw.direct_effects(model, trace, answer=(5, 7), at=6, by=by)
    assert abs(pair.total - float(trace.logits(6)[0, 5] - trace.logits(6)[0, 7])) < 1e-4


@pytest.mark.parametrize("name", NORMS)
def test_a_head_adds_what_the_frozen_norm_makes_of_its_output(name):
    inputs, eager = FAMILIES[name].inputs(9), reference(name)
    model = aw.load(build(name))
    trace = model.trace(inputs)
    found = aw.direct_effects(model, trace, answer=5, at=6)
    seen = {}
    norm = eager.get_submodule(NORMS[name])
    hooks = [norm.register_forward_hook(lambda _norm, given, _out: seen.update(final=given[0][0, 6]))]
    for block in trace.blocks:
        projection = eager.get_submodule(block.projection.path)
        hooks.append(
            projection.register_forward_hook(
                lambda own, given, _out, at=block.layer: seen.update({at: (own, given[0])})
            )
        )
    with torch.no_grad():
        eager(**inputs)
        for hook in hooks:
            hook.remove()
        own = seen["final"]
        centred = isinstance(norm, torch.nn.LayerNorm)
        scale = own.std(correction=0) if centred else own.square().mean().sqrt()
        for block in trace.blocks:
            projection, given = seen[block.layer]
            width = given.shape[-1] // block.heads
            for head in range(block.heads):
                alone = torch.zeros_like(given)
                alone[..., head * width : (head + 1) * width] = given[..., head * width : (head + 1) * width]
                added = (projection(alone) - projection(torch.zeros_like(alone)))[0, 6]
                normed = (added - added.mean() if centred else added) / scale * norm.weight
                expected = float(normed @ eager.get_output_embeddings().weight[5])
                assert abs(found.values[block.layer, head] - expected) < 1e-4


def test_heads_and_their_tokens_are_the_same_share():
    model = aw.load()
    trace = model.trace("The capital of Veldt is Miro. The capital of Veldt is")
    heads = aw.direct_effects(model, trace, answer=("Miro", "Sela"))
    for layer, head in ((0, 0), (1, 2), (3, 3)):
        tokens = aw.direct_effects(model, trace, answer=("Miro", "Sela"), by="token", head=f"L{layer}H{head}")
        assert abs(tokens.values.sum() - heads.values[layer, head]) < 1e-5
        assert abs(tokens.total - heads.logit) < 1e-4
    layers = aw.direct_effects(model, trace, answer=("Miro", "Sela"), by="layer")
    assert abs(layers.attention.sum() - np.nansum(heads.values) - heads.rest["attention biases"]) < 1e-5
    assert "final biases" in repr(layers)


def test_of_an_edited_text_the_parts_are_those_of_its_run():
    model = aw.load()
    trace = model.trace(
        "The capital of Veldt is Miro. The capital of Veldt is", edits=["silence L1H1 by mean", "hide 4"]
    )
    heads = aw.direct_effects(model, trace, answer="Miro")
    tokens = aw.direct_effects(model, trace, answer="Miro", by="token")
    assert abs(heads.total - heads.logit) < 1e-4
    assert abs(tokens.total - heads.logit) < 1e-4
    assert abs(tokens.rest["heads that edits replaced"] - heads.values[1, 1]) < 1e-5
    assert heads.values[1, 1] != 0


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("gemma2-soft-cap", "scales or norms it"),
        ("bert-masked-lm", "scales or norms it"),
        ("modernbert", "not linear"),
        ("bloom", "plain output projection"),
        ("bart", "several parts"),
        ("mobilebert", "hand a stream on"),
    ],
)
def test_a_model_that_is_no_such_sum_is_refused_in_a_sentence(name, said):
    model = aw.load(build(name))
    with pytest.raises(AttnWidgetError, match=said):
        aw.direct_effects(model, model.trace(FAMILIES[name].inputs(7)))


@pytest.mark.parametrize(
    "wrong",
    [
        {"by": "word"},
        {"head": "L0H1"},
        {"by": "token", "head": "L1"},
        {"by": "token", "head": 3},
        {"by": "token", "head": (0, 1, 2)},
        {"answer": lambda logits: logits[0]},
        {"at": 40},
    ],
)
def test_bad_input_is_refused(wrong):
    model = aw.load()
    with pytest.raises(AttnWidgetError):
        aw.direct_effects(model, model.trace("The cat sat."), **wrong)
