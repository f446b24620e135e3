"""The words of the two languages of tiny-translator. A word that begins with "-" or "'" is written without a space before it."""

from typing import NamedTuple

PADDING = "<pad>"
BEGINS = "<s>"
ENDS = "</s>"

VOWELS = "aeiouéèêh"
"""First letters before which French leaves a vowel out. Every h here is mute."""


class Noun(NamedTuple):
    """A noun in the words it is written in: `english` and `french` (singular, plural)."""

    english: tuple[tuple[str, ...], tuple[str, ...]]
    french: tuple[tuple[str, ...], tuple[str, ...]]
    feminine: bool


class Adjective(NamedTuple):
    """`french` (masculine, feminine, masculine plural, feminine plural); `before` its noun, there as `elided` if a vowel follows."""

    english: str
    french: tuple[str, str, str, str]
    before: bool
    elided: str


class Verb(NamedTuple):
    """`english` (with a singular subject, with a plural one); `french` likewise; `particle` belongs to the English verb."""

    english: tuple[str, str]
    french: tuple[str, str]
    transitive: bool
    particle: str | None


def _noun(line: str) -> Noun:
    gender, english, englishes, french, frenches = (part.strip() for part in line.split(","))
    return Noun(
        (tuple(english.split()), tuple(englishes.split())),
        (tuple(french.replace("-", " -").split()), tuple(frenches.replace("-", " -").split())),
        gender == "f",
    )


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.strip().splitlines()]


_THINGS = tuple(_noun(line) for line in _lines("""
    f, car, cars, voiture, voitures
    f, house, houses, maison, maisons
    m, book, books, livre, livres
    m, garden, gardens, jardin, jardins
    f, door, doors, porte, portes
    m, hat, hats, chapeau, chapeaux
    f, key, keys, clé, clés
    m, tree, trees, arbre, arbres
    f, church, churches, église, églises
    m, bridge, bridges, pont, ponts
    f, town, towns, ville, villes
    f, flower, flowers, fleur, fleurs
    m, boat, boats, bateau, bateaux
    f, school, schools, école, écoles
    f, window, windows, fenêtre, fenêtres
    f, chair, chairs, chaise, chaises
    f, dress, dresses, robe, robes
    m, bicycle, bicycles, vélo, vélos
    f, letter, letters, lettre, lettres
    f, apple, apples, pomme, pommes
    f, potato, potatoes, pomme de terre, pommes de terre
    m, railway, railways, chemin de fer, chemins de fer
    m, rainbow, rainbows, arc-en-ciel, arcs-en-ciel
    f, ice cream, ice creams, glace, glaces
    m, living room, living rooms, salon, salons
    f, fire station, fire stations, caserne, casernes
"""))  # fmt: skip
_BEINGS = tuple(_noun(line) for line in _lines("""
    m, dog, dogs, chien, chiens
    m, cat, cats, chat, chats
    m, bird, birds, oiseau, oiseaux
    m, horse, horses, cheval, chevaux
    f, sister, sisters, sœur, sœurs
    m, brother, brothers, frère, frères
    m, friend, friends, ami, amis
    f, mother, mothers, mère, mères
    m, father, fathers, père, pères
    f, daughter, daughters, fille, filles
    f, aunt, aunts, tante, tantes
    m, uncle, uncles, oncle, oncles
    f, queen, queens, reine, reines
    m, king, kings, roi, rois
    m, doctor, doctors, médecin, médecins
    f, woman, women, femme, femmes
    m, man, men, homme, hommes
    f, grandmother, grandmothers, grand-mère, grands-mères
    m, grandfather, grandfathers, grand-père, grands-pères
    m, police officer, police officers, policier, policiers
"""))  # fmt: skip
BEINGS = {" ".join(noun.english[0]): noun for noun in _BEINGS}
"""Who can own something: what they are called -> the noun."""
NOUNS = {" ".join(noun.english[0]): noun for noun in _THINGS} | BEINGS


def _adjective(line: str, before: bool) -> Adjective:
    english, *french = (part.strip() for part in line.split(","))
    return Adjective(
        english, (french[0], french[1], french[2], french[3]), before, french[4] if french[4:] else french[0]
    )


