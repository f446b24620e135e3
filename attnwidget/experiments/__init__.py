"""Models run again and again: numbers that no single trace can give. `aw.experiments.dynamics` is `aw.dynamics`."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from attnwidget.experiments.probes.induction import InductionScores, induction_scores
    from attnwidget.experiments.training.dynamics import dynamics

__all__ = ["InductionScores", "dynamics", "induction_scores"]

# No module is called as a function is: importing it would put it in the function's place.
_HOME = {
    "InductionScores": "probes.induction",
    "dynamics": "training.dynamics",
    "induction_scores": "probes.induction",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'attnwidget.experiments' has no attribute {name!r}")
    value = getattr(import_module(f"attnwidget.experiments.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
