"""The room that meets a model. What other rooms may import of it is listed here, and nothing else of it is theirs."""

from attnwidget.lazy import public

__getattr__, __dir__, __all__ = public(__name__, __file__)
