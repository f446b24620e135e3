"""Gradients by attention: against autograd on the maps of eager models, finite differences, and published rules."""

import numpy as np
import pytest
import torch

import attnwidget as aw
from attnwidget.experiments.gradients.relevance_rules import across, relevant, through, without_itself
from tests.model.families import FAMILIES, build, reference
from tests.model.measures.test_estimates import gated

TEXT = "The capital of Veldt is Miro. The capital of Veldt is"

# Two layers of two heads over three tokens, and made-up gradients; the numbers below are of Chefer's own functions.
MAPS = torch.tensor(
    [
        [[[1, 0, 0], [0.5, 0.5, 0], [0.2, 0.3, 0.5]], [[1, 0, 0], [0.9, 0.1, 0], [0.6, 0.2, 0.2]]],
        [[[1, 0, 0], [0.3, 0.7, 0], [0.1, 0.1, 0.8]], [[1, 0, 0], [0.7, 0.3, 0], [0.5, 0.1, 0.4]]],
    ]
)
SLOPES = torch.tensor(
    [
        [[[0.1, 0, 0], [-0.2, 0.4, 0], [0.3, -0.1, 0.2]], [[0.2, 0, 0], [0.1, 0.1, 0], [-0.4, 0.5, 0.1]]],
        [[[0, 0, 0], [0.2, 0.2, 0], [1, 0.5, -0.5]], [[0.1, 0, 0], [0, 0.3, 0], [-0.2, 0.2, 0.4]]],
    ]
)
RELEVANCE = torch.tensor([[1.2075, 0, 0], [0.084675, 1.232075, 0], [0.091475, 0.092675, 1.1448]])


@pytest.fixture(scope="module")
def model():
    return aw.load()


@pytest.fixture(scope="module")
def trace(model):
    return model.trace(TEXT)


def slopes(name, part, at, number):
    """The maps of an eager model and the gradients of a logit by them, (layer head query key) each."""
    eager = reference(name)
    output = eager(**FAMILIES[name].inputs(12), output_attentions=True)
    where = {"cross": "cross_attentions", "encoder": "encoder_attentions", "decoder": "decoder_attentions"}
    maps = getattr(output, where.get(part, "attentions"))
    found = torch.autograd.grad(output.logits[0, at, number], maps)
    return [one[0].detach() for one in maps], [one[0] for one in found]


@pytest.mark.parametrize(
    ("name", "part"),
    [("gpt2", None), ("llama-grouped", None), ("gemma2-soft-cap", None), ("bert-masked-lm", None), ("t5", "cross")],
)
def test_attention_x_gradient_is_that_of_the_eager_maps(name, part):
    model = aw.load(build(name))
    trace = model.trace(FAMILIES[name].inputs(12))
    at = 2 if part else 9
    maps, found = slopes(name, part, at, 7)
    expected = [a * b for a, b in zip(maps, found, strict=True)]
    for layer in (0, len(maps) - 1):
        near = 1e-4 * max(1.0, float(expected[layer].abs().max()))
        ours = aw.attention_gradient(model, trace, layer, 1, answer=7, at=at, unit="logit", part=part)
        assert np.allclose(ours, expected[layer][1], atol=near)
    whole = aw.attention_gradient(model, trace, -1, answer=7, at=at, unit="logit", part=part)
    assert np.allclose(whole, expected[-1].sum(0), atol=4 * near)


@pytest.mark.parametrize("start", ["zero", "uniform"])
def test_integrated_attention_sums_to_what_other_attention_costs(model, trace, start):
    edit = {"zero": "silence L1", "uniform": "paint L1 uniform"}[start]
    lost = aw.effect(model, trace, edit, unit="logit").difference
    heads = [
        aw.attention_gradient(model, trace, 1, head, kind="integrated", start=start, unit="logit", steps=40)
        for head in range(4)
    ]
    assert sum(float(head.values.sum()) for head in heads) == pytest.approx(lost, abs=0.01)
    assert heads[0].error < 0.01
    rough = aw.attention_gradient(model, trace, 1, kind="integrated", start=start, unit="logit", steps=2)
    assert np.triu(rough.values, 1).any() is np.False_
    assert heads[0].error < rough.error
    assert f"40 steps from {start} attention" in heads[0].recipe


def test_integrated_attention_of_edited_layers_leaves_silenced_heads_out(model, trace):
    edited = model.trace(trace, edits=["silence L1H2", "hide 5"])
    found = aw.attention_gradient(model, edited, "L1H2", kind="integrated", steps=4, unit="logit")
    assert not found.values.any()
    assert not aw.attention_gradient(model, edited, "L1H2").values.any()
    assert not aw.attention_gradient(model, edited, "L1H1").values[6:, 5].any()
    assert found.error < 0.5


def test_a_weight_changed_a_little_changes_the_answer_by_its_gradient(model, trace):
    found = aw.attention_gradient(model, trace, "L1H1", unit="logit")
    own, step = trace.weights("L1H1"), 0.01
    query, key = np.unravel_index(np.abs(found.values).argmax(), found.values.shape)
    less = own.clone()
    less[query, key] *= 1 - step
    changed = aw.effect(model, trace, aw.Paint("L1H1", less), unit="logit").difference
    assert changed / step == pytest.approx(found.values[query, key], rel=0.05)


