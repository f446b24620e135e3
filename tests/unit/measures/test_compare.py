"""Two readings compared: differences against numpy, laws, and what cannot be compared."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import attnwidget as aw
from tests.unit.traces import example, random_trace

A, B = "the bank by the river", "well the bank lends the money"


def trace_of(text, *, layers=2, heads=3, seed=0, causal=False):
    pieces = text.split()
    made = random_trace(layers, heads, len(pieces), seed=seed, causal=causal)
    return aw.Trace.from_weights([made.weights(layer) for layer in range(layers)], pieces)


def all_maps(trace):
    return np.stack([trace.weights(layer).numpy() for layer in range(trace.layers())])


def test_a_reading_compared_with_itself_is_all_zeros():
    found = aw.compare(example(), example())
    assert found.mean == found.maximum == 0
    assert found.exceeding == found.where("L1H1") == ()
    assert found.unaligned_mass == (0, 0)
    assert not np.asarray(found.map(0, 0)).any()
    assert not found.changed_share.values.any()


def test_one_text_read_twice_against_numpy():
    a, b = trace_of(A), trace_of(A, seed=1)
    found = aw.compare(a, b, threshold=0.2)
    signed = all_maps(b) - all_maps(a)
    assert found.mean_difference.values == pytest.approx(np.abs(signed).mean((2, 3)), rel=1e-5, abs=1e-6)
    assert found.largest_difference.values == pytest.approx(np.abs(signed).max((2, 3)), rel=1e-5, abs=1e-6)
    assert found.changed_share.values == pytest.approx((np.abs(signed) > 0.2).mean((2, 3)), rel=1e-5, abs=1e-6)
    assert found.mean == pytest.approx(np.abs(signed).mean(), rel=1e-5, abs=1e-6)
    assert found.maximum == pytest.approx(np.abs(signed).max(), rel=1e-5, abs=1e-6)
    assert found.mean_map.values == pytest.approx(signed.mean((0, 1)), rel=1e-5, abs=1e-6)
    assert found.map("L1H2").values == pytest.approx(signed[1, 2], rel=1e-5, abs=1e-6)
    assert found.map(-1, -1).values == pytest.approx(signed[1, 2], rel=1e-5, abs=1e-6)


def test_two_texts_are_compared_over_what_they_share_and_what_was_replaced():
    a, b = trace_of(A), trace_of(B, seed=1)
    found = aw.compare(a, b)
    ours, theirs = [0, 1, 2, 3, 4], [1, 2, 3, 4, 5]  # the bank by the river -> the bank lends the money; well is new
    assert (found.queries.first, found.queries.second) == (tuple(ours), tuple(theirs))
    before, after = all_maps(a)[:, :, ours], all_maps(b)[:, :, theirs]
    signed = after[..., theirs] - before[..., ours]
    assert found.mean_difference.values == pytest.approx(np.abs(signed).mean((2, 3)), rel=1e-5, abs=1e-6)
    assert found.mean_map.values == pytest.approx(signed.mean((0, 1)), rel=1e-5, abs=1e-6)
    left_out = 0.0, after[..., [0]].sum(-1).mean()
    assert found.unaligned_mass == pytest.approx(left_out, rel=1e-5, abs=1e-6)
    assert f"{left_out[0]:.1%} of a row's weight in a, {left_out[1]:.1%} in b" in found.recipe
    assert found.queries.same == (True, True, False, True, False)
    assert found.map(0, 0).query_pieces == ("the", "bank", "by → lends", "the", "river → money")
    assert found.map(0, 0).query_pieces == found.map(0, 0).key_pieces
    assert "'by' -> 'lends', 'river' -> 'money'" in repr(found)


def test_places_are_named_as_they_stand_in_the_first_text():
    a, b = trace_of(B, seed=1), trace_of(A)
    found = aw.compare(a, b, threshold=0.05)
    assert found.where(0, 1)
    for pair in found.where(0, 1):
        row, column = found.queries.first.index(pair.query), found.keys.first.index(pair.key)
        other = found.queries.second[row], found.keys.second[column]
        expected = b.weights(0, 1)[other] - a.weights(0, 1)[pair.query, pair.key]
        assert pair.value == pytest.approx(float(expected), rel=1e-5, abs=1e-6)
        assert abs(pair.value) > 0.05
        pieces = a.text.pieces[pair.query], a.text.pieces[pair.key]
        assert (pair.query_piece.split(" → ")[0], pair.key_piece.split(" → ")[0]) == pieces
    sizes = [abs(pair.value) for pair in found.where(0, 1)]
    assert sizes == sorted(sizes, reverse=True)
    assert len(sizes) == round(float(found.changed_share[0, 1]) * len(found.queries) * len(found.keys))
    assert len(found.exceeding) == (np.abs(found.mean_map.values) > 0.05).sum()


def test_the_head_that_was_changed_is_found_with_its_place():
    a = random_trace(3, 4, 6)
    maps = [a.weights(layer) for layer in range(3)]
    maps[1][2, 4] = torch.eye(6)[0]
    found = aw.compare(a, aw.Trace.from_weights(maps, a.text))
    assert tuple(found.mean_difference.top(1)[0])[:2] == tuple(found.largest_difference.top(1)[0])[:2] == (1, 2)
    assert np.count_nonzero(found.mean_difference.values) == 1
    assert {pair.query for pair in found.where("L1H2")} == {4}
    assert found.where("L1H2")[0].key == 0
    assert "L1H2" in repr(found).splitlines()[-1]


TEXTS = st.lists(st.sampled_from("abcd"), min_size=1, max_size=7).map(lambda words: " ".join(["start", *words]))


@given(TEXTS, TEXTS, st.integers(0, 9), st.booleans())
def test_the_difference_turns_its_sign_with_the_order(first, second, seed, causal):
    a, b = trace_of(first, seed=seed, causal=causal), trace_of(second, seed=seed + 1, causal=causal)
    there, back = aw.compare(a, b), aw.compare(b, a)
    assert (there.map(1, 2).values == -back.map(1, 2).values).all()
    assert (there.mean_difference.values == back.mean_difference.values).all()
    assert there.unaligned_mass == back.unaligned_mass[::-1]
    assert all(-1e-6 <= share <= 1 + 1e-6 for share in there.unaligned_mass)
    assert len(there.exceeding) == len(back.exceeding)


@given(st.tuples(st.integers(0, 9), st.integers(10, 19), st.integers(20, 29)))
def test_differences_obey_the_triangle(seeds):
    a, b, c = (trace_of(A, seed=seed) for seed in seeds)
    for name in ("mean_difference", "largest_difference"):
        direct, first, second = (getattr(aw.compare(*two), name).values for two in ((a, c), (a, b), (b, c)))
        assert (direct <= first + second + 1e-6).all()


def test_portions_give_what_the_whole_gives(monkeypatch):
    a, b = trace_of(A), trace_of(B, seed=1)
    whole = aw.compare(a, b)
    monkeypatch.setattr("attnwidget.engine.trace.recompute.TILE", 7)
    portioned = aw.compare(a, b)
    for name in ("mean_difference", "largest_difference", "changed_share", "mean_map"):
        assert getattr(portioned, name).values == pytest.approx(getattr(whole, name).values, rel=1e-5, abs=1e-6)
    assert portioned.unaligned_mass == pytest.approx(whole.unaligned_mass, rel=1e-5, abs=1e-6)


def test_cross_attention_is_aligned_on_either_side_by_itself():
    maps = torch.rand(2, 2, 3).softmax(-1)
    a = aw.Trace.from_weights([maps], ["le", "chat"], ["the", "cat", "sat"], part="cross")
    b = aw.Trace.from_weights([maps.flip(-1)], ["le", "chien"], ["the", "dog", "sat"], part="cross")
    found = aw.compare(a, b)
    assert (found.queries.same, found.keys.same) == ((True, False), (True, False, True))
    assert [(one.before, one.after) for one in found.replaced] == [("chat", "chien"), ("cat", "dog")]
    assert np.asarray(found.map(0, 1)) == pytest.approx((maps.flip(-1) - maps)[1].numpy(), rel=1e-5, abs=1e-6)


def test_layers_without_attention_and_heads_that_a_layer_lacks_are_nan():
    maps = random_trace(1, 3, 4).weights(0)
    a = aw.Trace.from_weights([None, maps, maps[:1]], list("abcd"))
    b = aw.Trace.from_weights([None, maps.flip(0), maps[1:2]], list("abcd"))
    found = aw.compare(a, b)
    for name in ("mean_difference", "largest_difference", "changed_share"):
        table = getattr(found, name).values
        assert np.isnan(table).tolist() == [[True] * 3, [False] * 3, [False, True, True]]
    assert found.mean == pytest.approx(float(np.nanmean(found.mean_difference.values)))
    signed = torch.cat([maps.flip(0) - maps, maps[1:2] - maps[:1]]).numpy()
    assert found.mean_map.values == pytest.approx(signed.mean(0), rel=1e-5, abs=1e-6)
    with pytest.raises(aw.AttnWidgetError, match="no attention"):
        found.map(0, 0)


def test_padding_is_left_out():
    maps = random_trace(1, 2, 4).weights(0).clone()
    maps[:, 3] = torch.nan
    padded = aw.Trace.from_weights([maps], list("abcd"))
    assert aw.compare(padded, padded).queries.first == (0, 1, 2)


def test_rows_with_attention_sinks_are_compared_as_they_are():
    maps = random_trace(1, 2, 4).weights(0)
    found = aw.compare(aw.Trace.from_weights([maps], list("abcd")), aw.Trace.from_weights([maps * 0.5], list("abcd")))
    assert found.map(0, 0).values == pytest.approx(-0.5 * maps[0].numpy(), rel=1e-5, abs=1e-6)
    assert "not normalised again" in found.recipe


def test_one_token_can_be_compared():
    one = aw.Trace.from_weights([torch.ones(1, 1, 1)], ["a"])
    assert aw.compare(one, one).maximum == 0


def test_other_shapes_are_refused_with_both():
    with pytest.raises(aw.AttnWidgetError, match="a has 2 layers x 3 heads and b has 4 layers x 3 heads"):
        aw.compare(trace_of(A), trace_of(A, layers=4))
    with pytest.raises(aw.AttnWidgetError, match="2 layers x 3 heads and b has 2 layers x 1 heads"):
        aw.compare(trace_of(A), trace_of(A, heads=1))


def test_texts_without_a_common_token_are_refused():
    with pytest.raises(aw.AttnWidgetError, match="no token in common"):
        aw.compare(trace_of("a b"), trace_of("c d"))


@pytest.mark.parametrize(
    "wrong", [{"threshold": -0.1}, {"threshold": 2}, {"threshold": True}, {"threshold": "big"}, {"part": "cross"}]
)
def test_bad_options_are_refused(wrong):
    with pytest.raises(aw.AttnWidgetError):
        aw.compare(example(), example(), **wrong)


@pytest.mark.parametrize("head", ["L0", "L5H0", (0, 9)])
def test_a_head_that_is_not_there(head):
    found = aw.compare(example(), example())
    with pytest.raises(aw.AttnWidgetError):
        found.map(*([head] if isinstance(head, str) else head))


@pytest.mark.parametrize("layer", [0, -1, "L1"])
def test_a_difference_is_shown_of_one_head_at_a_time(layer):
    found = aw.compare(example(), example())
    for ask in (found.map, found.where):
        with pytest.raises(aw.AttnWidgetError, match="needs a head"):
            ask(layer)
