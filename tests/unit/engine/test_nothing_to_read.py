"""Texts of one token, of padding alone, and rows that read nothing, through everything that is computed from a trace."""

import json
import warnings
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest
import torch

import attnwidget as aw
from attnwidget.export.data import page_data
from attnwidget.export.head_numbers import nearest_heads
from attnwidget.frames.compose import compose_frame
from attnwidget.frames.frame import Selection
from tests.unit.package.every_call import CHARTS, EVERYTHING, EXPERIMENTS, fresh
from tests.unit.traces import random_trace

ALONE = {
    name: call for name, call in EVERYTHING.items() if name not in CHARTS and not name.startswith(("align", "cross"))
}
LEAST = Selection(1, 0, (0, 1))
ALL_PADDING = {"input_ids": [[5, 6, 7]], "attention_mask": [[0, 0, 0]]}


def given(change, size=5, pieces=None):
    maps = [random_trace(1, 3, size, seed=seed).weights(0).clone() for seed in range(2)]
    for layer, one in enumerate(maps):
        change(layer, one)
    return aw.Trace.from_weights(maps, pieces or [f"t{i}" for i in range(size)])


def nothing(_layer, maps):
    maps[:] = torch.nan


def row_of_one_head(layer, maps):
    if layer == 1:
        maps[1, 2] = torch.nan


TRACES = {
    "one token": lambda: aw.load().trace("cat", keep=("inputs",)),
    "one token given": lambda: given(lambda *_: None, 1),
    "padding alone": lambda: aw.load().trace(ALL_PADDING, keep=("inputs",)),
    "padding but for one": lambda: aw.load().trace({**ALL_PADDING, "attention_mask": [[0, 0, 1]]}, keep=("inputs",)),
    "NaN throughout": lambda: given(nothing),
    "a NaN row": lambda: given(lambda _, maps: maps[:, 2].fill_(torch.nan)),
    "a NaN row of one head": lambda: given(row_of_one_head),
    "zeros": lambda: given(lambda _, maps: maps.zero_()),
    "a row of zeros": lambda: given(lambda _, maps: maps[:, 2].zero_()),
}


@pytest.mark.parametrize("kind", TRACES)
def test_everything_has_a_number_or_a_sentence(kind):
    trace = TRACES[kind]()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name, call in (ALONE | EXPERIMENTS).items():
            print(name)  # which one raised anything else
            with suppress(aw.AttnWidgetError):
                call(fresh(trace))


@pytest.mark.parametrize("kind", TRACES)
def test_what_the_page_is_told_is_json(kind):
    trace = TRACES[kind]()
    traits = {"layer": 1, "head": 0, "query": (0, 1), "direction": "reads", "part": "self"}
    for frame in (compose_frame(trace, LEAST, str), page_data(trace, {}, traits, str)):
        json.dumps(frame.header, allow_nan=False)
        assert "inf" not in frame.header.get("recipe", "")


MEANS = {
    "entropy": aw.entropy,
    "normalised entropy": lambda trace: aw.entropy(trace, normalised=True),
    "confidence": aw.confidence,
    "concentration": lambda trace: aw.concentration(trace, count=2),
    "distance": aw.distance,
    "first": lambda trace: aw.share(trace, "first"),
    "special": lambda trace: aw.share(trace, [1, 3]),
}


@pytest.mark.parametrize("name", MEANS)
@pytest.mark.parametrize("empty", [0.0, torch.nan], ids=["zeros", "NaN"])
def test_a_row_that_reads_nothing_is_no_part_of_a_mean(name, empty):
    """One head whose third row is gone has the mean of its other rows, as where that query is padding."""
    whole = given(lambda _, maps: maps[:, 2].fill_(torch.nan))  # NaN everywhere: the query is padding
    lacking = given(lambda layer, maps: maps[1, 2].fill_(empty) if layer == 1 else None)
    full = given(lambda *_: None)
    found, expected, others = (np.asarray(MEANS[name](trace)) for trace in (lacking, whole, full))
    if name != "normalised entropy":  # a padded key cannot be read, one of a given row can
        assert found[1, 1] == pytest.approx(expected[1, 1])
    assert found[1, 1] != pytest.approx(others[1, 1])
    elsewhere = np.ones(found.shape, bool)
    elsewhere[1, 1] = False
    assert found[elsewhere] == pytest.approx(others[elsewhere])


