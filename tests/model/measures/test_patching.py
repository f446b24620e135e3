"""What restoring a head, or a layer at a token, brings back: against hooks on eager models, and against whole passes."""

from dataclasses import replace

import numpy as np
import pytest
import torch

import attnwidget as aw
from attnwidget.engine import patched_runs
from tests.model.exact.test_patches import LAYERS, NAMES, REFUSED, hooked, loaded
from tests.model.families import others_long
from tests.model.small import small, words

CITIES = ("Miro", "Yssel")
ANSWER, AT = 7, 9


@pytest.fixture(scope="module")
def model():
    return aw.load()


@pytest.fixture(scope="module")
def texts(model):
    return [model.trace(f"The capital of Veldt is {city}. The capital of Veldt is") for city in CITIES]


def said(logits):
    return float(logits[AT].log_softmax(-1)[ANSWER])


@pytest.mark.parametrize("name", LAYERS)
def test_heads_bring_back_what_hooks_on_the_projection_bring_back(name):
    model, clean, corrupted = loaded(name)
    found = aw.patching(model, clean, corrupted, answer=ANSWER, at=AT, normalised=False)
    for block in clean.blocks:
        width, kept = block.v.shape[-1], []
        hooked(name, 7, block.projection.path, lambda _module, given, kept=kept: kept.append(given[0]), before=True)
        for head in range(block.heads):

            def put(_module, given, own=slice(head * width, (head + 1) * width), kept=kept):
                changed = given[0].clone()
                changed[..., own] = kept[0][..., own]
                return (changed, *given[1:])

            after = said(hooked(name, 8, block.projection.path, put, before=True))
            assert abs(found.values[block.layer, head] - (after - said(corrupted.logits(range(12))))) < 1e-4


@pytest.mark.parametrize("name", LAYERS)
def test_layers_bring_back_what_hooks_on_them_bring_back(name):
    model, clean, corrupted = loaded(name)
    found = aw.patching(model, clean, corrupted, answer=ANSWER, at=AT, what="layers")
    good, bad = (said(trace.logits(range(12))) for trace in (clean, corrupted))
    for layer in (0, 1):
        module, kept = f"{LAYERS[name]}.{layer}", []

        def hidden(result):
            return result[0] if isinstance(result, tuple) else result

        hooked(name, 7, module, lambda _module, _given, result, kept=kept: kept.append(hidden(result)))
        for token in (2, AT, 11):

            def put(_module, _given, result, token=token, kept=kept):
                changed = hidden(result).clone()
                changed[0, token] = kept[0][0, token]
                return (changed, *result[1:]) if isinstance(result, tuple) else changed

            after = said(hooked(name, 8, module, put))
            assert abs(found.values[layer, token] - (after - bad) / (good - bad)) < 1e-4
    assert np.allclose(found.values[-1, AT], 1, atol=1e-4)
    assert found.shape == (clean.layers(), 12)


@pytest.mark.parametrize("name", others_long(sorted(set(NAMES) - REFUSED.keys())))
def test_runs_from_a_layer_on_give_what_whole_passes_give(name):
    model, clean, corrupted = loaded(name)
    runs = patched_runs(model, corrupted, clean, 9)
    whole = replace(runs, runs=None, others=None)
    for block in {corrupted.blocks[0], corrupted.blocks[-1]}:
        pairs = [(own.rows(block.layer, [3, 9])) for own in (runs, whole)]
        if not name.startswith("diffllama"):
            pairs += [own.heads(block.layer, [0, block.heads - 1]) for own in (runs, whole)]
        for one, other in zip(pairs[::2], pairs[1::2], strict=True):
            assert torch.allclose(one, other, atol=1e-4 * max(1.0, float(other.abs().max())))


def test_runs_of_a_decoder_begin_at_its_layers_and_the_recipe_says_both_answers(model, texts):
    found = aw.patching(model, *texts, answer="Miro", what="layers")
    assert not patched_runs(model, *texts, 11).whole
    assert "whole pass" not in found.recipe
    clean, corrupted = (trace.logits()[0].log_softmax(-1)[563] for trace in texts)
    assert f"clean {clean:.4g}, corrupted {corrupted:.4g}" in found.recipe
    # The fact stands at the name first, and at the token that answers in the end.
    assert found.top(3)[0].position == 11
    assert found.values[0].argmax() == 5
    assert aw.plots.comparison(found).yaxis[0].axis_label == "layer ↓"


def test_a_classifier_is_patched_by_whole_passes():
    model = aw.load(small("class"), words(special=True))
    clean, corrupted = (model.trace(text) for text in ("the river bank was quiet .", "the river bank so quiet ."))
    for what in ("heads", "layers"):
        found = aw.patching(model, clean, corrupted, answer="POSITIVE", what=what)
        assert "each a whole pass" in found.recipe
        assert np.isfinite(found.values).all()
    assert np.allclose(found.values[-1, 0], 1, atol=1e-3)  # what is classified is the first token


def test_what_cannot_be_patched_is_said(model, texts):
    longer = model.trace("The capital of Veldt is Miro, they say. The capital of Veldt is")
    for given, said_so in (
        ((model, texts[0], longer), "has 12 tokens and the corrupted one 16"),
        ((model, texts[0], texts[0]), "alike"),
        ((model, texts[0], "The capital"), "needs a Trace"),
    ):
        with pytest.raises(aw.AttnWidgetError, match=said_so):
            aw.patching(*given)
    with pytest.raises(aw.AttnWidgetError, match="'heads', 'layers'"):
        aw.patching(model, *texts, what="neurons")
