"""Held-out texts of the teaching language whose deciding words are known, because the generator put them there.

A word decides if another one of its kind in its place leaves a text that the generator could have written, with another answer.
So of a fact asked for, the stated value alone decides: another country or relation in the statement leaves a question that nothing
answers, and the question names both twice. Of two names it is who takes, where first named, and who gives, where named again.
"""

from collections.abc import Callable, Sequence
from itertools import accumulate
from random import Random

from attnwidget.tiny.causal import vocabulary as v
from attnwidget.tiny.causal.language import SENTENCE_KINDS, Token, facts
from attnwidget.tiny.sample import Sample

ASKED_TOKENS = 3 * 7 + 14
"""Three facts and one question, with its answer."""

Decided = tuple[list[Token], Sequence[int], str]
"""Tokens before the answer, which of them decide, and the answer."""


def causal_samples(count: int, seed: int) -> list[Sample]:
    """Held-out samples of all kinds in turn.

    `answer` is the next token as it is spelled, with its space; of a verb in the present, as the tense is nobody's to know.

    >>> sample = causal_samples(3, seed=1)[2]
    >>> sample.kind, sample.text, [sample.text[start:stop] for start, stop in sample.deciding], sample.answer
    ('agreement', 'The roads to the river', ['roads'], ' are')
    """
    rng = Random(seed)
    kinds = tuple(DECIDED)
    return [_sample(kinds[number % len(kinds)], rng) for number in range(count)]


def _sample(kind: str, rng: Random) -> Sample:
    tokens, decide, answer = DECIDED[kind](rng)
    ends = list(accumulate(len(token.surface) for token in tokens))
    # The text is spelled without the space before its first word.
    spans = [(ends[at] - len(tokens[at].surface.lstrip()) - 1, ends[at] - 1) for at in sorted(decide)]
    text = "".join(token.surface for token in tokens).removeprefix(" ")
    return Sample(kind, text, answer, tuple(spans))


def _asked(kind: str, rng: Random) -> tuple[list[Token], str]:
    """The tokens of a held-out document up to its answer, and the answer."""
    tokens = list(SENTENCE_KINDS[kind](rng, True).tokens)
    end = next(at for at, token in enumerate(tokens) if token.answer)
    return tokens[:end], tokens[end].surface


def _first(tokens: Sequence[Token], surfaces: Sequence[str]) -> int:
    return next(at for at, token in enumerate(tokens) if token.surface in surfaces)


def _fact(rng: Random) -> Decided:
    while True:
        tokens = facts(rng, held_out=True).tokens
        if len(tokens) == ASKED_TOKENS:
            break
    *asked, answer, _ = tokens
    return asked, [_first(asked, [answer.surface])], answer.surface


def _taker(rng: Random) -> Decided:
    tokens, taker = _asked("two_names", rng)
    names = [at for at, token in enumerate(tokens) if token.surface.strip() in v.NAMES]
    return tokens, [_first(tokens, [taker]), names[-1]], taker


def _verb(rng: Random) -> Decided:
    tokens, verb = _asked("agreement", rng)
    forms = v.PLURAL_VERBS if verb.strip() in v.PLURAL_VERBS else v.SINGULAR_VERBS
    return tokens, [1], " " + forms[0]


def _pronoun(rng: Random) -> Decided:
    tokens, pronoun = _asked("pronouns", rng)
    return tokens, [_first(tokens, [" " + name for name in v.NAMES])], pronoun


def _closing(rng: Random) -> Decided:
    tokens, closing = _asked("enclosed", rng)
    return tokens, [_first(tokens, [" " + opening for opening, _ in v.BRACKETS])], closing


def _again(rng: Random) -> Decided:
    """Words in any order, and the first of them once more; at least two, so that no other place was left off at."""
    block = rng.sample(v.words(), rng.randint(8, 16))
    again = rng.randint(2, len(block) - 1)
    return [Token(" " + word) for word in (*block, *block[:again])], [again], " " + block[again]


DECIDED: dict[str, Callable[[Random], Decided]] = {
    "facts": _fact, "two_names": _taker, "agreement": _verb, "pronouns": _pronoun, "enclosed": _closing, "repeats": _again,
}  # fmt: skip
