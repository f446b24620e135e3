"""Whether a map holds: words are hidden in its order, and the answer falls as it says, or as in any order."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from attnwidget.arguments import share_or_none, whole_from_one, whole_from_zero
from attnwidget.engine import Trace
from attnwidget.errors import AttnWidgetError
from attnwidget.experiments.agreement.columns import unit_of
from attnwidget.experiments.agreement.curves import (
    SHARES_HIDDEN,
    Scorer,
    curve_counts,
    random_orders,
    scored,
    share_counts,
    without_first,
    without_rest,
)
from attnwidget.experiments.agreement.hiding import scores_without
from attnwidget.experiments.agreement.methods import Asking
from attnwidget.experiments.agreement.places import LEFT_OUT, Places, places_of
from attnwidget.experiments.effects.answers import answer_of
from attnwidget.experiments.progress import shown_progress
from attnwidget.measures.given_trace import said_setting
from attnwidget.measures.ranks import by_size

ORDERS = 20


@dataclass(frozen=True, eq=False)
class Curve:
    """The score where `counts` words are hidden, or inserted: `values` is (count)."""

    counts: tuple[int, ...]
    values: Float[np.ndarray, " count"]

    @property
    def area(self) -> float:
        """The mean height, by the trapezoid rule."""
        heights = (self.values[1:] + self.values[:-1]) / 2
        return float(heights @ np.diff(self.counts) / (self.counts[-1] - self.counts[0]))


@dataclass(frozen=True, eq=False, repr=False)
class Faithfulness:
    """How an answer fares when words are hidden in the order of a map, beside random orders.

    `comprehensiveness` is its fall without the words that count most by the map, `sufficiency` its fall with these alone,
    both the mean over shares of the words (AOPC): a map that holds has a high first number and a low second one.
    `deletion` and `insertion` are the curves of all counts; `random_deletion` and `random_insertion` (order count) those of
    random orders. `order` has the words as they were hidden, `places` numbers of tokens (first, last + 1) of each.
    """

    comprehensiveness: float
    sufficiency: float
    random_comprehensiveness: Float[np.ndarray, " order"]
    random_sufficiency: Float[np.ndarray, " order"]
    deletion: Curve
    insertion: Curve
    random_deletion: Float[np.ndarray, "order count"]
    random_insertion: Float[np.ndarray, "order count"]
    order: tuple[str, ...]
    places: tuple[tuple[int, int], ...]
    unit: str
    recipe: str

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        """The curves (deletion and insertion, count)."""
        return np.stack([self.deletion.values, self.insertion.values]).astype(dtype or np.float64)

    def __repr__(self) -> str:
        lines = [
            f"{name} {value:.3g}, random {np.mean(drawn):.3g} ({np.quantile(drawn, 0.025):.3g} to {np.quantile(drawn, 0.975):.3g})"
            for name, value, drawn in (
                ("comprehensiveness", self.comprehensiveness, self.random_comprehensiveness),
                ("sufficiency", self.sufficiency, self.random_sufficiency),
            )
        ]
        return "\n".join([f"Faithfulness({self.unit}; {self.recipe})", *lines])


def faithfulness(
    model: Any,
    trace: Any,
    scores: Any,
    *,
    answer: Any = None,
    at: Any = None,
    unit: Any = "probability",
    thresholds: Any = SHARES_HIDDEN,
    orders: Any = ORDERS,
    units: Any = "words",
    leave_out: Any = LEFT_OUT,
    over: Any = None,
    seed: Any = 0,
    part: str | None = None,
    progress: Any = None,
) -> Faithfulness:
    """Whether a map of the tokens holds: the answer, while words are hidden in its order, beside random orders.

    `scores` is one number for each key (`TokenScores`, or an array); a word has the sum of its tokens. Comprehensiveness
    is p(text) - p(without the words that count most), sufficiency p(text) - p(with these alone), both as the mean over
    `thresholds`, shares of the words rounded up (AOPC). Words are hidden (see `Hide`): no text is tokenised again, and no
    position moves. `answer`, `at` as in `head_effects`, `unit` too, here "probability". Special tokens, those of a chat's
    template and sinks stay in the text: `leave_out` and `over` as in `evidence`.

    Costs (2 + 2 x orders) runs for each point of the curves, several as one batch where the model allows that.
    `progress` as in `evidence`. Where words are hidden the model reads what it was not trained on: compare with the random
    orders, not with 0. Raises AttnWidgetError for scores that do not fit the text, or are no numbers, an answer that the
    model cannot give, and invalid options; Cancelled inside `stopping_when`.
    Source: DeYoung et al. 2020 (2020.acl-main.408), with hiding in the place of removal; deletion and insertion: Petsiuk et
    al. 2018 (arXiv 1806.07421).

    >>> import attnwidget as aw
    >>> model = aw.load()
    >>> trace = model.trace("The capital of Veldt is Miro. The capital of Veldt is")
    >>> found = aw.faithfulness(model, trace, aw.token_effects(model, trace), orders=2)
    >>> found.order[0], bool(found.comprehensiveness > found.random_comprehensiveness.mean())
    ('Miro', True)
    """
    asked = answer_of(model, trace, answer, at, unit)
    drawn = whole_from_zero("seed", seed)
    count, shares = whole_from_one("orders", orders), _shares(thresholds)
    places = places_of(trace, part, asked.position, units, leave_out, over)
    values = _of_words(scores, trace, places, part)
    asking = Asking(model, trace, asked, part, drawn)
    with shown_progress(progress, "runs") as step:
        found = curve_numbers(values, shares, random_orders(len(values), count, drawn), scorer(asking, places, step))
    compared = [places.every[number] for number in places.compared]
    order = by_size(values)
    recipe = (
        f"{asked.recipe}, of {len(values)} {places.units} hidden in the order of: {getattr(scores, 'recipe', 'given numbers')}; mean "
        f"over {', '.join(f'{share:g}' for share in shares)} of them; {count} random orders, seed {drawn}"
        f"{said_setting(trace, part)}"
    )
    return Faithfulness(
        *found,
        tuple(compared[at].piece for at in order),
        tuple((compared[at].start, compared[at].stop) for at in order),
        unit_of(asking),
        recipe,
    )


CurveNumbers = tuple[float, float, np.ndarray, np.ndarray, Curve, Curve, np.ndarray, np.ndarray]


def curve_numbers(
    values: Float[np.ndarray, " place"], shares: Sequence[float], orders: np.ndarray, scores: Scorer
) -> CurveNumbers:
    """The numbers of a `Faithfulness`, in the order of its fields, by any scorer.

    >>> weights = np.array([0.4, 0.3, 0.2, 0.1])
    >>> def additive(sets):
    ...     return np.array([1 - weights[list(one)].sum() for one in sets])
    >>> found = curve_numbers(weights, (0.25, 0.5, 0.75, 1.0), np.array([[3, 2, 1, 0]]), additive)
    >>> [round(float(number), 2) for number in (*found[:2], found[2][0], found[3][0])]
    [0.75, 0.25, 0.5, 0.5]
    """
    size = len(values)
    wanted = share_counts(shares, size)
    counts = tuple(sorted({*curve_counts(size), *wanted}))
    every = [by_size(values).tolist(), *orders.tolist()]
    sets = [one for order in every for one in (*without_first(order, counts), *without_rest(order, counts))]
    found = scored(sets, scores).reshape(len(every), 2, len(counts))
    whole = found[0, 0, 0]
    at = [counts.index(number) for number in wanted]
    falls = whole - found[:, :, at].mean(-1)
    deletion, insertion = (Curve(counts, found[0, side]) for side in (0, 1))
    return (
        float(falls[0, 0]),
        float(falls[0, 1]),
        falls[1:, 0],
        falls[1:, 1],
        deletion,
        insertion,
        found[1:, 0],
        found[1:, 1],
    )


def scorer(asking: Asking, places: Places, heard: Any, known: dict[tuple[int, ...], float] | None = None) -> Scorer:
    """How much of the answer there is without sets of the places that are compared; `known` has those that have been run."""
    found = {} if known is None else known

    def scores(sets: Sequence[tuple[int, ...]]) -> np.ndarray:
        missing = [one for one in sets if one not in found]
        tokens = [[token for at in one for token in places.hidden(places.compared[at])] for one in missing]
        for done, (one, score) in enumerate(zip(missing, scores_without(asking, tokens), strict=True), 1):
            found[one] = score
            heard(len(sets) - len(missing) + done, len(sets))
        return np.array([found[one] for one in sets])

    return scores


def _of_words(scores: Any, trace: Trace, places: Places, part: str | None) -> Float[np.ndarray, " place"]:
    _, keys = trace.tokens(part)
    try:
        values = np.asarray(scores, np.float64)
    except (TypeError, ValueError):
        values = np.zeros(0)
    if values.shape != (len(keys),):
        raise AttnWidgetError(f"scores must be one number for each of the {len(keys)} tokens, not {scores!r:.60}.")
    found = places.sums(values)[list(places.compared)]
    if not np.isfinite(found).all():
        raise AttnWidgetError("Some of the scores are no numbers. Leave their words out with over=, or give others.")
    return found


def _shares(thresholds: Any) -> tuple[float, ...]:
    given = thresholds if isinstance(thresholds, tuple | list) else [thresholds]
    found = [share_or_none(one) for one in given]
    if not found or any(one is None or one == 0 for one in found):
        raise AttnWidgetError(f"thresholds={thresholds!r:.60} is not valid: give shares above 0, up to 1.")
    return tuple(one for one in found if one is not None)
