"""The bundled teaching model, tiny-causal: where it is, and texts that show what its heads do. Importing this imports no torch."""

from pathlib import Path

FOLDER = Path(__file__).parent / "causal"

# (title, text) for the explorer's menu. Where the context decides what comes next, the text stops right before it.
EXAMPLES: tuple[tuple[str, str], ...] = (
    (
        "A fact from the context",
        "The capital of France is Paris. The river of Veldt is Miro. What is the capital of France? The capital of France is",
    ),
    ("Random words, twice", "lamp river Tom quiet bread Oslo lamp river Tom quiet bread"),
    ("The other name", "When Ana and Tom went to the park, Tom gave a ball to"),
    ("Agreement across a noun", "The keys to the cabinet"),
    ("Which quote to close", 'Ana said, "The ball is old'),
    ("One word, two senses", "The river bank was quiet, so she walked to the bank for money."),
    ("A plain sentence", "The cat sat on the mat."),
)

# (layer, head) to begin with: the induction head, whose last row points at the answer of the first example.
FIRST_HEAD = (1, 0)
