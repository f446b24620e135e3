"""Hidden tokens of families with attention of their own, against the same code with other scores before its softmax."""

import pytest
import torch
from torch.nn import functional

import attnwidget as aw
from tests.model.families import FAMILIES, build, others_long, reference

TOKENS, HIDDEN = 9, 3
FOLLOW = ["gptj", "gpt-neo-window", "mpnet", "roformer", "convbert", "xglm", "mpt", "falcon-rotary"]
"""Families that take a mask of queries and keys."""

softmax = functional.softmax


def without(scores, *given, **named):
    """A softmax over (query, key) that leaves the hidden token out of what others read."""
    if scores.shape[-2:] == (TOKENS, TOKENS):
        unread = torch.zeros(TOKENS, TOKENS, dtype=torch.bool)
        unread[:, HIDDEN] = True
        unread[HIDDEN, HIDDEN] = False
        scores = scores.masked_fill(unread, float("-inf"))
    return softmax(scores, *given, **named)


@pytest.mark.parametrize("name", [*FOLLOW[:3], *others_long(FOLLOW[3:])])
def test_a_hidden_token_is_out_of_the_softmax(name, monkeypatch):
    model, given = aw.load(build(name)), FAMILIES[name].inputs(TOKENS)
    plain = model.trace(given)
    trace = model.trace(plain, edits=f"hide {HIDDEN}", reuse=plain)
    monkeypatch.setattr(functional, "softmax", without)
    with torch.no_grad():
        eager = reference(name)(**given, output_attentions=True)
    for layer, maps in enumerate(eager.attentions):
        assert torch.allclose(trace.weights(layer), maps[0], atol=1e-5)
    logits, expected = trace.logits(range(TOKENS)), eager.logits[0]
    assert (logits - expected).abs().max() <= 1e-4 * max(1.0, float(expected.abs().max()))
    assert not torch.allclose(logits, plain.logits(range(TOKENS)), atol=1e-3)
    assert trace.path == "eager"
    assert list(map(str, trace.edits)) == [f"hide {HIDDEN}"]


def test_effects_and_chips_of_such_a_model(tmp_path):
    model = aw.load(build("gptj"))
    trace = model.trace(FAMILIES["gptj"].inputs(TOKENS))
    effects = aw.token_effects(model, trace, answer=5, progress=False)
    assert abs(effects.values[2] - aw.effect(model, trace, "hide 2", answer=5).difference) < 1e-5
    edited = model.trace(trace, edits="hide 2 from 5")
    loaded = aw.Trace.load(edited.save(tmp_path / "edited"))
    assert all(torch.equal(loaded.weights(layer), edited.weights(layer)) for layer in range(3))
    assert loaded.edits == edited.edits


@pytest.mark.parametrize(
    ("name", "edit", "said"),
    [
        ("bloom", "hide 3", "does not follow a mask"),
        ("deberta", "hide 3", "does not follow a mask"),
        ("gptj", "silence L1H0", "nothing else can be changed: 'silence L1H0'"),
        ("gptj", "hide 99", "no token 99"),
        ("lxmert", "hide text 1", "a plain text alone"),
    ],
)
def test_what_no_mask_says_is_refused_and_the_model_is_as_before(name, edit, said):
    model, given = aw.load(build(name)), FAMILIES[name].inputs(TOKENS)
    before = model.trace(given)
    with pytest.raises(aw.AttnWidgetError, match=said):
        model.trace(given, edits=edit)
    part = before.parts[0]
    assert torch.equal(model.trace(given).weights(0, part=part), before.weights(0, part=part))
