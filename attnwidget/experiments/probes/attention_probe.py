"""Which head leads from a word to the word it belongs to, and what all heads together know of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from attnwidget.arguments import whole_from_zero
from attnwidget.engine import go_on
from attnwidget.errors import AttnWidgetError
from attnwidget.experiments.probes.classifiers import TextSplit, chosen_classifier, split_by_text
from attnwidget.experiments.probes.given_texts import given_texts, require_model
from attnwidget.experiments.probes.intervals import share_interval
from attnwidget.experiments.probes.labels import FEWEST_LABELLED
from attnwidget.experiments.probes.links import LinkedWords, linked_words, links_of
from attnwidget.experiments.probes.probe import held_out_share
from attnwidget.experiments.probes.vectors import MOST_BYTES
from attnwidget.experiments.progress import shown_progress
from attnwidget.experiments.tables import table_of
from attnwidget.measures.results import HeadScores

DIRECTIONS = ("reads", "read by")


@dataclass(frozen=True)
class HeldOutShare:
    """The share of links found on the texts held out, its 95 % interval, and by what."""

    by: str
    share: float
    low: float
    high: float

    def __repr__(self) -> str:
        between = "" if np.isnan(self.low) else f" ({self.low:.3f} to {self.high:.3f})"
        return f"{self.by} {self.share:.3f}{between}"


@dataclass(frozen=True, eq=False, repr=False)
class AttentionProbe:
    """Links that heads find. `reads` and `read_by` are (layer head), over all links; the rest is of texts held out.

    `best_head` and `fixed_offset` were chosen, and `all_heads` trained, on the other texts; `chance` is a word at random.
    """

    reads: HeadScores
    read_by: HeadScores
    best_head: HeldOutShare
    fixed_offset: HeldOutShare
    all_heads: HeldOutShare
    chance: float
    counts: Mapping[str, int]
    unread: tuple[tuple[int, str], ...]
    recipe: str

    def __repr__(self) -> str:
        counts = ", ".join(f"{name} {count:,}" for name, count in self.counts.items())
        rows = [repr(one) for one in (self.best_head, self.fixed_offset, self.all_heads)]
        tops = [f"{name}: {', '.join(map(repr, getattr(self, name).top(4)))}" for name in ("reads", "read_by")]
        lines = [f"AttentionProbe({self.recipe})", counts, *rows, f"a word at random {self.chance:.3f}", *tops]
        lines += [f"not read: text {number} ({reason})" for number, reason in self.unread[:3]]
        return "\n  ".join(lines)

    def table(self) -> Any:
        """What finds how many links of the texts held out: a DataFrame where pandas is installed, else columns."""
        rows = (
            self.best_head,
            self.fixed_offset,
            self.all_heads,
            HeldOutShare("a word at random", self.chance, *[np.nan] * 2),
        )
        columns = {name: [getattr(row, name) for row in rows] for name in ("by", "share", "low", "high")}
        return table_of(columns)


def attention_probe(
    model: Any,
    texts: Any,
    links: Any,
    *,
    part: str | None = None,
    classifier: Any = None,
    held_out: Any = 0.25,
    seed: Any = 0,
    progress: Any = None,
) -> AttentionProbe:
    """Which head's attention leads from a word to the word that it is linked to: its subject, its head, what it stands for.

    `texts` as in `aw.probe`; `links` are, for each text, pairs (from, to) of places, or a mapping from one to the other; a
    place is the number of a word (what stands between spaces), a phrase, or (start, stop) in characters. A head finds a
    link if of all other words the one it leads to gets the largest weight of the word it begins at ("reads"), or gives
    it the largest ("read by"); special tokens are no words, several words of a place count as one, and a head without
    any weight on words finds nothing. Nothing is trained for that. On texts held out it is compared with the word at the
    one distance that is right most often, with a word at random, and with all heads together: logistic regression on
    the weights of all heads in both directions, which tells linked words from others; of each text's words the one with
    the highest probability is taken.

    Costs a trace of each text. Doubt it when the distance finds nearly as many; and a head that finds a link need not pass
    it on: see `aw.head_effects`. Raises AttnWidgetError without scikit-learn (the extra `probes`), for places that are not
    there, too few texts with links, and an ambiguous part; Cancelled inside `stopping_when`.
    Source: Clark et al. 2019 (W19-4828), sections 4 and 5; there, all words of a sentence compete in one softmax.

    >>> import attnwidget as aw
    >>> names = ("Miro", "Talin", "Belan", "Dorin")
    >>> texts = [f"The capital of {a} is {b}. The capital of {a}" for a in ("Veldt", "Arland", "Bron", "Corin") for b in names]
    >>> found = aw.attention_probe(aw.load(), texts, [{9: 3}] * 16, progress=False)
    >>> found.chance < 0.2 < found.all_heads.share
    True
    """
    model = require_model(model)
    fit, named = chosen_classifier(classifier)
    given = given_texts(texts)
    every = list(links) if hasattr(links, "__iter__") and not isinstance(links, str | Mapping) else None
    if every is None or len(every) != len(given):
        raise AttnWidgetError(
            f"There are {len(given):,} texts and {'no list of links' if every is None else f'{len(every):,} lists of links'}. "
            "Give for each text a list of pairs (from, to)."
        )
    places = [links_of(text, own) for text, own in zip(given, every, strict=True)]
    share, number = held_out_share(held_out), whole_from_zero("seed", seed)
    if sum(map(bool, places)) < FEWEST_LABELLED:
        raise AttnWidgetError(
            f"Only {sum(map(bool, places))} texts have links, and a part of them is held out. Give at least {FEWEST_LABELLED}; a "
            "hundred or more say something."
        )
    found: list[LinkedWords] = []
    unread: list[tuple[int, str]] = []
    size = 0
    with shown_progress(progress, "texts") as told:
        for done, (text, own) in enumerate(zip(given, places, strict=True)):
            go_on()
            told(done, len(given))
            if not own:
                continue
            try:
                trace = model.trace(text.given)
            except AttnWidgetError as error:
                unread.append((text.number, str(error)))
                continue
            found += linked_words(trace, part, text, own)
            size = sum(one.weights.nbytes for one in found[-len(own) :]) + size
            if size > MOST_BYTES:
                raise AttnWidgetError(
                    f"The weights of {done + 1:,} texts take {size / 2**30:.1f} GiB already. Give fewer texts, or shorter ones."
                )
        told(len(given), len(given))
    if not found:
        raise AttnWidgetError("No link stands between two words of a text that could be read.")
    split = split_by_text([given[one.text].text for one in found], np.array([""] * len(found)), share, number)
    return _judged(found, split, fit, named, share, number, tuple(unread))


def _judged(
    found: Sequence[LinkedWords],
    split: TextSplit,
    classifier: Any,
    named: str,
    share: float,
    seed: int,
    unread: tuple[tuple[int, str], ...],
) -> AttentionProbe:
    learnt, test = split.learnt, split.held_out
    by_head = np.array([_found_by_heads(one) for one in found])  # link direction layer head
    lacking = np.isnan(found[0].weights[..., 0])
    means = np.where(lacking, np.nan, by_head.mean(0))
    place = np.unravel_index(np.nanargmax(np.where(lacking, np.nan, by_head[learnt].mean(0))), lacking.shape)
    direction, layer, head = (int(axis) for axis in place)
    distances = sorted({int(offset) for one in found for offset in one.offsets}, key=abs)
    at_distance = {
        offset: np.array([bool(one.right[one.offsets == offset].any()) for one in found]) for offset in distances
    }
    offset = max(distances, key=lambda distance: at_distance[distance][learnt].mean())
    together = _found_together(classifier, found, split)

    def held_out(by: str, right: np.ndarray) -> HeldOutShare:
        low, high = share_interval(right.astype(float), split.texts[test], seed)
        return HeldOutShare(by, float(right.mean()), low, high)

    recipe = (
        f"attention from word to word, special tokens left out; {share:.0%} of the texts held out, seed {seed}; intervals: "
        "bootstrap over texts (percentile)"
    )
    said = "share of links at whose largest weight the linked word stands, over all texts"
    return AttentionProbe(
        reads=HeadScores(means[0], f"reads: {said}"),
        read_by=HeadScores(means[1], f"read by: {said}"),
        best_head=held_out(f"L{layer}H{head} {DIRECTIONS[direction]}", by_head[test, direction, layer, head]),
        fixed_offset=held_out(f"the word at {offset:+d}", at_distance[offset][test]),
        all_heads=held_out(f"all heads by {named.partition(' on ')[0]}", together),
        chance=float(np.mean([found[at].right.mean() for at in test])),
        counts={
            "links learnt": len(learnt),
            "held out": len(test),
            "texts learnt": len(set(split.texts[learnt])),
            "texts held out": len(set(split.texts[test])),
        },
        unread=unread,
        recipe=recipe,
    )


def _found_by_heads(one: LinkedWords) -> np.ndarray:
    """(direction layer head): whether the largest weight is on a word that is right."""
    weights = np.nan_to_num(one.weights)
    return one.right[weights.argmax(-1)] & (weights.max(-1) > 0)


def _found_together(classifier: Any, found: Sequence[LinkedWords], split: TextSplit) -> np.ndarray:
    """Whether each link held out is found by a classifier of words, trained on the others."""
    from sklearn.base import clone

    def features(one: LinkedWords) -> np.ndarray:
        return np.nan_to_num(one.weights.reshape(-1, one.weights.shape[-1]).T)

    given = np.concatenate([features(found[at]) for at in split.learnt])
    right = np.concatenate([found[at].right for at in split.learnt])
    if right.all() or not right.any():
        raise AttnWidgetError(
            "Every word of these texts is linked, so none can be told from the others. Give longer texts."
        )
    fitted = clone(classifier).fit(given, right)
    likely = [fitted.predict_proba(features(found[at]))[:, 1] for at in split.held_out]
    return np.array([found[at].right[own.argmax()] for at, own in zip(split.held_out, likely, strict=True)])
