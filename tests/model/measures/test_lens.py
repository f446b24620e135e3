"""What each layer would say, against transformers' own hidden states, norms and heads."""

import numpy as np
import pytest
import torch

import attnwidget as aw
from attnwidget.errors import AttnWidgetError
from tests.model.families import FAMILIES, build, reference
from tests.model.small import small, words

HEADS = {
    "gpt2": lambda model, rows: model.lm_head(model.transformer.ln_f(rows)),
    "llama-grouped": lambda model, rows: model.lm_head(model.model.norm(rows)),
    "gpt-neox": lambda model, rows: model.get_output_embeddings()(model.gpt_neox.final_layer_norm(rows)),
    "bloom": lambda model, rows: model.lm_head(model.transformer.ln_f(rows)),
    "bert-masked-lm": lambda model, rows: model.cls(rows),
}
"""Final norm and head by hand, of a decoder with layer norms, one with RMS norms, a parallel one, one of eager maps, and
a masked encoder."""


@pytest.mark.parametrize("name", HEADS)
def test_a_layer_says_what_norm_and_head_make_of_its_output(name):
    inputs, eager = FAMILIES[name].inputs(9), reference(name)
    model = aw.load(build(name))
    trace = model.trace(inputs)
    found = aw.lens(model, trace, answer=5, top=3)
    given = []
    layers = next(part for part in eager.modules() if isinstance(part, torch.nn.ModuleList))
    hooks = [
        layer.register_forward_hook(lambda _layer, _given, out: given.append(out[0] if isinstance(out, tuple) else out))
        for layer in layers
    ]
    with torch.no_grad():
        last = eager(**inputs).logits[0]
    for hook in hooks:
        hook.remove()
    assert len(given) == len(found.values)
    for layer, rows in enumerate(given):
        with torch.no_grad():
            logits = HEADS[name](eager, rows[0])
        assert np.allclose(found.values[layer], logits.softmax(-1)[:, 5], atol=1e-5)
        assert np.allclose(found.probabilities[layer], logits.softmax(-1).topk(3).values, atol=1e-5)
        assert (found.ranks[layer] == 1 + (logits > logits[:, 5:6]).sum(-1).numpy()).all()
    assert np.allclose(found.values[-1], last.softmax(-1)[:, 5], atol=1e-5)


@pytest.mark.parametrize("edit", ["hide 5", "patch L1"])
def test_the_last_layer_of_an_edited_text_says_what_the_model_says_of_it(edit):
    model = aw.load()
    text = "The capital of Veldt is Miro. The capital of Veldt is"
    other = model.trace(text.replace("Miro", "Yssel"))
    trace = model.trace(text, edits=aw.Patch("L1", of=other, at=5) if edit.startswith("patch") else edit)
    found = aw.lens(model, trace, positions=[-1, 3])
    assert np.allclose(found.values[-1], trace.logits([-1, 3]).softmax(-1).max(-1).values, atol=1e-6)
    assert found.positions == (11, 3)
    assert found.top(-1, 3)[0].position == found.answers[1]
    assert edit in found.recipe


def test_what_a_decoder_of_two_sequences_would_say():
    model = aw.load(build("bart"))
    trace = model.trace(FAMILIES["bart"].inputs(7))
    found = aw.lens(model, trace)
    assert found.shape == (trace.layers("decoder"), len(trace.tokens("decoder")[0]))
    assert np.allclose(found.values[-1], trace.logits(slice(None)).softmax(-1).max(-1).values, atol=1e-5)


def test_where_the_answer_leads_to_the_end():
    model = aw.load()
    found = aw.lens(model, model.trace("The capital of Veldt is Miro. The capital of Veldt is"), positions=-1)
    assert found.ranks[:, 0].tolist()[found.first() :] == [1] * (4 - found.first())
    assert found.first() == 3


def test_progress_is_told_or_not_as_by_all_experiments():
    model, heard = aw.load(), []
    trace = model.trace("The cat sat.")
    aw.lens(model, trace, progress=lambda *done: heard.append(done))
    assert heard[-1] == (4, 4)
    assert aw.lens(model, trace, progress=None).shape == aw.lens(model, trace, progress=False).shape


@pytest.mark.parametrize(
    ("name", "said"),
    [("class", "predicts no tokens"), ("clip-text", "predicts no token"), ("t5", "without its prediction head")],
)
def test_a_model_without_a_lens_is_refused_in_a_sentence(name, said):
    model = aw.load(small(name), words())
    trace = model.trace("the river bank was quiet .")
    with pytest.raises(AttnWidgetError, match=said):
        aw.lens(model, trace)


@pytest.mark.parametrize(
    "wrong",
    [{"positions": 99}, {"positions": []}, {"top": 0}, {"answer": ("a", "b")}, {"answer": -1}, {"progress": "loud"}],
)
def test_bad_input_is_refused(wrong):
    model = aw.load()
    with pytest.raises(AttnWidgetError):
        aw.lens(model, model.trace("The cat sat."), **wrong)
