"""The texts of the explorer's menu."""

from attnwidget.engine import ModelFacts
from attnwidget.tiny import BUNDLED
from attnwidget.tiny.bundled import Example

PLAIN_EXAMPLES = (
    Example(
        "A cat on a mat",
        "The cat sat on the mat because it was tired.",
        "Click “it”: is there a head in which it reads “cat”?",
    ),
    Example(
        "Two banks",
        "The river bank was quiet, so she walked to the bank for money.",
        "Click one “bank”, then the other: is there a head in which they read different words?",
    ),
    Example(
        "A fact in the text",
        "The capital of France is Paris. What is the capital of France?",
        "Click the second “France”: which heads read the first one, or what followed it?",
    ),
    Example(
        "Negation",
        "The movie was unexpectedly not boring.",
        "Click “boring”: which heads read “not”?",
    ),
)
"""Of any model they ask what to look for, and do not say where it is."""


def examples(facts: ModelFacts) -> tuple[Example, ...]:
    """Example texts for this model; the first is the default."""
    return BUNDLED[facts.name].examples if facts.teaching else PLAIN_EXAMPLES
