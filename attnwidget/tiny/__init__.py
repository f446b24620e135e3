"""The models that come with the package, by name. Importing this imports no torch."""

from attnwidget.tiny.bundled import Bundled
from attnwidget.tiny.causal import CAUSAL
from attnwidget.tiny.classifier import CLASSIFIER
from attnwidget.tiny.translator import TRANSLATOR
from attnwidget.tiny.vision import VISION

BUNDLED: dict[str, Bundled] = {one.name: one for one in (CAUSAL, CLASSIFIER, TRANSLATOR, VISION)}
"""The first is what opens where no model is named."""
