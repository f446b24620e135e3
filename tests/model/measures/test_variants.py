"""One prompt put in several ways, against single runs."""

import numpy as np
import pytest

import attnwidget as aw

FACT = "The capital of Veldt is Miro. The capital of Veldt is"
BARE = "The capital of Veldt is"


@pytest.fixture(scope="module")
def model():
    return aw.load()


def test_each_variant_is_a_run_of_its_own(model):
    found = aw.variants(model, [FACT, BARE], answer=" Miro", reads="Miro")
    number = model.tokenizer(" Miro", add_special_tokens=False)["input_ids"][0]
    for one, text in zip(found.each, (FACT, BARE), strict=True):
        trace = model.trace(text)
        assert one.answer == pytest.approx(float(trace.logits()[0].softmax(-1)[number]), abs=1e-6)
        assert one.said == model.predict(trace).top[0].piece
    assert found.best is found[0]
    trace = model.trace(FACT)
    weights = np.array([trace.weights(layer, queries=[-1]).numpy()[:, 0] for layer in range(trace.layers())])
    places = [place for place, piece in enumerate(trace.text.pieces) if piece.strip() == "Miro"]
    on_it = weights[..., places].sum(-1)
    assert found[0].fact.value == pytest.approx(float(on_it.max()))
    assert on_it[found[0].fact.layer, found[0].fact.head] == pytest.approx(float(on_it.max()))
    assert found.table()["head"][1] is None


def test_variants_are_read_under_edits(model):
    trace = model.trace(FACT, edits="hide 5")
    found = aw.variants(model, [FACT], answer=" Miro", edits="hide 5", unit="log probability")
    number = model.tokenizer(" Miro", add_special_tokens=False)["input_ids"][0]
    assert found[0].answer == pytest.approx(float(trace.logits()[0].log_softmax(-1)[number]), abs=1e-5)


@pytest.mark.parametrize(
    ("prompts", "given", "said"),
    [
        (FACT, {}, "a list of texts"),
        ([], {}, "a list of texts"),
        ([BARE], {"reads": "Miro"}, "none of these prompts"),
    ],
)
def test_what_is_no_set_of_prompts_is_said(model, prompts, given, said):
    with pytest.raises(aw.AttnWidgetError, match=said):
        aw.variants(model, prompts, **given)
