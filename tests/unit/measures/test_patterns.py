"""Patterns: heads drawn by hand get their names, under noise, and nothing else gets one."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import attnwidget as aw
from attnwidget.measures.patterns.patterns import NO_PATTERN, THRESHOLDS, TIERS, patterns
from attnwidget.measures.patterns.shapes import ground_of

NOISE = 0.25
"""Share of each row that is given to random attention."""


def pieces(size, sentence=None):
    """Different words; a full stop at the end of every `sentence` of them."""
    return [f"w{i}." if sentence is not None and (i + 1) % sentence == 0 else f"w{i}" for i in range(size)]


def repeating(size):
    """Different words that come again after the first half."""
    half = size // 2
    return [f"w{i % half}" for i in range(size)]


def at_distance(size, distance):
    """Every query reads the key so far from it; queries that have none read themselves."""
    keys = torch.arange(size) + distance
    return torch.eye(size)[torch.where((keys >= 0) & (keys < size), keys, torch.arange(size))]


def at_keys(size, *keys):
    found = torch.zeros(size, size)
    found[:, list(keys)] = 1 / len(keys)
    return found


def uniform(size, *, causal):
    seen = torch.ones(size, size).tril() if causal else torch.ones(size, size)
    return seen / seen.sum(-1, keepdim=True)


def noisy(map_, share, seed, *, causal):
    """The map, cut to what may be seen, with a share of random attention in it."""
    size = len(map_)
    scores = torch.randn(size, size, generator=torch.Generator().manual_seed(seed))
    if causal:
        scores = scores.masked_fill(torch.ones(size, size, dtype=torch.bool).triu(1), float("-inf"))
        map_ = map_.tril()
        alone = map_.sum(-1) == 0
        map_ = torch.where(alone[:, None], torch.eye(size), map_ / map_.sum(-1, keepdim=True).clamp_min(1e-9))
    return (1 - share) * map_ + share * scores.softmax(-1)


def named(map_, tokens):
    return patterns(aw.Trace.from_weights([map_[None]], tokens)).labels[0, 0]


def trace_of(*maps, tokens=None):
    return aw.Trace.from_weights([torch.stack(maps)], tokens or pieces(len(maps[0])))


few = settings(max_examples=15)
sizes, seeds, shares = st.integers(6, 40), st.integers(0, 10**6), st.floats(0, NOISE)


@given(sizes, seeds, shares, st.booleans())
@few
def test_heads_that_read_at_a_near_distance(size, seed, share, causal):
    for distance, name in ((-1, "previous token"), (0, "diagonal"), (1, "next token")):
        if not (causal and distance > 0):
            assert named(noisy(at_distance(size, distance), share, seed, causal=causal), pieces(size)) == name


@given(st.integers(18, 40), seeds, shares, st.sampled_from([k for k in range(-8, 9) if abs(k) > 1]))
@few
def test_fixed_offsets_say_which(size, seed, share, distance):
    found = named(noisy(at_distance(size, distance), share, seed, causal=False), pieces(size))
    assert found == f"offset {distance:+d}"
    if distance < 0:
        causal = noisy(at_distance(size, distance), share, seed, causal=True)
        assert named(causal, pieces(size)) == f"offset {distance:+d}"


@given(sizes, seeds, shares, st.booleans())
@few
def test_first_token_and_separators(size, seed, share, causal):
    assert named(noisy(at_keys(size, 0), share, seed, causal=causal), pieces(size)) == "first token"
    tokens = ["[CLS]", *pieces(size - 2), "[SEP]"]
    tokens[2] = ","
    assert named(noisy(at_keys(size, 2), share, seed, causal=causal), tokens) == "separator"
    if not causal:
        assert named(noisy(at_keys(size, 2, size - 1), share, seed, causal=False), tokens) == "separator"


@given(st.integers(8, 40), seeds, shares, st.booleans(), st.data())
@few
def test_a_column_that_is_not_the_first(size, seed, share, causal, data):
    key = data.draw(st.integers(1, size // 2))
    assert named(noisy(at_keys(size, key), share, seed, causal=causal), pieces(size)) == "vertical"
    if size >= 16:
        several = at_keys(size, key, 1 + key % (size // 2))
        assert named(noisy(several, share, seed, causal=causal), pieces(size)) == "vertical"


@given(st.integers(12, 40), seeds, st.floats(0, 0.15), st.booleans())
@few
def test_verticals_with_a_diagonal(size, seed, share, causal):
    # Two fifths for each, so that neither alone is what the head does.
    half = (at_keys(size, 0) + at_distance(size, -1)) * 0.4 + uniform(size, causal=causal) * 0.2
    assert named(noisy(half, share, seed, causal=causal), pieces(size)) == "vertical + diagonal"


@given(st.integers(12, 40), seeds, shares, st.booleans())
@few
def test_blocks_are_sentences(size, seed, share, causal):
    tokens = pieces(size, sentence=size // 2)
    blocks = ground_of(aw.Tokens.from_pieces(tokens)).blocks
    same = (blocks[:, None] == blocks).float()
    assert named(noisy(same / same.sum(-1, keepdim=True), share, seed, causal=causal), tokens) == "block diagonal"


@given(st.integers(12, 40), seeds, shares, st.booleans())
@few
def test_heads_that_look_up_equal_tokens(size, seed, share, causal):
    tokens, half = repeating(size), size // 2
    # The first time round such a head has nothing to do and rests on the first token.
    for shift, name in ((0, "duplicate token"), (1, "induction")):
        map_ = at_keys(size, 0)
        for query in range(half, size):
            map_[query] = 0
            map_[query, [key + shift for key in range(query) if tokens[key] == tokens[query]]] = 1
        map_ /= map_.sum(-1, keepdim=True)
        assert named(noisy(map_, share, seed, causal=causal), tokens) == name


@given(st.integers(12, 40), seeds, st.floats(0, 0.15))
@few
def test_a_head_that_is_sure_and_reads_all_over_the_place_is_peaked(size, seed, share):
    order = torch.randperm(size, generator=torch.Generator().manual_seed(seed))
    distance = order - torch.arange(size)
    counts = torch.bincount(distance + size)
    if counts.max() <= size // 4:  # or else it is an offset by chance
        assert named(noisy(torch.eye(size)[order], share, seed, causal=False), pieces(size)) == "peaked"


@given(sizes, seeds, st.booleans(), st.booleans())
@few
def test_uniform_and_faintly_random_heads_have_no_other_name(size, seed, causal, repeats):
    tokens = repeating(size) if repeats else pieces(size, sentence=5)
    assert named(uniform(size, causal=causal), tokens) == "uniform"
    assert named(noisy(uniform(size, causal=causal), NOISE, seed, causal=causal), tokens) == "uniform"
    # Of sharper random heads on six tokens, one in hundreds is a pattern by chance.
    assert named(noisy(uniform(size, causal=causal), 0.6, seed, causal=causal), tokens) in {NO_PATTERN, "uniform"}


def test_uniform_attention_has_nothing_of_any_pattern():
    for causal in (False, True):
        found = patterns(trace_of(uniform(12, causal=causal), tokens=repeating(12)))
        scores = {name: float(score[0, 0]) for name, score in found.scores.items()}
        assert scores.pop("uniform") == pytest.approx(1, rel=1e-5, abs=1e-5)
        assert np.nan_to_num(list(scores.values())) == pytest.approx(np.zeros(len(scores)), rel=1e-5, abs=1e-5)


def test_a_perfect_head_scores_one_and_half_of_it_half():
    found = patterns(trace_of(at_distance(10, -1), 0.5 * at_distance(10, -1) + 0.5 * uniform(10, causal=False)))
    assert np.asarray(found.scores["previous token"])[0] == pytest.approx([1, 0.5], rel=1e-5, abs=1e-6)


@given(sizes, seeds, st.booleans(), st.floats(0, 3))
@few
def test_every_score_is_a_share_and_every_label_follows_from_the_scores(size, seed, causal, sharpness):
    scores = torch.randn(3, size, size, generator=torch.Generator().manual_seed(seed)) * sharpness
    if causal:
        scores = scores.masked_fill(torch.ones(size, size, dtype=torch.bool).triu(1), float("-inf"))
    found = patterns(aw.Trace.from_weights([scores.softmax(-1)], repeating(size)))
    every = np.stack([np.asarray(score) for score in found.scores.values()])
    assert np.nanmin(every) >= 0
    assert np.nanmax(every) <= 1
    for head, label in enumerate(found.labels[0]):
        passing = [name for name in THRESHOLDS if found.scores[name][0, head] >= THRESHOLDS[name]]
        name = label.split(" ")[0] if label.startswith("offset") else label
        assert name in passing if passing else name == NO_PATTERN
        if passing:
            tier = next(tier for tier in TIERS if set(tier) & set(passing))
            assert name in tier
            assert found.best[0, head] == found.scores[name][0, head]


def test_what_a_column_is_and_what_an_offset():
    column = at_keys(12, 4)
    column[4] = torch.eye(12)[0]  # its own row is no reader
    found = patterns(trace_of(column, at_keys(12, 0)))
    assert np.asarray(found.scores["vertical"])[0] == pytest.approx([1, 0], rel=1e-5, abs=1e-6)
    few = torch.eye(10)
    few[7:] = at_distance(10, -7)[7:]  # three rows of ten are no offset
    assert patterns(trace_of(few)).scores["offset"][0, 0] < 0.1


def test_a_score_at_its_threshold_passes_and_one_below_does_not():
    size = 11

    def shared(score):
        return uniform(size, causal=False) * (1 - score) + at_distance(size, -1) * score

    found = patterns(trace_of(shared(0.501), shared(0.499)))
    assert found.labels.tolist() == [["previous token", NO_PATTERN]]
    assert np.isnan(found.best[0, 1])


def test_a_period_of_two_is_called_by_distance_and_a_triangle_by_nothing():
    # Here the key before and the key after an earlier equal token are one and the same.
    assert named(at_distance(12, -1), ["a", "b"] * 6) == "previous token"
    assert "triangular" not in THRESHOLDS


def test_layers_with_fewer_heads_and_layers_without_attention():
    head = at_distance(8, -1)
    trace = aw.Trace.from_weights([torch.stack([head, head]), None, head[None]], pieces(8))
    found = patterns(trace)
    assert found.labels.tolist() == [["previous token"] * 2, ["", ""], ["previous token", ""]]
    assert np.isnan(np.asarray(found.best)[1]).all()
    assert [head[:2] for head in found.of("previous token")] == [(0, 0), (0, 1), (2, 0)]


@pytest.mark.parametrize(("queries", "keys"), [(9, 9), (12, 20), (20, 12)])
def test_cross_attention(queries, keys):
    line = (torch.arange(queries) * (keys - 1) / (queries - 1)).round().long()
    straight = torch.eye(keys)[line]
    turned = straight.flip(0)
    first = torch.zeros(queries, keys)
    first[:, 0] = 1
    flat = torch.full((queries, keys), 1 / keys)
    trace = aw.Trace.from_weights(
        [torch.stack([straight, turned, first, flat])], pieces(queries), [f"k{i}" for i in range(keys)], part="cross"
    )
    found = patterns(trace)
    assert found.labels.tolist() == [["diagonal", "off-diagonal", "first token", "uniform"]]
    for name in ("previous token", "next token", "offset", "induction", "duplicate token", "block diagonal"):
        assert np.isnan(np.asarray(found.scores[name])).all()


def test_a_column_in_cross_attention_is_no_reordering():
    maps = torch.zeros(1, 10, 16)
    maps[..., 15] = 1
    found = patterns(aw.Trace.from_weights([maps], pieces(10), pieces(16), part="cross"))
    assert found.labels[0, 0] == "vertical"
    assert found.scores["off-diagonal"][0, 0] == 0


@pytest.mark.parametrize("size", [1, 2])
def test_texts_too_short_to_tell_have_no_label(size):
    found = patterns(trace_of(torch.eye(size), tokens=pieces(size)))
    assert found.labels.tolist() == [[""]]
    assert all(np.isnan(np.asarray(score)).all() for score in found.scores.values())


def test_without_repeats_or_sentences_there_is_no_score_of_them():
    found = patterns(trace_of(at_distance(10, -1)))
    for name in ("induction", "duplicate token", "block diagonal", "off-diagonal", "separator"):
        assert np.isnan(found.scores[name][0, 0])


def test_special_tokens_do_not_count_as_repeated():
    tokens = ["[SEP]", "a", "[SEP]", "b", "[SEP]", "c", "[SEP]", "d"]
    assert np.isnan(patterns(trace_of(at_distance(8, -1), tokens=tokens)).scores["duplicate token"][0, 0])


def test_weight_that_goes_to_sinks_outside_the_text_counts_for_nothing():
    found = patterns(trace_of(0.6 * at_distance(30, -1), 0.4 * at_distance(30, -1), 0.5 * uniform(30, causal=False)))
    assert found.labels.tolist() == [["previous token", NO_PATTERN, NO_PATTERN]]
    assert found.scores["uniform"][0, 2] == pytest.approx(0.5, rel=1e-5, abs=1e-5)


def test_padding_changes_nothing():
    head = noisy(at_distance(10, -1), 0.2, 3, causal=False)
    padded = torch.full((13, 13), torch.nan)
    padded[:10, :10], padded[:10, 10:] = head, 0
    alone, beside = patterns(trace_of(head)), patterns(trace_of(padded))
    for name, score in alone.scores.items():
        assert beside.scores[name][0, 0] == pytest.approx(float(score[0, 0]), rel=1e-5, abs=1e-5, nan_ok=True), name


def test_weights_that_are_not_numbers():
    broken = at_distance(8, -1)
    broken[3, 2] = torch.nan
    with pytest.raises(aw.AttnWidgetError):
        patterns(trace_of(broken))


def test_segments_are_blocks_where_they_are_told():
    found = ground_of(aw.Tokens.from_pieces(["Ana", "said", '"Go."', "Then", "she", "left", "."]))
    assert found.blocks.tolist() == [0, 0, 0, 1, 1, 1, 1]


def test_names_are_asked_for():
    found = patterns(trace_of(at_distance(20, -3), at_distance(20, -2), at_distance(20, -1), torch.eye(20)))
    assert [head.head for head in found.of("offset")] == [0, 1]
    assert [head.head for head in found.of("offset -3")] == [0]
    assert {head.head for head in found.score("offset").top()} >= {0, 1}
    assert found.score("offset -3").top(1)[0].head == 0
    assert {found.distances[head.layer, head.head] for head in found.score("offset -3").top(99)} == {-3}
    assert found.score("offset +8").top(1) == ()
    assert found.of("induction") == ()
    assert [head.head for head in found.score("diagonal").top(1)] == [3]
    with pytest.raises(aw.AttnWidgetError, match="There is no pattern 'sideways'"):
        found.of("sideways")
    assert found.of(NO_PATTERN) == found.of("heterogeneous")
    with pytest.raises(aw.AttnWidgetError, match="no single pattern"):
        found.score(NO_PATTERN)
    with pytest.raises(aw.AttnWidgetError):
        patterns(trace_of(torch.eye(4)), part="cross")


def test_the_table_in_words():
    shown = repr(
        patterns(trace_of(at_distance(20, -3), at_distance(20, -1), noisy(torch.eye(20), 1.0, 0, causal=False)))
    )
    assert shown.splitlines()[0].startswith("Patterns(1 x 3; weight beyond uniform attention")
    assert "L0H0 1.00 (-3)" in shown
    assert "previous token" in shown


def test_more_than_one_tile(monkeypatch):
    trace = trace_of(noisy(at_distance(24, -1), 0.2, 0, causal=True), noisy(at_keys(24, 4), 0.2, 1, causal=True))
    whole = patterns(trace)
    monkeypatch.setattr("attnwidget.engine.trace.recompute.TILE", 24 * 5)
    tiled = patterns(trace)
    assert tiled.labels.tolist() == whole.labels.tolist() == [["previous token", "vertical"]]
    for name, score in whole.scores.items():
        assert np.asarray(tiled.scores[name]) == pytest.approx(np.asarray(score), rel=1e-5, abs=1e-6, nan_ok=True)
