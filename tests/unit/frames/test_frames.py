"""Frames: what they hold is what the trace says, and both languages read the same bytes."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import attnwidget as aw
from attnwidget.engine import Texts, Tokens
from attnwidget.errors import BadRequest
from attnwidget.export.data import page_data
from attnwidget.frames.caret import clamped, query_at
from attnwidget.frames.codec import encode_frame
from attnwidget.frames.compose import compose_frame
from attnwidget.frames.frame import Frame, Selection
from attnwidget.measures.heads.sinks import sink_tokens, unmasked_readers
from tests.unit.frames.frames_read import decode
from tests.unit.traces import random_trace

FIXTURES = Path(__file__).parents[2] / "fixtures"


def frame_of(trace, **selection):
    return decode(encode_frame(compose_frame(trace, Selection(**selection), str)))


@pytest.mark.parametrize("size", [1, 2, 7, 40, 192, 193, 600])
@pytest.mark.parametrize("causal", [True, False])
def test_the_head_is_what_the_trace_says(size, causal):
    trace = random_trace(2, 3, size, causal=causal)
    header, arrays = frame_of(trace, layer=1, head=2, query=(size - 1, size))
    exact = trace.weights(1, 2).numpy()
    assert arrays["row"] == pytest.approx(exact[-1], rel=1e-5, abs=1e-6)
    assert arrays["column"] == pytest.approx(exact[:, -1], rel=1e-5, abs=1e-6)
    if size <= 192:
        assert arrays["matrix"].dtype == np.float32
        assert arrays["matrix"] == pytest.approx(exact, rel=1e-5, abs=1e-6)
    elif size <= 512:
        assert arrays["matrix"].dtype == np.float16
        assert arrays["matrix"].astype(float) == pytest.approx(exact, abs=5e-4)
    else:
        assert header["pooling"] == 2
        assert arrays["matrix"].shape == (300, 300)
        assert float(arrays["matrix"][10, 3]) == pytest.approx(exact[20:22, 6:8].max(), abs=5e-4)
    assert header["causal"] is (causal and size > 1)
    assert header["stats"]["entropy"] == pytest.approx(float(aw.entropy(trace)[1, 2]), abs=1e-4)


def test_a_span_reads_by_its_mean_and_is_read_by_its_sum():
    trace = random_trace(1, 2, 9)
    exact = trace.weights(0, 1)
    _, arrays = frame_of(trace, head=1, query=(2, 5))
    assert arrays["row"] == pytest.approx(exact[2:5].mean(0).numpy(), rel=1e-5, abs=1e-6)
    assert arrays["column"] == pytest.approx(exact[:, 2:5].sum(1).numpy(), rel=1e-5, abs=1e-6)


def test_the_layers_mean_and_rollout():
    trace = random_trace(3, 4, 8, causal=True)
    _, arrays = frame_of(trace, layer=1, source="layer")
    assert arrays["matrix"] == pytest.approx(trace.weights(1).mean(0).numpy(), rel=1e-5, abs=1e-6)
    header, arrays = frame_of(trace, source="rollout")
    assert arrays["matrix"] == pytest.approx(np.asarray(aw.rollout(trace)), rel=1e-5, abs=1e-6)
    assert "residual 0.5" in header["recipe"]


@pytest.mark.parametrize(("direction", "axis"), [("reads", 0), ("read_by", 1)])
def test_previews_hold_every_head(direction, axis):
    trace = random_trace(2, 3, 12)
    _, arrays = frame_of(trace, query=(4, 5), direction=direction)
    exact = torch.stack([trace.weights(layer) for layer in range(2)])
    wanted = exact[:, :, 4, :] if axis == 0 else exact[:, :, :, 4]
    assert (arrays["previews"] / 255.0) ** 2 == pytest.approx(wanted.numpy(), abs=4e-3)


@pytest.mark.parametrize("size", [5, 32, 100, 300])
def test_thumbnails_keep_the_spike(size):
    spike = torch.zeros(1, 2, size, size)
    spike[..., 0] = 1.0
    spike[0, 1] = torch.eye(size)
    trace = aw.Trace.from_weights(list(spike), [str(i) for i in range(size)])
    thumbnails = frame_of(trace)[1]["thumbnails"]
    side = min(size, 32)
    assert thumbnails.shape == (1, 2, side, side)
    assert (thumbnails[0, 0, :, 0] == 255).all()
    assert (thumbnails[0, 1].diagonal() == 255).all()
    assert (thumbnails[0, 1].sum() // 255) <= 3 * side


@pytest.mark.parametrize(
    "wrong", [{"layer": 9}, {"layer": -1}, {"head": 3}, {"query": (0, 0)}, {"query": (3, 99)}, {"part": "cross"}]
)
def test_selections_that_are_not_there(wrong):
    with pytest.raises(aw.AttnWidgetError):
        compose_frame(random_trace(2, 3, 5), Selection(**wrong), str)


def gapped(**change):
    """Three layers, the middle one without attention."""
    layers = [random_trace(1, 2, 4, seed=seed).weights(0) for seed in (1, 2)]
    return replace(aw.Trace.from_weights([layers[0], None, layers[1]], list("abcd")), **change)


def test_a_layer_without_attention_keeps_its_number_and_is_refused():
    header, arrays = frame_of(gapped(), layer=2, head=1)
    assert (header["layers"], header["heads"]) == (3, [2, 0, 2])
    assert arrays["matrix"] == pytest.approx(gapped().weights(2, 1).numpy(), rel=1e-5, abs=1e-6)
    assert not arrays["thumbnails"][1].any()
    with pytest.raises(BadRequest, match="Layer 1 has no attention"):
        frame_of(gapped(), layer=1)


@pytest.mark.parametrize(
    ("path", "source", "said"),
    [
        ("interface", "head", "softmax weights of one head, fp32, no renormalisation · rows"),
        ("interface", "layer", "softmax weights, mean of the layer's heads, fp32, no renormalisation · rows"),
        ("interface", "rollout", "not normalised further, layers without attention left out · rows"),
        ("eager", "head", "the model's own eager maps, one head, no renormalisation · rows"),
        ("eager", "layer", "the model's own eager maps, mean of the heads, no renormalisation · rows"),
        ("eager", "rollout", ", from the model's own eager maps, layers without attention left out · rows"),
    ],
)
def test_the_recipe_says_where_the_weights_are_from(path, source, said):
    header, _ = frame_of(gapped(path=path), source=source)
    assert header["path"] == path
    assert said in header["recipe"]


@pytest.mark.parametrize(
    ("part", "source", "title"),
    [
        ("self", "head", "Layer 1 · Head 2"),
        ("encoder", "head", "Encoder layer 1 · Head 2"),
        ("text", "layer", "Text layer 1 · mean of 3 heads"),
        ("self", "rollout", "Rollout · layers 0 to 1"),
        ("encoder", "rollout", "Rollout · encoder layers 0 to 1"),
    ],
)
def test_the_title_names_a_part_that_is_not_all_of_the_model(part, source, title):
    maps = [random_trace(1, 3, 4, seed=seed).weights(0) for seed in (1, 2)]
    trace = aw.Trace.from_weights({part: maps}, list("abcd"))
    assert frame_of(trace, part=part, layer=1, head=2, source=source)[0]["title"] == title


def test_an_array_the_page_does_not_know():
    with pytest.raises(aw.AttnWidgetError, match="int64"):
        encode_frame(Frame({}, {"x": np.arange(3)}))


def test_sinks_are_places_without_content():
    text = Tokens.from_pieces(["[CLS]", "the", "river", "bank", ".", "[SEP]"])
    received = torch.tensor([2.0, 0.1, 2.5, 0.1, 1.9, 0.2])
    assert sink_tokens(received, text, unmasked_readers(text, causal=False)) == (0, 4)


def test_a_flat_map_has_a_scale():
    n = 6
    trace = aw.Trace.from_weights([torch.full((1, n, n), 1 / n)], list("abcdef"))
    header, _ = frame_of(trace)
    assert header["peak"] == pytest.approx(1 / n)
    assert header["sinks"] == []
    assert header["recipe"].endswith("rows sum to 1.000")


def test_every_row_may_be_padding():
    trace = aw.Trace.from_weights([torch.full((1, 3, 3), float("nan"))], list("abc"))
    header, arrays = frame_of(trace)
    assert header["peak"] == 0
    assert not arrays["matrix"].any()


@pytest.mark.parametrize(
    ("caret", "query"),
    [
        ((0, 0), (0, 1)),
        ((1, 1), (0, 1)),
        ((2, 2), (0, 1)),
        ((3, 3), (0, 1)),  # the character before is the blank: the token before it is meant
        ((4, 4), (1, 2)),
        ((99, 99), (2, 3)),
        ((0, 4), (0, 2)),
        ((5, 4), (1, 2)),  # selected backwards
        ((0, 6), (0, 3)),
    ],
)
def test_the_caret_counts_utf16_units(caret, query):
    trace = aw.Trace.from_weights([torch.eye(3)[None]], ["😀", "b", "c"])  # units: 😀 0-2, b 3-4, c 5-6
    assert query_at(trace, "self", Texts(), caret, 0, "reads") == (query, "reads")


def test_queries_are_brought_inside():
    assert clamped((90, 95), 4) == (3, 4)
    assert clamped((-2, -1), 4) == (2, 3)


def test_the_golden_file_is_what_we_write():
    """The page decodes the same two files in js/tests; to renew them, delete them and run this test."""
    trace = random_trace(2, 3, 6, causal=True, seed=7)
    frame = compose_frame(trace, Selection(1, 2, (4, 6), "read_by", "head"), str)
    frame.header["timing"].update(trace=1.0, frame=2.0)
    data = encode_frame(frame)
    binary, text = FIXTURES / "frame_v1.bin", FIXTURES / "frame_v1.json"
    header, arrays = decode(data)
    listed = {"header": header, "blocks": {name: array.ravel().tolist() for name, array in arrays.items()}}
    if not binary.exists():
        binary.write_bytes(data)
        text.write_text(json.dumps(listed, indent=1, ensure_ascii=False) + "\n")
    golden = json.loads(text.read_text())
    stored_header, stored = decode(binary.read_bytes())
    assert stored_header == golden["header"]
    assert list(stored) == list(arrays)
    for name, array in arrays.items():
        assert stored[name] == pytest.approx(array, rel=1e-5, abs=1e-6)
        assert stored[name].dtype == array.dtype
    assert _without_numbers(header) == _without_numbers(stored_header)


def _without_numbers(header):
    return {key: value for key, value in header.items() if key not in {"peak", "stats"}}


def test_notes_of_a_text_stand_in_the_header():
    trace = random_trace(2, 3, 6, causal=True, seed=7)
    assert "notes" not in frame_of(trace)[0]
    marks = {"special": (True, True, *trace.text.special[2:]), "spans": ((-1, -1), *trace.text.spans[1:])}
    text = replace(trace.text, **marks, ids=(7, 7, *trace.text.ids[2:]))
    twice = replace(trace, text=text, sequences={"self": (text, text)})
    (note,) = frame_of(twice, words=True)[0]["notes"]
    assert note == text.notes[0]
    traits = {"layer": 0, "head": 0, "query": (3, 4), "direction": "reads", "part": "self"}
    assert page_data(twice, {}, traits, str).header["frame"]["notes"] == [note]
    assert "notes" not in page_data(trace, {}, traits, str).header["frame"]


def test_a_wrong_query_is_a_bad_request():
    with pytest.raises(BadRequest):
        compose_frame(random_trace(1, 1, 2), Selection(query=(5, 6)), str)
