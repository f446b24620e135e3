"""Alignment of cross-attention: planted orders, closed forms, scipy."""

import numpy as np
import pytest
import scipy.stats
import torch
from hypothesis import given
from hypothesis import strategies as st

import attnwidget as aw
from attnwidget.engine.text.tokens import Tokens
from attnwidget.measures.comparison.alignment import alignment
from tests.model.families import FAMILIES, build, eager_maps
from tests.unit.traces import example


def crossed(maps, queries=None, keys=None):
    maps = torch.as_tensor(maps, dtype=torch.float32)
    _, length, width = maps.shape
    queries = [f"t{at}" for at in range(length)] if queries is None else queries
    keys = [f"s{at}" for at in range(width)] if keys is None else keys
    return aw.Trace.from_weights([maps], queries, keys, part="cross")


def random_maps(heads, length, width, seed=0):
    return (torch.randn(heads, length, width, generator=torch.Generator().manual_seed(seed)) * 2).softmax(-1)


def numbers(found, head=0):
    return [float(table[0, head]) for table in (found.sharpness, found.monotonicity, found.coverage)]


@given(st.integers(2, 40))
def test_a_straight_line_is_sharp_in_order_and_complete(size):
    assert numbers(alignment(crossed(torch.eye(size)[None]))) == pytest.approx([1, 1, 1])


@given(st.integers(2, 40))
def test_the_reverse_is_as_sharp_and_falls(size):
    assert numbers(alignment(crossed(torch.eye(size).flip(0)[None]))) == pytest.approx([1, -1, 1])


@given(st.integers(2, 60), st.integers(2, 60))
def test_uniform_rows_have_neither_sharpness_nor_order(length, width):
    sharpness, order, coverage = numbers(alignment(crossed(torch.full((1, length, width), 1 / width))))
    assert sharpness == pytest.approx(0, rel=1e-5, abs=1e-5)
    assert order == 0
    assert coverage == (length / width >= 0.5)


@given(st.integers(2, 40), st.integers(2, 40), st.integers(0, 99))
def test_uniform_rows_that_differ_by_rounding_have_no_order(length, width, seed):
    noise = 1 + torch.randn(1, length, width, generator=torch.Generator().manual_seed(seed)) * 2e-7
    assert numbers(alignment(crossed((noise / width).clamp_max(1) * 0.999)))[1] == 0


@given(st.permutations(range(9)))
def test_a_reordering_has_the_tau_of_its_permutation(order):
    found = alignment(crossed(torch.eye(9)[list(order)][None]))
    assert float(found.monotonicity[0, 0]) == pytest.approx(
        scipy.stats.kendalltau(range(9), order).statistic, rel=1e-5, abs=1e-6
    )
    assert [link.key for link in found.links(0, 0)] == list(order)


@pytest.mark.parametrize(("length", "width"), [(7, 11), (11, 7), (2, 30)])
def test_random_maps_against_scipy(length, width):
    maps = random_maps(3, length, width)
    found = alignment(crossed(maps))
    rows = maps.double().numpy()
    entropies = scipy.stats.entropy(rows, axis=-1) / np.log(width)
    assert found.sharpness[0] == pytest.approx(1 - entropies.mean(-1), rel=1e-5, abs=1e-5)
    places = (rows * np.arange(width)).sum(-1)
    expected = [scipy.stats.kendalltau(range(length), head).statistic for head in places]
    assert found.monotonicity[0] == pytest.approx(expected, rel=1e-5, abs=1e-5)
    assert found.coverage[0] == pytest.approx((rows.sum(1) >= 0.5).mean(-1), rel=1e-5, abs=1e-6)
    for head in range(3):
        links = found.links(0, head)
        assert [link.key for link in links] == rows[head].argmax(-1).tolist()
        assert [link.value for link in links] == pytest.approx(rows[head].max(-1).tolist(), rel=1e-5, abs=1e-6)


def test_heads_in_no_order_have_a_small_tau():
    found = alignment(crossed(random_maps(50, 40, 40)))
    assert abs(found.monotonicity.values.mean()) < 0.06
    assert np.abs(found.monotonicity.values).max() < 0.5


def test_two_halves_that_change_places():
    swapped = torch.eye(6).roll(3, 0)  # 3 4 5 0 1 2: six pairs rise, nine fall
    assert float(alignment(crossed(swapped[None])).monotonicity[0, 0]) == pytest.approx(-3 / 15)


