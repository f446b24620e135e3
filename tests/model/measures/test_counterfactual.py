"""Other attention than a model's own, and what it says under it."""

from functools import partial

import numpy as np
import pytest
import torch
import transformers
from scipy.spatial.distance import jensenshannon

import attnwidget as aw
from attnwidget.experiments.counterfactual.distances import jensen_shannon

TEXT = "The capital of Veldt is Miro. The capital of Veldt is"
QUICK = {"steps": 25, "restarts": 2, "progress": False}


@pytest.fixture(scope="module")
def model():
    return aw.load()


@pytest.fixture(scope="module")
def trace(model):
    return model.trace(TEXT)


def probabilities(trace):
    return trace.logits(-1)[0].double().softmax(-1).numpy()


def variation(one, other):
    return np.abs(probabilities(one) - probabilities(other)).sum() / 2


def test_the_divergence_is_scipys():
    drawn = np.random.default_rng(0).dirichlet(np.ones(7), (2, 50))
    drawn[0, :10, :3] = 0
    ours = jensen_shannon(*torch.tensor(drawn))
    np.testing.assert_allclose(ours, jensenshannon(*drawn, axis=-1) ** 2, atol=1e-12)


def test_a_pattern_that_was_found_gives_the_same_answer_when_it_is_painted(model, trace):
    found = aw.adversarial_attention(model, trace, "L1H1", epsilon=0.05, **QUICK)
    again = model.trace(TEXT, edits=found.edits)
    assert found.held
    assert variation(trace, again) == pytest.approx(found.change, abs=1e-6)
    assert found.change <= 0.05
    own, other = trace.weights("L1H1").double().numpy(), again.weights("L1H1").double().numpy()
    rows = jensenshannon(own, other, axis=-1) ** 2
    assert found.distance == pytest.approx(rows[1:].mean(), abs=1e-5)  # the first row has no choice
    assert found.distance > 0.2


def test_the_same_seed_finds_the_same(model, trace):
    one, other = (
        aw.adversarial_attention(model, trace, "L3", seed=3, steps=3, restarts=2, progress=False) for _ in range(2)
    )
    assert [str(edit) for edit in one.edits] == [str(edit) for edit in other.edits]


def test_where_all_values_are_equal_the_divergence_reaches_its_most(model, trace):
    other = aw.load()
    width = other.model.config.n_embd
    with torch.no_grad():
        other.model.base_model.h[3].attn.c_attn.weight[:, 2 * width :] = 0  # of the values, the bias is left
    plain = other.trace(TEXT)
    found = aw.adversarial_attention(other, plain, "L3H0", epsilon=1e-4, steps=100, restarts=1, progress=False)
    row = plain.weights("L3H0")[-1].double().numpy()
    furthest = max(jensenshannon(row, one_key) ** 2 for one_key in np.eye(len(row)))  # it is convex
    assert found.furthest == pytest.approx(furthest, abs=1e-9)
    assert furthest - 0.02 < found.distance <= np.log(2)
    assert found.change < 1e-6
    tight = aw.adversarial_attention(model, trace, "L3H0", epsilon=1e-6, **QUICK)
    assert tight.held
    assert tight.distance < 0.1


def test_only_rows_on_which_the_answer_rests_count(model, trace):
    assert aw.frozen_attention(model, trace, "L3H0").rows == 1  # of the last layer, the last row alone
    assert aw.frozen_attention(model, trace, "L0H0").rows == len(trace.text) - 1
    with pytest.raises(aw.AttnWidgetError, match="rests on no row"):
        aw.frozen_attention(model, trace, "L3H0", queries=[2])


def test_frozen_to_uniform_is_what_a_plain_hook_on_eager_attention_gives(model, trace):
    found = aw.frozen_attention(model, trace, "L2")
    eager = aw.load().model
    eager.set_attn_implementation("eager")
    attention, width = eager.base_model.h[2].attn, eager.config.n_embd
    kept = {}

    def values(_module, _given, output):
        kept["v"] = output[..., 2 * width :]

    def replaced(_module, _given):
        length = kept["v"].shape[1]
        even = torch.tril(torch.ones(length, length)) / torch.arange(1, length + 1)[:, None]
        return (even @ kept["v"],)

    hooks = attention.c_attn.register_forward_hook(values), attention.c_proj.register_forward_pre_hook(replaced)
    with torch.no_grad():
        logits = eager(torch.tensor([trace.text.ids])).logits[0, -1].double()
    for hook in hooks:
        hook.remove()
    expected = np.abs(logits.softmax(-1).numpy() - probabilities(trace)).sum() / 2
    assert found.change == pytest.approx(expected, abs=1e-5)


