"""Repeated runs of models: numbers that no single trace can give. `aw.experiments.dynamics` is `aw.dynamics`."""

from attnwidget.lazy import public

__getattr__, __dir__, __all__ = public(__name__, __file__)
