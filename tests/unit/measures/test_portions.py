"""One reading of all heads, and the laws that every statistic of heads obeys."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import attnwidget as aw
from attnwidget.engine import joined
from attnwidget.errors import NotNumbers
from attnwidget.measures import portions as reading
from attnwidget.measures.heads.entropy import plain_entropy
from attnwidget.measures.heads.share import mass_on
from attnwidget.measures.portions import head_means, own_keys, portions
from tests.model.families import build
from tests.model.small import small, words
from tests.unit.measures.untouched import fingerprint
from tests.unit.traces import example, random_trace

STATISTICS = {
    "entropy": aw.entropy,
    "normalised entropy": lambda trace: aw.entropy(trace, normalised=True),
    "confidence": aw.confidence,
    "distance": aw.distance,
    "signed distance": lambda trace: aw.distance(trace, signed=True),
    "concentration": lambda trace: aw.concentration(trace, count=3),
    **{
        f"share of {kind}": lambda trace, kind=kind: aw.share(trace, kind)
        for kind in ("special", "punctuation", "padding", "self", "previous", "next", "first")
    },
}
ANY = st.sampled_from(sorted(STATISTICS))
PIECES = ["[CLS]", "so", ",", "she", "ran", "!", "[SEP]", "and", "on"]


def numbers(name, trace):
    return np.asarray(STATISTICS[name](trace))


@given(ANY, st.integers(1, 3), st.integers(1, 9), st.booleans(), st.permutations(range(4)))
def test_permuted_heads_permute_the_columns(name, layers, size, causal, order):
    trace = random_trace(layers, 4, size, causal=causal)
    shuffled = aw.Trace.from_weights([trace.weights(layer)[order] for layer in range(layers)], trace.text)
    assert numbers(name, shuffled) == pytest.approx(numbers(name, trace)[:, order], rel=1e-5, abs=1e-6, nan_ok=True)


@given(
    st.sampled_from(["entropy", "normalised entropy", "confidence", "concentration", "share of special"]),
    st.integers(2, 9),
    st.randoms(use_true_random=False),
)
def test_the_order_of_queries_does_not_matter(name, size, random):
    trace = aw.Trace.from_weights([random_trace(1, 3, size).weights(0)], PIECES[:size])
    order = random.sample(range(size), size)
    shuffled = aw.Trace.from_weights([trace.weights(0)[:, order]], trace.text)
    assert numbers(name, shuffled) == pytest.approx(numbers(name, trace), rel=1e-5, abs=1e-5)


@settings(max_examples=20)
@given(st.integers(2, 12), st.booleans(), st.integers(0, 5))
def test_bounds(size, causal, seed):
    trace = random_trace(2, 3, size, causal=causal, seed=seed)
    assert (numbers("entropy", trace) >= 0).all()
    assert (numbers("entropy", trace) <= np.log(size) + 1e-5).all()
    for name in {*STATISTICS} - {"entropy", "distance", "signed distance"}:
        found = numbers(name, trace)
        assert not (found < 0).any()
        assert not (found > 1 + 1e-5).any()
    assert (np.abs(numbers("signed distance", trace)) <= numbers("distance", trace) + 1e-5).all()
    assert (numbers("distance", trace) <= size - 1).all()


@given(ANY, st.integers(2, 9), st.booleans(), st.integers(0, 3), st.integers(0, 3))
def test_padding_on_either_side_changes_nothing(name, size, causal, before, after):
    maps = random_trace(1, 3, size, causal=causal).weights(0)
    plain = aw.Trace.from_weights([maps], PIECES[:size])
    whole = size + before + after
    text = replace(
        aw.Tokens.from_pieces(["[PAD]"] * before + PIECES[:size] + ["[PAD]"] * after),
        padding=(True,) * before + (False,) * size + (True,) * after,
    )
    padded = torch.zeros(3, whole, whole)
    padded[:, before : before + size, before : before + size] = maps
    found = numbers(name, aw.Trace.from_weights([padded], text))
    assert found == pytest.approx(numbers(name, plain), rel=1e-5, abs=1e-6, nan_ok=True)


@pytest.mark.parametrize("name", ["bert-masked-lm", "llama-grouped"])
def test_padding_that_a_model_was_given_changes_nothing(name):
    ids = [5, 9, 7, 33, 8, 21]
    model = aw.load(build(name))
    plain = model.trace({"input_ids": [ids]})
    padded = model.trace({"input_ids": [[*ids, 0, 0, 0]], "attention_mask": [[1] * 6 + [0] * 3]})
    assert sum(padded.text.padding) == 3
    for statistic in STATISTICS:
        expected = numbers(statistic, plain)
        assert numbers(statistic, padded) == pytest.approx(expected, rel=1e-5, abs=1e-5, nan_ok=True), statistic
    assert np.asarray(aw.sink_rate(padded))[:6] == pytest.approx(np.asarray(aw.sink_rate(plain)))
    assert aw.attention_sinks(padded).threshold == pytest.approx(
        aw.attention_sinks(plain).threshold, rel=1e-5, abs=1e-6
    )
    row = np.asarray(aw.trace_influence(padded, 3))
    assert row == pytest.approx([*np.asarray(aw.trace_influence(plain, 3)), 0, 0, 0], rel=1e-5, abs=1e-6)


def test_nothing_changes_the_trace():
    trace = aw.load().trace("The cat sat on the mat.")
    trace.weights(0)  # kept maps are there as well
    before = fingerprint(trace)
    for measure in STATISTICS.values():
        measure(trace)
    for measure in (aw.sink_score, aw.sink_rate, aw.attention_sinks, aw.summary):
        measure(trace)
    aw.trace_influence(trace, -1)
    assert fingerprint(trace) == before
    trace.blocks[2].q[0, 0, 0, 0] += 1e-6
    assert fingerprint(trace) != before


@pytest.mark.parametrize("name", STATISTICS)
def test_small_portions_give_the_same(name, monkeypatch):
    trace = aw.load().trace("The cat sat on the mat. " * 3)
    expected = numbers(name, trace)
    monkeypatch.setattr("attnwidget.engine.trace.recompute.TILE", 4 * len(trace.text))
    assert len(list(portions(trace))) > 4 * 4 * 3
    assert numbers(name, trace) == pytest.approx(expected, rel=1e-5, abs=1e-5, nan_ok=True)


def test_columns_that_are_received_in_small_portions(monkeypatch):
    trace = aw.load().trace("The cat sat on the mat. " * 3)
    expected = [np.asarray(measure(trace)) for measure in (aw.sink_score, aw.sink_rate, aw.attention_sinks)]
    monkeypatch.setattr("attnwidget.engine.trace.recompute.TILE", 4 * len(trace.text))
    for measure, whole in zip((aw.sink_score, aw.sink_rate, aw.attention_sinks), expected, strict=True):
        assert np.asarray(measure(trace)) == pytest.approx(whole, rel=1e-5, abs=1e-5, nan_ok=True)


@pytest.mark.parametrize("name", STATISTICS)
def test_layers_without_attention_and_heads_that_a_layer_lacks_are_nan(name):
    trace = aw.Trace.from_weights([torch.full((3, 4, 4), 0.25), None, torch.full((1, 4, 4), 0.25)], list("abcd"))
    missing = np.array([[False] * 3, [True] * 3, [False, True, True]])
    assert (np.isnan(numbers(name, trace)) == missing).all()


@pytest.mark.parametrize("name", STATISTICS)
def test_one_token(name):
    trace = aw.Trace.from_weights([torch.ones(2, 1, 1)], ["a"])
    alone = {"entropy": 0, "confidence": 1, "distance": 0, "signed distance": 0, "concentration": 1}
    alone |= {"share of special": 0, "share of punctuation": 0, "share of padding": 0}
    alone |= {"share of self": 1, "share of first": 1}
    assert numbers(name, trace) == pytest.approx(np.full((1, 2), alone.get(name, np.nan)), nan_ok=True)


@pytest.mark.parametrize("name", STATISTICS)
def test_weights_that_are_no_numbers_are_refused(name):
    maps = torch.full((1, 3, 3), 1 / 3)
    trace = aw.Trace.from_weights([maps], list("abc"))
    trace.blocks[0].dense[0, 1, 2] = torch.nan
    with pytest.raises(NotNumbers):
        numbers(name, trace)


def test_all_statistics_of_one_reading_are_those_taken_alone(monkeypatch):
    trace = random_trace()
    calls = []
    plain = reading.weights
    monkeypatch.setattr(reading, "weights", lambda *args, **chosen: calls.append(args) or plain(*args, **chosen))
    found = head_means(trace, None, {"sum": lambda p: p.maps.sum(-1), "best": lambda p: p.maps.amax(-1)})
    assert len(calls) == 3
    assert found["sum"] == pytest.approx(np.ones((3, 4)), rel=1e-5, abs=1e-5)
    assert found["best"] == pytest.approx(np.asarray(aw.confidence(trace)), rel=1e-5, abs=1e-6)


def test_only_asked_rows_and_heads_are_read():
    trace = random_trace(3, 4, 6)
    found = list(portions(trace, rows=torch.tensor([5, 1]), chosen_heads={2: [3, 0]}))
    assert [(portion.block.layer, portion.heads, portion.rows.tolist()) for portion in found] == [(2, [0, 3], [5, 1])]
    assert torch.equal(found[0].maps, trace.weights(2)[[0, 3]][:, [5, 1]])


def test_a_portion_knows_what_may_be_read():
    (portion, *_) = portions(example())
    assert torch.equal(portion.visible, torch.ones(3, 3).tril().bool())
    assert portion.own.tolist() == [0, 1, 2]


def test_queries_and_keys_that_read_differently_are_two_sequences():
    trace = aw.Trace.from_weights([torch.eye(3)[None]], list("abc"), list("xyz"))
    with pytest.raises(aw.AttnWidgetError, match="another sequence"):
        own_keys(trace.blocks[0], *trace.tokens(), torch.arange(3))


def test_an_ambiguous_part_is_refused():
    trace = aw.Trace.from_weights({"one": [torch.eye(2)[None]], "two": [torch.eye(2)[None]]}, list("ab"))
    with pytest.raises(aw.AttnWidgetError, match="one, two"):
        next(portions(trace))


@pytest.mark.parametrize(
    ("name", "special", "shared"), [("bloom", False, 1), ("t5", True, 1), ("class", True, 2), ("gpt-oss", False, 1)]
)
def test_small_layers_that_share_a_portion_have_the_numbers_that_they_have_apart(name, special, shared):
    reader = aw.load(small(name), words(special=special))
    trace = reader.trace("the bank was quiet", **({"target": "the river"} if name == "t5" else {}))
    statistics = {"entropy": plain_entropy, "first": mass_on("first", trace.tokens(trace.parts[-1])[1])}
    together, apart = (head_means(trace, trace.parts[-1], statistics, layers_apart=one) for one in (False, True))
    for key, table in apart.items():
        np.testing.assert_allclose(together[key], table, atol=1e-6)
    groups = [len(own) for _, own in joined(trace.part_blocks(trace.parts[-1]), len(trace.text))]
    assert max(groups) == shared


def test_layers_that_differ_or_are_large_stand_alone():
    trace = aw.load().trace("The cat sat on the mat.")
    assert [len(own) for _, own in joined(trace.blocks, len(trace.text))] == [len(trace.blocks)]
    scaled = [replace(block, scale=block.scale + (block.layer == 1)) for block in trace.blocks]
    assert [len(own) for _, own in joined(scaled, len(trace.text))] == [
        1,
        1,
        *[len(trace.blocks) - 2] * (len(trace.blocks) > 2),
    ]
    assert max(len(own) for _, own in joined(trace.blocks, 10**6)) == 1
