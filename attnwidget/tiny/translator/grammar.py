"""The translator by rule: English words -> French words, each with the English words that it translates.

It is the truth that tiny-translator is trained on and judged by. What it does not know has no translation. What it has to get right
is what makes translation more than looking up words: order (adjectives and owners change place), agreement (article, adjective and
number follow the noun's gender), words that merge (of the -> du, ice cream -> glace) and words that split (not -> ne ... pas, ninety ->
quatre-vingt-dix).
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import NamedTuple

from attnwidget.text import Span
from attnwidget.tiny.translator import vocabulary as v


class French(NamedTuple):
    """A word of the translation and the places of the English words that it translates."""

    word: str
    sources: tuple[int, ...]


class _Unknown(Exception):
    """The words are not of the language."""


class Phrase(NamedTuple):
    """The French of a noun with all that belongs to it, and what agrees with it."""

    words: list[French]
    feminine: bool
    plural: bool


@cache
def _nouns() -> Mapping[tuple[str, ...], tuple[v.Noun, bool]]:
    """English words -> the noun, whether they are its plural."""
    return {noun.english[plural]: (noun, plural) for noun in v.NOUNS.values() for plural in (False, True)}


_VERBS = {
    (verb.english[plural], verb.particle): (verb, plural) for verb in v.DOING.values() for plural in (False, True)
}
ONE_WORD = re.compile(r"'s\b|\w+(?='s\b)|\w+'(?=\w|$)|-?\w+|[^\w\s]")
_JOINED = ("-", "'s", ",", ".")


def split_words(text: str) -> tuple[str, ...]:
    """The words of a text of either language, as `as_text` takes them."""
    return tuple(ONE_WORD.findall(text))


def as_text(spelled: Sequence[str]) -> tuple[str, tuple[Span, ...]]:
    """Words as a text, and where each of them stands in it."""
    text, spans = "", []
    for word in spelled:
        text += "" if not text or is_joined(word, text) else " "
        spans.append((len(text), len(text) + len(word)))
        text += word
    return text, tuple(spans)


def is_joined(word: str, before: str) -> bool:
    """Whether a word is written without a space behind what stands before it."""
    return word.startswith(_JOINED) or (before.endswith("'") and word != "'s")


def translated(english: Sequence[str]) -> tuple[French, ...] | None:
    """The translation of words of the language; None for any others."""
    capital = english[0] in CAPITALS if english else False
    plain = [english[0].lower(), *english[1:]] if capital else list(english)
    stop = len(plain) if plain[-1:] == ["."] else None
    try:
        french = _Reader(plain[: stop and -1]).everything()
    except _Unknown:
        return None
    if capital:
        french[0] = french[0]._replace(word=french[0].word.capitalize())
    return (*french, French(".", (stop - 1,))) if stop else tuple(french)


CAPITALS = {word.capitalize(): word for word in v.DETERMINERS}
"""What a text can begin with and be written with a capital letter for it. Dates do so anyway."""


def _vowel(word: str) -> bool:
    return word[0] in v.VOWELS


class _Reader:
    """English words, read from left to right."""

    def __init__(self, english: Sequence[str]) -> None:
        self.words = english
        self.at = 0

    # ------------------------------------------------------------------------------------------------ single words

    def _next(self) -> str:
        return self.words[self.at] if self.at < len(self.words) else ""

    def _take(self, *wanted: str) -> int:
        if self._next() not in wanted:
            raise _Unknown
        self.at += 1
        return self.at - 1

    def _taken(self, wanted: Sequence[str] | Mapping[str, object]) -> tuple[str, int] | None:
        word = self._next()
        if word not in wanted:
            return None
        self.at += 1
        return word, self.at - 1

    # ------------------------------------------------------------------------------------------------ whole texts

    def everything(self) -> list[French]:
        french = self._whole()
        if self.at < len(self.words):
            raise _Unknown
        return french

    def _whole(self) -> list[French]:
        if self._next() in v.WEEKDAYS or self._next() in v.MONTHS:
            return self._date()
        if self._next() == "the" and self.words[1:2] and self._ordinal_at(1):
            return self._spelled_date()
        number = self._count()
        if number is not None and self.at == len(self.words):
            return _number(number, feminine=False)
        self.at = 0
        subject = self._phrase()
        return subject.words if self.at == len(self.words) else subject.words + self._predicate(subject)

    # ------------------------------------------------------------------------------------------------ dates

    def _date(self) -> list[French]:
        weekday = self._taken(v.WEEKDAYS)
        if weekday:
            self._take(",")
        month = self._month()
        day = self._taken(v.DAYS)
        if day is None:
            raise _Unknown
        year = []
        if self._next() == ",":
            self._take(",")
            year = self._year()
        named = [French(v.WEEKDAYS[weekday[0]], (weekday[1],))] if weekday else []
        first = French("le", (weekday or day)[1:])
        return [first, *named, French(_day(int(day[0])), (day[1],)), month, *year]

    def _spelled_date(self) -> list[French]:
        first = self._take("the")
        day, places = self._ordinal()
        self._take("of")
        month = self._month()
        year = self._year() if self.at < len(self.words) else []
        return [French("le", (first,)), French(_day(day), places), month, *year]

    def _month(self) -> French:
        month = self._taken(v.MONTHS)
        if month is None:
            raise _Unknown
        return French(v.MONTHS[month[0]], (month[1],))

    def _year(self) -> list[French]:
        year = self._taken(v.YEARS)
        if year is None:
            raise _Unknown
        return [French(year[0], (year[1],))]

    def _ordinal_at(self, at: int) -> bool:
        word, after = self.words[at], (*self.words[at + 1 : at + 2], "")[0]
        return word in (*v.ORDINALS, *v.ROUND_ORDINALS) or (word in v.TENS[:2] and after in v.ORDINAL_UNITS)

    def _ordinal(self) -> tuple[int, tuple[int, ...]]:
        if small := self._taken(v.ORDINALS):
            return v.ORDINALS.index(small[0]) + 1, small[1:]
        if full := self._taken(v.ROUND_ORDINALS):
            return v.ROUND_ORDINALS[full[0]], full[1:]
        tens, unit = self._taken(v.TENS[:2]), self._taken(v.ORDINAL_UNITS)
        if tens is None or unit is None:
            raise _Unknown
        number = 10 * (v.TENS.index(tens[0]) + 2) + v.ORDINAL_UNITS.index(unit[0]) + 1
        if number > len(v.DAYS):
            raise _Unknown
        return number, (tens[1], unit[1])

    # ------------------------------------------------------------------------------------------------ nouns

    def _phrase(self) -> Phrase:
        """A noun, its owner before it or behind it, or what else a preposition says of it."""
        first = self._single()
        if self._next() == "'s":
            mark = self._take("'s")
            if first.plural:
                raise _Unknown
            owned = self._single(mark)
            return owned._replace(words=[*owned.words, *_joined([French("de", (mark,))], first.words)])
        if self._next() in v.PREPOSITIONS:
            return first._replace(words=first.words + self._place())
        return first

    def _place(self) -> list[French]:
        at = self._take(*v.PREPOSITIONS)
        before = [French(word, (at,)) for word in v.PREPOSITIONS[self.words[at]].split()]
        if self.words[at] == "of" and self._next() in (v.WEEKDAYS | v.MONTHS):
            return _joined(before, self._date())
        return _joined(before, self._single().words)

    def _single(self, owner: int | None = None, *, denied: bool = False) -> Phrase:
        """A noun with its article, number and adjectives. The `owner`'s mark stands for the article of what is owned; what is
        `denied` has another one: does not see a cat -> ne voit pas de chat.
        """
        article = None if owner is not None else self._taken(v.DETERMINERS)
        count = self._count()
        started = self.at
        adjectives = []
        while found := self._taken(v.DESCRIBING):
            adjectives.append((v.DESCRIBING[found[0]], found[1]))
        noun, plural, places = self._noun()
        before, behind = ([one for one in adjectives if one[0].before is side] for side in (True, False))
        if len(before) > 1 or len(behind) > 1 or adjectives != before + behind:
            raise _Unknown
        if count is not None and plural is (count.value == 1):
            raise _Unknown
        if article is None and owner is None and count is None:
            raise _Unknown
        form = noun.feminine + 2 * plural
        core = [French(word, places) for word in noun.french[plural]]
        said = [French(adjective.french[form], (at,)) for adjective, at in behind]
        for adjective, at in before:
            elided = form == 0 and _vowel(core[0].word)
            core.insert(0, French(adjective.elided if elided else adjective.french[form], (at,)))
        if count is not None:
            core = _number(count, noun.feminine) + core
        if article is not None:
            self._refuse_disagreement(article, plural, count is not None, self.words[started])
            said_so = _article(article[0], noun.feminine, plural, core[0].word, denied=denied)
            core.insert(0, French(said_so, (article[1],)))
        elif owner is not None:
            core.insert(0, French(_article("the", noun.feminine, plural, core[0].word), (owner,)))
        return Phrase(core + said, noun.feminine, plural)

    def _refuse_disagreement(self, article: tuple[str, int], plural: bool, counted: bool, following: str) -> None:
        word = article[0]
        one_only, many_only = word in {"a", "an", "this"}, word == "these"
        if (one_only and plural) or (many_only and not plural) or (counted and word in {"a", "an"}):
            raise _Unknown
        if word in {"a", "an"} and (word == "an") is not (following[0] in "aeiou"):
            raise _Unknown

    def _noun(self) -> tuple[v.Noun, bool, tuple[int, ...]]:
        for length in (2, 1):
            spelled = tuple(self.words[self.at : self.at + length])
            if len(spelled) == length and spelled in _nouns():
                places = tuple(range(self.at, self.at + length))
                self.at += length
                return *_nouns()[spelled], places
        raise _Unknown

    def _count(self) -> "_Count | None":
        if small := self._taken(v.SMALL):
            return _Count(v.SMALL.index(small[0]) + 1, None, small[1])
        if tens := self._taken(v.TENS):
            value = 10 * (v.TENS.index(tens[0]) + 2)
            if unit := self._taken(v.SMALL_UNITS):
                return _Count(value + v.SMALL_UNITS.index(unit[0]) + 1, tens[1], unit[1])
            return _Count(value, tens[1], None)
        return None

    # ------------------------------------------------------------------------------------------------ what is said of them

    def _predicate(self, subject: Phrase) -> list[French]:
        if self._next() in {"is", "are"}:
            return self._state(subject)
        if self._next() in {"does", "do"}:
            helper = self._take("do" if subject.plural else "does")
            denied = self._take("not")
            return self._action(subject, helper, ("not", denied))
        return self._action(subject, None, self._taken(("never", "always", "often")))

    def _state(self, subject: Phrase) -> list[French]:
        verb = French("sont" if subject.plural else "est", (self._take("are" if subject.plural else "is"),))
        said = _with_adverb([verb], self._taken(v.FRENCH_ADVERBS))
        if found := self._taken(v.DESCRIBING):
            return [*said, French(v.DESCRIBING[found[0]].french[subject.feminine + 2 * subject.plural], found[1:])]
        if self._next() == "of":
            raise _Unknown
        return said + self._place()

    def _action(self, subject: Phrase, helper: int | None, adverb: tuple[str, int] | None) -> list[French]:
        word, particle = self._next(), self.words[self.at + 1 : self.at + 2]
        with_particle = (word, particle[0] if particle else None)
        known = with_particle if with_particle in _VERBS else (word, None)
        if known not in _VERBS:
            raise _Unknown
        verb, many = _VERBS[known]
        if many is not (subject.plural or helper is not None):
            raise _Unknown
        places = tuple(range(self.at, self.at + 1 + (verb.particle is not None)))
        self.at += len(places)
        french = French(verb.french[subject.plural], places if helper is None else (helper, *places))
        said = _with_adverb([french], adverb)
        if not verb.transitive:
            return said
        return said + self._single(denied=adverb is not None and adverb[0] in v.NEGATIVE).words


class _Count(NamedTuple):
    """A number and where its words stand; a single small word is the unit."""

    value: int
    tens: int | None
    unit: int | None


def _number(count: _Count, feminine: bool) -> list[French]:
    """A number from 1 to 99 in French words. "-douze" of seventy-two translates both words of it."""
    value = count.value
    tens = () if count.tens is None else (count.tens,)
    unit = () if count.unit is None else (count.unit,)
    one = "une" if feminine else "un"
    if value < 20:
        return _small(value, one, unit, ())
    base = 20 * (value // 20) if value >= 60 else 10 * (value // 10)
    rest = value - base
    # Of seventy and ninety only a part stands in front: what is left of it is counted together with the unit.
    shared = tens if rest >= 10 else ()
    if base == 80:
        front = [French("quatre", tens), French("-vingt" if rest else "-vingts", tens)]
    else:
        front = [French(v.FRENCH_TENS[base // 10 - 2], tens)]
    if rest == 0:
        return front
    if rest in {1, 11} and base != 80:
        return [*front, French("et", unit), French(one if rest == 1 else "onze", shared + unit)]
    first, *others = _small(rest, one, unit, shared)
    return [*front, first._replace(word=f"-{first.word}"), *others]


def _small(value: int, one: str, unit: tuple[int, ...], shared: tuple[int, ...]) -> list[French]:
    if value == 1:
        return [French(one, shared + unit)]
    if value <= len(v.FRENCH_SMALL):
        return [French(v.FRENCH_SMALL[value - 1], shared + unit)]
    ten = shared or unit
    return [French("dix", ten), French(f"-{v.FRENCH_SMALL[value - 11]}", unit)]


def _day(number: int) -> str:
    return "1er" if number == 1 else str(number)


def _article(english: str, feminine: bool, plural: bool, following: str, *, denied: bool = False) -> str:
    vowel = _vowel(following)
    if english in {"a", "an"}:
        return ("d'" if vowel else "de") if denied else "une" if feminine else "un"
    if english == "the":
        return "les" if plural else "l'" if vowel else "la" if feminine else "le"
    if english in {"this", "these"}:
        return "ces" if plural else "cette" if feminine else "cet" if vowel else "ce"
    # ma école would have two vowels in a row: mon école.
    return v.POSSESSIVES[english][2 if plural else feminine and not vowel]


def _joined(before: list[French], behind: list[French]) -> list[French]:
    """A preposition and its noun: de le -> du, de les -> des, de un -> d'un."""
    *others, last = before
    first, *rest = behind
    if last.word != "de":
        return before + behind
    if first.word in {"le", "les"}:
        return [*others, French("du" if first.word == "le" else "des", last.sources + first.sources), *rest]
    return [*others, last._replace(word="d'" if first.word in {"un", "une"} else "de"), *behind]


def _with_adverb(verb: list[French], adverb: tuple[str, int] | None) -> list[French]:
    """A verb and what stands around it: ne voit pas, voit souvent."""
    if adverb is None:
        return verb
    word, at = adverb
    behind = French(v.FRENCH_ADVERBS[word], (at,))
    if word not in v.NEGATIVE:
        return [*verb, behind]
    return [French("n'" if _vowel(verb[0].word) else "ne", (at,)), *verb, behind]
