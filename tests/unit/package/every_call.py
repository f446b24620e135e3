"""Everything that is computed from a trace: one call of every public measure, experiment, frame and chart, and what it gave as plain arrays."""

import dataclasses
import tempfile
from collections.abc import Mapping
from functools import cache, partial
from types import MappingProxyType

import numpy as np
import torch
from bokeh.models import ColumnDataSource

import attnwidget as aw
from attnwidget.export.data import page_data
from attnwidget.export.picture import picture_png
from attnwidget.frames.compose import compose_frame
from attnwidget.frames.difference import compose_difference
from attnwidget.frames.frame import Question, Selection
from attnwidget.frames.head_metrics import choices, metric, similar
from attnwidget.frames.maps.strip import compose_strip
from attnwidget.frames.maps.tile import compose_tile
from attnwidget.frames.neuron import NeuronQuestion, compose_neuron
from attnwidget.measures.paths.rollout_edges import rollout_edges
from attnwidget.measures.similarity.head_distances import distances_from
from attnwidget.tiny.sample import Sample
from tests.model.small import small, words
from tests.unit.plots.charts import EVERY, transcript, translation

OPTIONS = {
    "allocation": {},
    "alti": {},
    "attention_sinks": {},
    "concentration": {},
    "confidence": {},
    "dead_heads": {},
    "diagnose": {"relevant": [1, 2]},
    "distance": {"signed": True},
    "effective": {"layer": 0, "head": 0},
    "entropy": {"normalised": True},
    "flow": {},
    "head_clusters": {},
    "head_distances": {},
    "head_map": {},
    "mixing_ratio": {},
    "norm_weighted": {"layer": 0},
    "patterns": {},
    "redundancy": {},
    "rollout": {"discard": 0.5, "null": "uniform"},
    "share": {"of": "previous"},
    "similar_heads": {"head": "L0H1"},
    "sink_rate": {},
    "sink_score": {},
    "summary": {},
    "trace_influence": {"query": -1},
    "value_norms": {"layer": 0},
}
MEASURES = {name: partial(getattr(aw, name), **options) for name, options in OPTIONS.items()}
MEASURES["compare"] = lambda trace: aw.compare(trace, trace)
"""By the names of `aw`, of a trace of one text."""

ELSEWHERE = {"AttentionLog", "alignment", "drift", "position_reliance", "smoothing", "word_times"}
"""Public measures that take something else: a path, cross-attention, a sound, summaries, or a model and a set of texts (see EXPERIMENTS)."""

MODEL = aw.load()
SIXTEEN = [
    f"The {one} sat on the {two}" for two in ("mat", "road", "table", "hill") for one in ("cat", "dog", "bird", "cow")
]
SEARCH = {"epsilon": 0.1, "steps": 2, "restarts": 1}
OF_MODEL = {
    "adversarial_attention": {"heads": "L3H0", **SEARCH},
    "attention_gradient": {"layer": "L1H1"},
    "deceptive_attention": {"heads": "L3H0", "onto": 0, **SEARCH},
    "direct_effects": {"by": "head"},
    "edge_effects": {"queries": [-1], "heads": "L3"},
    "effect": {"edits": "hide 5"},
    "evidence": {"methods": ["attention", "gradient"]},
    "faithfulness": {"scores": np.arange(11), "orders": 2},
    "gradient": {},
    "head_effects": {},
    "head_importance": {},
    "layer_effects": {},
    "lens": {},
    "permuted_attention": {"heads": "L3", "times": 2},
    "relevance": {},
    "token_effects": {},
    "frozen_attention": {},
    "value_zeroing": {"layer": 1},
}
EXPERIMENTS = {
    name: lambda trace, name=name, options=options: getattr(aw, name)(MODEL, trace, **options)
    for name, options in OF_MODEL.items()
}


def use_of_facts():
    """What a model makes of a fact, in sixteen texts."""
    texts = [
        {
            "text": f"The {what} of Veldt is {where}. The {what} of Veldt is",
            "answer": f" {where}",
            "spans": {"fact": place},
        }
        for what in ("river", "lake", "port", "song")
        for where in ("Miro", "Sela", "Lume", "Orlo")
        for place in [[len(f"The {what} of Veldt is "), len(f"The {what} of Veldt is {where}")]]
    ]
    found = aw.fact_use(MODEL, texts, layers="L3", folds=2, progress=False)
    return [(one.verdict, one.weight, one.by_value, one.likely, one.effect) for one in found.facts]


