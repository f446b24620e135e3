"""The bundled teaching model, tiny-causal: where it is, and texts that show what its heads do. Importing this imports no torch."""

from pathlib import Path

from attnwidget.tiny.bundled import Bundled, Example

FOLDER = Path(__file__).parent / "model"

# Where the context decides what comes next, the text stops right before it.
EXAMPLES = (
    Example(
        "A fact from the context",
        "The capital of France is Paris. The river of Veldt is Miro. What is the capital of France? The capital of France is",
        "Here “is” reads “Paris”, which followed “is” the first time; the model expects it next.",
        head=(1, 0),
        query=25,
        view="matrix",
    ),
    Example(
        "Random words, twice",
        "lamp river Tom quiet bread Oslo lamp river Tom quiet bread",
        "The second time round, each word reads what followed it the first time: a stripe away from the diagonal.",
        head=(1, 0),
        query=10,
        view="matrix",
    ),
    Example(
        "The other name",
        "When Ana and Tom went to the park, Tom gave a ball to",
        "“to” reads “Ana”, the name that does not give; the model expects it next.",
        head=(3, 1),
        query=13,
        view="lines",
    ),
    Example(
        "Agreement across a noun",
        "The keys to the cabinet",
        "“cabinet” reads “keys”, which decides between “is” and “are”.",
        head=(2, 1),
        query=4,
        view="lines",
    ),
    Example(
        "Which quote to close",
        'Ana said, "The ball is old',
        "“old” reads the quotation mark that is still open.",
        head=(2, 2),
        query=7,
        view="lines",
    ),
    Example(
        "One word, two senses",
        "The river bank was quiet, so she walked to the bank for money.",
        "The second “bank” reads “walked”, the first one itself: click it to compare.",
        head=(2, 0),
        query=11,
        view="lines",
    ),
    Example(
        "A plain sentence",
        "The cat sat on the mat.",
        "Every token reads the one before it: a line beside the diagonal.",
        head=(0, 2),
        query=5,
        view="matrix",
    ),
)

# It begins at the induction head, whose last row points at the answer of the first example.
CAUSAL = Bundled("tiny-causal", FOLDER, EXAMPLES, first_head=(1, 0))
