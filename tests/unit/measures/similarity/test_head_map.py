"""The map of heads: planes are recovered, turning onto an earlier map is scipy's Procrustes, nothing jumps."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import orthogonal_procrustes
from scipy.spatial.distance import pdist, squareform

import attnwidget as aw
from attnwidget.measures.similarity.head_distances import HeadDistances
from attnwidget.measures.similarity.head_map import HeadMap, head_map
from tests.unit.traces import example, random_trace


def distances_of(points, heads=None):
    """Points of any dimension as if their squared distances were divergences."""
    squared = squareform(pdist(points, "sqeuclidean")).astype(np.float32)
    heads = tuple((at // 4, at % 4) for at in range(len(points))) if heads is None else tuple(heads)
    return HeadDistances(squared, "an example", heads, 1 + max(layer for layer, _ in heads))


def cloud(size, seed, dimensions=2):
    """Points that are spread differently along each direction, as else any plane would do."""
    spread = np.array([3.0, 1.0, 0.4, 0.1])[:dimensions]
    return np.random.default_rng(seed).normal(size=(size, dimensions)) * spread


def off_by(first, second):
    """The largest difference of two sets of points once the second is turned, mirrored and moved onto the first."""
    first, second = (np.asarray(points, np.float64) - np.mean(points, 0) for points in (first, second))
    turn, _ = orthogonal_procrustes(second, first)
    return np.abs(second @ turn - first).max()


@given(st.integers(1, 30), st.integers(0, 99))
def test_points_in_a_plane_are_recovered(size, seed):
    points = cloud(size, seed)
    found = head_map(distances_of(points))
    assert off_by(points, found.positions) < 2e-3
    assert found.explained == pytest.approx(1, abs=1e-4)
    assert found.positions.dtype == np.float32
    assert np.abs(found.positions.mean(0)).max() < 1e-3


def test_of_more_dimensions_the_plane_that_keeps_most_is_taken():
    points = cloud(40, 3, 4)
    centred = points - points.mean(0)
    left, sizes, _ = np.linalg.svd(centred, full_matrices=False)
    found = head_map(distances_of(points))
    assert off_by(left[:, :2] * sizes[:2], found.positions) < 2e-3  # the principal components
    assert found.explained == pytest.approx((sizes[:2] ** 2).sum() / (sizes**2).sum(), abs=1e-4)
    flat = pdist(found.positions.astype(np.float64), "sqeuclidean").sum()
    assert found.explained == pytest.approx(flat / pdist(points, "sqeuclidean").sum(), abs=1e-4)


def test_distances_of_a_trace_are_roots_of_its_divergences():
    trace = random_trace(1, 3, 6)  # three heads always have a place in the plane
    found = head_map(trace)
    divergences = aw.head_distances(trace).values
    assert squareform(pdist(found.positions)) ** 2 == pytest.approx(divergences, rel=1e-5, abs=1e-5)
    assert found.explained == pytest.approx(1, rel=1e-5, abs=1e-5)
    assert (head_map(aw.head_distances(trace)).positions == found.positions).all()


@settings(max_examples=25)
@given(st.integers(2, 4), st.integers(2, 4), st.integers(0, 30), st.randoms())
def test_permuting_heads_permutes_points(layers, heads, seed, random):
    known = aw.head_distances(random_trace(layers, heads, 8, seed=seed))
    order = list(range(layers * heads))
    random.shuffle(order)
    other = HeadDistances(
        known.values[np.ix_(order, order)], "an example", tuple(known.heads[at] for at in order), layers
    )
    first, second = head_map(known), head_map(other)
    assert second.heads == other.heads
    assert squareform(pdist(second.positions)) == pytest.approx(squareform(pdist(first.positions[order])), abs=2e-3)


def test_directions_do_not_depend_on_the_order_of_heads():
    for seed in range(8):
        known = distances_of(cloud(12, seed, 3))
        order = np.random.default_rng(seed).permutation(12)
        other = HeadDistances(
            known.values[np.ix_(order, order)], "an example", tuple(known.heads[at] for at in order), known.layers
        )
        assert head_map(other).positions == pytest.approx(head_map(known).positions[order], abs=1e-3)


def test_later_layers_are_to_the_right_and_up():
    for seed in range(8):
        found = head_map(distances_of(cloud(12, seed)))
        layers = np.array([layer for layer, _ in found.heads])
        assert ((layers - layers.mean()) @ found.positions >= -1e-4).all()


def test_one_layer_that_is_symmetric_has_a_sign_too():
    found = head_map(distances_of(np.array([[-1.0, 0], [1, 0]]), [(0, 0), (0, 1)]))
    assert found.positions.tolist() == pytest.approx(np.array([[1, 0], [-1, 0]]), rel=1e-5, abs=1e-6)


@given(st.integers(1, 20), st.integers(0, 99))
def test_after_itself_nothing_moves(size, seed):
    first = head_map(distances_of(cloud(size, seed, 3)))
    again = head_map(distances_of(cloud(size, seed, 3)), after=first)
    assert again.positions == pytest.approx(first.positions, abs=1e-4)


@given(st.integers(3, 20), st.floats(0, 6.3), st.booleans(), st.integers(0, 99))
def test_after_a_turned_and_mirrored_map_points_are_where_they_were(size, angle, mirrored, seed):
    plain = head_map(distances_of(cloud(size, seed)))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    if mirrored:
        turn[:, 0] *= -1
    earlier = HeadMap((plain.positions @ turn + [5, -2]).astype(np.float32), "earlier", plain.heads, plain.layers)
    found = head_map(distances_of(cloud(size, seed)), after=earlier)
    assert found.positions == pytest.approx(earlier.positions, abs=2e-3)
    assert f"onto an earlier map over {size} heads" in found.recipe


def test_turning_is_scipys_procrustes_and_stretches_nothing():
    earlier = head_map(random_trace(3, 4, 9, seed=1))
    alone = head_map(random_trace(3, 4, 9, seed=2))
    found = head_map(random_trace(3, 4, 9, seed=2), after=earlier)
    turn, _ = orthogonal_procrustes(alone.positions - alone.positions.mean(0), earlier.positions)
    assert found.positions == pytest.approx(alone.positions @ turn, rel=1e-5, abs=1e-5)
    assert pdist(found.positions) == pytest.approx(pdist(alone.positions), rel=1e-5, abs=1e-5)


def test_only_heads_of_both_maps_decide():
    points = cloud(9, 5)
    named = [(0, at) for at in range(9)]
    earlier = head_map(distances_of(points[:6], named[:6]))
    later = head_map(distances_of(points[2:], named[2:]), after=earlier)
    assert later.positions[:4] == pytest.approx(earlier.positions[2:], abs=1e-3)
    assert "over 4 heads" in later.recipe


def test_points_do_not_jump_while_a_text_grows():
    model = aw.load()
    text = "The cat sat on the mat and the dog sat on the rug."
    before = head_map(model.trace(text[:-5]))
    free = head_map(model.trace(text))
    after = head_map(model.trace(text), after=before)
    assert np.abs(after.positions - before.positions).mean() <= np.abs(free.positions - before.positions).mean() + 1e-6
    assert np.abs(after.positions - before.positions).max() < 0.3 * np.abs(before.positions).max()


@pytest.mark.parametrize("heads", [1, 2, 5])
def test_heads_that_read_alike_share_a_point(heads):
    trace = aw.Trace.from_weights([torch.eye(3).expand(heads, 3, 3)], list("abc"))
    found = head_map(trace)
    assert found.positions.tolist() == [[0, 0]] * heads
    assert found.explained == 1
    assert (head_map(trace, after=found).positions == 0).all()


def test_two_heads_lie_on_a_line_as_far_apart_as_they_are():
    maps = torch.stack([torch.eye(3), torch.eye(3).roll(1, 0)])
    found = head_map(aw.Trace.from_weights([maps], list("abc")))
    assert found.positions[:, 1].tolist() == [0, 0]
    assert np.ptp(found.positions[:, 0]) == pytest.approx(np.sqrt(np.log(2)), rel=1e-5, abs=1e-5)


def test_layers_without_attention_have_no_points():
    maps = random_trace(1, 2, 3).weights(0)
    found = head_map(aw.Trace.from_weights([maps[:1], None, maps], list("abc")))
    assert found.names == ("L0H0", "L2H0", "L2H1")
    assert found.layers == 3
    assert found.positions[0] == pytest.approx(found.positions[1], rel=1e-5, abs=1e-6)


def test_cross_attention_sinks_and_one_token_have_maps():
    cross = aw.Trace.from_weights([torch.rand(3, 2, 5).softmax(-1) * 0.7], list("ab"), list("vwxyz"), part="cross")
    assert np.isfinite(np.asarray(head_map(cross))).all()
    assert not head_map(aw.Trace.from_weights([torch.ones(2, 1, 1)], ["a"])).positions.any()


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: head_map(example(), part="cross"),
        lambda: head_map(example(), rows=0),
        lambda: head_map(example(), after="before"),
        lambda: head_map(aw.head_distances(example()), rows=3),
        lambda: head_map(HeadDistances(np.full((1, 1), np.nan, np.float32), "padding", ((0, 0),), 1)),
        lambda: head_map(
            distances_of(cloud(2, 0), [(0, 0), (0, 1)]), after=head_map(distances_of(cloud(2, 0), [(5, 0), (5, 1)]))
        ),
    ],
)
def test_what_has_no_map_is_refused(wrong):
    with pytest.raises(aw.AttnWidgetError):
        wrong()


def test_the_record_reads_as_an_array_and_says_what_the_plane_keeps():
    found = head_map(example())
    assert np.asarray(found, dtype=np.float64).shape == (4, 2)
    assert f"keeps {found.explained:.0%} of the squared distances" in repr(found)
    assert "Jensen-Shannon divergence in nats" in found.recipe