READER = aw.load(small("t5"), words(special=True))


def aligned_by_chance():
    """What heads of a random translator align: the table."""
    pair = Sample("made", "the bank was", "", (), "bank the", (((0, 4), (4, 8)), ((5, 8), (0, 3))))
    found = aw.judge_alignments(READER, [pair], progress=False)
    return [[mark.mean for mark in one.errors.values()] for one in found.aligners]


EXPERIMENTS |= {
    "attention_probe": lambda _: aw.attention_probe(MODEL, SIXTEEN, [{2: 1}] * 16),
    "dynamics": lambda trace: aw.dynamics({0: MODEL}, [trace.text.text], measures={"entropy": aw.entropy}),
    "head_effects, estimated": lambda trace: aw.head_effects(MODEL, trace, how="estimate", check=2),
    "fact_use": lambda _: use_of_facts(),
    "induction_scores": lambda _: aw.induction_scores(MODEL, length=8, count=1),
    "judge_alignments": lambda _: aligned_by_chance(),
    "judge_methods": lambda _: list(
        aw.judge_methods(MODEL, 2, methods=["attention", "random"], progress=False).values.values()
    ),
    "patching": lambda trace: aw.patching(
        MODEL, trace, MODEL.trace("The dog sat on the mat. The dog sat."), what="layers"
    ),
    "position_reliance": lambda trace: aw.position_reliance(MODEL, [trace.text.text]),
    "probe": lambda _: aw.probe(MODEL, SIXTEEN, [{1: "one"}, {1: "other"}] * 8, layers="L1", description=False),
    "prune": lambda trace: [aw.prune(MODEL, "L0H1", on=trace).trace(trace.text.text).weights(at) for at in range(2)],
    "pruning_curve": lambda _: aw.pruning_curve(
        MODEL, [("The cat sat on the", " mat")] * 4, by="entropy", points=2, orders=1
    ),
    "smoothing": lambda trace: aw.smoothing(MODEL, [trace.text.text, "The dog ran to the road."]),
    "token_effects, estimated": lambda trace: aw.token_effects(MODEL, trace, how="estimate", check=2),
    "survey": lambda trace: [
        (found.values, found.controls, found.interval, found.verdict.word)
        for found in (
            aw.survey(MODEL, [trace.text.text, "The dog saw a bird."], question, progress=False)
            for question in (
                aw.claim("L0H2", reads="previous token"),
                aw.claim("L1H0", matters_for="prediction"),
                aw.entropy,
            )
        )
    ],
    "variants": lambda _: [(one.answer, one.fact) for one in aw.variants(MODEL, ["The cat", "The dog"], reads="The")],
}
"""What runs the model again, by the names of `aw`, of a trace of one text."""

SELECTIONS = {
    "head": Selection(1, 2, (3, 5)),
    "read by": Selection(1, 2, (3, 5), "read_by", sinks="hide"),
    "norms of words": Selection(1, 2, (3, 5), weight="norm", words=True, sinks="renormalise"),
    "layer": Selection(1, 0, (3, 5), source="layer", fusion="max"),
    "heads": Selection(1, 2, (3, 5), heads=((0, 1), (1, 2))),
    "rollout": Selection(0, 0, (3, 5), source="rollout"),
}
TRAITS = {"layer": 1, "head": 2, "query": (3, 4), "direction": "reads", "part": "self"}

FRAMES = {f"frame of {name}": partial(compose_frame, selection=one, decode=str) for name, one in SELECTIONS.items()}
FRAMES |= {
    "tile": partial(compose_tile, selection=Selection(1, 2), rows=(2, 6), columns=(0, 5)),
    "tile of words": partial(compose_tile, selection=Selection(1, 2, words=True), rows=(1, 4), columns=(0, 3)),
    "strip": partial(compose_strip, question=Question((3, 5))),
    "strip of words": partial(compose_strip, question=Question((3, 5), weight="norm", words=True, sinks="hide")),
    "neuron": partial(compose_neuron, question=NeuronQuestion(layer=1, head=2, query=4, keys=(0, 3))),
    "difference": lambda trace: compose_difference(trace, fresh(trace), "self", 1, 2),
    "metrics": lambda trace: {one.name: metric(trace, one.name, "self") for one in choices()},
    "similar": lambda trace: similar(trace, (1, 2), "self", 3),
    "page": lambda trace: page_data(trace, {}, TRAITS, str),
    "picture": lambda trace: picture_png(compose_frame(trace, Selection(1, 2), str), "a model"),
}

