"""Held-out reviews with their class and the words that decide it."""

from itertools import accumulate
from random import Random

from attnwidget.text import Span
from attnwidget.tiny.classifier.language import REVIEW_KINDS, Review, deciding_words, verdict, write_review
from attnwidget.tiny.sample import Sample


def word_spans(review: Review) -> list[Span]:
    """Where each word of a review stands in its text, without the space before it."""
    surfaces = [word.surface for word in review.words]
    surfaces[0] = surfaces[0].removeprefix(" ")
    ends = list(accumulate(map(len, surfaces)))
    return [(end - len(surface.removeprefix(" ")), end) for end, surface in zip(ends, surfaces, strict=True)]


def classifier_samples(count: int, seed: int) -> list[Sample]:
    """`count` reviews of pairs of words that never met in training, the kinds in turn.

    >>> sample = classifier_samples(1, seed=3)[0]
    >>> sample.text, sample.answer, [sample.text[start:stop] for start, stop in sample.deciding]
    ('I hardly disliked this play.', 'positive', ['hardly', 'disliked'])
    """
    rng = Random(f"tiny-classifier, held out {seed}")
    return [_sample(write_review(rng, REVIEW_KINDS[at % len(REVIEW_KINDS)], held_out=True)) for at in range(count)]


def _sample(review: Review) -> Sample:
    spans = word_spans(review)
    return Sample(review.kind, review.text, verdict(review), tuple(spans[place] for place in deciding_words(review)))
