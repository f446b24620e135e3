"""The bundled teaching model, tiny-translator: where it is, and texts that show what its heads do. Importing this imports no torch."""

from pathlib import Path

from attnwidget.tiny.bundled import Bundled, Example

# A row of the cross-attention is the word written last, and reads what it takes to write the next one.
_LOOKED_AT = (
    Example(
        "An owner changes place",
        "my sister's red car",
        "Each word reads what is translated next: “la” reads “car”, “voiture” reads “red”, and “ma” reads “sister” at last.",
        head=(2, 1),
        query=2,
        view="matrix",
        pair="la voiture rouge de ma sœur",
        part="cross",
    ),
    Example(
        "A noun decides the word before it",
        "her brother is near the tree",
        "Before anything is written, “<s>” reads “brother”: it is a brother who is “son”, whoever has him.",
        head=(1, 0),
        query=0,
        view="lines",
        pair="son frère est près de l'arbre",
        part="cross",
    ),
    Example(
        "One word becomes two",
        "The dog does not see the ice cream.",
        "“ne” reads “see”, and then “voit” reads “not”, which was translated already: its other half, “pas”, comes next.",
        head=(2, 1),
        query=4,
        view="lines",
        pair="Le chien ne voit pas la glace.",
        part="cross",
    ),
    Example(
        "Day and month",
        "May 3, 2021",
        "“le” reads “3” before “3” reads “May”: the two lines cross.",
        head=(2, 1),
        query=2,
        view="lines",
        pair="le 3 mai 2021",
        part="cross",
    ),
    Example(
        "Two words share one",
        "ninety-two red cars",
        "“-vingt” reads “-two” to write “-douze”, twelve: four twenties and twelve.",
        head=(2, 1),
        query=2,
        view="lines",
        pair="quatre-vingt-douze voitures rouges",
        part="cross",
    ),
)

TRANSLATOR = Bundled("tiny-translator", Path(__file__).parent / "model", _LOOKED_AT, first_head=(2, 1))