def test_the_rules_are_those_of_the_released_code():
    passed = [relevant(maps, gradients) for maps, gradients in zip(MAPS, SLOPES, strict=True)]
    expected = torch.tensor([[0.05, 0, 0], [0.03, 0.115, 0], [0.05, 0.035, 0.08]])
    assert torch.allclose(passed[1], expected, atol=1e-6)
    found = through(passed[1], through(passed[0], torch.eye(3)))
    assert torch.allclose(found, RELEVANCE, atol=1e-6)
    assert torch.allclose(without_itself(RELEVANCE)[2], torch.tensor([0.278082, 0.281730, 1.440188]), atol=1e-5)
    added = across(
        torch.tensor([[0.1, 0.2], [0.3, 0], [0.05, 0.15]]), RELEVANCE, torch.tensor([[1.2, 0.1], [0.3, 1.4]])
    )
    expected = torch.tensor([[0.679474, 0.792153], [0.907926, 0.244371], [0.212599, 0.363476]])
    assert torch.allclose(added, expected, atol=1e-5)


def test_rows_that_got_nothing_stay_as_they_are():
    assert torch.equal(without_itself(torch.eye(3)), torch.eye(3))


@pytest.mark.parametrize("name", ["gpt2", "bert-masked-lm"])
def test_relevance_follows_the_rules_through_the_eager_maps(name):
    model = aw.load(build(name))
    trace = model.trace(FAMILIES[name].inputs(12))
    expected = torch.eye(12)
    for maps, gradients in zip(*slopes(name, None, 9, 7), strict=True):
        expected = expected + (maps * gradients).clamp(min=0).mean(0) @ expected
    found = aw.relevance(model, trace, answer=7, at=9)
    assert np.allclose(found, (expected - torch.eye(12))[9], rtol=1e-3, atol=1e-4)
    assert np.allclose(
        aw.relevance(model, trace, answer=7, at=9, query=4), (expected - torch.eye(12))[4], rtol=1e-3, atol=1e-4
    )


def test_relevance_of_a_translator_crosses_over():
    model = aw.load(build("t5"))
    trace = model.trace(FAMILIES["t5"].inputs(12))
    source = own = mixed = None
    for maps, gradients in zip(*slopes("t5", "encoder", 2, 7), strict=True):
        source = torch.eye(len(maps[0])) if source is None else source
        source = through(relevant(maps, gradients), source)
    crossing = list(zip(*slopes("t5", "cross", 2, 7), strict=True))
    for layer, (maps, gradients) in enumerate(zip(*slopes("t5", "decoder", 2, 7), strict=True)):
        own = torch.eye(len(maps[0])) if own is None else own
        mixed = torch.zeros(len(own), len(source)) if mixed is None else mixed
        passed = relevant(maps, gradients)
        own, mixed = through(passed, own), through(passed, mixed)
        mixed = mixed + across(relevant(*crossing[layer]), own, source)
    found = aw.relevance(model, trace, answer=7, at=2)
    assert np.allclose(found, mixed[2], rtol=1e-3, atol=1e-4)
    decoder = aw.relevance(model, trace, answer=7, at=2, part="decoder")
    assert np.allclose(decoder, (own - torch.eye(len(own)))[2], rtol=1e-3, atol=1e-4)


def test_importance_is_the_size_of_each_texts_gradient_before_the_mean():
    model, eager = aw.load(build("gpt2")), reference("gpt2")
    texts = [FAMILIES["gpt2"].inputs(12), {"input_ids": FAMILIES["gpt2"].inputs(20)["input_ids"][:, 8:]}]
    traces = [model.trace(text) for text in texts]
    sizes = []
    for text in texts:
        with gated(eager, traces[0].blocks) as gates:
            eager(**text).logits[0, -1].log_softmax(-1)[7].backward()
        sizes.append(np.stack([gate.grad.abs().numpy() for gate in gates.values()]))
    found = aw.head_importance(model, traces, answer=7)
    assert np.allclose(found, np.mean(sizes, 0), rtol=1e-3, atol=1e-4)
    by_layer = aw.head_importance(model, traces, answer=7, normalised=True)
    assert np.allclose((by_layer.values**2).sum(1), 1)
    assert "divided by its length" in by_layer.recipe


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda model, trace: aw.attention_gradient(model, trace, 9), "no layer 9"),
        (lambda model, trace: aw.attention_gradient(model, trace, 1, kind="smooth"), "'integrated'"),
        (lambda model, trace: aw.attention_gradient(model, trace, 1, start="mean"), "'uniform'"),
        (lambda model, trace: aw.relevance(model, trace, query=99), "no query 99"),
        (lambda model, _trace: aw.head_importance(model, []), "a list of them"),
        (lambda model, _trace: aw.relevance(model, aw.Trace.from_weights([torch.ones(1, 1, 1)], ["a"])), "no answer"),
    ],
)
def test_what_cannot_be_asked_of_attention_is_said(model, trace, call, said):
    with pytest.raises(aw.AttnWidgetError, match=said):
        call(model, trace)
