"""Methods that say how much each word counts, beside what hiding each word does: do they agree?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from attnwidget.arguments import so_many, whole_from_one, whole_from_zero
from attnwidget.errors import AttnWidgetError
from attnwidget.experiments.agreement.columns import Column, columns
from attnwidget.experiments.agreement.methods import HIDING, IN_ORDER, METHODS, Asking, Method
from attnwidget.experiments.agreement.places import LEFT_OUT, Places, WordPlace, places_of
from attnwidget.experiments.agreement.sentence import NO_EFFECT, evidence_sentence
from attnwidget.experiments.effects.answers import Asked, answer_of
from attnwidget.experiments.progress import shown_progress
from attnwidget.measures.given_trace import said_setting
from attnwidget.measures.ranks import (
    FEWEST_WORDS,
    Agreement,
    RankCorrelations,
    by_size,
    chance,
    correlations,
    top_in_common,
)

TOP_WORDS = 5
SHOWN = 40


@dataclass(frozen=True, eq=False, repr=False)
class Evidence:
    """Words x methods: what each method says of each word, beside what hiding the word does to the answer.

    `places` are the words (or tokens) of the text, `compared` the numbers of those that are compared; `columns` has one
    record for each method, `agreements` how each of them agrees with the exact effect, by its name, None where that
    cannot be said. `between` has the rank correlations of all `ranked` columns with each other. numpy.asarray gives the
    values (word method); `table()` gives plain columns, as pandas takes them.
    """

    asked: Asked
    places: tuple[WordPlace, ...]
    compared: tuple[int, ...]
    columns: tuple[Column, ...]
    agreements: Mapping[str, Agreement | None]
    ranked: tuple[str, ...]
    between: RankCorrelations
    left_out: str
    sentence: str | None
    recipe: str

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.stack([column.values for column in self.columns], 1).astype(dtype or np.float64)

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, name: str) -> Column:
        """The column of a method, by its name."""
        found = next((column for column in self.columns if column.name == name), None)
        if found is None:
            raise AttnWidgetError(
                f"There is no column {name!r}. There are {', '.join(one.name for one in self.columns)}."
            )
        return found

    def top(self, count: Any = TOP_WORDS) -> tuple[tuple[WordPlace, float], ...]:
        """The words whose hiding costs the answer most, with that effect, of those that are compared."""
        own = self[HIDING.name].values[list(self.compared)]
        return tuple((self.places[self.compared[at]], float(own[at])) for at in by_size(own)[: so_many(count)])

    def table(self) -> dict[str, list[Any]]:
        """Plain columns: token, count, word, kind, compared, and one for each method."""
        compared = set(self.compared)
        return {
            "token": [place.start for place in self.places],
            "count": [place.stop - place.start for place in self.places],
            "word": [place.piece for place in self.places],
            "kind": [place.kind for place in self.places],
            "compared": [number in compared for number in range(len(self.places))],
            **{column.name: column.values.tolist() for column in self.columns},
        }

    def __repr__(self) -> str:
        known = [column for column in self.columns if column.why is None]
        names = [column.name for column in known]
        chosen = self.compared if len(self.compared) <= SHOWN else self.compared[:SHOWN]
        rows = [[repr(self.places[number]), *(f"{column.values[number]:.3g}" for column in known)] for number in chosen]
        if len(chosen) < len(self.compared):
            rows.append([f"... {len(self.compared) - SHOWN} more", *("" for _ in known)])
        found = [self.agreements.get(name) for name in names]
        rows += [
            ["rank agreement", *("-" if one is None else f"{one.rho:.2f}" for one in found)],
            ["95 % from", *("" if one is None else f"{one.low:.2f}" for one in found)],
            ["to", *("" if one is None else f"{one.high:.2f}" for one in found)],
        ]
        lines = _aligned([["", *names], *rows])
        lines += [f"{column.name}: {column.why}" for column in self.columns if column.why is not None]
        lines += [f"left out: {self.left_out}"] if self.left_out else []
        return "\n".join([f"Evidence({self.recipe})", *lines, *([self.sentence] if self.sentence else [])])


EVERY_METHOD = tuple(method.name for method in METHODS)


def evidence(
    model: Any,
    trace: Any,
    *,
    answer: Any = None,
    at: Any = None,
    unit: Any = "log probability",
    methods: Any = EVERY_METHOD,
    units: Any = "words",
    leave_out: Any = LEFT_OUT,
    over: Any = None,
    top: Any = TOP_WORDS,
    seed: Any = 0,
    part: str | None = None,
    progress: Any = None,
) -> Evidence:
    """What methods say of each word, beside what hiding the word does to the answer, and whether they rank words alike.

    The exact effect is the fall of the answer when all tokens of a word are hidden (see `token_effects`); `answer`,
    `at` and `unit` as in `head_effects`. Beside it: "attention" (mean of heads, of the answer's query), "norm"
    (norm-weighted), "rollout", "gradient" (x input), "integrated" gradients, "estimate" (of hiding, by one backward pass);
    and null models: "uniform" attention followed through the layers (position alone), "shuffled" weights (chance), the
    attention of an "untrained" copy of the model (up to 200 million parameters). What a method says of tokens is summed
    over a word. A method that does not work on a model says why.

    Rank agreement is Spearman's correlation, -1 to 1, ties sharing a rank, with an interval of 95 % over words drawn
    again (percentiles of 1,000 draws by `seed`); also the share of the `top` largest in common. Special tokens, those of
    a chat's template and sinks are named, and not compared: `leave_out` says which kinds. `over` compares only what it
    names, a phrase or positions; `units="tokens"` compares tokens. The sentence claims no more than the intervals
    carry; they speak of this text alone, and are of one column at a time.

    Costs at most one run for each word, several as one batch where the model allows that, and the methods: integrated
    gradients as many passes there and back as steps. `progress` None shows a bar if it takes long, False shows
    nothing, a function hears (words hidden, of how many). Raises
    AttnWidgetError for an answer that the model cannot give, an unknown method, and where nothing can be compared;
    Cancelled inside `stopping_when`.
    Source: Jain & Wallace 2019 (arXiv 1902.10186) and Abnar & Zuidema 2020 (arXiv 2005.00928) compare attention with
    leaving words out by rank; hiding is Geva et al. 2023 (arXiv 2304.14767); untrained copies: Adebayo et al. 2018
    (arXiv 1810.03292).

    >>> import attnwidget as aw
    >>> model = aw.load()
    >>> trace = model.trace("The capital of Veldt is Miro. The capital of Veldt is")
    >>> found = aw.evidence(model, trace, methods=["attention", "rollout"])
    >>> found.top(1)[0][0].piece, found.agreements["attention"].of
    ('Miro', 5)
    """
    asked = answer_of(model, trace, answer, at, unit)
    chosen, drawn = methods_named(methods), whole_from_zero("seed", seed)
    count = whole_from_one("top", top)
    asking = Asking(model, trace, asked, part, drawn)
    places = places_of(trace, part, asked.position, units, leave_out, over)
    found: dict[str, Column] = {}
    with shown_progress(progress, "words") as step:
        for column in columns(asking, places, chosen, found, heard=step):
            found[column.name] = column
    return gathered(asking, places, chosen, found, count)


def methods_named(names: Any) -> tuple[Method, ...]:
    """Methods by their names, in the order of the columns. Raises AttnWidgetError for others."""
    wanted = [names] if isinstance(names, str) else list(names)
    known = {method.name: method for method in METHODS}
    if unknown := [name for name in wanted if name not in known]:
        raise AttnWidgetError(f"There is no method {unknown[0]!r:.60}. Give some of {', '.join(known)}.")
    return tuple(method for method in METHODS if method.name in wanted)


def gathered(
    asking: Asking, places: Places, methods: Sequence[Method], found: Mapping[str, Column], top: int = TOP_WORDS
) -> Evidence:
    """The columns that are there as one record; agreements, once all words have been hidden."""
    there = tuple(found[one.name] for one in IN_ORDER if one.name in found and (one is HIDING or one in methods))
    exact = found.get(HIDING.name)
    own = list(places.compared)
    enough = exact is not None and exact.done and len(own) >= FEWEST_WORDS
    matters = enough and exact is not None and bool(np.abs(exact.values[own]).max() >= NO_EFFECT)
    ranked = tuple(
        column
        for column in there
        if column.why is None and column.done and column.ordered is None and not np.isnan(column.values[own]).any()
    )
    between = (
        correlations(np.stack([column.values[own] for column in ranked]), asking.seed)
        if matters
        else RankCorrelations(*(np.full((len(ranked),) * 2, np.nan) for _ in range(3)))
    )
    size = min(top, max(1, len(own) // 2))
    agreements: dict[str, Agreement | None] = {column.name: None for column in there}
    if matters and exact is not None:
        effects, at = exact.values[own], ranked.index(exact)
        for column in there:
            if column.ordered is not None and column.why is None:
                agreements[column.name] = chance(column.ordered[own], effects, size, asking.seed)
        for number, column in enumerate(ranked):
            if column is not exact and not np.isnan(between.rho[number, at]):
                agreements[column.name] = Agreement(
                    float(between.rho[number, at]),
                    float(between.low[number, at]),
                    float(between.high[number, at]),
                    top_in_common(column.values[own], effects, size),
                    size,
                )
    return Evidence(
        asking.asked,
        places.every,
        places.compared,
        there,
        agreements,
        tuple(column.name for column in ranked),
        between,
        places.left_out,
        _sentence(asking, places, ranked, agreements, exact) if exact is not None and exact.done else None,
        _recipe(asking, places),
    )


def _sentence(
    asking: Asking,
    places: Places,
    there: Sequence[Column],
    agreements: Mapping[str, Agreement | None],
    exact: Column,
) -> str:
    own = list(places.compared)
    if len(own) < FEWEST_WORDS:
        return f"{len(own)} {places.units} are too few to be ranked: give a longer text, or leave out less."
    first = int(by_size(exact.values[own])[0])
    most = (repr(places.every[own[first]].piece), float(exact.values[own[first]]), exact.unit)
    named = [
        (column.method.called, found)
        for column in there
        if not column.method.null and (found := agreements[column.name]) is not None
    ]
    return evidence_sentence(asking.asked.words, f"{len(own)} {places.units}", named, most)


def _recipe(asking: Asking, places: Places) -> str:
    compared = f"{len(places.compared)} of {len(places.every)} {places.units} compared"
    return (
        f"fall of {asking.asked.recipe}, and what methods say of it; {compared}; Spearman, intervals of 95 % by bootstrap "
        f"over {places.units}, seed {asking.seed}{said_setting(asking.trace, asking.part)}"
    )


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    return [
        "  ".join(
            cell.ljust(width) if at == 0 else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
