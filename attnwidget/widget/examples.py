"""The texts of the explorer's menu: (title, text)."""

from attnwidget import tiny
from attnwidget.engine import ModelFacts

PLAIN_EXAMPLES = (
    ("A cat on a mat", "The cat sat on the mat because it was tired."),
    ("Two banks", "The river bank was quiet, so she walked to the bank for money."),
    ("A fact in the text", "The capital of France is Paris. What is the capital of France?"),
    ("Negation", "The movie was unexpectedly not boring."),
)


def examples(facts: ModelFacts) -> tuple[tuple[str, str], ...]:
    """Example texts for this model; the first is the default."""
    return tiny.EXAMPLES if facts.teaching else PLAIN_EXAMPLES
