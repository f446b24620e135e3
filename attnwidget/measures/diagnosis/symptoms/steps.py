"""The judged queries one by one: which said the fact, which only repeat it, and which head reads it most at each."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from attnwidget.engine import Tokens, Trace
from attnwidget.measures.diagnosis.report import HeadRow
from attnwidget.measures.diagnosis.symptoms.examined import NAMED, Examined, mass_by_query


@dataclass(frozen=True, eq=False)
class JudgedSteps:
    """What the heads give the relevant tokens, one judged query at a time.

    `mass` is (layer head query), `most` (query) the largest of each. `answer` is the number, among the judged queries, of
    the one whose next token is a relevant one (of several, the one that reads them most), or None.
    """

    examined: Examined
    mass: np.ndarray
    most: np.ndarray
    answer: int | None

    @staticmethod
    def of(examined: Examined) -> "JudgedSteps":
        """All judged queries, in one pass."""
        mass = mass_by_query(examined.trace, examined.part, examined.asked, examined.relevant)
        most = np.nanmax(mass, axis=(0, 1))
        queries, keys = examined.trace.tokens(examined.part)
        asked = examined.asked.tolist()
        answers = [at for at, query in enumerate(asked) if says(queries, query + 1, keys, examined.relevant)]
        return JudgedSteps(examined, mass, most, max(answers, key=lambda at: float(most[at])) if answers else None)

    @property
    def best(self) -> int:
        """The step at which a head gives the relevant tokens most."""
        return int(self.most.argmax())

    @property
    def worst(self) -> int:
        """The step at which no head gives them much."""
        return int(self.most.argmin())

    @property
    def first(self) -> int:
        """The step to look at first: the one that said the fact, else the best."""
        return self.best if self.answer is None else self.answer

    def query(self, at: int) -> int:
        """The position of a step's row."""
        return int(self.examined.asked[at])

    def told(self) -> str:
        """The step that said the fact, the best one and the worst one: each once, with its best head."""
        named = {self.worst: "The worst step", self.best: "The best step"}
        if self.answer is not None:
            named |= {self.answer: "The step that says the fact"}
        return " ".join(
            f"{words}, before {self._next(at)} (query {self.query(at)}), reads them most in {self.places(at)[0].name}: "
            f"{self.most[at]:.2f}."
            for at, words in sorted(named.items(), key=lambda one: (one[0] != self.first, one[0] != self.best))
        )

    def places(self, at: int, over: float = 1) -> tuple[HeadRow, ...]:
        """The head that reads them most at a step, and others above a bound."""
        return most_in(self.mass[..., at], self.query(at), self.examined, over)

    def _next(self, at: int) -> str:
        pieces, position = self.examined.trace.tokens(self.examined.part)[0].pieces, self.query(at) + 1
        return f"{pieces[position].strip()!r} at {position}" if position < len(pieces) else "the end"


def most_in(scores: np.ndarray, query: int, examined: Examined, over: float = 1) -> tuple[HeadRow, ...]:
    """The rows of one query in the head with the highest number, (layer head), and in others above a bound."""
    order = np.argsort(-np.nan_to_num(scores, nan=-np.inf), axis=None)[:NAMED]
    found = [tuple(map(int, np.unravel_index(at, scores.shape))) for at in order]
    step = step_of(examined.trace, query) if examined.generated else None
    return tuple(
        HeadRow(query, layer, head, step, float(scores[layer, head]))
        for rank, (layer, head) in enumerate(found)
        if rank == 0 or scores[layer, head] > over
    )


def step_of(trace: Trace, query: int) -> int | None:
    """The number of the produced token, from 0, whose row a query is; None if it produced none."""
    return next((number for number, step in enumerate(trace.steps) if step.position == query + 1), None)


def says(queries: Tokens, at: int, keys: Tokens, named: Sequence[int]) -> bool:
    """Whether the token at a position is one of the named tokens again, apart from blanks around it.

    >>> text = Tokens.from_pieces(["Paris", "or", "Rome", "?", "Paris"])
    >>> says(text, 4, text, [0]), says(text, 1, text, [0]), says(text, 5, text, [0])
    (True, False, False)
    """
    written = {keys.pieces[key].strip() for key in named} - {""}
    return at < len(queries) and queries.pieces[at].strip() in written


def repeating(queries: Tokens, asked: Sequence[int], keys: Tokens, named: Sequence[int]) -> list[int]:
    """The queries that are the fact themselves, and do not go on with it: what they read in it, they repeat.

    >>> text = Tokens.from_pieces(["Fontaine", "bleau", "?", "Fontaine", "bleau", "!"])
    >>> repeating(text, [2, 3, 4], text, [0, 1])
    [4]
    """
    return [at for at in asked if says(queries, at, keys, named) and not says(queries, at + 1, keys, named)]
