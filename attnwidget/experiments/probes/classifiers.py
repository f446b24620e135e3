"""A classifier on vectors: what it gets right on what was held out, and how short it makes the labels."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from attnwidget.errors import AttnWidgetError

PORTIONS = (0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.0625, 0.125, 0.25, 0.5, 1.0)
"""Up to which share of the texts each portion of the online code goes: Voita and Titov's."""

FEWEST_LEARNT = 8
"""Texts below which nothing is learnt from a portion: these labels are sent as they are."""


@dataclass(frozen=True, eq=False)
class TextSplit:
    """Which examples are learnt from and which are held out, and the order of the texts in the online code.

    `texts` numbers the text of each example; equal texts have one number, so that none is on both sides.
    """

    learnt: np.ndarray
    held_out: np.ndarray
    texts: np.ndarray
    order: np.ndarray


def chosen_classifier(given: Any) -> tuple[Any, str]:
    """The classifier that is fitted, and its name. Raises AttnWidgetError where scikit-learn is missing, or it is none."""
    try:
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler
    except ImportError:
        raise AttnWidgetError('Probes need scikit-learn: pip install "attnwidget[probes]".') from None
    if given is None:
        found = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
        return found, "logistic regression on standardised states (C = 1)"
    if not all(hasattr(given, name) for name in ("fit", "predict", "get_params")):
        raise AttnWidgetError(
            f"classifier={type(given).__name__} is not valid: give a classifier of scikit-learn, or leave it out."
        )
    return given, " ".join(repr(given).split())[:120]


def split_by_text(names: Sequence[str], labels: np.ndarray, share: float, seed: int) -> TextSplit:
    """A share of the texts held out at random. Raises AttnWidgetError if a class would be missing where it is learnt."""
    from sklearn.model_selection import GroupShuffleSplit

    texts, count = _numbered(names)
    order = np.random.default_rng(seed).permutation(count)
    # A rare class may be held out as a whole by chance: a few other ways to split are tried, always the same ones.
    for way in range(20):
        splitter = GroupShuffleSplit(1, test_size=share, random_state=seed + way)
        learnt, held_out = next(splitter.split(texts, groups=texts))
        if set(labels[learnt]) == set(labels) and len(set(texts[held_out])) > 1:
            return TextSplit(np.sort(learnt), np.sort(held_out), texts, order)
    raise AttnWidgetError(
        f"With {count} different texts, holding out {share:.0%} leaves some class with no text to learn from, or fewer "
        "than two texts to test on. Give more texts of rare classes, or leave these out."
    )


def _numbered(names: Sequence[str]) -> tuple[np.ndarray, int]:
    """(the number of each text, equal ones have one; how many there are)."""
    numbers = {name: number for number, name in enumerate(dict.fromkeys(names))}
    return np.array([numbers[name] for name in names]), len(numbers)


def folds_by_text(names: Sequence[str], labels: np.ndarray, folds: int, seed: int) -> list[TextSplit]:
    """Splits that hold each text out once, with the classes spread over them as evenly as can be."""
    from sklearn.model_selection import StratifiedGroupKFold

    texts, count = _numbered(names)
    order = np.arange(count)
    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a class with fewer texts than folds is missing in some
        return [
            TextSplit(learnt, held, texts, order) for learnt, held in splitter.split(texts, labels, texts) if len(held)
        ]


def right_when_held_out(classifier: Any, vectors: np.ndarray, labels: np.ndarray, split: TextSplit) -> np.ndarray:
    """Whether each held-out label is predicted, by a classifier fitted to the others."""
    if len(set(labels[split.learnt])) == 1:  # of a control task
        return np.asarray(labels[split.held_out] == labels[split.learnt][0])
    fitted = _fitted(classifier, vectors[split.learnt], labels[split.learnt])
    return np.asarray(fitted.predict(vectors[split.held_out]) == labels[split.held_out])


def description_length(classifier: Any, vectors: np.ndarray, labels: np.ndarray, split: TextSplit) -> float:
    """Bits of the labels by the online code, of all examples: each portion is predicted from those before it.

    The first portion takes log2 K bits a label. A probability is mixed with 1 / K, by one part in as many as have been
    learnt from: a class that has not been seen yet can be sent, too.
    """
    classes = np.unique(labels)
    place = np.argsort(split.order)[split.texts]
    count = len(split.order)
    ends = [end for share in PORTIONS if (end := round(share * count)) >= FEWEST_LEARNT]
    bits = float((place < ends[0]).sum()) * np.log2(len(classes))
    for begin, end in pairwise(ends):
        known, sent = place < begin, (place >= begin) & (place < end)
        if not sent.any():
            continue
        given = _likely(classifier, vectors, labels, known, sent)
        mixed = 1 / (known.sum() + 1) if len(set(labels[known])) > 1 else 1.0
        likely = (1 - mixed) * given + mixed / len(classes)
        bits -= float(np.log2(likely[np.arange(len(likely)), np.searchsorted(classes, labels[sent])]).sum())
    return bits


def likely_by_folds(
    classifier: Any, vectors: np.ndarray, labels: np.ndarray, splits: Sequence[TextSplit]
) -> np.ndarray:
    """How likely each class is for every example, (example class), by a classifier that has not seen its text.

    Classes are in the order of `np.unique(labels)`.
    """
    found = np.zeros((len(labels), len(np.unique(labels))))
    for split in splits:
        found[split.held_out] = _likely(classifier, vectors, labels, split.learnt, split.held_out)
    return found


def _likely(classifier: Any, vectors: np.ndarray, labels: np.ndarray, known: Any, asked: Any) -> np.ndarray:
    """(asked class), by a classifier fitted to those that are known; of one class alone, that it is this one."""
    classes = np.unique(labels)
    found = np.zeros((len(labels[asked]), len(classes)))
    there = np.unique(labels[known])
    if len(there) == 1:
        found[:, np.searchsorted(classes, there)] = 1
        return found
    fitted = _fitted(classifier, vectors[known], labels[known])
    found[:, np.searchsorted(classes, fitted.classes_)] = fitted.predict_proba(vectors[asked])
    return found


def uniform_length(labels: np.ndarray) -> float:
    """Bits of the labels if nothing is known: log2 K each."""
    return float(len(labels) * np.log2(len(np.unique(labels))))


def _fitted(classifier: Any, vectors: np.ndarray, labels: np.ndarray) -> Any:
    from sklearn.base import clone
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return clone(classifier).fit(vectors, labels)
