"""The words of the reviews, by kind: words of one kind can stand in each other's place."""

from attnwidget.tiny.causal.vocabulary import NAMES

CLASSES = ("very negative", "negative", "positive", "very positive")

POSITIVE_WORDS = tuple(
    """good great wonderful funny brilliant lovely exciting beautiful charming clever delightful superb touching amusing enjoyable
    gripping interesting moving fine excellent""".split()
)
NEGATIVE_WORDS = tuple(
    """bad boring dull terrible awful poor weak slow stupid silly ugly tedious dreadful horrible annoying tiresome clumsy disappointing
    flat painful""".split()
)
NEGATORS = ("not", "never", "hardly", "scarcely")
AFFIRMERS = ("always", "still", "indeed", "certainly")
INTENSIFIERS = ("very", "extremely", "really", "truly", "incredibly")
DIMINISHERS = ("slightly", "somewhat", "fairly", "rather", "quite")
# How it came, not how much of it there was: they never change the class.
MANNERS = tuple("unexpectedly surprisingly apparently obviously strangely honestly frankly clearly".split())

# What was done to the show: (past, after "did").
LIKED = (("liked", "like"), ("enjoyed", "enjoy"), ("admired", "admire"), ("appreciated", "appreciate"))
DISLIKED = (("disliked", "dislike"), ("hated", "hate"), ("regretted", "regret"), ("resented", "resent"))

REVIEWED = tuple("movie film story game book song play concert".split())
ASPECTS = tuple("plot acting music ending beginning cast dialogue idea".split())
SURROUNDINGS = tuple("weather popcorn seat dinner hotel train ticket coffee".split())
OCCASIONS = tuple("day week trip walk meeting lunch night journey".split())

# The clause after a turning word counts, and the one before a yielding word.
TURNING = ("but", "yet")
YIELDING = ("although", "though")

WORD_KINDS: dict[str, tuple[str, ...]] = {
    "opinion": POSITIVE_WORDS + NEGATIVE_WORDS,
    "polarity": NEGATORS + AFFIRMERS,
    "degree": INTENSIFIERS + DIMINISHERS,
    "manner": MANNERS,
    "verb": tuple(past for past, _ in LIKED + DISLIKED),
    "verb polarity": tuple(word for word in NEGATORS + AFFIRMERS if word not in ("not", "indeed")),
    "did": tuple(after for _, after in LIKED + DISLIKED),
    "did polarity": ("not", "never", "indeed", "certainly"),
    "joining": TURNING + YIELDING,
    "opening": ("although", "though", "while"),
    "show": REVIEWED,
    "aspect": ASPECTS,
    "thing": SURROUNDINGS,
    "occasion": OCCASIONS,
    "attribute": tuple("old new long short loud quiet dark famous".split()),
    "the": ("the", "this", "that"),
    "was": ("was", "is", "seemed", "felt"),
    "name": NAMES,
    "said": ("said", "thought", "claimed", "wrote"),
}
"""Kind -> the words of it. The opinion words (`opinion`, `verb`, `did`), what turns them round (`... polarity`), `degree` and `joining`
can decide the class; the others never do."""

POSITIVE = frozenset(POSITIVE_WORDS + tuple(form for forms in LIKED for form in forms))
OPINIONS = ("opinion", "verb", "did")
POLARITIES = ("polarity", "verb polarity", "did polarity")
