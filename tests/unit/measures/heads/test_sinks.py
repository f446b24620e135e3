"""What the explorer hatches: sinks by the queries that could read them."""

from dataclasses import replace

import pytest
import torch

import attnwidget as aw
from attnwidget.engine.text.tokens import Tokens
from attnwidget.frames.axes import Axes
from attnwidget.frames.frame import Selection
from attnwidget.frames.maps.scan import scan
from attnwidget.frames.maps.shown_map import readers_of_units
from attnwidget.frames.units import Sides, token_units
from attnwidget.measures.heads.sinks import sink_tokens, unmasked_readers
from tests.unit.traces import random_trace


def resting(left, right, size=10):
    """A map whose queries all read the first token that is no padding, and its text."""
    whole = left + size + right
    maps = torch.zeros(whole, whole)
    maps[left : left + size, left] = 1
    text = Tokens.from_pieces([f"w{number}" for number in range(whole)])
    return maps, replace(text, padding=tuple(not left <= at < left + size for at in range(whole)))


@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize(("left", "right"), [(0, 0), (0, 30), (5, 0), (3, 8)])
def test_padding_neither_hides_a_sink_nor_moves_it(left, right, causal):
    maps, text = resting(left, right)
    readers = unmasked_readers(text, causal=causal)
    assert sink_tokens(maps.sum(0) - maps.diagonal(), text, readers) == (left,)
    axes = Axes(text, text, square=True)
    found = scan(lambda rows: maps[rows], axes, (left, left + 1), causal=causal, readers=readers)
    assert found.sinks == (left,)


def test_a_text_of_padding_has_no_sinks():
    text = replace(Tokens.from_pieces(["a"] * 4), padding=(True,) * 4)
    assert sink_tokens(torch.zeros(4), text, unmasked_readers(text, causal=True)) == ()


@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize(("left", "right"), [(0, 0), (0, 2), (3, 1)])
def test_readers_are_counted_one_by_one(left, right, causal):
    _, text = resting(left, right, size=5)
    size = len(text)
    real = [at for at in range(size) if not text.padding[at]]
    expected = [
        sum(query != key and (not causal or query > key) for query in real) if key in real else 0 for key in range(size)
    ]
    assert unmasked_readers(text, causal=causal).tolist() == expected


def readers_in(trace, text=None):
    """How many queries the first head lets see each key."""
    units = token_units(trace.text if text is None else text)
    return readers_of_units(trace, Selection(), Sides(units, units, square=True))


@pytest.mark.parametrize("tile", [2**20, 10])
def test_readers_within_a_window(tile, monkeypatch):
    monkeypatch.setattr("attnwidget.engine.trace.recompute.TILE", tile)
    back = torch.arange(9)[:, None] - torch.arange(9)
    allowed = (back >= 0) & (back < 4)
    trace = aw.Trace.from_weights([(allowed / allowed.sum(-1, keepdim=True))[None]], list("abcdefghi"))
    assert readers_in(trace).tolist() == [3, 3, 3, 3, 3, 3, 2, 1, 0]
    padded = replace(trace.text, padding=(True,) * 2 + (False,) * 7)
    assert readers_in(trace, padded).tolist() == [0, 0, 3, 3, 3, 3, 2, 1, 0]


def test_a_sink_that_few_can_read_is_one_by_those_that_can():
    maps = torch.eye(12)
    maps[:4] = 0
    maps[:4, 0] = 1
    text = Tokens.from_pieces(["w"] * 12)
    received = maps.sum(0) - maps.diagonal()
    assert sink_tokens(received, text, unmasked_readers(text, causal=True)) == ()
    assert sink_tokens(received, text, torch.full((12,), 3)) == (0,)
    found = scan(
        lambda rows: maps[rows], Axes(text, text, square=True), (0, 1), causal=True, readers=torch.full((12,), 3)
    )
    assert found.sinks == (0,)


def test_without_a_mask_readers_are_those_of_causality():
    for causal, expected in ((True, [4, 3, 2, 1, 0]), (False, [4] * 5)):
        trace = random_trace(1, 2, 5, causal=causal)
        assert readers_in(trace).tolist() == expected
