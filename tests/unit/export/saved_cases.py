"""Saved pages and the kernel's own answers to the same questions: what both languages are tested against."""

import base64
import gzip
from functools import cache

import attnwidget as aw
from attnwidget.engine.live.session import Reading
from attnwidget.export import data, held
from attnwidget.frames.codec import encode_frame
from attnwidget.widget.answering.answers import answer
from attnwidget.widget.answering.requests import parse_request

TEXT = "The river 😀 bank was unexpectedly quiet."
"""12 tokens in 8 words: the fourth of them has five."""

BANK = (7, 8)
TRAITS = {"layer": 1, "head": 2, "query": BANK, "direction": "reads", "part": "self", "view": "matrix"}
PLACE = {"layer": 1, "head": 2, "part": "self", "direction": "reads", "source": "head"}
STRIP = {"kind": "strip", "part": "self", "direction": "reads", "fusion": "mean", "head": 2, "query": BANK}

REQUESTS = [
    {"kind": "frame", **PLACE, "query": BANK},
    {"kind": "frame", **PLACE, "query": BANK, "direction": "read_by"},
    {"kind": "preview", **PLACE, "query": (8, 11)},
    {"kind": "preview", **PLACE, "caret": (17, 17)},
    {"kind": "preview", **PLACE, "caret": (4, 17)},
    {"kind": "frame", **PLACE, "layer": 0, "head": 0, "query": (9, 10)},
    {"kind": "preview", **PLACE, "source": "layer", "query": BANK},
    {"kind": "preview", **PLACE, "layer": 0, "source": "layer", "fusion": "max", "query": (5, 7)},
    {"kind": "preview", **PLACE, "source": "rollout", "query": BANK},
    {"kind": "preview", **PLACE, "heads": ((0, 1), (1, 3), (1, 2)), "query": BANK},
    {"kind": "preview", **PLACE, "heads": ((3, 1), (1, 2)), "fusion": "max", "query": (5, 7)},
    {"kind": "frame", **PLACE, "words": True, "query": BANK},
    {"kind": "frame", **PLACE, "sinks": "hide", "query": BANK},
    {"kind": "frame", **PLACE, "layer": 3, "sinks": "hide", "words": True, "query": (9, 11)},
    # Without an overview: heads that rest in their sink with all but a millionth have nothing else to compare.
    {"kind": "preview", **PLACE, "layer": 3, "sinks": "renormalise", "words": True, "query": (9, 11)},
    {"kind": "frame", **PLACE, "weight": "norm", "query": BANK, "direction": "read_by"},
    {"kind": "preview", **PLACE, "source": "layer", "weight": "norm", "sinks": "renormalise", "query": BANK},
    {"kind": "preview", **PLACE, "source": "rollout", "weight": "norm", "words": True, "query": BANK},
    STRIP,
    {**STRIP, "query": (2, 5), "direction": "read_by", "fusion": "max"},
    {**STRIP, "query": (8, 9), "fusion": "single", "head": 1},
    {**STRIP, "words": True, "sinks": "hide", "weight": "norm"},
    {"kind": "tile", **PLACE, "layer": 0, "head": 1, "rows": (2, 7), "columns": (0, 5)},
    {"kind": "cell", **PLACE, "rows": (3, 5), "columns": (1, 3)},
    {"kind": "cell", **PLACE, "words": True, "rows": (3, 5), "columns": (1, 3)},
    {"kind": "neuron", "layer": 1, "head": 2, "part": "self", "query": BANK, "keys": (7, 0, 11)},
    {"kind": "predict", "position": 2},
    {"kind": "flow", "part": "self", "position": 7},
    {"kind": "flow", "part": "self", "position": 7, "sinks": "hide"},
    {"kind": "metric", "part": "self", "name": "pattern"},
    {"kind": "metric", "part": "self", "name": "written"},
    {"kind": "similar", "part": "self", "layer": 2, "head": 1, "count": 5},
]


model = cache(aw.load)
"""The bundled model, loaded once."""


@cache
def trace():
    return model().trace(TEXT)


def saved(monkeypatch, kind):
    """The data of a page that holds "all", a "layer" or a "head"."""
    monkeypatch.setattr(held, "ALL", 10**9 if kind == "all" else 0)
    monkeypatch.setattr(held, "LAYER", 0 if kind == "head" else 10**9)
    monkeypatch.setattr(data, "PICTURE_SIDE", 3)
    return data.page_data(trace(), {"version": "0"}, {**TRAITS, "text": TEXT}, model().piece)


def asked(request):
    """What the kernel sends: the fields of its message, and the buffer."""
    read, question = trace(), parse_request({"id": "1", "text": TEXT, **request})
    made = answer(model(), lambda *_, **__: Reading(read, 0.0, None), question, lambda *_: None)
    told = {name: value for name, value in made.content.items() if name != "reading"}  # a saved page has one alone
    return {**told, "buffers": [base64.b64encode(each).decode() for each in made.buffers]}


def packed(frame):
    return base64.b64encode(gzip.compress(encode_frame(frame), mtime=0)).decode()
