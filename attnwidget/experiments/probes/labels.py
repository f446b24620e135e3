"""What is labelled: whole texts, or places in them."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from attnwidget.errors import AttnWidgetError
from attnwidget.experiments.probes.given_texts import GivenText, TextPlace, place_of

FEWEST_LABELLED = 16
"""Texts below which nothing can be held out."""


@dataclass(frozen=True)
class Labelled:
    """A label of a text, or of a place in it (None: all of it). `type` is what it is an occurrence of: a word, or a text."""

    text: int
    place: TextPlace | None
    label: str
    type: str


def labelled(texts: Sequence[GivenText], labels: Any) -> list[Labelled]:
    """The labels of texts, each with its place.

    One label for each text; or for each text a label for each of its words (None leaves one out), or a mapping from
    places to labels. Raises AttnWidgetError for labels that do not fit, for one class only, for a class that stands in
    one text, and for too few texts.

    >>> from attnwidget.experiments.probes.given_texts import given_texts
    >>> texts = given_texts(["He ran", "She sat"] * 8)
    >>> labelled(texts, [["who", "does"]] * 16)[1]
    Labelled(text=0, place=(3, 6), label='does', type='ran')
    """
    given = labels.tolist() if hasattr(labels, "tolist") else labels
    if isinstance(given, str | Mapping) or not hasattr(given, "__iter__"):
        raise AttnWidgetError("Give a label for each text, or for each text a list of labels of its words.")
    every = [one.tolist() if hasattr(one, "tolist") else one for one in given]
    if len(every) != len(texts):
        raise AttnWidgetError(
            f"There are {len(texts):,} texts and {len(every):,} labels. Give one for each text, or for each text the "
            "labels of its words."
        )
    whole = [_is_label(one) for one in every]
    if any(whole) and not all(whole):
        odd = whole.index(not whole[0])
        raise AttnWidgetError(
            f"Text 0 has {'a label' if whole[0] else 'labels of its words'} and text {odd} has not. Label either all texts "
            "or places in all texts."
        )
    found = [label for text, one in zip(texts, every, strict=True) for label in _of_text(text, one)]
    _refuse_too_little(found)
    return found


def _is_label(one: Any) -> bool:
    return one is None or isinstance(one, str | int | np.generic)


def _of_text(text: GivenText, given: Any) -> Iterator[Labelled]:
    if given is None:
        return
    if _is_label(given):
        yield Labelled(text.number, None, str(given), f"{text.text}\n{text.pair or ''}")
        return
    if text.pair is not None:
        raise AttnWidgetError(f"Places are labelled in texts without a pair, and {text.said} has one.")
    if isinstance(given, Mapping):
        places = [(place_of(text, named), label) for named, label in given.items()]
    elif isinstance(given, Sequence):
        if len(given) != len(text.words):
            raise AttnWidgetError(
                f"There are {len(text.words)} words in {text.said}, and {len(given)} labels. Give one for each word, None "
                "for a word without one; words are what stands between spaces, unless a text is given as a list of words."
            )
        places = list(zip(text.words, given, strict=True))
    else:
        raise AttnWidgetError(f"{given!r:.60} is no label of {text.said}. Give text or a whole number.")
    for (start, stop), label in places:
        if label is not None and not _is_label(label):
            raise AttnWidgetError(f"{label!r:.60} is no label of a word of {text.said}. Give text or a whole number.")
        if label is not None:
            yield Labelled(text.number, (start, stop), str(label), text.text[start:stop].casefold())


def _refuse_too_little(found: Sequence[Labelled]) -> None:
    texts = len({one.text for one in found})
    if texts < FEWEST_LABELLED:
        raise AttnWidgetError(
            f"Only {texts} texts have labels, and a part of them is held out. Give at least {FEWEST_LABELLED}; a hundred or "
            "more say something."
        )
    counts = Counter(label for label, _ in {(one.label, one.text) for one in found})
    if len(counts) == 1:
        raise AttnWidgetError(
            f"All {len(found):,} labels are {next(iter(counts))!r}. A probe tells classes apart: give two or more."
        )
    rare = [label for label, count in counts.items() if count < 2]
    if rare:
        raise AttnWidgetError(
            f"The label{'' if len(rare) == 1 else 's'} {', '.join(map(repr, sorted(rare)[:5]))} stand"
            f"{'s' if len(rare) == 1 else ''} in one text alone, which cannot be both learnt from and held out. Leave "
            "such labels out (None), or put them into a class of rare ones."
        )


def control_labels(found: Sequence[Labelled], seed: int) -> np.ndarray:
    """A random label for each type, drawn as often as the labels occur: all occurrences of a word share theirs."""
    drawn = np.random.default_rng(seed)
    types = sorted({one.type for one in found})
    labels = sorted(one.label for one in found)
    own = dict(zip(types, drawn.choice(labels, len(types)), strict=True))
    return np.array([own[one.type] for one in found])
