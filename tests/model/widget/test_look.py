"""Several heads, words, sinks and norms: frames, tiles, strips and previews show one map, and it is the one that is meant."""

from itertools import product

import numpy as np
import pytest
import torch

import attnwidget as aw
from attnwidget.errors import BadRequest
from attnwidget.frames.compose import compose_frame
from attnwidget.frames.frame import Question, Selection
from attnwidget.frames.maps.strip import compose_strip
from attnwidget.frames.maps.tile import compose_tile
from attnwidget.frames.units import Sides, token_units, word_units
from attnwidget.measures.heads.sinks import sink_tokens, unmasked_readers

PIECES = "The unbelievably tokenized riverbank was quiet."
LONG = " ".join([PIECES] * 22)


@pytest.fixture(scope="module")
def traces(tiny, minilm):
    return {"tiny": tiny.trace("The cat sat on the mat."), "minilm": minilm.trace(PIECES)}


SOURCES = {
    "a head": {"head": 1},
    "heads": {"heads": ((0, 1), (2, 3), (1, 0)), "layer": 1, "head": 0},
    "largest of heads": {"heads": ((0, 1), (2, 3)), "layer": 2, "head": 3, "fusion": "max"},
    "a layer": {"source": "layer"},
    "largest of a layer": {"source": "layer", "fusion": "max"},
    "rollout": {"source": "rollout"},
}
LOOKS = list(product((False, True), ("show", "hide", "renormalise"), ("attention", "norm")))


def words_by_products(text):
    """(word token) for sums over keys, (word token) for means over queries, written with whole matrices."""
    groups = []
    for i, word in enumerate(text.words):
        if word >= 0 and groups and text.words[groups[-1][-1]] == word:
            groups[-1].append(i)
        else:
            groups.append([i])
    sums = torch.zeros(len(groups), len(text))
    for row, group in enumerate(groups):
        sums[row, group] = 1
    return sums, sums / sums.sum(-1, keepdim=True)


def meant(trace, selection):
    """The map of a selection, by its definition and with whole matrices; and the sinks that it has."""
    if selection.source == "rollout":
        whole = torch.tensor(np.asarray(aw.rollout(trace)))
    else:
        layer = range(trace.heads()[selection.layer])
        names = selection.chosen if selection.source == "head" else [(selection.layer, head) for head in layer]
        weigh = trace.weights if selection.weight == "attention" else norms(trace)
        stack = torch.stack([weigh(*name) for name in names])
        whole = stack.mean(0) if selection.fusion == "mean" else stack.amax(0)
        if selection.weight == "norm":
            whole = whole / whole.sum(-1, keepdim=True)
    text = trace.text
    if selection.words:
        sums, means = words_by_products(text)
        whole, text = means @ whole @ sums.T, word_units(text).tokens
    causal = trace.blocks[0].causal
    sinks = sink_tokens(whole.sum(0) - whole.diagonal(), text, unmasked_readers(text, causal=causal))
    if selection.sinks != "show":
        whole = whole.clone()
        whole[:, list(sinks)] = 0
    if selection.sinks == "renormalise":
        left = whole.sum(-1, keepdim=True)
        whole = torch.where(left > 0, whole / left, 0.0)
    return whole.numpy(), sinks


def norms(trace):
    return lambda layer, head: torch.tensor(np.asarray(aw.norm_weighted(trace, layer, head)))


