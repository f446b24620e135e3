"""The generator of English phrases, sentences and dates with their translation.

Every translation lists the pairs of words that it brings together. A reserved eighth of all pairs never occurs in training, so that
held-out figures measure translating, not memory.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from random import Random

from attnwidget.text import Span
from attnwidget.tiny.causal.language import reserved
from attnwidget.tiny.translator import vocabulary as v
from attnwidget.tiny.translator.grammar import French, as_text, translated


@dataclass(frozen=True)
class Translation:
    """English words and their French; `pairs` are the words that it brings together (noun and adjective, verb and object, ...)."""

    kind: str
    english: tuple[str, ...]
    french: tuple[French, ...]
    pairs: tuple[tuple[str, str], ...]

    @property
    def text(self) -> str:
        """The English, as written."""
        return as_text(self.english)[0]

    @property
    def target(self) -> str:
        """The French, as written."""
        return as_text([french.word for french in self.french])[0]

    @property
    def aligned(self) -> tuple[tuple[Span, Span], ...]:
        """(in the French, in the English) for every word of the French and every word that it translates."""
        _, there = as_text([french.word for french in self.french])
        _, here = as_text(self.english)
        return tuple((there[at], here[source]) for at, french in enumerate(self.french) for source in french.sources)


class _NoPartner(Exception):
    """No word goes with the one before in the asked class."""


class _Writer:
    """English words, written from left to right with the pairs that they make."""

    def __init__(self, rng: Random, held_out: bool) -> None:
        self.rng = rng
        self.held_out = held_out
        self.words: list[str] = []
        self.pairs: list[tuple[str, str]] = []

    def partner(self, beside: str | None, known: Mapping[str, object]) -> str:
        """A word whose pair with `beside` is in the asked class."""
        if beside is None:
            return self.rng.choice(tuple(known))
        fitting = _partners(beside, tuple(known), self.held_out)
        if not fitting:
            raise _NoPartner
        chosen = self.rng.choice(fitting)
        self.pairs.append((beside, chosen))
        return chosen

    def noun(
        self,
        beside: str | None = None,
        known: Mapping[str, v.Noun] | None = None,
        *,
        owned: bool = False,
        plain: bool = False,
    ) -> tuple[str, bool]:
        """An article, a number, adjectives and a noun: what the noun is called, and whether it is several. `plain`: one, and
        never two adjectives.
        """
        rng = self.rng
        name = self.partner(beside, v.NOUNS if known is None else known)
        counted = not plain and rng.random() < 0.12
        plural = not plain and (counted or rng.random() < 0.25)
        adjectives = [one for one, share in ((True, 0.3), (False, 0.4)) if rng.random() < share]
        if plain and len(adjectives) == 2:
            adjectives.pop(rng.randrange(2))
        said = [self.partner(name, _AROUND_NOUNS[before]) for before in adjectives]
        number = self._number(name) if counted else []
        noun = v.NOUNS[name].english[plural]
        if not owned:
            self.words.append(self._article(plural, bool(number), (*said, *noun)[0]))
        self.words += [*number, *said, *noun]
        return name, plural

    def _article(self, plural: bool, counted: bool, following: str) -> str:
        draws = ("the", "the", "the", "my", "your", "his", "her", "these" if plural else "this")
        word = self.rng.choice(draws if plural or counted else (*draws, "a", "a"))
        return "an" if word == "a" and following[0] in "aeiou" else word

    def _number(self, beside: str) -> list[str]:
        return AMOUNTS[self.partner(beside, AMOUNTS)]


@cache
def _partners(beside: str, known: tuple[str, ...], held_out: bool) -> tuple[str, ...]:
    return tuple(word for word in known if reserved(beside, word) == held_out)


_AROUND_NOUNS = {
    side: {name: one for name, one in v.DESCRIBING.items() if one.before is side} for side in (True, False)
}
AMOUNTS = {
    **{str(number): [v.SMALL[number - 1]] for number in range(2, 20)},
    **{
        str(10 * tens + unit): [v.TENS[tens - 2], *([v.SMALL_UNITS[unit - 1]] if unit else [])]
        for tens in range(2, 10)
        for unit in range(10)
    },
}
_PLACES = ("with", "in", "under", "behind", "near")


def phrase(write: _Writer) -> None:
    """A noun and what belongs to it: the red car of my sister."""
    name, _ = write.noun()
    if write.rng.random() < 0.6:
        write.words.append("of" if write.rng.random() < 0.6 else write.rng.choice(_PLACES))
        write.noun(name)


def owner(write: _Writer) -> None:
    """The owner in front: my sister's red car."""
    name, _ = write.noun(known=v.BEINGS, plain=True)
    write.words.append("'s")
    write.noun(name, owned=True)


