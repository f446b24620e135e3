"""See, measure and test attention in transformers, live in a notebook.

>>> import attnwidget as aw
>>> model = aw.load()                                   # the bundled teaching model
>>> trace = model.trace("The cat sat on the mat.")
>>> trace.weights(0, 1).shape                           # query key
torch.Size([7, 7])
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from attnwidget.version import __version__

if TYPE_CHECKING:
    from attnwidget import experiments, plots
    from attnwidget.engine.load import load
    from attnwidget.engine.model import AttentionModel
    from attnwidget.engine.tokens import Tokens
    from attnwidget.engine.trace import Block, Trace
    from attnwidget.errors import AttnWidgetError
    from attnwidget.experiments.induction import induction_scores
    from attnwidget.experiments.over_training import dynamics
    from attnwidget.export.highlight import highlight
    from attnwidget.measures.alignment import alignment
    from attnwidget.measures.alti import alti
    from attnwidget.measures.attention_sinks import attention_sinks
    from attnwidget.measures.compare import compare
    from attnwidget.measures.concentration import concentration
    from attnwidget.measures.confidence import confidence
    from attnwidget.measures.dead_heads import dead_heads
    from attnwidget.measures.diagnose import diagnose
    from attnwidget.measures.distance import distance
    from attnwidget.measures.drift import drift
    from attnwidget.measures.effective import effective
    from attnwidget.measures.entropy import entropy
    from attnwidget.measures.flow import flow
    from attnwidget.measures.head_clusters import head_clusters
    from attnwidget.measures.head_distances import head_distances
    from attnwidget.measures.head_map import head_map
    from attnwidget.measures.influence import trace_influence
    from attnwidget.measures.mixing_ratio import mixing_ratio
    from attnwidget.measures.norm_weighted import norm_weighted
    from attnwidget.measures.patterns import patterns
    from attnwidget.measures.rollout import rollout
    from attnwidget.measures.share import share
    from attnwidget.measures.similar_heads import redundancy, similar_heads
    from attnwidget.measures.sink_score import sink_rate, sink_score
    from attnwidget.measures.summary import summary
    from attnwidget.measures.value_norms import value_norms
    from attnwidget.widget.explorer import Explorer
    from attnwidget.widget.exploring import explore
    from attnwidget.widget.viewing import view

__all__ = [
    "AttentionModel",
    "AttnWidgetError",
    "Block",
    "Explorer",
    "Tokens",
    "Trace",
    "__version__",
    "alignment",
    "alti",
    "attention_sinks",
    "compare",
    "concentration",
    "confidence",
    "dead_heads",
    "diagnose",
    "distance",
    "drift",
    "dynamics",
    "effective",
    "entropy",
    "experiments",
    "explore",
    "flow",
    "head_clusters",
    "head_distances",
    "head_map",
    "highlight",
    "induction_scores",
    "load",
    "mixing_ratio",
    "norm_weighted",
    "patterns",
    "plots",
    "redundancy",
    "rollout",
    "share",
    "similar_heads",
    "sink_rate",
    "sink_score",
    "summary",
    "trace_influence",
    "value_norms",
    "view",
]

_HOME = {
    "AttentionModel": "engine.model",
    "AttnWidgetError": "errors",
    "Block": "engine.trace",
    "Explorer": "widget.explorer",
    "Tokens": "engine.tokens",
    "Trace": "engine.trace",
    "alignment": "measures.alignment",
    "alti": "measures.alti",
    "attention_sinks": "measures.attention_sinks",
    "compare": "measures.compare",
    "concentration": "measures.concentration",
    "confidence": "measures.confidence",
    "dead_heads": "measures.dead_heads",
    "diagnose": "measures.diagnose",
    "distance": "measures.distance",
    "drift": "measures.drift",
    "dynamics": "experiments.over_training",
    "effective": "measures.effective",
    "entropy": "measures.entropy",
    "explore": "widget.exploring",
    "flow": "measures.flow",
    "head_clusters": "measures.head_clusters",
    "head_distances": "measures.head_distances",
    "head_map": "measures.head_map",
    "highlight": "export.highlight",
    "induction_scores": "experiments.induction",
    "load": "engine.load",
    "mixing_ratio": "measures.mixing_ratio",
    "norm_weighted": "measures.norm_weighted",
    "patterns": "measures.patterns",
    "redundancy": "measures.similar_heads",
    "rollout": "measures.rollout",
    "share": "measures.share",
    "similar_heads": "measures.similar_heads",
    "sink_rate": "measures.sink_score",
    "sink_score": "measures.sink_score",
    "summary": "measures.summary",
    "trace_influence": "measures.influence",
    "value_norms": "measures.value_norms",
    "view": "widget.viewing",
}

_ROOMS = {"experiments", "plots"}
"""Rooms that are called by their own name: `aw.plots.head_grid(...)`."""


def __getattr__(name: str) -> Any:
    # Names are fetched on first use, so that a bare import costs neither torch nor transformers.
    if name in _ROOMS:
        return import_module(f"attnwidget.{name}")
    if name not in _HOME:
        raise AttributeError(f"module 'attnwidget' has no attribute {name!r}")
    value = getattr(import_module(f"attnwidget.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
