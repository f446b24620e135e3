"""Clusters of heads: scipy's cut, a silhouette by hand and by scikit-learn, planted groups."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import pdist, squareform

import attnwidget as aw
from attnwidget.measures.similarity.head_clusters import head_clusters, silhouettes
from attnwidget.measures.similarity.head_distances import HeadDistances
from tests.unit.traces import example, random_trace


def distances_of(places, layers=1):
    """Heads at places on a line, or in space, as if these were roots of divergences."""
    points = np.asarray(places, np.float64).reshape(len(places), -1)
    width = len(points) // layers
    heads = tuple((at // width, at % width) for at in range(len(points)))
    return HeadDistances(squareform(pdist(points, "sqeuclidean")).astype(np.float32), "an example", heads, layers)


def partition(labels):
    return {frozenset(np.flatnonzero(np.ravel(labels) == label)) for label in np.unique(labels) if label >= 0}


def planted(sizes, seed=0, length=8):
    """Heads of so many kinds, each kind a slightly blurred map of its own."""
    generator = torch.Generator().manual_seed(seed)
    kinds = [torch.randn(length, length, generator=generator) * 4 for _ in sizes]
    maps = [
        kind + torch.randn(length, length, generator=generator) * 0.1
        for kind, n in zip(kinds, sizes, strict=True)
        for _ in range(n)
    ]
    return aw.Trace.from_weights([torch.stack(maps).softmax(-1)], [str(at) for at in range(length)])


def test_a_silhouette_by_hand():
    apart = np.abs(np.subtract.outer([0.0, 1, 5, 6, 20], [0.0, 1, 5, 6, 20]))
    found = silhouettes(apart, np.array([0, 0, 1, 1, 2]))
    # item 0: a = 1, b = (5 + 6) / 2; item 1: a = 1, b = (4 + 5) / 2; the last is alone
    assert found == pytest.approx([4.5 / 5.5, 3.5 / 4.5, 3.5 / 4.5, 4.5 / 5.5, 0])


@given(st.integers(3, 25), st.integers(2, 6), st.integers(0, 99))
def test_silhouettes_against_scikit_learn(size, clusters, seed):
    metrics = pytest.importorskip("sklearn.metrics")
    random = np.random.default_rng(seed)
    labels = random.integers(0, clusters, size)
    if not 2 <= len(np.unique(labels)) <= size - 1:
        return
    apart = squareform(pdist(random.normal(size=(size, 3))))
    assert silhouettes(apart, labels) == pytest.approx(metrics.silhouette_samples(apart, labels, metric="precomputed"))


def test_items_at_no_distance_have_a_silhouette_of_zero():
    assert silhouettes(np.zeros((4, 4)), np.array([0, 0, 1, 1])).tolist() == [0, 0, 0, 0]
    assert np.isnan(silhouettes(np.zeros((2, 2)), np.array([0, 0]))).all()


@settings(max_examples=25)
@given(st.integers(1, 3), st.integers(2, 5), st.integers(0, 50), st.data())
def test_the_cut_is_scipys(layers, heads, seed, data):
    count = data.draw(st.integers(1, layers * heads))
    distances = aw.head_distances(random_trace(layers, heads, 9, seed=seed))
    found = head_clusters(distances, count)
    tree = linkage(squareform(np.sqrt(distances.values.astype(np.float64))), "average")
    assert partition(found.labels) == partition(fcluster(tree, count, "maxclust"))
    assert found.count == count == found.labels.max() + 1


@pytest.mark.parametrize("sizes", [(3, 3), (6, 4, 2), (5, 4, 3, 2), (1, 7, 2)])
def test_planted_groups_are_found_and_numbered_by_size(sizes):
    found = head_clusters(planted(sizes))
    starts = np.cumsum([0, *sizes])
    assert partition(found.labels) == {frozenset(range(a, b)) for a, b in pairwise(starts)}
    assert [len(found.members(at)) for at in range(found.count)] == sorted(sizes, reverse=True)
    assert found.silhouette > 0.5


def test_clusters_of_one_size_are_numbered_by_their_first_head():
    assert head_clusters(distances_of([5, 0, 5.1, 0.1]), 2).labels.tolist() == [[0, 1, 0, 1]]
    assert head_clusters(distances_of([0, 9, 9, 9.1]), 2).labels.tolist() == [[1, 0, 0, 0]]


def test_the_medoid_comes_first_and_the_others_by_distance():
    found = head_clusters(distances_of([0, 1, 1.5, 3, 90], layers=1), 2)
    assert found.medoids == ((0, 1), (0, 4))  # sums of distances: 5.5, 3.5, 3.5, 6.5; of equals the first
    assert [member.head for member in found.members(0)] == [1, 2, 0, 3]
    assert [member.value for member in found.members(0)] == pytest.approx([0, 0.5, 1, 2], rel=1e-5, abs=1e-6)
    assert "L0H1 stands for 4 heads" in repr(found)
    assert "L0H4 stands alone" in repr(found)


def test_the_number_of_clusters_has_the_largest_silhouette():
    trace = random_trace(3, 5, 8, seed=4)
    found = head_clusters(trace)
    scores = {count: head_clusters(trace, count).silhouette for count in range(2, 13)}
    assert found.silhouette == pytest.approx(max(scores.values()))
    assert found.count == max(scores, key=scores.get)
    assert f"{found.count} clusters with a mean silhouette of {found.silhouette:.2f}" in found.recipe


def test_it_says_that_nothing_sets_clusters_apart():
    far = 1 - np.eye(10, dtype=np.float32)  # every head as far from every other
    heads = tuple((0, at) for at in range(10))
    found = head_clusters(HeadDistances(far, "an example", heads, 1))
    assert found.silhouette < 0.25
    assert "they are hardly separate" in found.recipe
    assert "hardly" not in head_clusters(planted((4, 3))).recipe


def test_the_order_of_heads_changes_no_cluster():
    known = aw.head_distances(planted((4, 3, 2)))
    order = np.random.default_rng(1).permutation(9)
    other = HeadDistances(known.values[np.ix_(order, order)], "an example", tuple(known.heads[at] for at in order), 1)
    first, second = head_clusters(known), head_clusters(other)
    assert first.labels.tolist() == second.labels.tolist()
    assert first.medoids == second.medoids


@pytest.mark.parametrize("heads", [1, 2, 5])
def test_heads_that_read_alike_are_one_cluster(heads):
    found = head_clusters(aw.Trace.from_weights([torch.eye(3).expand(heads, 3, 3)], list("abc")))
    assert found.labels.tolist() == [[0] * heads]
    assert found.medoids == ((0, 0),)
    assert np.isnan(found.silhouette)
    assert "one cluster" in found.recipe


def test_heads_that_are_ties_can_still_be_counted_out():
    alike = aw.Trace.from_weights([torch.eye(3).expand(5, 3, 3)], list("abc"))
    assert head_clusters(alike, 3).count == 3
    assert head_clusters(example(), 4).labels.tolist() == [[0, 1], [2, 3]]
    assert head_clusters(example(), 1).labels.tolist() == [[0, 0], [0, 0]]


def test_layers_without_attention_and_missing_heads_have_no_cluster():
    maps = random_trace(1, 3, 4).weights(0)
    found = head_clusters(aw.Trace.from_weights([maps, None, maps[:1]], list("abcd")))
    assert found.labels.shape == (3, 3)
    assert found.labels[1].tolist() == [-1] * 3
    assert found.labels[2, 1:].tolist() == [-1] * 2
    assert found.labels[2, 0] == found.labels[0, 0]
    assert sum(len(found.members(at)) for at in range(found.count)) == 4


def test_cross_attention_and_sinks_have_clusters():
    cross = aw.Trace.from_weights([torch.rand(4, 2, 5).softmax(-1) * 0.7], list("ab"), list("vwxyz"), part="cross")
    assert sorted(np.asarray(head_clusters(cross, 2)).ravel()) in ([0, 0, 0, 1], [0, 0, 1, 1])


@pytest.mark.parametrize("count", [0, -1, 5, True, 2.0, "many"])
def test_a_count_that_cannot_be_is_refused(count):
    with pytest.raises(aw.AttnWidgetError, match="from 1 to 4"):
        head_clusters(example(), count)


@pytest.mark.parametrize("cluster", [-1, 9, True, "L0H0", None])
def test_a_cluster_that_is_not_there_is_refused(cluster):
    with pytest.raises(aw.AttnWidgetError, match="no cluster"):
        head_clusters(example()).members(cluster)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: head_clusters(example(), part="cross"),
        lambda: head_clusters(example(), rows=0),
        lambda: head_clusters(aw.head_distances(example()), rows=3),
        lambda: head_clusters(HeadDistances(np.full((1, 1), np.nan, np.float32), "padding", ((0, 0),), 1)),
    ],
)
def test_bad_options_are_refused(wrong):
    with pytest.raises(aw.AttnWidgetError):
        wrong()


def test_the_tiny_model_twice_gives_the_same_clusters():
    trace = aw.load().trace("The cat sat on the mat.")
    first, second = head_clusters(trace), head_clusters(trace)
    assert (first.labels == second.labels).all()
    assert np.asarray(first).dtype == np.int32
    assert "Jensen-Shannon" in repr(first)
