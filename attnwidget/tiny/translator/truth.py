"""Held-out translations whose truth is known: which English words decide the next French word, and which word translates which."""

from collections.abc import Iterator, Sequence
from functools import cache
from random import Random

from attnwidget.text import Span
from attnwidget.tiny.sample import Sample
from attnwidget.tiny.translator import vocabulary as v
from attnwidget.tiny.translator.grammar import CAPITALS, as_text, translated
from attnwidget.tiny.translator.language import TEXT_KINDS, Translation, translation


def translator_samples(count: int, seed: int) -> list[Sample]:
    """Held-out texts in which something decides the next word of the translation, kind by kind.

    A word decides if another one of its kind in its place gives an English text whose translation begins with the same `target`
    and goes on with something else. A word of two, as "ice cream", is replaced as one and decides as two.

    >>> sample = translator_samples(2, seed=4)[1]
    >>> sample.text, sample.target, sample.answer, [sample.text[start:stop] for start, stop in sample.deciding]
    ("the horse's living room", 'le salon', ' du', ['the', 'horse'])
    """
    rng = Random(f"tiny-translator truth {seed}")
    kinds = tuple(TEXT_KINDS)
    found: list[Sample] = []
    while len(found) < count:
        made = translation(rng, kinds[len(found) % len(kinds)], True)
        places = list(range(len(made.french)))
        rng.shuffle(places)
        found.extend(next(([one] for at in places if (one := sample_at(made, at)).deciding), []))
    return found


def translator_pairs(count: int, seed: int) -> list[Sample]:
    """Held-out texts with the whole translation as `target`, nothing left to answer, and every word of it `aligned`."""
    rng = Random(f"tiny-translator pairs {seed}")
    kinds = tuple(TEXT_KINDS)
    made = (translation(rng, kinds[number % len(kinds)], True) for number in range(count))
    return [Sample(one.kind, one.text, "", (), one.target, one.aligned) for one in made]


def sample_at(made: Translation, at: int) -> Sample:
    """A translation written up to its word `at`, which is the answer."""
    french = [word.word for word in made.french]
    whole, there = as_text(french)
    begun = there[at - 1][1] if at else 0
    return Sample(
        made.kind,
        made.text,
        whole[begun : there[at][1]],
        deciding(made.english, french[:at], french[at]),
        whole[:begun],
        tuple(pair for pair in made.aligned if pair[0][1] <= begun),
    )


def deciding(english: Sequence[str], begun: Sequence[str], answer: str) -> tuple[Span, ...]:
    """Where the English words stand that decide that `answer` follows what has begun."""
    _, spans = as_text(english)
    return tuple(
        spans[place]
        for start, stop, others in replaceable(english)
        if any(_differs((*english[:start], *other, *english[stop:]), begun, answer) for other in others)
        for place in range(start, stop)
    )


def _differs(english: Sequence[str], begun: Sequence[str], answer: str) -> bool:
    french = translated(english)
    if french is None:
        return False
    said = [word.word for word in french[: len(begun) + 1]]
    return said[: len(begun)] == list(begun) and said[len(begun) :] != [answer]


def replaceable(english: Sequence[str]) -> Iterator[tuple[int, int, tuple[tuple[str, ...], ...]]]:
    """(first, behind the last, the others of its kind) for every word of an English text that has others of its kind."""
    at = 0
    while at < len(english):
        spelled = tuple(english[at : at + 2])
        if spelled not in _kinds():
            spelled = spelled[:1]
        if spelled in _kinds():
            yield at, at + len(spelled), tuple(other for other in _kinds()[spelled] if other != spelled)
        at += len(spelled)


@cache
def _kinds() -> dict[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """English words -> the words of their kind, themselves among them."""
    single = (
        v.DETERMINERS, tuple(CAPITALS), tuple(v.DESCRIBING), tuple(v.PREPOSITIONS), tuple(v.FRENCH_ADVERBS), v.SMALL,
        v.TENS, v.SMALL_UNITS, (*v.ORDINALS, *v.ROUND_ORDINALS), v.ORDINAL_UNITS, tuple(v.MONTHS), tuple(v.WEEKDAYS), v.DAYS, v.YEARS,
    )  # fmt: skip
    kinds: list[tuple[tuple[str, ...], ...]] = [tuple((word,) for word in kind) for kind in single]
    kinds.append(tuple(form for noun in v.NOUNS.values() for form in noun.english))
    # A verb is replaced together with its particle.
    kinds += [
        tuple((verb.english[many], *([verb.particle] if verb.particle else [])) for verb in v.DOING.values())
        for many in (0, 1)
    ]
    return {word: kind for kind in kinds for word in kind}