def _subject(write: _Writer) -> tuple[str, bool]:
    drawn = write.rng.random()
    if drawn < 0.6:
        return write.noun()
    if drawn < 0.8:
        name, _ = write.noun(known=v.BEINGS, plain=True)
        write.words.append("'s")
        return write.noun(name, owned=True)
    name, plural = write.noun(plain=True)
    write.words.append("of")
    write.noun(name, plain=True)
    return name, plural


def action(write: _Writer) -> None:
    """The old dog does not see the white house."""
    name, plural = _subject(write)
    called = write.partner(name, v.DOING)
    verb = v.DOING[called]
    drawn = write.rng.random()
    if drawn < 0.35:
        write.words += ["do" if plural else "does", "not", verb.english[1]]
    else:
        if drawn < 0.65:
            write.words.append(write.rng.choice(("never", "always", "often")))
        write.words.append(verb.english[plural])
    if verb.particle is not None:
        write.words.append(verb.particle)
    if verb.transitive:
        write.noun(called)


def state(write: _Writer) -> None:
    """The church of the town is not round."""
    name, plural = _subject(write)
    write.words.append("are" if plural else "is")
    if write.rng.random() < 0.6:
        write.words.append(write.rng.choice(("not", "not", "never", "always", "often")))
    if write.rng.random() < 0.6:
        write.words.append(write.partner(name, v.DESCRIBING))
    else:
        write.words.append(write.rng.choice(_PLACES))
        write.noun(name, plain=True)


def date(write: _Writer) -> None:
    """Monday, May 3, 2021, and the third of May 2021."""
    rng = write.rng
    month = rng.choice(tuple(v.MONTHS))
    day = write.partner(month, dict.fromkeys(v.DAYS))
    year = rng.choice(v.YEARS) if rng.random() < 0.6 else None
    if rng.random() < 0.5:
        write.words += ["the", *_ordinal(int(day)), "of", month, *([year] if year else [])]
        return
    if rng.random() < 0.15:
        write.words += ["the", rng.choice(("letter", "letters")), "of"]
    if rng.random() < 0.3:
        write.words += [rng.choice(tuple(v.WEEKDAYS)), ","]
    write.words += [month, day, *([",", year] if year else [])]


def _ordinal(day: int) -> list[str]:
    if day < 20:
        return [v.ORDINALS[day - 1]]
    tens, unit = divmod(day, 10)
    return [v.TENS[tens - 2], v.ORDINAL_UNITS[unit - 1]] if unit else [tuple(v.ROUND_ORDINALS)[tens - 2]]


def amount(write: _Writer) -> None:
    """seventy-two, and seventy-two red cars. What is held out is the pair of a number and what it counts."""
    rng = write.rng
    if not write.held_out and rng.random() < 0.4:
        write.words += AMOUNTS[rng.choice(tuple(AMOUNTS))]
        return
    name = rng.choice(tuple(v.NOUNS))
    counted = AMOUNTS[write.partner(name, AMOUNTS)]
    said = [write.partner(name, v.DESCRIBING)] if rng.random() < 0.4 else []
    write.words += [*counted, *said, *v.NOUNS[name].english[1]]


TEXT_KINDS: Mapping[str, Callable[[_Writer], None]] = {
    "phrase": phrase, "owner": owner, "action": action, "state": state, "date": date, "number": amount,
}  # fmt: skip
_SENTENCES = ("action", "state")


def translation(rng: Random, kind: str, held_out: bool) -> Translation:
    """A text of one kind with its translation."""
    while True:
        write = _Writer(rng, held_out)
        try:
            TEXT_KINDS[kind](write)
        except _NoPartner:
            continue
        if held_out and not write.pairs:
            continue
        english = _styled(rng, write.words, sentence=kind in _SENTENCES)
        french = translated(english)
        if french is None:
            raise ValueError(f"the grammar does not know {english}")
        return Translation(kind, english, french, tuple(write.pairs))


def _styled(rng: Random, english: Sequence[str], *, sentence: bool) -> tuple[str, ...]:
    """With a capital letter and a full stop, most sentences with both; dates and numbers keep their first word."""
    whole = rng.random() < (0.6 if sentence else 0.1)
    capital, stop = (whole or rng.random() < 0.12 for _ in range(2))
    first, *rest = english
    return (first.capitalize() if capital and first in v.DETERMINERS else first, *rest, *(["."] if stop else []))
