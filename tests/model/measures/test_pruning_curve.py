"""Heads silenced one after another: as with the model's own edits, in the order that was asked for."""

import numpy as np
import pytest

import attnwidget as aw
from attnwidget.experiments.pruning.orders import IMPORTANCE
from attnwidget.measures.results import HeadScores
from attnwidget.tiny.causal.truth import causal_samples

SAMPLES = causal_samples(8, seed=3)


@pytest.fixture(scope="module")
def model():
    return aw.load()


def test_every_point_is_what_the_edited_model_says(model):
    given = HeadScores(np.arange(16.0).reshape(4, 4)[::-1], "an example")
    found = aw.pruning_curve(model, SAMPLES, by={"mine": given}, points=3, orders=1)
    assert found.removed == (0, 8, 16)
    assert found.orders["mine"][:5] == ((3, 0), (3, 1), (3, 2), (3, 3), (2, 0))
    drawn = np.random.default_rng(0).permutation(8)
    tested = sorted(np.array_split(drawn, 2)[1].tolist())
    right, nats = [], []
    for at in tested:
        trace = model.trace(SAMPLES[at].text, edits=["silence L2", "silence L3"])
        logits = trace.logits(-1)[0].double().log_softmax(-1)
        number = model.tokenizer(SAMPLES[at].answer)["input_ids"][0]
        right.append(int(logits.argmax()) == number)
        nats.append(float(logits[number]))
    assert found.right["mine"][1] == pytest.approx(np.mean(right))
    assert found.score["mine"][1] == pytest.approx(np.mean(nats), abs=1e-4)
    assert found.random_right.shape == (1, 3)
    assert found.area("mine") == pytest.approx(
        np.mean([found.right["mine"][:2].mean(), found.right["mine"][1:].mean()])
    )
    assert len(found.table()) == 6


def test_the_model_knows_its_language_until_heads_go(model):
    found = aw.pruning_curve(model, SAMPLES, by=list(IMPORTANCE), points=2, orders=2)
    assert set(found.right) == {*IMPORTANCE, "random"}
    for name, right in found.right.items():
        assert right[0] == 1, name
        assert right[-1] < 1
    assert all(sorted(order) == sorted(np.ndindex(4, 4)) for order in found.orders.values())


@pytest.mark.parametrize(
    ("texts", "options", "said"),
    [
        (SAMPLES, {"by": "luck"}, "by='luck'"),
        (SAMPLES, {"by": {"mine": np.zeros((2, 2))}}, "2 x 2 heads"),
        (SAMPLES[:3], {}, "there are 3"),
        ("a text", {}, "several texts"),
        (SAMPLES, {"points": 0}, "points=0"),
    ],
)
def test_what_cannot_be_done_is_said(model, texts, options, said):
    with pytest.raises(aw.AttnWidgetError, match=said):
        aw.pruning_curve(model, texts, **options)
