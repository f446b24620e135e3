"""How one weight comes about: every step from q and k, of every kind of attention, ends in the trace's own weights."""

import numpy as np
import pytest
import torch

import attnwidget as aw
from attnwidget.engine.trace.recompute import steps
from attnwidget.errors import BadRequest
from attnwidget.export.neuron import saved_neuron
from attnwidget.frames.codec import encode_frame
from attnwidget.frames.neuron import MOST_KEYS, NeuronQuestion, compose_neuron
from attnwidget.widget.answering.requests import parse_request
from attnwidget.widget.explorer import Explorer
from tests.model.families import FAMILIES, build
from tests.model.small import TEXT, small, words
from tests.model.widget.played_page import Page
from tests.unit.frames.frames_read import decode

STEPPED = {
    "gpt2": set(),
    "llama-grouped": set(),
    "gemma2-soft-cap": {"capped"},
    "t5-encoder": {"bias"},
    "gpt-oss-sinks": set(),
    "mistral-window": set(),
    "doge-dynamic-mask": {"bias"},
    "bert-masked-lm": set(),
}
"""Families, and the steps that theirs have beyond those of all."""


@pytest.fixture(scope="module", params=STEPPED)
def family(request):
    name = request.param
    torch.manual_seed(1)
    return name, aw.load(build(name)).trace(FAMILIES[name].inputs(20))


def test_the_steps_end_in_the_traces_weights(family):
    name, trace = family
    for block in trace.blocks:
        exact = trace.weights(block.layer)
        for head in (0, block.heads - 1):
            for query in (0, 7, 19):
                found = steps(block, head, query)
                assert {part for part in ("capped", "bias") if getattr(found, part) is not None} == STEPPED[name]
                assert (found.weight - exact[head, query]).abs().max() < 1e-6


def test_every_step_follows_from_the_one_before(family):
    _, trace = family
    block = trace.blocks[-1]
    head, query = block.heads - 1, 12
    header, arrays = decode(encode_frame(compose_neuron(trace, NeuronQuestion(block.layer, head, query, (12, 0, 3)))))
    q = block.q[0, head, query].numpy()
    k = block.k[0, header["key_head"]].numpy()
    np.testing.assert_array_equal(arrays["q"], q)
    np.testing.assert_array_equal(arrays["k"], k[[12, 0, 3]])
    np.testing.assert_allclose(arrays["dot"], k @ q, rtol=1e-5, atol=1e-4)
    np.testing.assert_allclose(arrays["norm"], np.linalg.norm(k, axis=-1), rtol=1e-6)
    np.testing.assert_allclose(arrays["scaled"], arrays["dot"] * header["scale"], rtol=1e-5, atol=1e-5)
    scores = arrays["scaled"]
    if header["softcap"] is not None:
        scores = header["softcap"] * np.tanh(scores / header["softcap"])
        np.testing.assert_allclose(arrays["capped"], scores, rtol=1e-5)
    scores = scores + arrays.get("bias", 0)
    seen = np.isfinite(arrays["logit"])
    np.testing.assert_allclose(arrays["logit"][seen], scores[seen], rtol=1e-5, atol=1e-5)
    assert (arrays["weight"][~seen] == 0).all()
    made = np.exp(arrays["logit"][seen] - header["peak"]) / header["total"]
    np.testing.assert_allclose(arrays["weight"][seen], made, rtol=1e-5, atol=1e-7)
    assert np.sum(made) + (header["sink_weight"] or 0) == pytest.approx(1, rel=1e-5, abs=1e-5)
    assert (header["sink"] is None) == (block.sinks is None)


def test_groups_are_told(family):
    name, trace = family
    header = compose_neuron(trace, NeuronQuestion(0, 3, 0)).header
    known = {"llama-grouped": (0, 2, [0, 4]), "gpt2": (3, 4, [3, 4])}
    if name in known:
        assert (header["key_head"], header["key_heads"], header["group"]) == known[name]
    first, stop = header["group"]
    assert all(
        compose_neuron(trace, NeuronQuestion(0, head, 0)).header["group"] == [first, stop] for head in (first, stop - 1)
    )


def test_above_192_tokens_the_steps_are_the_same():
    trace = aw.load(build("gemma2-soft-cap")).trace(FAMILIES["gemma2-soft-cap"].inputs(260))
    found = compose_neuron(trace, NeuronQuestion(1, 5, 259, tuple(range(40))))
    assert np.abs(found.blocks["weight"] - trace.weights(1, 5, queries=259)[0].numpy()).max() < 1e-6
    assert found.blocks["k"].shape[0] == 40