_ADJECTIVES = (
    *(_adjective(line, before=False) for line in _lines("""
        red, rouge, rouge, rouges, rouges
        green, vert, verte, verts, vertes
        white, blanc, blanche, blancs, blanches
        black, noir, noire, noirs, noires
        blue, bleu, bleue, bleus, bleues
        yellow, jaune, jaune, jaunes, jaunes
        round, rond, ronde, ronds, rondes
        heavy, lourd, lourde, lourds, lourdes
        empty, vide, vide, vides, vides
        quiet, calme, calme, calmes, calmes
        tired, fatigué, fatiguée, fatigués, fatiguées
        happy, heureux, heureuse, heureux, heureuses
    """)),
    *(_adjective(line, before=True) for line in _lines("""
        small, petit, petite, petits, petites
        big, grand, grande, grands, grandes
        old, vieux, vieille, vieux, vieilles, vieil
        new, nouveau, nouvelle, nouveaux, nouvelles, nouvel
        beautiful, beau, belle, beaux, belles, bel
        good, bon, bonne, bons, bonnes
        young, jeune, jeune, jeunes, jeunes
        pretty, joli, jolie, jolis, jolies
    """)),
)  # fmt: skip


DESCRIBING = {adjective.english: adjective for adjective in _ADJECTIVES}


def _verb(line: str, transitive: bool) -> Verb:
    one, many, french, frenches = (part.strip() for part in line.split(","))
    particle = one.split()[1] if " " in one else None
    return Verb((one.split()[0], many.split()[0]), (french, frenches), transitive, particle)


_VERBS = (
    *(_verb(line, transitive=True) for line in _lines("""
        sees, see, voit, voient
        loves, love, aime, aiment
        finds, find, trouve, trouvent
        sells, sell, vend, vendent
        buys, buy, achète, achètent
        paints, paint, peint, peignent
        loses, lose, perd, perdent
        looks for, look for, cherche, cherchent
        waits for, wait for, attend, attendent
        listens to, listen to, écoute, écoutent
    """)),
    *(_verb(line, transitive=False) for line in _lines("""
        sleeps, sleep, dort, dorment
        sings, sing, chante, chantent
        works, work, travaille, travaillent
        runs, run, court, courent
    """)),
)  # fmt: skip

DOING = {verb.english[1]: verb for verb in _VERBS}

DETERMINERS = tuple("the a an my your his her this these".split())
# (masculine, feminine, plural); what else decides is in grammar.py.
POSSESSIVES = {
    "my": ("mon", "ma", "mes"), "your": ("votre", "votre", "vos"), "his": ("son", "sa", "ses"), "her": ("son", "sa", "ses"),
}  # fmt: skip
FRENCH_ARTICLES = tuple("le la l' les un une mon ma mes votre vos son sa ses ce cet cette ces".split())
PREPOSITIONS = {"of": "de", "with": "avec", "in": "dans", "under": "sous", "behind": "derrière", "near": "près de"}
FRENCH_ADVERBS = {"not": "pas", "never": "jamais", "always": "toujours", "often": "souvent"}
NEGATIVE = ("not", "never")

SMALL = tuple(
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
)
FRENCH_SMALL = tuple("un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize".split())
TENS = tuple("twenty thirty forty fifty sixty seventy eighty ninety".split())
FRENCH_TENS = tuple("vingt trente quarante cinquante soixante".split())
SMALL_UNITS = tuple(f"-{word}" for word in SMALL[:9])

MONTHS = dict(zip(
    "January February March April May June July August September October November December".split(),
    "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split(),
    strict=True,
))  # fmt: skip
WEEKDAYS = dict(zip(
    "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split(),
    "lundi mardi mercredi jeudi vendredi samedi dimanche".split(),
    strict=True,
))  # fmt: skip
ORDINALS = tuple(
    """first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth
    seventeenth eighteenth nineteenth""".split()
)
ROUND_ORDINALS = {"twentieth": 20, "thirtieth": 30}
ORDINAL_UNITS = tuple(f"-{word}" for word in ORDINALS[:9])
DAYS = tuple(map(str, range(1, 32)))
YEARS = tuple(map(str, range(1980, 2030)))
