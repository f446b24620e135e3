"""Tiles: whatever rectangle of a long text's map the page asks for, it gets the trace's own numbers."""

import numpy as np
import pytest
import torch
import transformers

import attnwidget as aw
from attnwidget.engine.live.session import LiveSession
from attnwidget.errors import BadRequest, Cancelled
from attnwidget.frames.codec import encode_frame
from attnwidget.frames.frame import Selection
from attnwidget.frames.maps.tile import LARGEST_TILE, compose_tile
from attnwidget.measures.paths.fusion import fused
from attnwidget.widget.answering.answers import answer
from attnwidget.widget.answering.requests import parse_request
from tests.unit.frames.frames_read import decode

TOKENS = 1300
HALF = 2**-11
"""The largest relative error of rounding to f16."""


def built(name, **sizes):
    torch.manual_seed(0)
    config = getattr(transformers, f"{name}Config")(**sizes)
    model = transformers.AutoModel.from_config(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim == 2:
                parameter.mul_(6)  # or every row would be all but uniform
    return aw.load(model)


@pytest.fixture(scope="module", params=["causal", "both ways"])
def trace(request):
    if request.param == "causal":
        sizes = {"n_layer": 2, "n_head": 3, "n_embd": 24, "n_positions": 1400, "vocab_size": 50}
        model = built("GPT2", **sizes, bos_token_id=0, eos_token_id=1)
    else:
        sizes = {"num_hidden_layers": 2, "num_attention_heads": 3, "hidden_size": 24, "intermediate_size": 32}
        model = built("Bert", **sizes, vocab_size=50, max_position_embeddings=1400)
    ids = torch.randint(3, 50, (TOKENS,), generator=torch.Generator().manual_seed(0))
    return model.trace(ids)


def tile(trace, rows, columns, **selection):
    return decode(encode_frame(compose_tile(trace, Selection(**selection), rows, columns)))


@pytest.mark.parametrize(
    ("rows", "columns"),
    [((0, 1), (0, 1)), ((1299, 1300), (0, 1300)), ((640, 832), (512, 704)), ((0, 700), (600, 1300)), ((7, 9), (1200, 1201))],
)  # fmt: skip
def test_a_tile_is_the_traces_weights(trace, rows, columns):
    header, arrays = tile(trace, rows, columns, layer=1, head=2)
    exact = trace.weights(1, 2, queries=slice(*rows), keys=slice(*columns)).numpy()
    small = exact.size <= 192**2
    assert (header["rows"], header["columns"]) == (list(rows), list(columns))
    assert arrays["matrix"].dtype == (np.float32 if small else np.float16)
    assert arrays["matrix"].shape == exact.shape
    np.testing.assert_allclose(arrays["matrix"].astype(np.float32), exact, rtol=1e-5 if small else HALF, atol=1e-6)


def test_a_tile_that_is_to_be_exact_is_never_rounded(trace):
    selection = Selection(layer=1, head=2)
    found = decode(encode_frame(compose_tile(trace, selection, (100, 900), (0, 1300), exact=True)))[1]["matrix"]
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, trace.weights(1, 2, queries=slice(100, 900)).numpy())


def test_tiles_of_a_layer_and_of_all_layers_are_those_of_their_maps(trace):
    rows, columns = (1100, 1200), (900, 1050)
    place = slice(*rows), slice(*columns)
    mean = fused(trace.block(1))[place].numpy()
    np.testing.assert_allclose(
        tile(trace, rows, columns, layer=1, source="layer")[1]["matrix"], mean, rtol=1e-5, atol=1e-6
    )
    whole = aw.rollout(trace).values[place]
    np.testing.assert_allclose(tile(trace, rows, columns, source="rollout")[1]["matrix"], whole, rtol=1e-5, atol=1e-6)


def test_the_maximum_of_a_tile_is_the_pooled_cell_of_the_frame(trace):
    from attnwidget.frames.compose import compose_frame

    frame = compose_frame(trace, Selection(layer=1, head=1), str, overview=False)
    pooling = frame.header["pooling"]
    assert pooling == 3
    cell = tile(trace, (300, 303), (90, 93), layer=1, head=1)[1]["matrix"].max()
    assert float(frame.blocks["matrix"][100, 30]) == pytest.approx(float(cell), rel=HALF, abs=1e-7)


@pytest.mark.parametrize(
    ("rows", "columns", "selection"),
    [((-1, 3), (0, 3), {}), ((3, 3), (0, 3), {}), ((0, 3), (1299, 1301), {}), ((5, 3), (0, 3), {}),
     ((0, 1300), (0, 1300), {}), ((0, 3), (0, 3), {"layer": 2}), ((0, 3), (0, 3), {"head": 3})],
)  # fmt: skip
def test_what_is_not_there_is_refused(trace, rows, columns, selection):
    assert TOKENS**2 > LARGEST_TILE
    with pytest.raises(BadRequest):
        tile(trace, rows, columns, **selection)


def test_a_tile_that_is_no_longer_wanted_stops(trace):
    with pytest.raises(Cancelled), aw.stopping_when(lambda: True):
        compose_tile(trace, Selection(), (0, 100), (0, 100))


# ------------------------------------------------------------------------------------------------- over the wire


@pytest.fixture(scope="module")
def session():
    return LiveSession(aw.load())


def asked(session, **request):
    text = "The river bank was quiet, so she walked to the bank for money."
    parsed = parse_request({"id": "1", "kind": "tile", "text": text, **request})
    answered = answer(session.model, session.read, parsed, lambda _done: None)
    return session.read(text).trace, decode(answered.buffers[0])


@pytest.mark.parametrize("kind", ["tile", "cell"])
def test_a_request_is_answered_by_its_rectangle(session, kind):
    trace, (_, arrays) = asked(session, kind=kind, layer=1, head=3, rows=[2, 9], columns=[0, 6])
    np.testing.assert_array_equal(arrays["matrix"], trace.weights(1, 3).numpy()[2:9, 0:6])


@pytest.mark.parametrize(
    "request_", [{}, {"rows": [0, 2]}, {"rows": [0, 2], "columns": [0, 99]}, {"rows": [0, 2], "columns": "ab"},
                 {"rows": [0, 2.5], "columns": [0, 1]}, {"rows": [0, 2], "columns": [0, 2], "part": "cross"}]
)  # fmt: skip
def test_a_request_without_a_rectangle_is_a_bad_one(session, request_):
    with pytest.raises(BadRequest):
        asked(session, **request_)


def test_only_another_rectangle_stops_a_tile_midway():
    base = {"id": "1", "kind": "tile", "text": "a", "rows": [0, 2], "columns": [0, 2]}
    one, same, other = (parse_request({**base, **more}) for more in ({}, {"id": "2"}, {"rows": [1, 2]}))
    assert one.topic == same.topic != other.topic
