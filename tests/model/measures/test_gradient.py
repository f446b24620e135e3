"""Gradients by the embeddings, against Captum's on the user's own model."""

import numpy as np
import pytest
import torch
from captum.attr import InputXGradient, IntegratedGradients, LayerIntegratedGradients, Saliency

import attnwidget as aw
from tests.model.families import FAMILIES, build
from tests.model.small import small, words

TEXT = "The capital of Veldt is Miro. The capital of Veldt is"
TEXTS = ["gpt2", "llama-grouped", "bert-masked-lm", "gemma2-soft-cap"]


@pytest.fixture(scope="module")
def model():
    return aw.load()


@pytest.fixture(scope="module")
def trace(model):
    return model.trace(TEXT)


def log_probability(model, at, number):
    """What Captum attributes: of a batch of texts, each given as embeddings."""
    return lambda rows: model(inputs_embeds=rows).logits[:, at].double().log_softmax(-1)[:, number]


@pytest.mark.parametrize("name", TEXTS)
def test_gradients_are_those_of_captum(name):
    own = build(name)
    model = aw.load(own)
    trace = model.trace(FAMILIES[name].inputs(12))
    rows = own.get_input_embeddings()(trace.forward["input_ids"]).detach()
    target = log_probability(own, 9, 7)
    saliency = Saliency(target).attribute(rows.clone().requires_grad_())[0].norm(dim=-1)
    product = InputXGradient(target).attribute(rows.clone().requires_grad_())[0].sum(-1)
    integrated, delta = IntegratedGradients(target).attribute(rows, n_steps=20, return_convergence_delta=True)
    for kind, expected in (
        ("saliency", saliency),
        ("gradient x input", product),
        ("integrated", integrated[0].sum(-1)),
    ):
        found = aw.gradient(model, trace, answer=7, at=9, kind=kind, steps=20)
        assert found.pieces == trace.text.pieces
        assert np.allclose(found, expected.detach(), atol=1e-4 * max(1.0, float(expected.detach().abs().max())))
    assert found.error == pytest.approx(abs(delta.item()), abs=1e-4)
    own.zero_grad()


def test_from_a_token_the_layer_of_captum_gives_the_same(model, trace):
    miro = trace.text.ids[5]
    layer = LayerIntegratedGradients(
        lambda ids: model.model(input_ids=ids).logits[:, -1].log_softmax(-1)[:, 99], model.model.get_input_embeddings()
    )
    ids = trace.forward["input_ids"]
    expected = layer.attribute(ids, baselines=torch.full_like(ids, miro), n_steps=30)[0].sum(-1)
    found = aw.gradient(model, trace, answer=99, kind="integrated", steps=30, baseline=miro)
    assert np.allclose(found, expected.detach(), atol=1e-4)
    assert "30 steps from ' Miro'" in found.recipe
    named = aw.gradient(model, trace, answer=99, kind="integrated", steps=30, baseline=" Miro")
    assert np.array_equal(found, named)


def test_steps_in_portions_are_steps_at_once(model, trace, monkeypatch):
    whole = aw.gradient(model, trace, kind="integrated", steps=20, baseline="mean")
    monkeypatch.setattr("attnwidget.engine.gradients.ways.FOLLOWED_TOGETHER", 3 * len(trace.text))
    done = []
    found = aw.gradient(
        model, trace, kind="integrated", steps=20, baseline="mean", progress=lambda *one: done.append(one)
    )
    assert np.allclose(found, whole, atol=1e-5)
    assert found.error == pytest.approx(whole.error, abs=1e-5)
    assert done == [(one, 20) for one in (3, 6, 9, 12, 15, 18, 20)]


def test_under_edits_a_hidden_token_has_no_gradient(model, trace):
    edited = model.trace(trace, edits=["hide 5", "cut 9 reads 2 in L0H1"])
    found = aw.gradient(model, edited, kind="integrated", steps=3)
    assert found.values[5] == 0
    assert np.count_nonzero(found.values) == 11
    assert "hide 5" in found.recipe


@pytest.mark.parametrize(
    ("part", "name"), [(None, "input_ids"), ("encoder", "input_ids"), ("decoder", "decoder_input_ids")]
)
@pytest.mark.parametrize("same", [False, True])
def test_both_texts_of_a_translator(part, name, same):
    own = small("t5")
    model = aw.load(own, words())
    ids = torch.tensor([[5, 6, 7, 8]])
    given = {"input_ids": ids, "decoder_input_ids": ids if same else torch.tensor([[0, 5, 9]])}
    trace = model.trace(given)
    rows = own.shared(given[name]).detach().requires_grad_()
    others = {one: tensor for one, tensor in given.items() if one != name}
    spelt = {"input_ids": "inputs_embeds", "decoder_input_ids": "decoder_inputs_embeds"}[name]
    score = own(**others, **{spelt: rows}).logits[0, 2].log_softmax(-1)[4]
    (expected,) = torch.autograd.grad(score, rows)
    found = aw.gradient(model, trace, answer=4, at=2, part=part)
    assert np.allclose(found, (expected * rows)[0].sum(-1).detach(), atol=1e-4)


def test_attention_in_code_of_its_own_does_not_matter():
    own = small("bloom")
    model = aw.load(own, words())
    trace = model.trace("the river bank was quiet .")
    rows = own.transformer.word_embeddings(trace.forward["input_ids"]).detach().requires_grad_()
    (expected,) = torch.autograd.grad(own(inputs_embeds=rows).logits[0, -1].log_softmax(-1)[3], rows)
    assert np.allclose(aw.gradient(model, trace, answer=3), (expected * rows)[0].sum(-1).detach(), atol=1e-4)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"kind": "smooth"}, "'integrated'"),
        ({"steps": 0}, "steps=0"),
        ({"kind": "integrated", "baseline": "Miro Miro"}, "a token of the vocabulary"),
        ({"kind": "integrated", "baseline": 10**6}, "a token of the vocabulary"),
    ],
)
def test_what_cannot_be_had_is_said(model, trace, given, said):
    with pytest.raises(aw.AttnWidgetError, match=said):
        aw.gradient(model, trace, **given)
