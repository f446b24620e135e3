"""One survey of two models: which heads moved, where it is known which head was changed."""

import copy
from functools import cache

import numpy as np
import pytest
import torch

import attnwidget as aw
from attnwidget.errors import AttnWidgetError

TEXTS = [sample.text for sample in aw.experiments.samples("tiny-causal", 24, seed=3)]


@cache
def other():
    """tiny-causal with the queries of L2H1 turned round: what it reads is another thing, and so is what layer 3 is given."""
    changed = copy.deepcopy(aw.load().model)
    width = changed.config.n_embd // changed.config.n_head
    with torch.no_grad():
        weight, bias = changed.transformer.h[2].attn.c_attn.weight, changed.transformer.h[2].attn.c_attn.bias
        weight[:, width : 2 * width] *= -1
        bias[width : 2 * width] *= -1
    return aw.load(changed, aw.load().tokenizer)


@cache
def compared():
    return aw.survey(aw.load(), TEXTS, aw.entropy, controls=(), compared_with={"changed": other()}, progress=False)


def test_only_heads_that_were_changed_or_stand_behind_them_moved():
    found = compared()
    moved = {(one.layer, one.head) for one in found.moved("changed")}
    assert (2, 1) in moved
    assert moved <= {(2, 1), *((3, head) for head in range(4))}
    difference = np.asarray(found.beside("changed").difference)
    assert np.abs(difference[:2]).max() < 1e-6
    assert np.abs(np.delete(difference[2], 1)).max() < 1e-6


def test_the_difference_is_that_of_two_surveys():
    found = compared()
    own, else_ = (aw.survey(model, TEXTS, aw.entropy, controls=(), progress=False) for model in (aw.load(), other()))
    assert found.values == pytest.approx(own.values, abs=1e-6)
    assert np.asarray(found.beside("changed").difference) == pytest.approx(
        (own.values - else_.values).mean(0), abs=1e-6
    )
    largest = found.moved("changed")
    assert [abs(one.value) for one in largest] == sorted((abs(one.value) for one in largest), reverse=True)


def test_a_model_is_no_rival_of_a_claim():
    claim = aw.claim("L0H2", reads="previous token")
    found = aw.survey(
        aw.load(), TEXTS, claim, controls=("uniform",), compared_with={"changed": other()}, progress=False
    )
    assert found.verdict.word == "holds"
    assert "changed" not in found.verdict.sentence
    assert found.beside("changed").overall.mean == 0
    assert found.recipe["compared with"]["changed"]["model"] == other().name


def test_a_chart_rings_the_heads_that_moved():
    chart = aw.plots.survey_grid(compared(), minus="changed")
    values = np.array(chart.select_one("attnwidget.heads").data["value"], float)
    assert values == pytest.approx(np.asarray(compared().beside("changed").difference).ravel(), abs=1e-6)


def test_a_saved_comparison_says_the_same(tmp_path):
    again = aw.experiments.Survey.load(compared().save(tmp_path / "found.json"))
    assert again.moved("changed") == compared().moved("changed")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"uniform": "model"}, "give models by name"),
        ([1], "give models by name"),
        ("tiny-causal", "give models by name"),
    ],
)
def test_what_is_no_model_is_refused(given, words):
    with pytest.raises(AttnWidgetError, match=words):
        aw.survey(aw.load(), TEXTS, aw.entropy, compared_with=given, progress=False)


def test_the_name_of_a_control_and_a_model_of_another_shape_are_refused():
    with pytest.raises(AttnWidgetError, match="cannot call a model 'uniform'"):
        aw.survey(aw.load(), TEXTS, aw.entropy, compared_with={"uniform": other()}, progress=False)
    with pytest.raises(AttnWidgetError, match="has other layers or heads"):
        aw.survey(
            aw.load(), TEXTS[:3], aw.entropy, controls=(), compared_with={"reader": aw.load("tiny-classifier")},
            progress=False,
        )  # fmt: skip
