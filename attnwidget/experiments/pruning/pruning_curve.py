"""How many heads can go, by which measure of importance, before the answers do."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from attnwidget.arguments import whole_from_one, whole_from_zero
from attnwidget.engine import AttentionModel, Silence, Trace, go_on
from attnwidget.errors import AttnWidgetError
from attnwidget.experiments.effects.answers import Asked, answer_of
from attnwidget.experiments.probes.given_texts import require_model
from attnwidget.experiments.probes.intervals import share_interval
from attnwidget.experiments.progress import shown_progress
from attnwidget.experiments.pruning.orders import IMPORTANCE, HeadOrder, order_at_random, orders_of
from attnwidget.experiments.pruning.pruned_heads import AT_RANDOM, PrunedHeads
from attnwidget.measures.given_trace import said_setting

USUAL = ("head_importance", "head_effects, estimated", "entropy", "confidence")
"""Measures that cost little."""

FEWEST_ASKED = 4
"""Texts: half of them for the importance of heads, half for the answers."""


def pruning_curve(
    model: Any,
    texts: Any,
    *,
    by: Any = USUAL,
    points: Any = 9,
    orders: Any = 3,
    part: str | None = None,
    seed: Any = 0,
    progress: Any = None,
) -> PrunedHeads:
    """The share of right answers as heads are silenced one after another, the least important first, beside random orders.

    `texts` are pairs of a text and its answer (or samples that have both, as `text` and `answer`); of a text alone the
    answer is what the whole model says. `by` has measures of importance: "head_importance" (gradients), "head_effects"
    (exact) or "head_effects, estimated", "entropy" and "confidence" (spread-out heads go first); or a mapping of names to
    HeadScores of your own, None for one of these. Importance is measured on half of the texts, drawn by `seed`, and the
    answers are counted on the other half. `points` numbers of heads are tried, from none to all, and `orders` random orders.
    An answer is right if the model says nothing likelier; the score is its log probability, in nats. Intervals are 95 %, by
    a bootstrap over texts; of the random orders, their range.

    Costs, for each order, a pass for every text and point. `progress` as in `head_effects`. Importance is measured once, with
    all heads there: what a head does when others are gone is not known to it. Silenced heads give zero; for a smaller
    model with the same answers see `aw.prune`. Raises AttnWidgetError for answers that the model cannot give, too few
    texts, and an ambiguous part; Cancelled inside `stopping_when`.
    Sources: Michel et al. 2019 (arXiv 1905.10650), section 4; Voita et al. 2019 (P19-1580), confidence.

    >>> import attnwidget as aw
    >>> texts = [(f"The capital of {a} is {b}. The capital of {a} is", f" {b}") for a in ("Veldt", "Bron") for b in ("Miro", "Talin")]
    >>> found = aw.pruning_curve(aw.load(), texts, by="entropy", points=2, orders=1)
    >>> found.removed, float(found.right["entropy"][-1])
    ((0, 16), 0.0)
    """
    model = require_model(model)
    wanted = _measures(by)
    number, count, tries = (
        whole_from_zero("seed", seed),
        whole_from_one("points", points),
        whole_from_one("orders", orders),
    )
    given = _asked_texts(texts)
    traces = [model.trace(text) for text, _ in given]
    asked = [answer_of(model, trace, answer) for trace, (_, answer) in zip(traces, given, strict=True)]
    drawn = np.random.default_rng(number).permutation(len(given))
    known, tested = (sorted(half.tolist()) for half in np.array_split(drawn, 2))
    with shown_progress(progress, "measures of importance") as told:
        every = orders_of(model, wanted, [traces[at] for at in known], [asked[at] for at in known], part, told)
    heads = len(next(iter(every.values())))
    removed = tuple(sorted({round(share * heads) for share in np.linspace(0, 1, max(2, count))}))
    randoms = [order_at_random(next(iter(every.values())), number, at) for at in range(tries)]
    rows = [traces[at] for at in tested]
    own = [asked[at] for at in tested]
    results = []
    with shown_progress(progress, "orders") as told:
        ends = {size: _answers(model, rows, own, every[next(iter(every))][:size], part) for size in (0, heads)}
        for done, order in enumerate([*every.values(), *randoms]):
            told(done, len(every) + tries)
            found = [ends.get(size) or _answers(model, rows, own, order[:size], part) for size in removed]
            results.append(tuple(np.array(one) for one in zip(*found, strict=True)))  # (point text), (point text)
        told(len(every) + tries, len(every) + tries)
    right = {name: one[0].mean(1) for name, one in zip(every, results, strict=False)}
    score = {name: one[1].mean(1) for name, one in zip(every, results, strict=False)}
    texts_at = np.arange(len(rows))
    interval = {
        name: np.array([share_interval(point, texts_at, number) for point in one[0]])
        for name, one in zip(every, results, strict=False)
    }
    by_chance = np.array([one[0].mean(1) for one in results[len(every) :]])
    right[AT_RANDOM], score[AT_RANDOM] = (
        by_chance.mean(0),
        np.mean([one[1].mean(1) for one in results[len(every) :]], 0),
    )
    interval[AT_RANDOM] = np.stack([by_chance.min(0), by_chance.max(0)], 1)
    recipe = (
        f"heads silenced in the order of their importance on {len(known)} texts, answers to {len(tested)} others, seed {number}; "
        f"{tries} random orders{said_setting(rows[0], part)}"
    )
    return PrunedHeads(removed, heads, every, right, interval, score, by_chance, recipe)


def _measures(by: Any) -> dict[str, Any]:
    found = dict(by) if isinstance(by, Mapping) else dict.fromkeys([by] if isinstance(by, str) else by)
    unknown = [name for name, given in found.items() if given is None and name not in IMPORTANCE]
    if unknown or not found or AT_RANDOM in found:
        raise AttnWidgetError(
            f"by={by!r:.80} is not valid: give some of {', '.join(map(repr, IMPORTANCE))}, or a mapping of names to scores of heads."
        )
    return found


def _asked_texts(texts: Any) -> list[tuple[Any, Any]]:
    if isinstance(texts, str) or not hasattr(texts, "__iter__"):
        raise AttnWidgetError("Give several texts: a list of (text, answer), of samples, or of texts alone.")
    found = []
    for one in texts:
        if hasattr(one, "text") and hasattr(one, "answer"):
            found.append((one.text, one.answer))
        elif isinstance(one, tuple) and len(one) == 2:
            found.append(one)
        else:
            found.append((one, None))
    if len(found) < FEWEST_ASKED:
        raise AttnWidgetError(
            f"Half of the texts are for importance and half for the answers, and there are {len(found)}. Give {FEWEST_ASKED} or more; "
            "a hundred say something."
        )
    return found


def _answers(
    model: AttentionModel, traces: Sequence[Trace], asked: Sequence[Asked], silenced: HeadOrder, part: str | None
) -> tuple[list[bool], list[float]]:
    """(whether the answer is what the model says, how much of it there is) for each text, without some heads."""
    edits = [Silence(layer, head, part=part) for layer, head in silenced]
    right, scores = [], []
    for trace, one in zip(traces, asked, strict=True):
        go_on()
        logits = (model.trace(trace, edits=edits) if edits else trace).logits(one.row)[0]
        right.append(int(logits.argmax()) == one.ids[0])
        scores.append(one.score(logits))
    return right, scores
