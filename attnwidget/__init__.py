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
    from attnwidget.engine.load_model import load
    from attnwidget.engine.model import AttentionModel
    from attnwidget.engine.text.tokens import Tokens
    from attnwidget.engine.trace.records import Block
    from attnwidget.engine.trace.trace import Trace
    from attnwidget.errors import AttnWidgetError
    from attnwidget.experiments.probes.induction import induction_scores
    from attnwidget.experiments.training.dynamics import dynamics
    from attnwidget.export.highlight import highlight
    from attnwidget.measures.comparison.alignment import alignment
    from attnwidget.measures.comparison.compare import compare
    from attnwidget.measures.comparison.drift import drift
    from attnwidget.measures.diagnosis.diagnose import diagnose
    from attnwidget.measures.diagnosis.summary import summary
    from attnwidget.measures.heads.attention_sinks import attention_sinks
    from attnwidget.measures.heads.concentration import concentration
    from attnwidget.measures.heads.confidence import confidence
    from attnwidget.measures.heads.dead_heads import dead_heads
    from attnwidget.measures.heads.distance import distance
    from attnwidget.measures.heads.entropy import entropy
    from attnwidget.measures.heads.share import share
    from attnwidget.measures.heads.sink_score import sink_rate, sink_score
    from attnwidget.measures.paths.alti import alti
    from attnwidget.measures.paths.flow import flow
    from attnwidget.measures.paths.influence import trace_influence
    from attnwidget.measures.paths.rollout import rollout
    from attnwidget.measures.patterns.patterns import patterns
    from attnwidget.measures.similarity.head_clusters import head_clusters
    from attnwidget.measures.similarity.head_distances import head_distances
    from attnwidget.measures.similarity.head_map import head_map
    from attnwidget.measures.similarity.similar_heads import redundancy, similar_heads
    from attnwidget.measures.values.effective import effective
    from attnwidget.measures.values.mixing_ratio import mixing_ratio
    from attnwidget.measures.values.norm_weighted import norm_weighted
    from attnwidget.measures.values.value_norms import value_norms
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
    "Block": "engine.trace.records",
    "Explorer": "widget.explorer",
    "Tokens": "engine.text.tokens",
    "Trace": "engine.trace.trace",
    "alignment": "measures.comparison.alignment",
    "alti": "measures.paths.alti",
    "attention_sinks": "measures.heads.attention_sinks",
    "compare": "measures.comparison.compare",
    "concentration": "measures.heads.concentration",
    "confidence": "measures.heads.confidence",
    "dead_heads": "measures.heads.dead_heads",
    "diagnose": "measures.diagnosis.diagnose",
    "distance": "measures.heads.distance",
    "drift": "measures.comparison.drift",
    "dynamics": "experiments.training.dynamics",
    "effective": "measures.values.effective",
    "entropy": "measures.heads.entropy",
    "explore": "widget.exploring",
    "flow": "measures.paths.flow",
    "head_clusters": "measures.similarity.head_clusters",
    "head_distances": "measures.similarity.head_distances",
    "head_map": "measures.similarity.head_map",
    "highlight": "export.highlight",
    "induction_scores": "experiments.probes.induction",
    "load": "engine.load_model",
    "mixing_ratio": "measures.values.mixing_ratio",
    "norm_weighted": "measures.values.norm_weighted",
    "patterns": "measures.patterns.patterns",
    "redundancy": "measures.similarity.similar_heads",
    "rollout": "measures.paths.rollout",
    "share": "measures.heads.share",
    "similar_heads": "measures.similarity.similar_heads",
    "sink_rate": "measures.heads.sink_score",
    "sink_score": "measures.heads.sink_score",
    "summary": "measures.diagnosis.summary",
    "trace_influence": "measures.paths.influence",
    "value_norms": "measures.values.value_norms",
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
