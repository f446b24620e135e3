"""Every weight against eager attention of transformers itself, in fp32."""

import pytest
import torch

import attnwidget as aw
from attnwidget.engine.shadow import shadow_of, twin

from .conftest import FAMILIES, VOCABULARY, build

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


@pytest.mark.parametrize(("dtype", "bound"), [(torch.bfloat16, 2e-2), (torch.float16, 3e-3)])
@pytest.mark.parametrize("name", ["gpt2", "llama-grouped", "bert-masked-lm"])
def test_half_precision_is_recomputed_in_fp32(name, dtype, bound):
    model = build(name)
    ids = torch.randint(1, VOCABULARY, (1, 30))
    # The first layer, as later ones also carry the model's own rounding.
    truth = aw.load(model).trace(ids).weights(0)
    half = aw.load(build(name).to(dtype)).trace(ids).weights(0)
    assert (half - truth).abs().max() < bound
    visible = half.sum(-1)
    assert torch.allclose(visible, torch.ones_like(visible), atol=1e-5)


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("name", ["gpt2", "llama-grouped", "bert-masked-lm"])
def test_masks_of_padded_inputs(name, side):
    """What a mask does to the shadow's own attention, row by row; rows that may read nothing are zero."""
    from attnwidget.engine.capture import Watch, watching
    from attnwidget.engine.forward import _block

    model = build(name)
    ids = torch.randint(1, VOCABULARY, (1, 12))
    kept = torch.ones(1, 12, dtype=torch.long)
    kept[:, slice(0, 4) if side == "left" else slice(8, 12)] = 0
    shadow = shadow_of(model)
    with torch.no_grad(), watching(Watch()) as watch:
        shadow.module.base_model(input_ids=ids, attention_mask=kept)
    with torch.no_grad():
        expected = (
            twin(model, "eager").base_model(input_ids=ids, attention_mask=kept, output_attentions=True).attentions
        )
    real = kept[0].bool()
    for number, (call, maps) in enumerate(zip(watch.calls, expected, strict=True)):
        weights = aw.Trace((_block(call, number, shadow.names),), _plain(12), "interface", _facts()).weights(0)
        assert torch.allclose(weights[:, real], maps[0][:, real], atol=TOLERANCE)
        assert weights[:, :, ~real].abs().max() == 0


def test_verify_measures_the_error(family):
    model = aw.load(family)
    found = model.verify(torch.randint(1, VOCABULARY, (40,)).tolist())
    assert 0 < found.error < TOLERANCE
    assert (found.layers, found.tokens, found.path) == (3, 40, "interface")


def test_verify_notices_a_wrong_weight(monkeypatch):
    model = aw.load(build("gpt2"))
    plain = aw.Trace.weights
    monkeypatch.setattr(aw.Trace, "weights", lambda self, *args, **kw: plain(self, *args, **kw) + 0.01)
    assert model.verify([3, 4, 5]).error == pytest.approx(0.01, abs=1e-5)


def test_a_trained_encoder_agrees_with_eager(minilm):
    texts = [
        "The river bank was quiet, so she walked to the bank for money.",
        "日本語のテキスト and a little English, 12 + 30 = 42.",
        "He said: “No!” — and left 😀.",
    ]
    assert max(minilm.verify(text).error for text in texts) < TOLERANCE


def test_the_trained_encoder_has_its_previous_token_head(minilm):
    # A fact about the published weights: layer 0, head 2 reads the previous token nearly always.
    text = "The river bank was quiet, so she walked to the bank for money and bread."
    weights = minilm.trace(text).weights("L0H2")
    assert weights.diagonal(-1).mean() > 0.95


def test_every_family_is_covered_by_name():
    assert {name.split("-")[0] for name in FAMILIES} == {"gpt2", "llama", "bert"}


def _plain(size):
    return aw.Tokens.from_pieces([str(i) for i in range(size)])


def _facts():
    from attnwidget.engine.trace import ModelFacts

    return ModelFacts()
