"""The room that works with models. Other rooms import from it only what is listed here."""

from attnwidget.lazy import public

__getattr__, __dir__, __all__ = public(__name__, __file__)
