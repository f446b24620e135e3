"""Habits over a set of texts: of models whose patterns come from positions alone, whose tokens become one, and of a trained one."""

import dataclasses
from math import log
from random import Random

import numpy as np
import pytest
import torch
from scipy.spatial.distance import jensenshannon
from transformers import BertConfig, BertModel, GPT2Config, GPT2LMHeadModel

import attnwidget as aw
from attnwidget.measures.over_texts.position_reliance import likeness_of_rows
from attnwidget.measures.over_texts.set_of_texts import content_of, replaced_ids, shuffled_ids
from attnwidget.tiny.causal.truth import causal_samples
from tests.model.small import WORDS, words

TEXTS = [sample.text for sample in causal_samples(10, seed=5)]


@pytest.fixture(scope="module")
def model():
    return aw.load()


@pytest.fixture(scope="module")
def bound(model):
    """A model whose scores come from positions alone."""
    torch.manual_seed(0)
    sizes = {"n_layer": 2, "n_head": 4, "n_embd": 32, "n_positions": 256, "bos_token_id": None, "eos_token_id": None}
    module = GPT2LMHeadModel(GPT2Config(vocab_size=model.model.config.vocab_size, **sizes)).eval()
    with torch.no_grad():
        module.transformer.wte.weight.mul_(0.01)
        module.transformer.wpe.weight.mul_(20)
        for block in module.transformer.h:
            block.attn.c_attn.weight.mul_(8)
    return aw.load(module, model.tokenizer)


@pytest.fixture(scope="module")
def smooth():
    """A model that gives every token the mean of all, and nothing else."""
    torch.manual_seed(0)
    sizes = {"num_hidden_layers": 6, "num_attention_heads": 4, "hidden_size": 32, "intermediate_size": 64}
    module = BertModel(BertConfig(vocab_size=len(WORDS), **sizes)).eval()
    with torch.no_grad():
        for layer in module.encoder.layer:
            layer.attention.self.query.weight.zero_()
            layer.attention.output.dense.weight.mul_(200)
            layer.output.dense.weight.zero_()
    return aw.load(module, words(special=True))


def test_heads_of_positions_alone_are_told_from_those_of_a_trained_model(model, bound):
    assert float(aw.position_reliance(bound, TEXTS).values.min()) > 0.99
    trained = aw.position_reliance(model, TEXTS)
    assert trained[0, 2] > 0.9  # the previous-token head
    assert trained[1, 0] < 0.5  # the induction head
    assert (trained.values > 0.9).mean() < 0.25
    np.testing.assert_array_equal(trained.values, aw.position_reliance(model, TEXTS).values)


def test_the_likeness_of_rows_is_scipys(model):
    one, other = model.trace("The cat sat on the mat."), model.trace("The dog ran to the road.")
    content = content_of(one.text)
    assert content == [1, 2, 3, 4, 5, 6]
    sums, rows = likeness_of_rows(one, other, content)
    expected = []
    for query in (4, 5, 6):
        first, second = (each.weights(2, 1, queries=query).numpy().ravel()[content] for each in (one, other))
        if min(first.sum(), second.sum()) > 0.1:
            expected.append(1 - jensenshannon(first, second) ** 2 / log(2))
    assert rows[2, 1] == len(expected) > 0
    assert sums[2, 1] == pytest.approx(sum(expected), abs=1e-5)


def test_words_change_and_special_tokens_stay():
    tokenizer = aw.load(BertModel(BertConfig(vocab_size=len(WORDS), num_hidden_layers=1)), words(special=True))
    tokens = tokenizer.tokens("the river bank was quiet")
    random = Random(1)  # noqa: S311  nothing secret
    shuffled = shuffled_ids(tokens, random)
    assert (shuffled[0], shuffled[-1]) == (tokens.ids[0], tokens.ids[-1])
    assert sorted(shuffled) == sorted(tokens.ids)
    assert set(replaced_ids(tokens, [9], random)[1:-1]) == {9}


def test_tokens_that_become_one_are_told_from_those_of_a_trained_model(model, smooth):
    few = ["the river bank was quiet", "she walked to the bank for money", "so who was she ?"]
    found = aw.smoothing(smooth, few)
    assert found.embedding < 0.5
    assert found[-1] > 0.999
    assert aw.smoothing(model, TEXTS)[-1] < 0.5


def test_similarities_are_those_of_all_pairs(model):
    found = aw.smoothing(model, TEXTS[:3])
    within, states = [], []
    for text in TEXTS[:3]:
        with torch.no_grad():
            own = model.model(**model.inputs(text).forward, output_hidden_states=True).hidden_states
        states.append(torch.nn.functional.normalize(torch.stack(own)[:, 0, 1:], dim=-1))
        alike = states[-1] @ states[-1].mT
        within.append(alike[:, ~torch.eye(alike.shape[-1], dtype=torch.bool)].mean(-1))
    np.testing.assert_allclose(found.values, torch.stack(within).mean(0)[1:], atol=1e-5)
    assert found.embedding == pytest.approx(float(torch.stack(within).mean(0)[0]), abs=1e-5)
    across = [(one @ other.mT).mean((-1, -2)) for at, one in enumerate(states) for other in states[at + 1 :]]
    np.testing.assert_allclose(found.others, torch.stack(across).mean(0)[1:], atol=1e-5)


def test_a_diagnosis_over_texts_names_both_and_is_silent_on_a_healthy_model(model, bound, smooth):
    healthy = aw.diagnose(model.trace(TEXTS[0]), model=model, texts=TEXTS)
    assert {"pattern of position", "over-smoothing"} <= set(healthy.clear)
    report = aw.diagnose(bound.trace(TEXTS[0]), model=bound, texts=TEXTS)
    assert report["pattern of position"].severity == "high"
    assert report["pattern of position"].evidence["share of heads"] == 1
    few = ["the river bank was quiet for money ."] * 8
    found = aw.diagnose(smooth.trace(few[0]), model=smooth, texts=few)["over-smoothing"]
    assert found.severity == "high"
    assert found.where


def test_what_a_set_lacks_is_said(model):
    trace = model.trace(TEXTS[0])
    assert aw.diagnose(trace, model=model, texts=TEXTS[:2]).skipped["over-smoothing"] == "fewer than 8 texts"
    with pytest.raises(aw.AttnWidgetError, match="give it as model="):
        aw.diagnose(trace, texts=TEXTS)
    with pytest.raises(aw.AttnWidgetError, match="None of these texts"):
        aw.smoothing(model, ["", ""])
    with pytest.raises(aw.AttnWidgetError, match="Give several texts"):
        aw.position_reliance(model, "one")
    with pytest.raises(aw.AttnWidgetError, match="needs a model"):
        aw.smoothing(trace, TEXTS)


def test_the_sum_of_one_text_has_no_others(model):
    found = aw.smoothing(model, TEXTS[:1])
    assert np.isnan(found.others).all()
    assert dataclasses.replace(found, recipe="again").embedding == found.embedding
