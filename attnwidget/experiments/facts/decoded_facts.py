"""Whether a linear probe finds what a fact says in the state of the token that answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from attnwidget.engine import go_on
from attnwidget.experiments.probes.classifiers import TextSplit, likely_by_folds
from attnwidget.experiments.probes.intervals import share_interval
from attnwidget.experiments.probes.labels import control_labels
from attnwidget.experiments.probes.probed_layers import ProbedLayers, accuracy_columns
from attnwidget.experiments.probes.vectors import ProbedVectors
from attnwidget.experiments.progress import shown_progress


@dataclass(frozen=True, eq=False)
class DecodedFacts:
    """Of each text: the probability of what its fact says (`likely`), whether that came first (`right`), whether the probe
    of random labels was right (`control`), and the layer. `selective` says that the first beats the last for sure.
    """

    likely: np.ndarray
    right: np.ndarray
    control: np.ndarray
    layers: tuple[str, ...]
    selective: bool


def probed_facts(
    classifier: Any, words: str, vectors: ProbedVectors, splits: Sequence[TextSplit], seed: int, progress: Any = None
) -> tuple[DecodedFacts, ProbedLayers]:
    """What is decoded of each text by probes that have not seen it, and how well every layer does.

    Of each fold the layer is the one that does best on the others, the first of several.
    """
    labels = np.array([one.label for one in vectors.kept])
    random = control_labels(vectors.kept, seed)
    likely, right, control = (np.zeros((len(vectors.names), len(labels))) for _ in range(3))
    with shown_progress(progress, "layers probed") as told:
        for layer, values in enumerate(vectors.values):
            go_on()
            told(layer, len(vectors.values))
            likely[layer], right[layer] = _held_out(classifier, values, labels, splits)
            control[layer] = _held_out(classifier, values, random, splits)[1]
    chosen = np.zeros(len(labels), int)
    for split in splits:
        chosen[split.held_out] = right[:, split.learnt].mean(1).argmax()
    every, texts = np.arange(len(labels)), splits[0].texts
    own, beside = right[chosen, every], control[chosen, every]
    low, _ = share_interval(own - beside, texts, seed)
    found = DecodedFacts(likely[chosen, every], own, beside, tuple(vectors.names[at] for at in chosen), low > 0)
    rows = [accuracy_columns(*one, texts, seed) for one in zip(right, control, strict=True)]
    none = np.full(len(rows), np.nan)
    classes, sizes = np.unique(labels, return_counts=True)
    return found, ProbedLayers(
        names=vectors.names,
        classes=tuple(classes.tolist()),
        counts={"texts": len(set(texts.tolist())), "folds": len(splits)},
        majority=float(sizes.max() / len(labels)),
        **{name: np.array([row[name] for row in rows]) for name in rows[0]},
        bits=none,
        compression=none,
        control_compression=none,
        unread=vectors.unread,
        recipe=f"{words}, on the hidden state of the token that answers; seed {seed}; bootstrap over texts (percentile); "
        "control: random labels of each text",
    )


def _held_out(
    classifier: Any, vectors: np.ndarray, labels: np.ndarray, splits: Sequence[TextSplit]
) -> tuple[np.ndarray, np.ndarray]:
    """(the probability of each label, whether it is the likeliest), each from a probe that has not seen the text."""
    found = likely_by_folds(classifier, vectors, labels, splits)
    own = np.searchsorted(np.unique(labels), labels)
    return found[np.arange(len(labels)), own], found.argmax(1) == own
