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
    from attnwidget.engine.load import load
    from attnwidget.engine.model import AttentionModel
    from attnwidget.engine.tokens import Tokens
    from attnwidget.engine.trace import Block, Trace
    from attnwidget.errors import AttnWidgetError
    from attnwidget.measures.entropy import entropy
    from attnwidget.measures.rollout import rollout
    from attnwidget.widget.explorer import Explorer, explore

__all__ = [
    "AttentionModel",
    "AttnWidgetError",
    "Block",
    "Explorer",
    "Tokens",
    "Trace",
    "__version__",
    "entropy",
    "explore",
    "load",
    "rollout",
]

_HOME = {
    "AttentionModel": "engine.model",
    "AttnWidgetError": "errors",
    "Block": "engine.trace",
    "Explorer": "widget.explorer",
    "Tokens": "engine.tokens",
    "Trace": "engine.trace",
    "entropy": "measures.entropy",
    "explore": "widget.explorer",
    "load": "engine.load",
    "rollout": "measures.rollout",
}


def __getattr__(name: str) -> Any:
    # Names are fetched on first use, so that a bare import costs neither torch nor transformers.
    if name not in _HOME:
        raise AttributeError(f"module 'attnwidget' has no attribute {name!r}")
    value = getattr(import_module(f"attnwidget.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