def test_coverage_counts_source_tokens_that_are_read_enough():
    maps = torch.zeros(1, 4, 4)
    maps[0, :, 0] = 0.75
    maps[0, :, 1] = 0.25  # four rows: 3 for the first, 1 for the second, none for the others
    for least, expected in [(0.5, 0.5), (1, 0.5), (2, 0.25), (3.5, 0)]:
        assert float(alignment(crossed(maps), least=least).coverage[0, 0]) == expected
    assert "at least 2 over" in alignment(crossed(maps), least=2).coverage.recipe


def test_links_read_as_pairs():
    found = alignment(crossed(torch.eye(3).flip(0)[None], ["le", "chat", "noir"], ["black", "a", "the"]))
    assert repr(found.links("L0H0")) == "(0 'le' -> 2 'the' 1, 1 'chat' -> 1 'a' 1, 2 'noir' -> 0 'black' 1)"
    assert found.links(-1, -1) == found.links(0, 0)


def test_rows_with_a_sink_outside_the_source_are_shares_of_what_is_read():
    maps = random_maps(2, 5, 6)
    whole, leaking = alignment(crossed(maps)), alignment(crossed(maps * torch.linspace(0.1, 0.9, 5)[:, None]))
    assert leaking.sharpness.values == pytest.approx(whole.sharpness.values, rel=1e-5, abs=1e-5)
    assert leaking.monotonicity.values == pytest.approx(whole.monotonicity.values, rel=1e-5, abs=1e-5)
    assert leaking.links(0, 0)[0].value == pytest.approx(0.1 * whole.links(0, 0)[0].value, rel=1e-5, abs=1e-6)
    assert "shares of their weight" in leaking.recipe


def test_rows_that_read_nothing_have_no_number_and_no_link():
    maps = torch.eye(4)[None].repeat(2, 1, 1)
    maps[0, 1] = 0
    maps[1] = 0
    found = alignment(crossed(maps))
    assert numbers(found) == pytest.approx([1, 1, 0.75])
    assert [link.query for link in found.links(0, 0)] == [0, 2, 3]
    assert np.isnan(numbers(found, 1)[:2]).all()
    assert numbers(found, 1)[2] == 0
    assert found.links(0, 1) == ()


def test_special_source_tokens_count_unless_they_are_left_out():
    maps = torch.zeros(1, 3, 4)
    maps[0, :, 3] = 0.8
    maps[0, range(3), range(3)] = 0.2
    trace = crossed(maps, keys=["the", "black", "cat", "</s>"])
    kept, left = alignment(trace), alignment(trace, special=False)
    assert [link.key for link in kept.links(0, 0)] == [3, 3, 3]
    assert [link.key for link in left.links(0, 0)] == [0, 1, 2]
    assert [link.value for link in left.links(0, 0)] == pytest.approx([0.2] * 3)
    assert float(left.sharpness[0, 0]) == 1 > float(kept.sharpness[0, 0])
    assert float(kept.coverage[0, 0]) == 0.25
    assert float(left.coverage[0, 0]) == 0
    assert "special source tokens kept" in kept.recipe
    assert "special source tokens left out" in left.recipe
    with pytest.raises(aw.AttnWidgetError, match="no tokens to align with"):
        alignment(crossed(torch.ones(1, 2, 1), keys=["</s>"]), special=False)


def test_padding_counts_on_neither_side():
    maps = random_maps(2, 5, 6)
    maps[:, 4] = torch.nan
    padded = aw.Trace.from_weights([maps], list("abcde"), list("uvwxyz"), part="cross")
    shorter = crossed(maps[:, :4], list("abcd"), list("uvwxyz"))
    assert alignment(padded).sharpness.values == pytest.approx(alignment(shorter).sharpness.values)
    assert [link.query for link in alignment(padded).links(0, 0)] == [0, 1, 2, 3]
    keys = Tokens.from_pieces(list("uvwxyz"))
    behind = Tokens(**{**vars(keys), "padding": (False,) * 4 + (True,) * 2})
    ending = aw.Trace.from_weights([maps[:, :4]], list("abcd"), behind, part="cross")
    cut = maps[:, :4, :4] / maps[:, :4, :4].sum(-1, keepdim=True)
    for name in ("sharpness", "monotonicity"):
        expected = getattr(alignment(crossed(cut)), name).values
        assert getattr(alignment(ending), name).values == pytest.approx(expected, rel=1e-5, abs=1e-5)
    assert max(link.key for head in range(2) for link in alignment(ending).links(0, head)) <= 3


