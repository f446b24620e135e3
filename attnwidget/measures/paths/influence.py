"""Which positions one query attends to, over all heads and layers."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from attnwidget.engine import Trace, fit_index, indices
from attnwidget.errors import AttnWidgetError
from attnwidget.measures.given_trace import said_setting
from attnwidget.measures.heads.sink_score import share_number
from attnwidget.measures.measure import measure
from attnwidget.measures.portions import portions
from attnwidget.measures.results import RankedToken, TokenScores


@dataclass(frozen=True, eq=False, repr=False)
class Influence:
    """The keys that a query attends to most, best first; `len` counts them, numpy.asarray gives the mean row (key)."""

    query: int
    positions: tuple[int, ...]
    pieces: tuple[str, ...]
    values: tuple[float, ...]
    row: TokenScores
    threshold: float
    recipe: str

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return self.row.__array__(dtype, copy)

    def __len__(self) -> int:
        return len(self.positions)

    def __repr__(self) -> str:
        found = self.row.top(len(self.positions))
        listed = ", ".join(map(repr, found)) or "none"
        return f"Influence(query {self.query}: {listed}; above {self.threshold:.4g}; {self.recipe})"

    def top(self, count: Any = 5, *, lowest: Any = False) -> tuple[RankedToken, ...]:
        """The keys that are attended to most, above the threshold or not, best first; with `lowest`, the least."""
        return self.row.top(count, lowest=lowest)


@measure
def trace_influence(trace: Trace, query: Any, threshold: Any = 0.1, *, part: str | None = None) -> Influence:
    """Positions that get more than `threshold` of one query's attention, averaged over all heads and layers.

    `row` (key) is that mean row of weights, 0 to 1, with equal weight for every head of every layer; `positions`,
    `pieces` and `values` are those above the threshold, best first. `query` is one token; negative ones count from the
    end. A mean hides heads that disagree, and attention does not prove what the output depends on. Raises
    AttnWidgetError for a query that does not exist, is more than one token or is padding, for a threshold outside 0 to
    1, and for an ambiguous part; NotNumbers for weights that are NaN.
    Source: the mean over heads and layers of raw attention; compare Abnar & Zuidema 2020, arXiv 2005.00928, section 3.

    >>> import torch
    >>> from attnwidget import Trace
    >>> trace = Trace.from_weights([torch.tensor([[[1.0, 0.0], [0.25, 0.75]]])], ["a", "b"])
    >>> trace_influence(trace, -1, threshold=0.5).positions
    (1,)
    """
    limit = share_number("threshold", threshold)
    queries, keys = trace.tokens(part)
    number = fit_index("query", query, len(queries))
    if queries.padding[number]:
        raise AttnWidgetError(
            f"Query {number} attends to nothing: padding, or a row of NaN. Choose a token of the text."
        )
    whole = torch.zeros(len(keys), dtype=torch.float64, device="cpu")
    heads = 0
    for portion in portions(trace, part, indices(number, len(queries), "query")):
        whole += portion.maps[:, 0].sum(0, dtype=torch.float64)
        heads += len(portion.heads)
    recipe = f"weights of query {number}, mean over all heads and layers, not normalised{said_setting(trace, part)}"
    row = TokenScores((whole / heads).float().numpy(), recipe, keys.pieces)
    above = [token for token in row.top(len(row)) if token.value > limit]
    return Influence(
        number,
        tuple(token.position for token in above),
        tuple(token.piece for token in above),
        tuple(token.value for token in above),
        row,
        limit,
        recipe,
    )
