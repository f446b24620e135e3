"""The columns of the evidence, one after the other: each method's number for every word, and what hiding it does."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from attnwidget.engine import go_on
from attnwidget.errors import Cancelled
from attnwidget.experiments.agreement.hiding import scores_without
from attnwidget.experiments.agreement.methods import HIDING, Asking, Method, mean_attention
from attnwidget.experiments.agreement.places import Places
from attnwidget.experiments.effects.answers import ANSWER_UNITS, logits_at
from attnwidget.measures.given_trace import said_setting


@dataclass(frozen=True, eq=False)
class Column:
    """One method: a number for every word, NaN where it is not known (yet). `why` says why there is none at all.

    `ordered` has the weights that were shuffled, in their own order; the values are then the mean over all orders.
    """

    method: Method
    unit: str
    values: Float[np.ndarray, " word"]
    recipe: str
    done: bool = True
    why: str | None = None
    ordered: Float[np.ndarray, " word"] | None = None

    @property
    def name(self) -> str:
        """The name of the method."""
        return self.method.name


def columns(
    asking: Asking,
    places: Places,
    methods: Sequence[Method],
    known: Mapping[str, Column],
    *,
    heard: Callable[[int, int], None] = lambda _done, _total: None,
) -> Iterator[Column]:
    """What is not in `known` yet, one column after the other, the quick ones first; hiding comes word by word.

    A column of `known` that is not done goes on where it is. `heard` hears (words hidden, of how many). Raises Cancelled
    inside `stopping_when`.
    """
    quick, slow = ([method for method in methods if method.quick is which] for which in (True, False))
    for method in (*quick, HIDING, *slow):
        had = known.get(method.name)
        if had is not None and had.done:
            continue
        go_on()
        if method is HIDING:
            yield from _hidden(asking, places, had, heard)
            continue
        yield _column(asking, places, method)


def _column(asking: Asking, places: Places, method: Method) -> Column:
    unit = method.unit or unit_of(asking)
    empty = np.full(len(places.every), np.nan)
    try:
        if method.scores is None:
            return _shuffled(asking, places, method)
        scores = method.scores(asking)
    except Cancelled:
        raise
    except Exception as error:  # noqa: BLE001  one method must not cost the others, whatever a model raises
        return Column(method, unit, empty, method.does, why=str(error) or type(error).__name__)
    values = places.sums(scores.values)
    if not np.isfinite(values[list(places.compared)]).all():
        return Column(method, unit, empty, scores.recipe, why="On this text it gives numbers that are none (NaN).")
    several = any(place.stop - place.start > 1 for place in places.every)
    return Column(method, unit, values, f"{scores.recipe}{', summed over the tokens of a word' if several else ''}")


def unit_of(asking: Asking) -> str:
    """The unit of the answer, and of what it falls by."""
    return ANSWER_UNITS[asking.asked.unit] if asking.asked.function is None else "its own unit"


def _shuffled(asking: Asking, places: Places, method: Method) -> Column:
    scores = mean_attention(asking)
    ordered, own = places.sums(scores.values), list(places.compared)
    values = np.full(len(places.every), np.nan)
    values[own] = ordered[own].mean()  # over all orders, the same for all words
    recipe = f"{scores.recipe}, in random order, seed {asking.seed}"
    return Column(method, method.unit, values, recipe, ordered=ordered)


def _hidden(asking: Asking, places: Places, had: Column | None, heard: Callable[[int, int], None]) -> Iterator[Column]:
    """What hiding each word does to the answer, all tokens of a word at once: words that are compared come first."""
    asked, trace = asking.asked, asking.trace
    unit = unit_of(asking)
    recipe = f"fall of {asked.recipe}, each {places.units[:-1]} hidden alone{said_setting(trace, asking.part)}"
    values = np.full(len(places.every), np.nan) if had is None else had.values.copy()
    before = asked.score(logits_at(trace, asked))
    order = [*places.compared, *(set(range(len(places.every))) - set(places.compared))]
    missing = [number for number in order if np.isnan(values[number])]
    heard(len(order) - len(missing), len(order))
    after = scores_without(asking, [places.hidden(number) for number in missing])
    for done, (number, score) in enumerate(zip(missing, after, strict=True), len(order) - len(missing) + 1):
        values[number] = before - score
        heard(done, len(order))
        yield Column(HIDING, unit, values.copy(), recipe, done=done == len(order))
