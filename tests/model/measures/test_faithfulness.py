"""Faithfulness: every number from runs made one by one."""

import numpy as np
import pytest

import attnwidget as aw

TEXT = "The capital of Veldt is Miro. The capital of Veldt is"


@pytest.fixture(scope="module")
def model():
    return aw.load()


@pytest.fixture(scope="module")
def trace(model):
    return model.trace(TEXT)


def probability(model, trace, hidden):
    again = model.trace(trace, edits=aw.Hide(hidden)) if hidden else trace
    return float(again.logits()[0].double().softmax(-1)[int(trace.logits()[0].argmax())])


def test_its_numbers_are_those_of_runs_made_one_by_one(model, trace):
    effects = aw.token_effects(model, trace)
    found = aw.faithfulness(model, trace, effects, orders=3, thresholds=(0.1, 0.3))
    order = np.argsort(-effects.values[:11], kind="stable").tolist()
    assert [place[0] for place in found.places] == order
    expected = [probability(model, trace, order[:count]) for count in found.deletion.counts]
    assert np.allclose(found.deletion.values, expected, atol=1e-5)
    expected = [probability(model, trace, order[count:]) for count in found.insertion.counts]
    assert np.allclose(found.insertion.values, expected, atol=1e-5)
    whole = probability(model, trace, [])
    without = [probability(model, trace, order[:count]) for count in (2, 4)]  # 11 words: 1.1 and 3.3, rounded up
    alone = [probability(model, trace, order[count:]) for count in (2, 4)]
    assert found.comprehensiveness == pytest.approx(whole - np.mean(without), abs=1e-5)
    assert found.sufficiency == pytest.approx(whole - np.mean(alone), abs=1e-5)
    assert found.random_deletion.shape == (3, len(found.deletion.counts))
    assert np.allclose(found.random_deletion[:, [0, -1]], found.deletion.values[[0, -1]], atol=1e-6)
    assert found.unit == "probability"


def test_random_orders_are_those_of_the_seed(model, trace):
    scores = np.arange(12.0)
    one, same, other = (aw.faithfulness(model, trace, scores, orders=2, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(one.random_deletion, same.random_deletion)
    assert not np.array_equal(one.random_deletion, other.random_deletion)
    assert one.order[0] == "Veldt"  # the last before the answer's position


@pytest.mark.parametrize(
    ("scores", "given", "said"),
    [
        (np.zeros(5), {}, "one number for each of the 12 tokens"),
        ("much", {}, "one number for each of the 12 tokens"),
        (np.full(12, np.nan), {}, "no numbers"),
        (np.zeros(12), {"thresholds": (0.5, 2)}, "shares above 0"),
        (np.zeros(12), {"orders": 0}, "orders=0"),
        (np.zeros(12), {"seed": "x"}, "seed='x'"),
    ],
)
def test_what_cannot_be_tested_is_said(model, trace, scores, given, said):
    with pytest.raises(aw.AttnWidgetError, match=said):
        aw.faithfulness(model, trace, scores, **given)
