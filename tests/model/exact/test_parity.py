"""Every weight against eager attention of transformers itself, at several lengths; all families are in test_matrix.py."""

import pytest
import torch

import attnwidget as aw
from attnwidget.engine.capture.shadow import twin
from tests.model.conftest import VOCABULARY, build

TOLERANCE = 1e-5


def eager_maps(model, ids):
    reference = twin(model, "eager")
    with torch.no_grad():
        return reference(ids, output_attentions=True, use_cache=False)


@pytest.mark.parametrize("tokens", [1, 2, 37, 260])  # below and above the length up to which maps are kept whole
def test_weights_equal_eager(family, tokens):
    ids = torch.randint(1, VOCABULARY, (1, tokens))
    trace = aw.load(family).trace(ids)
    expected = eager_maps(family, ids).attentions
    assert len(trace.blocks) == len(expected)
    for layer, maps in enumerate(expected):
        assert torch.allclose(trace.weights(layer), maps[0], atol=TOLERANCE)
        assert trace.weights(layer).dtype == torch.float32
        assert torch.allclose(trace.weights(layer, 1), maps[0, 1], atol=TOLERANCE)


def test_the_attention_is_far_from_uniform(family):
    # Otherwise parity would hold for almost any formula.
    weights = aw.load(family).trace(torch.randint(1, VOCABULARY, (37,))).weights(1)
    assert weights.amax(-1)[:, 5:].mean() > 0.15


def test_rows_and_columns_are_chosen_after_the_softmax(family):
    trace = aw.load(family).trace(torch.randint(1, VOCABULARY, (260,)))
    whole = trace.weights(2, 3)
    chosen = trace.weights(2, 3, queries=[-1, 4], keys=slice(0, 10))
    assert torch.allclose(chosen, whole[[259, 4]][:, :10], atol=1e-6)
    assert torch.equal(trace.weights("L-1H3", queries=7), trace.weights(2, 3, queries=7))


def test_logits_equal_the_whole_model(family):
    ids = torch.randint(1, VOCABULARY, (1, 21))
    trace = aw.load(family).trace(ids)
    if trace.model.predicts is None:
        with pytest.raises(aw.AttnWidgetError, match="prediction head"):
            trace.logits()
        return
    expected = eager_maps(family, ids).logits[0]
    assert torch.allclose(trace.logits([3, -1]), expected[[3, -1]], atol=1e-4)
    assert trace.logits().shape == (1, VOCABULARY)


def test_verify_measures_the_error(family):
    model = aw.load(family)
    found = model.verify(torch.randint(1, VOCABULARY, (40,)).tolist())
    assert 0 < found.error < TOLERANCE
    assert (found.layers, found.tokens, found.path) == (3, 40, "interface")


def test_verify_notices_a_wrong_weight(monkeypatch):
    model = aw.load(build("gpt2"))
    plain = aw.Trace.weights
    monkeypatch.setattr(aw.Trace, "weights", lambda self, *args, **kw: plain(self, *args, **kw) + 0.01)
    assert model.verify([3, 4, 5]).error == pytest.approx(0.01, rel=1e-5, abs=1e-5)


def varied_texts():
    """Fifty texts of every kind that people type: languages, numbers, code, one word, and hundreds of words."""
    kinds = [
        "The river bank was quiet, so she walked to the bank for money.",
        "日本語のテキスト and a little English, 12 + 30 = 42.",
        "He said: “No!” — and left 😀.",
        "שלום עולם, مرحبا بالعالم",
        "for i in range(10):\n    print(i ** 2)  # squares",
        "https://example.org/a?b=c&d=%20",
        "a",
        "...!!!???",
        "The capital of France is Paris.\tWhat is the capital of France?",
        "Supercalifragilisticexpialidocious antidisestablishmentarianism",
    ]
    return [
        f"{kind} {' '.join(['and so on'] * (3 * number))}".strip() for number in (0, 1, 4, 12, 30) for kind in kinds
    ]


@pytest.mark.long
def test_a_trained_encoder_agrees_with_eager(minilm):
    texts = varied_texts()
    assert len(set(texts)) == 50
    assert max(minilm.verify(text).error for text in texts) < TOLERANCE


def test_the_trained_encoder_has_its_previous_token_head(minilm):
    # A fact about the published weights: layer 0, head 2 reads the previous token nearly always.
    text = "The river bank was quiet, so she walked to the bank for money and bread."
    weights = minilm.trace(text).weights("L0H2")
    assert weights.diagonal(-1).mean() > 0.95