CHARTS = {f"chart: {name}": (lambda _, draw=draw: draw()) for name, draw in EVERY.items()} | {
    "chart: head_grid of a trace": aw.plots.head_grid,
    "chart: layer_profile of a trace": partial(aw.plots.layer_profile, metric="confidence"),
    "chart: pattern_grid of a trace": aw.plots.pattern_grid,
    "chart: flow_bars": aw.plots.flow_bars,
    "chart: head_map": aw.plots.head_map,
}

BOTH, SAID = translation(), transcript()


def saved(trace):
    with tempfile.TemporaryDirectory() as folder:
        again = aw.Trace.load(trace.save(folder + "/trace", values=True))
    return [again.weights(layer) for layer in range(again.layers())], aw.value_norms(again, 1)


OTHERS = {
    "save": saved,
    "weights": lambda trace: [trace.weights("L1H2"), trace.weights(0, queries=[1, -1], keys=slice(2, 4))],
    "rollout of a query": lambda trace: aw.rollout(trace, query=-1, fusion="max"),
    "flow of a query": lambda trace: aw.flow(trace, query=3, normalise=False),
    "edges": lambda trace: rollout_edges(trace, query=-1),
    "distances of one head": lambda trace: distances_from(trace, "L0H1"),
    "distances of few rows": lambda trace: aw.head_distances(trace, rows=5, smoothing=0.01),
    "chosen queries": lambda trace: [
        aw.effective(trace, 1, 0, queries=[1, 2]),
        aw.norm_weighted(trace, 1, 0, queries=[1, 2]),
    ],
    "all heads' norms": lambda trace: aw.norm_weighted(trace, "L1"),
    "shares": lambda trace: [aw.share(trace, kind) for kind in ("special", "punctuation", "first", "next", [2, 3])],
    "sinks of a head": lambda trace: aw.attention_sinks(trace, layer=1, head=2),
    "alignment": lambda _: aw.alignment(BOTH),
    "alignment without special tokens": lambda _: aw.alignment(BOTH, special=False, least=0.2),
    "word_times": lambda _: aw.word_times(SAID, heads="L0H0"),
    "rollout of two texts": lambda _: [
        aw.rollout(BOTH, part="cross"),
        aw.rollout(BOTH, part="cross", null="uniform", query=1),
    ],
    "cross-attention": lambda _: [aw.summary(BOTH), aw.compare(BOTH, BOTH, part="cross")],
    "a graph": lambda _: aw.Trace.from_edges([[0, 1], [1, 1]], [0.5, 0.5], ["a", "b"]).weights(0),
    "given weights": lambda trace: aw.Trace.from_weights([trace.weights(1).tolist()], list(trace.text.pieces)).weights(
        0
    ),
}

EVERYTHING = MEASURES | FRAMES | CHARTS | OTHERS


@cache
def read():
    """The trace that these calls are made for."""
    return MODEL.trace("The cat sat on the mat. The cat sat.", keep=("inputs",))


def fresh(trace):
    """The same trace, with nothing worked out."""
    return dataclasses.replace(trace, _whole={})


def arrays_of(found, at=""):
    """(where, array) of every number that a result holds, and of its words."""
    if isinstance(found, ColumnDataSource):
        found = dict(found.data)
    elif hasattr(found, "select") and hasattr(found, "references"):  # a figure
        found = sorted((dict(source.data) for source in found.select({"type": ColumnDataSource})), key=repr)
    if dataclasses.is_dataclass(found):
        found = {field.name: getattr(found, field.name) for field in dataclasses.fields(found)}
    if isinstance(found, Mapping | MappingProxyType):
        for key, value in found.items():
            if key not in {"timing", "origin"}:  # when, and which reading of the model
                yield from arrays_of(value, f"{at}[{key}]")
    elif isinstance(found, list | tuple) and not all(isinstance(one, int | float | str) for one in found):
        for key, value in enumerate(found):
            yield from arrays_of(value, f"{at}[{key}]")
    else:
        yield at, found.numpy() if isinstance(found, torch.Tensor) else np.asarray(found)
