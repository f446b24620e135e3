"""Nearest heads and redundancy: closed forms and laws."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import attnwidget as aw
from attnwidget.errors import AttnWidgetError
from attnwidget.measures.similarity.head_distances import distances_from
from tests.unit.traces import example, random_trace


def test_the_nearest_heads_of_the_example():
    distances = aw.head_distances(example())
    found = aw.similar_heads(example(), "L0H0", count=2)
    assert [(head.layer, head.head) for head in found] == [(1, 0), (1, 1)]
    assert [head.value for head in found] == [distances.between("L0H0", "L1H0"), distances.between("L0H0", "L1H1")]
    assert found.head == (0, 0)


@given(st.integers(1, 3), st.integers(2, 4), st.integers(2, 7), st.integers(1, 20), st.integers(0, 9))
def test_distances_rise_and_the_head_itself_is_not_among_them(layers, heads, size, count, seed):
    found = aw.similar_heads(random_trace(layers, heads, size, seed=seed), (0, 1), count=count)
    values = [head.value for head in found]
    assert values == sorted(values)
    assert len(found) == min(count, layers * heads - 1)
    assert (0, 1) not in {(head.layer, head.head) for head in found}


def test_a_double_is_first_and_its_redundancy_is_one():
    maps = random_trace(3, 2, 6).weights
    layers = [maps(0), maps(1), torch.stack([maps(2, 0), maps(0, 1)])]
    trace = aw.Trace.from_weights(layers, list("abcdef"))
    assert aw.similar_heads(trace, "L0H1")[0] == (2, 1, 0)
    assert {(head.layer, head.head) for head in aw.redundancy(trace).top(2)} == {(0, 1), (2, 1)}
    assert aw.redundancy(trace)[0, 1] == 1
    assert aw.redundancy(trace)[1, 0] < 1


def test_heads_that_share_nothing_are_not_redundant():
    maps = torch.zeros(3, 3, 3)
    for head in range(3):
        maps[head, :, head] = 1
    assert np.asarray(aw.redundancy(aw.Trace.from_weights([maps], list("abc")))) == pytest.approx(0, rel=1e-5, abs=1e-6)


@given(st.integers(1, 3), st.integers(2, 4), st.integers(1, 7), st.integers(0, 9))
def test_redundancy_is_a_share_and_follows_the_nearest_head(layers, heads, size, seed):
    trace = random_trace(layers, heads, size, seed=seed)
    found = aw.redundancy(trace)
    assert found.shape == (layers, heads)
    assert ((found.values >= 0) & (found.values <= 1)).all()
    nearest = aw.similar_heads(trace, "L0H0", count=1)[0].value
    assert found[0, 0] == pytest.approx(1 - nearest / np.log(2), rel=1e-5, abs=1e-6)


def test_the_only_head_has_no_redundancy():
    alone = aw.Trace.from_weights([torch.eye(3)[None]], list("abc"))
    assert np.isnan(aw.redundancy(alone)[0, 0])
    assert len(aw.similar_heads(alone, "L0H0")) == 0
    assert "no other head" in repr(aw.similar_heads(alone, "L0H0"))


def test_layers_without_attention_are_nan():
    maps = random_trace(1, 3, 3).weights(0)
    found = aw.redundancy(aw.Trace.from_weights([None, maps, maps[:1], None], list("abc")))
    assert np.isnan(found.values).tolist() == [[True] * 3, [False] * 3, [False, True, True], [True] * 3]


def test_distances_at_hand_take_the_place_of_the_trace():
    trace = random_trace(2, 3, 6)
    distances = aw.head_distances(trace, rows=3)
    assert list(aw.similar_heads(distances, "L1H0")) == list(aw.similar_heads(trace, "L1H0", rows=3))
    assert (aw.redundancy(distances).values == aw.redundancy(trace, rows=3).values).all()
    for wrong in ({"rows": 3}, {"rows": 64}, {"rows": None}, {"part": "self"}):
        with pytest.raises(aw.AttnWidgetError, match="already computed"):
            aw.similar_heads(distances, "L1H0", **wrong)
        with pytest.raises(aw.AttnWidgetError, match="already computed"):
            aw.redundancy(distances, **wrong)


@pytest.mark.parametrize(
    ("head", "more"),
    [("L9H0", {}), ("L0", {}), (3, {}), ("L0H0", {"count": 0}), ("L0H0", {"count": True}), ("L0H0", {"rows": -1})],
)
def test_bad_options_are_refused(head, more):
    with pytest.raises(aw.AttnWidgetError):
        aw.similar_heads(example(), head, **more)


def test_all_queries_or_as_many_as_usual():
    trace = random_trace(1, 2, 70)
    assert "64 evenly spaced" in aw.redundancy(trace).recipe
    assert "all 70 queries" in aw.redundancy(trace, rows=None).recipe
    assert "3 evenly spaced" in aw.redundancy(trace, rows=np.int64(3)).recipe


@pytest.mark.parametrize("wrong", [{"rows": np.array([1, 2])}, {"rows": "a"}, {"count": np.array([1, 2])}])
def test_arrays_and_words_are_no_numbers(wrong):
    with pytest.raises(aw.AttnWidgetError, match=next(iter(wrong))):
        aw.similar_heads(example(), "L0H0", **wrong)


def test_the_recipe_says_that_the_numbers_are_distances():
    assert "in nats, smallest first: Jensen-Shannon" in repr(aw.similar_heads(example(), "L0H0"))
    assert "log 2" in aw.redundancy(example()).recipe


def test_one_head_alone_has_the_numbers_of_all_of_them():
    """To the last bit, in every place, with rows that lie partly outside and columns that nobody reads."""
    trace = random_trace(3, 4, 9, causal=True, seed=5)
    whole = aw.head_distances(trace)
    for at, name in enumerate(whole.names):
        np.testing.assert_array_equal(distances_from(trace, name).values[at], whole.values[at])
    assert distances_from(trace, "L0H0").recipe == whole.recipe
    with pytest.raises(AttnWidgetError, match="no head"):
        distances_from(trace, "L9H0")
