"""The summary: its keys, its numbers against the measures themselves, one reading."""

import json
from collections import Counter

import numpy as np
import pytest
import torch

import attnwidget as aw
from attnwidget.engine.trace import joined as joined_layers
from attnwidget.measures import portions
from tests.model.small import small, words
from tests.unit.measures.untouched import fingerprint
from tests.unit.traces import example, random_trace

MEASURES = {
    "entropy": aw.entropy,
    "normalised_entropy": lambda trace: aw.entropy(trace, normalised=True),
    "confidence": aw.confidence,
    "concentration": aw.concentration,
    "distance": aw.distance,
    **{
        f"share_{kind}": lambda trace, kind=kind: aw.share(trace, kind)
        for kind in ("special", "punctuation", "first", "self", "previous")
    },
}


@pytest.mark.parametrize("causal", [False, True])
def test_every_number_is_that_of_its_measure(causal):
    trace = random_trace(3, 4, 7, causal=causal)
    found = aw.summary(trace)
    for name, measure in MEASURES.items():
        table = np.asarray(measure(trace))
        assert found[name] == pytest.approx(table.mean(), rel=1e-5, abs=1e-6)
        for layer in range(3):
            assert found[f"{name}.L{layer}"] == pytest.approx(table[layer].mean(), rel=1e-5, abs=1e-6)
            for head in range(4):
                assert found[f"{name}.L{layer}H{head}"] == pytest.approx(table[layer, head], rel=1e-5, abs=1e-6)


def test_the_keys_are_these_and_no_others():
    names = [*MEASURES, "uniform_heads", "sink_heads"]
    facts = {"model": "given weights", "path": "given", "tokens": 3, "layers": 2, "heads": 2}
    found = aw.summary(example(), per="model")
    assert {key: found[key] for key in facts} == facts
    assert set(found) == {*facts, *names}
    layers = {f"{name}.L{layer}" for name in names for layer in range(2)}
    assert set(aw.summary(example(), per="layer")) == {*found, *layers}
    heads = {f"{name}.L{layer}H{head}" for name in MEASURES for layer in range(2) for head in range(2)}
    assert set(aw.summary(example())) == {*found, *layers, *heads}


def test_the_first_token_is_scored_as_a_sink():
    trace = random_trace(2, 3, 6, causal=True)
    scores, found = np.asarray(aw.sink_score(trace)), aw.summary(trace)
    assert found["share_first"] == pytest.approx(scores.mean(), rel=1e-5, abs=1e-6)
    assert found["sink_heads"] == pytest.approx((scores > 0.3).mean())
    assert found["sink_heads.L1"] == pytest.approx((scores[1] > 0.3).mean())


def test_uniform_heads_are_counted():
    maps = torch.stack([torch.full((5, 5), 0.2), torch.eye(5).flip(0)])
    found = aw.summary(aw.Trace.from_weights([maps, maps[:1]], list("abcde")))
    assert found["uniform_heads"] == pytest.approx(2 / 3)
    assert (found["uniform_heads.L0"], found["uniform_heads.L1"]) == (0.5, 1.0)


def test_plain_numbers_that_json_takes():
    found = aw.summary(example())
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert {type(value) for value in found.values()} == {str, int, float}


def test_what_is_not_a_number_is_left_out():
    found = aw.summary(aw.Trace.from_weights([torch.ones(1, 1, 1), None, torch.ones(2, 1, 1)], ["a"]))
    assert found["layers"], found["heads"] == (3, 2)
    assert not {"entropy.L1", "entropy.L0H1", "normalised_entropy", "share_previous", "uniform_heads"} & set(found)
    assert (found["entropy"], found["confidence.L2H1"]) == (0.0, 1.0)


@pytest.mark.parametrize("together", [True, False])
def test_all_statistics_take_one_reading(monkeypatch, together):
    """Every map once, whether layers are computed one by one, or small ones together as those of the first."""
    monkeypatch.setattr(joined_layers, "MOST_JOINED", 2**18 if together else 0)
    read = Counter()
    plain = portions.weights

    def counted(block, heads=None, **chosen):
        read[block.layer] += len(heads) * len(chosen["queries"])
        return plain(block, heads, **chosen)

    trace = aw.load().trace("The cat sat on the mat.")
    monkeypatch.setattr(portions, "weights", counted)
    aw.summary(trace)
    every = {block.layer: block.heads * len(trace.text) for block in trace.blocks}
    assert read == ({0: sum(every.values())} if together else every)


def test_a_trace_of_several_parts():
    trace = aw.load(small("t5"), words()).trace("the river bank was quiet .", target="she walked")
    before = fingerprint(trace)
    found = aw.summary(trace)
    assert fingerprint(trace) == before
    assert (found["encoder.layers"], found["decoder.layers"], found["cross.layers"]) == (3, 2, 2)
    assert found["cross.keys"] == found["encoder.tokens"] == 6
    assert "encoder.keys" not in found
    assert found["cross.entropy.L1H3"] == pytest.approx(
        float(aw.entropy(trace, part="cross")[1, 3]), rel=1e-5, abs=1e-6
    )
    assert {"encoder.distance", "decoder.share_previous", "cross.share_first"} <= set(found)
    assert not any(key.startswith(("cross.distance", "cross.share_self", "cross.share_previous")) for key in found)
    alone = aw.summary(trace, part="cross")
    named = {key: value for key, value in alone.items() if key not in {"model", "path"}}
    assert {f"cross.{key}": value for key, value in named.items()}.items() <= found.items()


@pytest.mark.parametrize("wrong", [{"per": "token"}, {"per": None}, {"per": ["head"]}, {"part": "cross"}])
def test_bad_options(wrong):
    with pytest.raises(aw.AttnWidgetError):
        aw.summary(example(), **wrong)