def test_queries_and_keys_may_be_of_two_texts():
    trace = aw.load(build("t5")).trace(FAMILIES["t5"].inputs(20))
    found = compose_neuron(trace, NeuronQuestion(1, 2, 4, (19,), part="cross"))
    assert len(found.header["pieces"]) == 20
    assert np.abs(found.blocks["weight"] - trace.weights(1, 2, "cross", queries=4)[0].numpy()).max() < 1e-6


# what cannot be had


@pytest.mark.parametrize(
    "wrong",
    [{"layer": 9}, {"head": 4}, {"query": 99}, {"keys": (99,)}, {"keys": (-1,)}, {"keys": (0,) * (MOST_KEYS + 1)}],
)
def test_what_is_not_there_is_said(tiny, wrong):
    question = {"layer": 0, "head": 0, "query": 1, **wrong}
    with pytest.raises(BadRequest):
        compose_neuron(tiny.trace("The cat sat."), NeuronQuestion(**question))


def test_maps_without_q_and_k_are_said_to_be_that():
    given = aw.Trace.from_weights([torch.eye(2)[None]], ["a", "b"])
    with pytest.raises(BadRequest, match="given without the q and k"):
        compose_neuron(given, NeuronQuestion(0, 0, 0))
    eager = aw.load(small("bloom"), words()).trace(TEXT)
    assert eager.path == "eager"
    with pytest.raises(BadRequest, match="only provides attention weights, not the q and k"):
        compose_neuron(eager, NeuronQuestion(0, 0, 0))


# the page's question


@pytest.fixture
def explorer(tiny):
    return Explorer(tiny, "The cat sat on the mat.")


@pytest.fixture
def page(explorer, monkeypatch):
    return Page(explorer, monkeypatch)


@pytest.mark.parametrize("keys", ["0", [0.5], [True], {"a": 1}])
def test_keys_are_whole_numbers(keys):
    with pytest.raises(BadRequest, match="keys"):
        parse_request({"id": "1", "kind": "neuron", "text": TEXT, "keys": keys})


def test_the_page_gets_the_last_token_of_its_span(page, explorer):
    _, buffers = page.end_of(page.ask("neuron", text=explorer.text, layer=1, head=2, query=[2, 4], keys=[3, 1]))
    header, arrays = decode(bytes(buffers[0]))
    assert (header["query"], header["keys"], header["piece"]) == (3, [3, 1], header["pieces"][3])
    np.testing.assert_allclose(arrays["weight"], explorer.trace.weights(1, 2)[3].numpy(), atol=1e-6)


# a saved page


def test_a_saved_page_has_what_its_steps_are_worked_out_from(family):
    _, trace = family
    block = trace.blocks[0]
    facts, arrays = saved_neuron(trace, block.layer, 1, block.part)
    np.testing.assert_array_equal(arrays["neuron_q"], block.q[0, 1].numpy())
    scores = arrays["neuron_q"] @ arrays["neuron_k"].T * facts["scale"]
    if facts["softcap"] is not None:
        scores = facts["softcap"] * np.tanh(scores / facts["softcap"])
    scores = np.where(arrays["neuron_masked"] == 1, -np.inf, scores + arrays.get("neuron_bias", 0))
    powers = np.exp(scores - scores.max(-1, keepdims=True))
    sink = 0 if facts["sink"] is None else np.exp(facts["sink"] - scores.max(-1, keepdims=True))
    found = powers / (powers.sum(-1, keepdims=True) + sink)
    np.testing.assert_allclose(found, trace.weights(block.layer, 1).numpy(), atol=2e-6)


def test_a_saved_page_has_none_of_given_weights_and_long_texts(tiny, monkeypatch):
    assert saved_neuron(aw.Trace.from_weights([torch.eye(2)[None]], ["a", "b"]), 0, 0, "self") == (None, {})
    trace = tiny.trace("The cat sat on the mat.")
    assert saved_neuron(trace, 1, 2, "self")[0]["head"] == 2
    monkeypatch.setattr("attnwidget.export.neuron.EXACT", 6)
    assert saved_neuron(trace, 1, 2, "self") == (None, {})
