"""Saved pages and the kernel's own answers to the same questions: what both languages are tested against."""

import base64
import gzip

import torch

import attnwidget as aw
from attnwidget import Trace
from attnwidget.engine.live import Reading
from attnwidget.export import data, held
from attnwidget.frames.codec import encode_frame
from attnwidget.widget.answers import answer
from attnwidget.widget.requests import parse_request

PIECES = ["The", "river", "😀", "bank", ".", "It", "was", "quiet", "!"]
QUERY = (3, 4)
TRAITS = {"layer": 1, "head": 2, "query": QUERY, "direction": "reads", "part": "self", "view": "matrix"}
PLACE = {"layer": 1, "head": 2, "part": "self", "direction": "reads", "source": "head"}

REQUESTS = [
    {"kind": "frame", **PLACE, "query": [3, 4]},
    {"kind": "frame", **PLACE, "query": [3, 4], "direction": "read_by"},
    {"kind": "frame", **PLACE, "query": [6, 9]},
    {"kind": "frame", **PLACE, "caret": [12, 12]},
    {"kind": "frame", **PLACE, "caret": [4, 13]},
    {"kind": "frame", **PLACE, "layer": 0, "head": 0, "query": [3, 4]},
    {"kind": "preview", **PLACE, "layer": 0, "head": 1, "query": [7, 8]},
    {"kind": "frame", **PLACE, "source": "layer", "query": [3, 4]},
    {"kind": "preview", **PLACE, "layer": 0, "source": "layer", "query": [5, 6]},
    {"kind": "frame", **PLACE, "source": "rollout", "query": [3, 4]},
    {"kind": "strip", "query": [3, 4], "part": "self", "direction": "reads", "fusion": "mean", "head": 2},
    {"kind": "strip", "query": [2, 5], "part": "self", "direction": "read_by", "fusion": "max", "head": 2},
    {"kind": "strip", "query": [8, 9], "part": "self", "direction": "reads", "fusion": "single", "head": 1},
    {"kind": "tile", **PLACE, "layer": 0, "head": 1, "rows": [2, 7], "columns": [0, 5]},
    {"kind": "cell", **PLACE, "rows": [3, 5], "columns": [1, 3]},
    {"kind": "predict", "position": 2},
]


def trace():
    generator = torch.Generator().manual_seed(5)
    scores = torch.randn(2, 3, len(PIECES), len(PIECES), generator=generator) * 2
    scores[:, 1, :, 0] += 4  # a sink
    hidden = torch.ones(len(PIECES), len(PIECES), dtype=torch.bool).triu(1)
    return Trace.from_weights(list(scores.masked_fill(hidden, float("-inf")).softmax(-1)), PIECES)


def saved(monkeypatch, kind):
    """The data of a page that holds "all", a "layer" or a "head"."""
    monkeypatch.setattr(held, "ALL", 10**9 if kind == "all" else 0)
    monkeypatch.setattr(held, "LAYER", 0 if kind == "head" else 10**9)
    monkeypatch.setattr(data, "SIDE", 3)
    read = trace()
    return data.page_data(read, {"version": "0"}, {**TRAITS, "text": read.text.text}, str)


def asked(request):
    """What the kernel sends: the fields of its message, and the buffer."""
    read = trace()
    question = parse_request({"id": "1", "text": read.text.text, **request})
    made = answer(aw.load(), lambda *_, **__: Reading(read, 0.0, None), question, lambda: False, lambda _: None)
    return {**made.content, "buffer": base64.b64encode(made.buffers[0]).decode() if made.buffers else None}


def packed(frame):
    return base64.b64encode(gzip.compress(encode_frame(frame), mtime=0)).decode()
