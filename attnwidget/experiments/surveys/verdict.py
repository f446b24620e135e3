"""What many texts say of a claim, in a sentence that claims no more than the numbers carry."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from attnwidget.experiments.resampling import FEWEST_FOR_INTERVAL
from attnwidget.experiments.surveys.records import QuestionSaid
from attnwidget.experiments.surveys.statistics import SIGNIFICANT, Estimate, difference_of, one, spread_of

FEWEST_HALVES = 20
"""Texts from which on one half chooses the best head, and the other half measures it."""

ALIKE = 0.9
"""A share of the number that is left under a control which is told as all of it."""

RANKS = ("holds", "holds in part", "does not hold", "too few texts")


@dataclass(frozen=True)
class Verdict:
    """What is to be said of a claim: one of "holds", "holds in part", "does not hold", "too few texts"; of a measure ""."""

    word: str
    sentence: str

    def __repr__(self) -> str:
        return self.sentence


def verdict_on(said: QuestionSaid, values: np.ndarray, controls: Mapping[str, np.ndarray], seed: int) -> Verdict:
    """The verdict on a claim, or what is to be said of a measure; `values` and `controls` are (text ...)."""
    if said.kind == "measure":
        return Verdict("", _measured(said, values, controls, seed))
    if said.one_of:
        return _best(said, values, controls, seed)
    each = [_of_head(said, head, values, controls, seed, len(said.heads) > 1) for head in said.heads]
    worst = max(each, key=lambda found: RANKS.index(found.word))
    return Verdict(worst.word, f"{worst.word}: {said.words}, {'; '.join(found.sentence for found in each)}.")


def chosen_head(said: QuestionSaid, values: np.ndarray) -> tuple[int, int]:
    """The head of those claimed with the largest mean."""
    means = np.full(values.shape[1:], np.nan)
    known = ~np.isnan(values).all(0)
    means[known] = np.nanmean(values[:, known], 0)
    heads = [head for head in said.heads if known[head]]
    return max(heads, key=lambda head: means[head]) if heads else said.heads[0]


def halves(count: int) -> tuple[slice, slice]:
    """(the texts that choose a head, those that measure it): all for both where they are few."""
    return (slice(0, count, 2), slice(1, count, 2)) if count >= FEWEST_HALVES else (slice(0, count), slice(0, count))


def _best(said: QuestionSaid, values: np.ndarray, controls: Mapping[str, np.ndarray], seed: int) -> Verdict:
    choosing, measuring = halves(len(values))
    head = chosen_head(said, values[choosing])
    own = {name: table[measuring] for name, table in controls.items()}
    found = _of_head(said, head, values[measuring], own, seed, named=True)
    apart = choosing != measuring
    how = (
        f"best of {len(said.heads)}, chosen on one half of the texts and measured on the other"
        if apart
        else f"best of {len(said.heads)} on these very texts, which flatters it"
    )
    return Verdict(found.word, f"{found.word}: {said.words}, {found.sentence} ({how}).")


def _of_head(
    said: QuestionSaid,
    head: tuple[int, int],
    values: np.ndarray,
    controls: Mapping[str, np.ndarray],
    seed: int,
    named: bool,
) -> Verdict:
    at = (slice(None), *head)
    own = values[at][:, None]
    found = one(spread_of(own, seed), (0,))
    subject = f"L{head[0]}H{head[1]} with " if named else "with "
    number = f"{subject}{found!r} {said.unit}"
    if found.texts < FEWEST_FOR_INTERVAL:
        return Verdict("too few texts", f"{number} on {texts_in_words(found.texts)}, which carry no interval")
    means: dict[str, Estimate] = {}
    unbeaten: list[str] = []
    for name, table in controls.items():
        means[name] = one(spread_of(table[at][:, None], seed), (0,))
        beside = difference_of(own, table[at][:, None], seed)
        # The words are no rival of a claim about places: they say what it rests on.
        if name == "shuffled words" or means[name].texts < FEWEST_FOR_INTERVAL:
            continue
        if not (beside.difference.low[0] > 0 and beside.p[0] < SIGNIFICANT):
            unbeaten.append(name)
    beside_it = ", ".join(_beside(name, control, found.texts) for name, control in means.items())
    sentence = f"{number} ({beside_it})" if beside_it else number
    if said.kind == "matters":
        return _matters(found, unbeaten, sentence)
    if unbeaten:
        return Verdict("does not hold", f"{sentence}: no more than {_listed(unbeaten)}")
    remark, words_do = _of_words(said, found, means.get("shuffled words"))
    uniform = means["uniform"].mean if "uniform" in means else 0.0
    beyond = (found.mean - uniform) / max(1e-9, 1 - uniform)
    if beyond < said.enough:
        return Verdict(
            "holds in part", f"{sentence}: more than its controls, but most of its weight is elsewhere{remark}"
        )
    return Verdict("holds in part" if words_do else "holds", f"{sentence}{remark}")


def _beside(name: str, control: Estimate, texts: int) -> str:
    if not control.texts:
        return f"{name} on no text"
    return f"{name} {control.mean:.2f}{f' on {texts_in_words(control.texts)}' if control.texts < texts else ''}"


def _of_words(said: QuestionSaid, found: Estimate, shuffled: Estimate | None) -> tuple[str, bool]:
    """What the shuffled words say of it, and whether it is less than was claimed."""
    if shuffled is None or shuffled.texts < FEWEST_FOR_INTERVAL:
        return "", False
    same = shuffled.mean >= ALIKE * found.mean
    if said.by_place:
        return ("; it is position, not words" if same else "; the words have a part in it"), False
    if said.view == "lines":
        return ("; it goes to these words in any order: not to what the sentence says of them" if same else ""), same
    return "", False


def _matters(found: Estimate, unbeaten: Sequence[str], sentence: str) -> Verdict:
    if found.high < 0:
        return Verdict("does not hold", f"{sentence}: it hurts the answer")
    if found.low <= 0:
        return Verdict("does not hold", f"{sentence}: the interval has 0 in it")
    if unbeaten:
        return Verdict("does not hold", f"{sentence}: no more than {_listed(unbeaten)}")
    return Verdict("holds", sentence)


def _measured(said: QuestionSaid, values: np.ndarray, controls: Mapping[str, np.ndarray], seed: int) -> str:
    own = of_texts(values)
    found = one(spread_of(own[:, None], seed), (0,))
    over = {3: ", mean over heads", 2: ", mean over layers"}.get(values.ndim, "")
    sentence = f"{said.of}{over}: {found!r} on {texts_in_words(found.texts)}"
    for name, table in controls.items():
        other = of_texts(table)
        mean = one(spread_of(other[:, None], seed), (0,))
        beside = difference_of(own[:, None], other[:, None], seed)
        change = one(beside.difference, (0,))
        clear = change.sure and not change.low <= 0 <= change.high
        sentence += f"; {name} {mean.mean:.2f} ({'differs' if clear else 'no clear difference'}: {change!r}, d {beside.effect[0]:.1f})"
    return f"{sentence}."


def of_texts(values: np.ndarray) -> np.ndarray:
    """One number a text: the mean over whatever else there is."""
    flat = values.reshape(len(values), -1)
    known = ~np.isnan(flat)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(known, flat, 0.0).sum(1) / known.sum(1)


def texts_in_words(count: int) -> str:
    """How many texts, in words."""
    return f"{count:,} text{'' if count == 1 else 's'}"


def _listed(names: Sequence[str]) -> str:
    return " and ".join(names)
