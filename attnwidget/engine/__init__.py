"""The room that meets a model. What other rooms may import of it is listed here, and nothing else of it is theirs."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from attnwidget.engine.capture.roles import towers_of
    from attnwidget.engine.exact import exactly
    from attnwidget.engine.inputs.inputs import forward_names
    from attnwidget.engine.live.second_text import OF_THE_WHOLE, Texts, as_given, second_of
    from attnwidget.engine.live.session import LiveSession, Reading
    from attnwidget.engine.load_model import load, shared
    from attnwidget.engine.model import AttentionModel
    from attnwidget.engine.prediction import predict
    from attnwidget.engine.stopping import go_on, stopping_when
    from attnwidget.engine.text.tokens import NO_SPAN, Tokens
    from attnwidget.engine.trace.names import fit_index, parse_head
    from attnwidget.engine.trace.projection import Projection
    from attnwidget.engine.trace.recompute import Steps, fit_together, indices, rows_together, steps, visible, weights
    from attnwidget.engine.trace.records import Block, ModelFacts
    from attnwidget.engine.trace.residual import Norm, Stream
    from attnwidget.engine.trace.trace import Trace, kept_whole
    from attnwidget.engine.verify import LONGEST

__all__ = [
    "LONGEST",
    "NO_SPAN",
    "OF_THE_WHOLE",
    "AttentionModel",
    "Block",
    "LiveSession",
    "ModelFacts",
    "Norm",
    "Projection",
    "Reading",
    "Steps",
    "Stream",
    "Texts",
    "Tokens",
    "Trace",
    "as_given",
    "exactly",
    "fit_index",
    "fit_together",
    "forward_names",
    "go_on",
    "indices",
    "kept_whole",
    "load",
    "parse_head",
    "predict",
    "rows_together",
    "second_of",
    "shared",
    "steps",
    "stopping_when",
    "towers_of",
    "visible",
    "weights",
]

_HOME = {
    "AttentionModel": "model",
    "Block": "trace.records",
    "LONGEST": "verify",
    "LiveSession": "live.session",
    "ModelFacts": "trace.records",
    "NO_SPAN": "text.tokens",
    "Norm": "trace.residual",
    "OF_THE_WHOLE": "live.second_text",
    "Projection": "trace.projection",
    "Reading": "live.session",
    "Steps": "trace.recompute",
    "Stream": "trace.residual",
    "Texts": "live.second_text",
    "Tokens": "text.tokens",
    "Trace": "trace.trace",
    "as_given": "live.second_text",
    "exactly": "exact",
    "fit_index": "trace.names",
    "fit_together": "trace.recompute",
    "forward_names": "inputs.inputs",
    "go_on": "stopping",
    "indices": "trace.recompute",
    "kept_whole": "trace.trace",
    "load": "load_model",
    "parse_head": "trace.names",
    "predict": "prediction",
    "rows_together": "trace.recompute",
    "second_of": "live.second_text",
    "shared": "load_model",
    "steps": "trace.recompute",
    "stopping_when": "stopping",
    "towers_of": "capture.roles",
    "visible": "trace.recompute",
    "weights": "trace.recompute",
}


def __getattr__(name: str) -> Any:
    # On first use: who reads a saved trace does without transformers.
    if name not in _HOME:
        raise AttributeError(f"module 'attnwidget.engine' has no attribute {name!r}")
    value = getattr(import_module(f"attnwidget.engine.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