def test_attention_misleads_while_the_model_says_the_same(model, trace):
    away = aw.deceptive_attention(model, trace, "L1H1", away_from=5, epsilon=0.05, **QUICK)
    onto = aw.deceptive_attention(model, trace, "L1H1", onto=0, epsilon=0.05, **QUICK)
    assert away.held
    assert onto.held
    assert away.mass[1] < away.mass[0]
    assert onto.mass[1] > onto.mass[0]
    rows = onto.trace.weights("L1H1")[1:, 0].double().mean()
    assert onto.mass[1] == pytest.approx(float(rows), abs=1e-6)


def test_permuted_rows_are_the_own_weights_in_another_order(model, trace):
    found = aw.permuted_attention(model, trace, "L3H0", times=3, seed=5, progress=False)
    # Among two keys there are two orders: over many permutations, both come up.
    assert len(set(np.round(found.changes, 9))) > 1
    by_hand = aw.permuted_attention(model, trace, "L3H0", times=3, seed=5, progress=False)
    np.testing.assert_array_equal(found.changes, by_hand.changes)
    assert found.change == np.median(found.changes)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"epsilon": 0}, "epsilon"),
        ({"epsilon": "small"}, "epsilon"),
        ({"steps": 0}, "steps"),
        ({"heads": "L9"}, "no layer 9|There is no"),
        ({"heads": 3}, "head"),
        ({"heads": ["L1", 4]}, "is not a head"),
    ],
)
def test_what_cannot_be_searched_is_said(model, trace, given, said):
    with pytest.raises(aw.AttnWidgetError, match=said):
        aw.adversarial_attention(model, trace, **{**QUICK, **given})


def test_a_search_is_told_of_and_can_be_stopped(model, trace):
    heard = []
    aw.adversarial_attention(model, trace, "L3H0", steps=3, restarts=2, progress=lambda *step: heard.append(step))
    assert heard[-1] == (6, 6)
    with pytest.raises(aw.errors.Cancelled), aw.stopping_when(lambda: len(heard) > 2):
        aw.adversarial_attention(model, trace, "L3H0", **QUICK)


def test_a_survey_has_the_mean_over_texts_with_its_interval(model):
    texts = [
        f"The capital of {land} is Miro. The capital of {land} is"
        for land in ("Veldt", "Orlan", "Sarn", "Tibor", "Kessel")
    ]
    found = aw.survey(model, texts, partial(aw.frozen_attention, heads="L1"), controls=(), progress=False)
    each = [aw.frozen_attention(model, model.trace(text), "L1") for text in texts]
    assert found.overall.mean == pytest.approx(np.mean([one.change for one in each]), abs=1e-5)
    assert found.overall.low <= found.overall.mean <= found.overall.high
    falls = [one.before - one.after for one in each]
    assert found.found_with("fall").mean == pytest.approx(np.mean(falls), abs=1e-4)
    assert "change (frozen attention(heads='L1'))" in repr(found)


def test_a_search_that_begins_at_a_late_layer_has_the_gradients_of_a_whole_pass(monkeypatch):
    torch.manual_seed(0)
    config = transformers.GPT2Config(
        vocab_size=64, n_positions=32, n_embd=32, n_layer=6, n_head=4, bos_token_id=1, eos_token_id=1
    )
    deep = aw.load(transformers.GPT2LMHeadModel(config))
    trace = deep.trace(list(range(2, 14)))
    late = aw.adversarial_attention(deep, trace, "L4", steps=4, restarts=2, progress=False)
    moved = aw.permuted_attention(deep, trace, "L5", times=5, progress=False)
    monkeypatch.setattr("attnwidget.engine.gradients.weights.runs_from_layers", lambda *_args, **_named: None)
    whole = aw.adversarial_attention(deep, trace, "L4", steps=4, restarts=2, progress=False)
    np.testing.assert_allclose(late.distances, whole.distances, atol=1e-5)
    again = aw.permuted_attention(deep, trace, "L5", times=5, progress=False)
    np.testing.assert_allclose(moved.changes, again.changes, atol=1e-6)