def test_a_triangular_map_is_no_mask_between_two_texts():
    found = alignment(crossed((torch.ones(4, 4).tril() / torch.arange(1, 5)[:, None])[None]))
    rows = [np.log(at) / np.log(4) for at in range(1, 5)]
    assert float(found.sharpness[0, 0]) == pytest.approx(1 - np.mean(rows), rel=1e-5, abs=1e-6)


def test_one_target_token_and_one_source_token():
    single_row = alignment(crossed(random_maps(1, 1, 5)))
    assert np.isnan(single_row.monotonicity[0, 0])
    assert 0 < float(single_row.sharpness[0, 0]) < 1
    single_key = alignment(crossed(torch.ones(1, 4, 1)))
    assert np.isnan(single_key.sharpness[0, 0])
    assert float(single_key.monotonicity[0, 0]) == 0
    assert float(single_key.coverage[0, 0]) == 1


def test_layers_without_attention_and_missing_heads_are_nan():
    maps = random_maps(3, 4, 5)
    trace = aw.Trace.from_weights([maps, None, maps[:1]], list("abcd"), list("vwxyz"), part="cross")
    found = alignment(trace)
    for table in (found.sharpness, found.monotonicity, found.coverage):
        assert np.isnan(table[1]).all()
        assert np.isnan(table[2, 1:]).all()
        assert table[2, 0] == table[0, 0]
    with pytest.raises(aw.AttnWidgetError, match="Layer 1 has no attention"):
        found.links(1, 0)
    with pytest.raises(aw.AttnWidgetError, match="head"):
        found.links(2, 1)
    assert "most monotonicity" in repr(found)


def test_portions_give_what_the_whole_gives(monkeypatch):
    trace = crossed(random_maps(3, 9, 7))
    whole = alignment(trace)
    monkeypatch.setattr("attnwidget.engine.trace.recompute.TILE", 20)
    parts = alignment(trace)
    for name in ("sharpness", "monotonicity", "coverage"):
        assert getattr(parts, name).values == pytest.approx(getattr(whole, name).values, rel=1e-5, abs=1e-6)
    assert parts.links(0, 2) == whole.links(0, 2)


@pytest.mark.parametrize("part", ["cross", "self"])
def test_self_attention_is_refused_in_a_sentence(part):
    with pytest.raises(
        aw.AttnWidgetError, match=r"^Alignment needs attention between two sequences, .*encoder-decoder.*\.$"
    ):
        alignment(example(), part=part)


@pytest.mark.parametrize(
    "wrong", [{"least": 0}, {"least": -1}, {"least": True}, {"least": "x"}, {"least": np.inf}, {"special": 1}]
)
def test_bad_options_are_refused(wrong):
    with pytest.raises(aw.AttnWidgetError):
        alignment(crossed(torch.eye(2)[None]), **wrong)


@pytest.mark.parametrize("family", ["bart", "t5"])
def test_a_model_agrees_with_its_own_eager_maps(family):
    inputs = FAMILIES[family].inputs(12)
    found = alignment(aw.load(build(family)).trace(inputs))
    for layer, maps in enumerate(eager_maps(family, inputs)["cross"]):
        rows = maps.double().numpy()
        width = rows.shape[-1]
        entropies = scipy.stats.entropy(rows, axis=-1) / np.log(width)
        assert found.sharpness[layer] == pytest.approx(1 - entropies.mean(-1), abs=1e-4)
        assert found.coverage[layer] == pytest.approx((rows.sum(1) >= 0.5).mean(-1), rel=1e-5, abs=1e-6)
        places = (rows * np.arange(width)).sum(-1).round(3)
        expected = [scipy.stats.kendalltau(range(len(head)), head).statistic for head in places]
        assert found.monotonicity[layer] == pytest.approx(expected, abs=0.05)  # a thousandth may fall on either side


def test_parts_of_an_encoder_decoder():
    maps = random_maps(1, 3, 4)
    trace = aw.Trace.from_weights({"decoder": [torch.eye(3)[None]], "cross": [maps]}, list("abc"), list("wxyz"))
    assert alignment(trace).sharpness.values == pytest.approx(alignment(crossed(maps)).sharpness.values)
    with pytest.raises(aw.AttnWidgetError, match="two sequences"):
        alignment(trace, part="decoder")
    with pytest.raises(aw.AttnWidgetError, match="decoder, cross"):
        alignment(trace, part="nowhere")
