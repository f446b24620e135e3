"""The bundled classifier, tiny-classifier: where it is, and reviews that show what its heads do. Importing this imports no torch."""

from pathlib import Path

from attnwidget.tiny.bundled import Bundled, Example

CLASSIFIER_FOLDER = Path(__file__).parent / "model"

REVIEW_EXAMPLES = (
    Example(
        "Not boring",
        "The movie was unexpectedly not boring.",
        "“boring” reads “not”, which turns it round.",
        head=(0, 0),
        query=6,
        view="matrix",
    ),
    Example(
        "Not very good",
        "The film was not very good.",
        "“good” reads “not”: once negated, it no longer matters how much.",
        head=(0, 1),
        query=6,
        view="lines",
    ),
    Example(
        "But",
        "The plot was boring, but the music was really wonderful.",
        "[CLS] reads “but”, behind which stands what counts.",
        head=(0, 3),
        query=0,
        view="lines",
    ),
    Example(
        "Although",
        "The book was very good, although it was slow.",
        "[CLS] reads “although”, before which stands what counts.",
        head=(1, 2),
        query=0,
        view="lines",
    ),
    Example(
        "What others say",
        "Tom said that the film was awful. I enjoyed it.",
        "[CLS] reads “enjoyed”, which the writer says, and not what Tom says.",
        head=(1, 2),
        query=0,
        view="lines",
    ),
    Example(
        "Something else",
        "The popcorn was wonderful, but the movie was extremely dull.",
        "[CLS] reads “dull”, said of the movie, and not what is said of the popcorn.",
        head=(2, 2),
        query=0,
        view="lines",
    ),
)

# It begins at the head in which an opinion word reads what turns it round.
CLASSIFIER = Bundled("tiny-classifier", CLASSIFIER_FOLDER, REVIEW_EXAMPLES, first_head=(0, 0))
