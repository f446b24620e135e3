"""See, measure and test attention in transformers, live in a notebook.

>>> import attnwidget as aw
>>> model = aw.load()                                   # the bundled teaching model
>>> trace = model.trace("The cat sat on the mat.")
>>> trace.weights(0, 1).shape                           # query key
torch.Size([7, 7])
"""

from attnwidget.lazy import public

__getattr__, __dir__, __all__ = public(__name__, __file__)
