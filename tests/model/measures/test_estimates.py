"""Estimates by gradients: against autograd on eager models with plain hooks, and what they leave alone."""

from contextlib import contextmanager, nullcontext

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

import attnwidget as aw
from tests.model.families import FAMILIES, build, reference
from tests.model.small import small, words

TEXT = "The capital of Veldt is Miro. The capital of Veldt is"
ESTIMATE = {"how": "estimate", "check": 0}


@pytest.fixture(scope="module")
def model():
    return aw.load()


@pytest.fixture(scope="module")
def trace(model):
    return model.trace(TEXT)


@contextmanager
def gated(eager, blocks):
    """Inside, what every head gives to its projection is multiplied by a gate, which is 1: the gates by layer."""
    gates, hooks = {}, []
    for block in blocks:
        gate = gates[block.layer] = torch.ones(block.heads, requires_grad=True)

        def through(_module, given, gate=gate):
            return ((given[0].unflatten(-1, (len(gate), -1)) * gate[:, None]).flatten(-2), *given[1:])

        hooks.append(eager.get_submodule(block.projection.path).register_forward_pre_hook(through))
    yield gates
    for hook in hooks:
        hook.remove()


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("gpt2", None),
        ("llama-grouped", None),
        ("gemma2-soft-cap", None),
        ("gpt-oss-sinks", None),
        ("deepseek-v3", None),
        ("bert-masked-lm", None),
        ("t5", "cross"),
        ("t5", "encoder"),
    ],
)
def test_an_estimate_is_the_gradient_by_a_gate_on_the_eager_model(name, part):
    inputs, eager, model = FAMILIES[name].inputs(12), reference(name), aw.load(build(name))
    trace = model.trace(inputs)
    at = 2 if part else 9
    estimate = aw.head_effects(model, trace, answer=(7, 5), at=at, part=part, **ESTIMATE)
    with gated(eager, trace.part_blocks(part)) as gates:
        said = eager(**inputs).logits[0, at].log_softmax(-1)
        (said[7] - said[5]).backward()
    for layer, gate in gates.items():
        assert np.allclose(estimate.values[layer], gate.grad, atol=1e-4 * max(1.0, float(gate.grad.abs().max())))


@pytest.mark.parametrize(("kind", "where"), [("class", 0), ("label", (0, 3))])
def test_estimates_of_classes_are_gradients_too(kind, where):
    model, plain = aw.load(small(kind), words(special=True)), small(kind)
    trace = model.trace("the river bank was quiet .")
    estimate = aw.head_effects(model, trace, answer=1, at=3, unit="probability", **ESTIMATE)
    with gated(plain, trace.blocks) as gates:
        plain(**trace.forward).logits[where].softmax(-1)[1].backward()
    for layer, gate in gates.items():
        assert np.allclose(estimate.values[layer], gate.grad, atol=1e-5)


@pytest.mark.parametrize("edit", ["cut 9 reads 4..6 in {}", "cut 9 reads 4..6 in {}, without renormalising"])
def test_heads_that_edits_write_out_are_followed_back_like_fused_ones(model, trace, edit):
    heads = ", ".join(f"L1H{head}" for head in range(4))
    found = [
        aw.head_effects(model, model.trace(trace, edits=edit.format(where)), **ESTIMATE).values
        for where in ("L1", heads)
    ]
    assert np.allclose(*found, atol=1e-5)
    assert not np.allclose(found[0], aw.head_effects(model, trace, **ESTIMATE).values, atol=1e-3)


def test_a_silenced_head_has_nothing_to_lose(model, trace):
    edited = model.trace(trace, edits=["silence L1H2", "hide 3", "paint L2H0 uniform"])
    estimate = aw.head_effects(model, edited, **ESTIMATE)
    assert estimate.values[1, 2] == 0
    assert "silence L1H2" in estimate.recipe


def test_the_agreement_is_that_of_exact_runs(model, trace):
    exact = aw.head_effects(model, trace)
    estimate = aw.head_effects(model, trace, how="estimate", check=9, seed=4)
    assert len(estimate.checked) == 9
    assert all(abs(exact.values[one.layer, one.head] - one.value) < 1e-5 for one in estimate.checked)
    mine = [estimate.values[one.layer, one.head] for one in estimate.checked]
    assert estimate.agreement == pytest.approx(spearmanr(mine, [one.value for one in estimate.checked]).statistic)
    assert f"rank agreement with exact runs of 9 heads {estimate.agreement:.2f}" in repr(estimate)
    again = aw.head_effects(model, trace, how="estimate", check=9, seed=5)
    assert again.checked != estimate.checked
    assert aw.head_effects(model, trace, **ESTIMATE).agreement is None


@pytest.mark.parametrize("around", [nullcontext, torch.no_grad, torch.inference_mode])
def test_the_model_is_left_as_it_was(around):
    user = small("class").train()
    user.bert.embeddings.requires_grad_(requires_grad=False)
    model = aw.load(user, words(special=True))
    trace = model.trace("the river bank was quiet .")
    said = lambda: (  # noqa: E731
        [(p.requires_grad, p.grad, p._version, id(p)) for p in user.parameters()],
        [(part.training, len(part._forward_hooks), len(part._forward_pre_hooks)) for part in user.modules()],
        torch.get_rng_state().tolist(),
        torch.is_grad_enabled(),
    )
    before, logits = said(), trace.logits()
    with around():
        estimate = aw.head_effects(model, trace, **ESTIMATE)
    assert said() == before
    assert torch.equal(model.trace(trace).logits(), logits)
    assert np.array_equal(estimate.values, aw.head_effects(model, trace, **ESTIMATE).values)
    user(input_ids=torch.tensor([[1, 5, 2]])).logits.sum().backward()  # it still trains
    assert user.classifier.weight.grad is not None


def test_where_no_gradient_can_be_had_one_sentence_says_what_to_do(model, trace):
    quantised = aw.load(small("class"), words(special=True))
    quantised.model.is_quantized = True
    with torch.inference_mode():
        frozen = aw.load(small("class"), words(special=True))
    outsider = aw.load(small("bloom"), words())
    for own, said in ((quantised, "is quantised"), (frozen, "torch.inference_mode"), (outsider, "code of its own")):
        text = own.trace("the river bank was quiet .")
        with pytest.raises(aw.AttnWidgetError, match=rf'{said}.* with how="exact"'):
            aw.head_effects(own, text, how="estimate")
    for answer, said in ((lambda logits: logits[3].item(), "without a gradient"), (lambda logits: logits, "without")):
        with pytest.raises(aw.AttnWidgetError, match=said):
            aw.head_effects(model, trace, answer=answer, **ESTIMATE)
    for given in ({"how": "guess"}, {"how": "estimate", "check": -1}, {"how": "estimate", "seed": "x"}):
        with pytest.raises(aw.AttnWidgetError, match="is not valid"):
            aw.head_effects(model, trace, **given)