@pytest.mark.parametrize("name", ["tiny", pytest.param("minilm", marks=pytest.mark.long)])
@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize(("words", "sinks", "weight"), LOOKS)
def test_frames_and_tiles_show_the_map_that_is_meant(traces, name, source, words, sinks, weight):
    trace = traces[name]
    query = (len(trace.text) - 3, len(trace.text) - 1)
    look = {"words": words, "sinks": sinks, "weight": weight}
    selection = Selection(**{"layer": 1, "query": query, **SOURCES[source]}, **look)
    frame = compose_frame(trace, selection, str)
    whole, found = meant(trace, selection)
    assert frame.blocks["matrix"] == pytest.approx(whole, rel=1e-5, abs=1e-6)
    assert frame.header["sinks"] == list(found)
    start, stop = frame.header["query"]
    assert frame.blocks["row"] == pytest.approx(whole[start:stop].mean(0), rel=1e-5, abs=1e-6)
    assert frame.blocks["column"] == pytest.approx(whole[:, start:stop].sum(1), rel=1e-5, abs=1e-6)
    size = len(whole)
    tile = compose_tile(trace, selection, (1, size), (0, size - 1)).blocks["matrix"]
    assert tile == pytest.approx(frame.blocks["matrix"][1:, : size - 1], rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("name", ["tiny", pytest.param("minilm", marks=pytest.mark.long)])
@pytest.mark.parametrize("direction", ["reads", "read_by"])
@pytest.mark.parametrize(("words", "sinks", "weight"), LOOKS)
def test_strips_and_previews_are_the_frames_own_rows(traces, name, direction, words, sinks, weight):
    trace = traces[name]
    look = {"words": words, "sinks": sinks, "weight": weight, "direction": direction}
    query = (2, 5)
    vector = "row" if direction == "reads" else "column"
    for fusion in ("mean", "max", "single"):
        strip = compose_strip(trace, Question(query, fusion=fusion, head=2, **look))
        for layer in (0, trace.layers() - 1):
            selection = Question(query, fusion=fusion, head=2, **look).of_layer(layer)
            frame = compose_frame(trace, selection, str, overview=fusion == "single")
            assert strip.values[layer] == pytest.approx(frame.blocks[vector], rel=1e-5, abs=1e-6)
            assert strip.query == tuple(frame.header["query"])
            if fusion == "single":
                preview = (frame.blocks["previews"][layer, 2] / 255.0) ** 2
                assert preview == pytest.approx(frame.blocks[vector].clip(0, 1), abs=5e-3)


def test_a_word_is_described_by_its_text_and_its_tokens(traces):
    trace = traces["minilm"]
    header = compose_frame(trace, Selection(query=(3, 4), words=True), str).header
    tokens, units = header["tokens"], header["units"]
    assert tokens["pieces"] == ["[CLS]", "The", "unbelievably", "tokenized", "riverbank", "was", "quiet", ".", "[SEP]"]
    assert len(units) == 9 < len(trace.text)
    assert [stop - start for start, stop in units][:3] == [1, 1, units[2][1] - 2]
    assert tokens["spans"][2] == (4, 16)
    assert header["query"] == [2, 3]  # a piece means its word
    assert header["recipe"].startswith("softmax weights of one head")
    assert "words: sum over their keys, mean over their queries" in header["recipe"]


def test_what_is_hidden_is_said(traces):
    trace = traces["tiny"]
    selection = Selection(layer=1, head=0, sinks="hide")
    frame = compose_frame(trace, selection, str)
    plain = compose_frame(trace, Selection(layer=1, head=0), str)
    lost = plain.blocks["matrix"].sum(-1) - frame.blocks["matrix"].sum(-1)
    assert frame.header["hidden"] == pytest.approx(lost.mean(), rel=1e-5, abs=1e-6)
    assert frame.header["stats"]["sink"] == frame.header["hidden"] > 0.1
    assert f"sinks hidden, {frame.header['hidden']:.3f} of a row on average" in frame.header["recipe"]
    assert plain.header["hidden"] == 0
    again = compose_frame(trace, Selection(layer=1, head=0, sinks="renormalise"), str)
    sums = again.blocks["matrix"].sum(-1)
    assert sums[1:] == pytest.approx(1, rel=1e-5, abs=1e-6)
    assert sums[0] == 0  # nothing is left of a row that rests on a sink alone


def test_the_title_names_the_heads(traces):
    header = compose_frame(traces["tiny"], Selection(1, 3, heads=((1, 2), (1, 3))), str, overview=False).header
    assert (header["title"], header["chosen"]) == ("Mean of L1H2, L1H3", [[1, 2], [1, 3]])
    assert "mean of 2 heads" in header["recipe"]
    many = tuple(product(range(4), range(2)))
    header = compose_frame(traces["tiny"], Selection(heads=many, fusion="max"), str, overview=False).header
    assert header["title"] == "Max of 8 heads"


def test_long_texts_agree_too(minilm):
    trace = minilm.trace(LONG)
    assert len(trace.text) > 192
    look = {"words": True, "sinks": "renormalise", "weight": "norm"}
    for fusion in ("mean", "single"):
        question = Question((7, 8), fusion=fusion, head=4, **look)
        strip = compose_strip(trace, question)
        frame = compose_frame(trace, question.of_layer(2), str)
        assert strip.values[2] == pytest.approx(frame.blocks["row"], rel=1e-5, abs=1e-6)
        assert "previews" not in frame.blocks


def test_a_trace_without_values_says_so():
    trace = aw.Trace.from_weights([torch.ones(1, 3, 3) / 3], list("abc"))
    with pytest.raises(aw.AttnWidgetError, match="no values"):
        compose_frame(trace, Selection(weight="norm"), str)


@pytest.mark.parametrize("heads", [((0, 0), (9, 0)), ((0, 0), (0, 7)), tuple((0, 0) for _ in range(65))])
def test_heads_that_are_not_there_are_refused(traces, heads):
    with pytest.raises(BadRequest):
        compose_frame(traces["tiny"], Selection(heads=heads), str)


def test_windows_are_windows_for_words_too(minilm):
    trace = minilm.trace(PIECES)
    units = word_units(trace.text)
    assert units.around((2, 3)) == (2, 3)
    from attnwidget.frames.maps.shown_map import readers_of_units

    readers = readers_of_units(trace, Selection(), Sides(units, units, square=True))
    assert readers.tolist() == [len(units) - 1] * len(units)
    tokens = token_units(trace.text)
    readers = readers_of_units(trace, Selection(), Sides(tokens, tokens, square=True))
    assert readers.tolist() == [len(trace.text) - 1] * len(trace.text)