@pytest.mark.parametrize("name", MEANS)
def test_a_head_that_reads_nothing_at_all_has_no_mean(name):
    found = np.asarray(MEANS[name](given(lambda layer, maps: maps[1].zero_() if layer == 1 else None)))
    assert np.isnan(found).tolist() == [[False] * 3, [False, True, False]]


def test_a_perfect_head_stays_one_where_some_rows_read_nothing():
    previous = torch.eye(12).roll(-1, 1)
    column = torch.eye(12)[[4] * 12]
    uniform = torch.full((12, 12), 1 / 12)
    maps = torch.stack([previous, column, uniform])
    maps[:2, 5:9] = 0  # the third head reads: these queries are not padding
    found = aw.patterns(aw.Trace.from_weights([maps], [f"t{i}" for i in range(12)]))
    assert found.scores["previous token"][0, 0] == pytest.approx(1)
    assert found.scores["peaked"][0, 0] == pytest.approx(1)
    assert found.scores["vertical"][0, 1] == pytest.approx(1)
    assert found.scores["uniform"][0, 2] == pytest.approx(1)


def test_a_head_writes_nothing_where_it_reads_nothing():
    """Unlike the means of what is read, that is a number: a silent head is found."""
    trace = aw.load().trace("The cat sat on the mat.")
    block = trace.part_blocks()[0]
    mask = torch.ones(1, block.heads, 7, 7, dtype=torch.bool).tril()
    mask[0, 1] = False
    silent = replace(trace, blocks=(replace(block, mask=mask), *trace.blocks[1:]), _whole={})
    assert [(one.layer, one.head) for one in aw.dead_heads(silent).silent] == [(0, 1)]


def test_who_reads_alike_is_not_said_of_padding():
    trace = TRACES["padding alone"]()
    with pytest.raises(aw.AttnWidgetError, match="other tokens than padding"):
        aw.similar_heads(trace, "L0H1")
    assert nearest_heads(trace, "self")["nearest"] == {}


@pytest.mark.parametrize("kind", ["padding alone", "NaN throughout", "zeros"])
def test_a_text_that_nothing_reads_has_no_diagnosis(kind):
    with pytest.raises(aw.AttnWidgetError, match="attends to anything"):
        aw.diagnose(TRACES[kind]())


def test_a_query_that_reads_nothing_ignores_no_context():
    report = aw.diagnose(given(lambda _, maps: maps[:, -1].zero_(), 12), relevant=[3])
    assert report.skipped["ignored context"] == "the query attends to nothing"


@pytest.mark.parametrize("causal", [True, False])
def test_the_facts_under_a_map_are_those_of_the_text_without_its_padding(causal):
    plain = random_trace(2, 3, 6, causal=causal)
    maps = torch.full((2, 3, 8, 8), torch.nan)
    maps[..., 2:, :] = 0
    for layer in range(2):
        maps[layer, :, 2:, 2:] = plain.weights(layer)
    padded = aw.Trace.from_weights(list(maps), ["<pad>", "<pad>", *plain.text.pieces])
    shown = [compose_frame(trace, Selection(1, 2, (at, at + 1)), str) for trace, at in ((plain, 3), (padded, 5))]
    assert shown[1].header["stats"] == pytest.approx(shown[0].header["stats"])
    assert shown[1].header["recipe"] == shown[0].header["recipe"]
    assert shown[1].header["peak"] == pytest.approx(shown[0].header["peak"])


def test_rows_that_read_nothing_are_no_part_of_the_facts_under_a_map():
    empty = given(lambda layer, maps: maps[0, 2].zero_() if layer == 1 else None)
    stats = compose_frame(empty, LEAST, str).header["stats"]
    assert stats["entropy"] == pytest.approx(float(aw.entropy(empty)[1, 0]))
    assert stats["distance"] == pytest.approx(float(aw.distance(empty)[1, 0]))
    assert stats["first"] == pytest.approx(float(aw.share(empty, "first")[1, 0]))
