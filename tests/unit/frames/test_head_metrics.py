"""What can be asked of every head: the numbers are those of the measures, worked out once per trace."""

import numpy as np
import pytest
import torch

import attnwidget as aw
from attnwidget.errors import BadRequest, Cancelled
from attnwidget.frames import head_metrics
from attnwidget.frames.head_metrics import METRIC_NAMES, choices, metric, similar, told
from attnwidget.measures.patterns.patterns import THRESHOLDS
from tests.unit.traces import random_trace

TOKENS = ["one", "two", ",", "three", "one", "two", "four", "."]


def example(layers=2, heads=3):
    size = len(TOKENS)
    maps = [torch.rand(heads, size, size, generator=torch.Generator().manual_seed(seed)) for seed in range(layers)]
    return aw.Trace.from_weights([each.tril() / each.tril().sum(-1, keepdim=True) for each in maps], TOKENS)


def test_every_pattern_can_be_asked_for_and_nothing_is_called_twice():
    assert set(THRESHOLDS) < set(METRIC_NAMES)
    assert len(set(METRIC_NAMES)) == len(METRIC_NAMES)
    assert "written" not in [choice.name for choice in choices(values=False)]


@pytest.mark.parametrize("name", [name for name in METRIC_NAMES if name != "written"])
def test_everything_that_is_offered_can_be_had(name):
    found = metric(example(), name, "self")
    assert found.values.shape == (2, 3)
    assert found.values.dtype == np.float32
    assert found.recipe
    assert (found.labels is not None) == (name == "pattern")


def test_numbers_are_those_of_the_measures():
    trace = example()
    expected = {
        "entropy": aw.entropy(trace),
        "distance": aw.distance(trace),
        "first": aw.share(trace, "first"),
        "induction": aw.patterns(trace).scores["induction"],
        "redundancy": aw.redundancy(trace),
    }
    for name, scores in expected.items():
        np.testing.assert_allclose(metric(trace, name, "self").values, scores.values, rtol=1e-6)
    assert metric(trace, "entropy", "self").recipe == aw.entropy(trace).recipe


def test_names_are_those_of_the_patterns():
    previous = torch.eye(6).roll(-1, 1)
    found = metric(aw.Trace.from_weights([previous[None]], list("abcdef")), "pattern", "self")
    assert found.labels == (("previous token",),)
    assert found.values.tolist() == [[1.0]]


def test_patterns_are_read_once_for_all_of_them(monkeypatch):
    calls = []
    real = head_metrics.patterns
    monkeypatch.setattr(head_metrics, "patterns", lambda *given, **named: calls.append(1) or real(*given, **named))
    trace = example()
    for name in ("pattern", "induction", "uniform", "pattern"):
        metric(trace, name, "self")
    assert calls == [1, 1]  # of each layer


def test_the_nearest_heads_are_those_of_the_measure():
    trace = random_trace(2, 3, 6, seed=1)
    found = similar(trace, (1, 2), "self", 3)
    assert found.nearest == aw.similar_heads(trace, "L1H2", count=3).nearest
    for head, count in (((5, 0), 1), ((0, 3), 1), ((-1, 0), 1), ((0, 0), 0)):
        with pytest.raises(BadRequest):
            similar(trace, head, "self", count)


def test_what_cannot_be_said_is_said():
    with pytest.raises(BadRequest, match="no metric 'beauty'"):
        metric(example(), "beauty", "self")
    with pytest.raises(BadRequest, match="no values"):
        metric(example(), "written", "self")


def test_a_reading_ends_midway_and_is_not_taken_for_a_whole_one():
    trace, seen = example(layers=4), []

    def after_two():
        seen.append(1)
        return len(seen) > 2

    for ask in (
        lambda: metric(trace, "pattern", "self"),
        lambda: similar(trace, (0, 0), "self", 2),
    ):
        seen.clear()
        with pytest.raises(Cancelled), aw.stopping_when(after_two):
            ask()
    assert metric(trace, "pattern", "self").labels is not None


@pytest.mark.parametrize("name", ["pattern", "uniform", "entropy", "distance", "first"])
def test_layers_are_heard_as_they_come_and_the_last_is_what_the_measure_says(name):
    trace, heard = with_a_gap(), []
    whole = metric(trace, name, "encoder", lambda make: heard.append(make()))
    assert [list(np.isfinite(one.values).any(1)) for one in heard] == [[True, False, False, False, False]]
    assert [one.recipe for one in heard] == [f"{whole.recipe}; so far 1 of 2 layers"]
    measured = aw.patterns(trace, part="encoder")
    if name == "pattern":
        assert whole.labels == tuple(tuple(row) for row in measured.labels)
        assert [row for row in heard[0].labels if any(row)] == [whole.labels[0]]
        np.testing.assert_array_equal(whole.values, measured.best.values)
        assert whole.recipe.endswith(measured.recipe)
    else:
        scores = {
            "uniform": measured.scores["uniform"],
            "entropy": aw.entropy(trace, part="encoder"),
            "distance": aw.distance(trace, part="encoder"),
            "first": aw.share(trace, "first", part="encoder"),
        }[name]
        np.testing.assert_array_equal(whole.values, scores.values)
        assert whole.recipe == scores.recipe
    metric(trace, name, "encoder", lambda make: heard.append(make()))
    assert len(heard) == 1  # all is known


def with_a_gap():
    """Two parts; in one of them layers without attention, and fewer heads in a later one."""
    size = len(TOKENS)
    rows = [torch.rand(heads, size, size, generator=torch.Generator().manual_seed(heads)) for heads in (3, 2)]
    first, second = [each.tril() / each.tril().sum(-1, keepdim=True) for each in rows]
    return aw.Trace.from_weights(
        {"encoder": [first, None, None, second, None], "decoder": [second], "cross": [second]}, TOKENS, TOKENS
    )


def test_what_compares_layers_is_heard_as_a_whole_alone():
    heard = []
    assert "so far" not in metric(example(), "redundancy", "self", heard.append).recipe
    assert heard == []


def test_what_was_stopped_goes_on_where_it_was(monkeypatch):
    trace, read, heard = example(layers=3), [], []
    real = head_metrics.patterns

    def stopped(trace, **named):
        read.append(trace.blocks[0].layer)
        if len(read) == 3:
            raise Cancelled
        return real(trace, **named)

    monkeypatch.setattr(head_metrics, "patterns", stopped)
    with pytest.raises(Cancelled):
        metric(trace, "pattern", "self")
    found = metric(trace, "uniform", "self", lambda make: heard.append(make()))
    assert read == [0, 1, 2, 2]
    assert [one.recipe.split("; ")[-1] for one in heard] == ["so far 2 of 3 layers"]
    np.testing.assert_array_equal(found.values, aw.patterns(trace).scores["uniform"].values)


def test_numbers_travel_with_their_range_and_none_is_no_number():
    message = told(metric(example(), "entropy", "self"))
    assert message["low"] < message["high"]
    assert (message["layers"], message["heads"], message["labels"]) == (2, 3, None)
    short = told(metric(aw.Trace.from_weights([torch.ones(1, 1, 1)], ["a"]), "induction", "self"))
    assert (short["low"], short["high"]) == (0.0, 0.0)
