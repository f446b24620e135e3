"""The words of the teaching language, and every surface that its generator can write.

A surface is a word as it stands in the text, with the space before it: " cat" inside a sentence, "The" after a newline, a quote or a
bracket. Each surface becomes exactly one token (see tokenizer.py).
"""

END = "<|endoftext|>"
NEWLINE = "\n"

MEN = tuple(
    "Tom Ben Sam Max Leo Paul Jack John Mark Luke Adam Noah Hugo Oscar Peter David Simon Felix Ivan Omar Karl Marco Henry James".split()
)
WOMEN = tuple(
    "Ana Mia Eva Lea Zoe Emma Sara Lucy Mary Jane Kate Nina Rosa Clara Alice Julia Laura Sofia Elena Helen Grace Ruth Vera Nora".split()
)
NAMES = MEN + WOMEN

COUNTRIES = tuple(
    """France Spain Italy Germany Poland Norway Sweden Finland Japan China India Egypt Kenya Ghana Peru Chile Brazil Mexico Canada Cuba
    Greece Turkey Austria Ireland Veldt Zorn Quill Brava Tarn Ombra Keld Lunor Vashti Drom Pelia Norvik Sarn Ustra Mirov Grend""".split()
)
PLACE_NAMES = tuple(
    """Paris Madrid Rome Berlin Warsaw Oslo Stockholm Helsinki Tokyo Beijing Delhi Cairo Nairobi Accra Lima Santiago London Ottawa Havana
    Athens Ankara Vienna Dublin Lisbon Miro Sela Tavik Orlo Benda Kassa Lume Dorin Zefa Quor Ilva Ruska Pomo Yssel Fenn Gault""".split()
)
PLACE_RELATIONS = tuple("capital river lake mountain port island forest song dance bird".split())
PERSON_RELATIONS = tuple("king queen poet doctor".split())
RELATIONS = PLACE_RELATIONS + PERSON_RELATIONS

OBJECTS = tuple("ball book key letter cup ring coin drink gift hat lamp map pen rose toy bag card box".split())
PLACES = tuple(
    "park store school beach house bank office market station garden church museum river kitchen library street".split()
)
GIVING = tuple("gave handed sent showed passed sold offered brought".split())

# (singular, plural): the head of the subject, and the noun that stands between the head and its verb.
HEADS = tuple(
    (noun, noun + "s")
    for noun in "key cat dog book boy girl picture friend letter door chair road lamp window teacher student".split()
)
DISTRACTORS = tuple(
    (noun, noun + "s") for noun in "cabinet house park table garden school bank river king doctor movie wall".split()
)
LINKS = tuple("to near behind by of with".split())

ANIMALS = tuple("cat dog bird horse animal".split())
RESTING = tuple("sat slept lay stood".split())
GROUNDS = tuple("mat rug floor sofa chair table road".split())
SHOWS = tuple("movie film story game book song".split())
ADVERBS = tuple("unexpectedly surprisingly really very often always".split())
FEELINGS = tuple("boring funny sad happy good bad long quiet tired".split())
ADJECTIVES = tuple("old new big small red blue green cold warm clean dark empty open broken quiet".split())
GOODS = tuple("money bread water food milk".split())
MOVING = tuple("walked ran went came".split())
MOVES = tuple("walked ran looked".split())
SINGULAR_VERBS = ("is", "was")
PLURAL_VERBS = ("are", "were")

# (opening, closing): what was opened decides what has to close.
BRACKETS = (('"', '"'), ("(", ")"), ("[", "]"), ("{", "}"), ("“", "”"))

FUNCTION_WORDS = tuple(
    """The the a of is was are were and to at on in under for with near behind by so because but not too it its she he She He her his
    When when What Who where After While while Then then said saw lost found bought took did didn cross wide friend one two there here had
    has no yes all that this I you they They We we do does can will said""".split()
)
PUNCTUATION = (".", ",", "?", "!", ":", ";", "-", "'t", "'s", '."', '?"')

# Words that can begin a document, or follow a quote or a bracket, and so also stand without a space before them.
FIRST_WORDS = (*NAMES, *"The the What When After While Then She He It A I".split())


def words() -> tuple[str, ...]:
    """Every word of the language once, in a fixed order, without spaces."""
    pairs = (form for noun in (*HEADS, *DISTRACTORS) for form in noun)
    lists = (
        FUNCTION_WORDS, NAMES, COUNTRIES, PLACE_NAMES, RELATIONS, OBJECTS, PLACES, GIVING, tuple(pairs), LINKS, ANIMALS, RESTING,
        GROUNDS, SHOWS, ADVERBS, FEELINGS, ADJECTIVES, GOODS, MOVING, MOVES,
    )  # fmt: skip
    return tuple(dict.fromkeys(word for part in lists for word in part))


def surfaces() -> tuple[str, ...]:
    """Every surface the generator can write once, in a fixed order; `END` is not among them (it is a special token)."""
    brackets = (form for first, last in BRACKETS for form in (" " + first, last, "." + last))
    spaced = (" " + word for word in words())
    return tuple(dict.fromkeys((NEWLINE, *PUNCTUATION, *brackets, *spaced, *FIRST_WORDS)))
