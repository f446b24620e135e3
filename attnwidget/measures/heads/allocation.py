"""How a query's attention is allocated: to pictures, to the first token, to special tokens, to text."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool
from torch import Tensor

from attnwidget.engine import PatchPlace, Tokens, Trace, fit_index, indices
from attnwidget.errors import AttnWidgetError
from attnwidget.measures.given_trace import said_setting
from attnwidget.measures.heads.token_kinds import kind_of_keys
from attnwidget.measures.measure import measure
from attnwidget.measures.portions import portions
from attnwidget.measures.results import HeadScores, RankedHead
from attnwidget.measures.rows import read_rows

ALLOCATED = ("picture", "first", "special", "text")
"""The kinds of keys that attention is allocated to; each key is of one kind, the first of these that fits."""


@dataclass(frozen=True, eq=False, repr=False)
class Allocation:
    """A share for each kind of key and head: numpy.asarray gives (kind layer head), `shares` has each kind by its name.

    `tokens` says how many keys are of a kind: a share is read beside it.
    """

    shares: dict[str, HeadScores]
    tokens: dict[str, int]
    recipe: str

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array([one.values for one in self.shares.values()], dtype=dtype)

    def __getitem__(self, kind: str) -> HeadScores:
        return self.shares[kind]

    def __len__(self) -> int:
        return len(self.shares)

    def __repr__(self) -> str:
        said = ", ".join(
            f"{kind} {float(np.nanmean(one.values)):.3f} ({self.tokens[kind]})" for kind, one in self.shares.items()
        )
        return f"Allocation({said}; {self.recipe})"

    def top(self, count: Any = 5, *, lowest: Any = False) -> tuple[RankedHead, ...]:
        """The heads that look most at pictures, best first; with `lowest`, least. Of another kind: `found["text"].top()`."""
        return self.shares["picture"].top(count, lowest=lowest)


@measure
def allocation(trace: Trace, query: Any = None, *, part: str | None = None) -> Allocation:
    """How much of a query's attention goes to pictures, the first token, special tokens and text, in every head.

    Shares from 0 to 1, (layer head) for each kind, of one query, or without it the mean over queries that are not padding.
    Every key that is not padding is of one kind: "first", where attention rests that looks at nothing, is the first of them and counts
    before all others; "picture" are patches, and placeholders of a text that were merged from some; "text" is what is left. The shares sum
    to 1, or to less where a model has sinks outside its text. Layers without attention are NaN. A picture has many tokens:
    compare its share with theirs, `tokens`.

    Raises AttnWidgetError for a query that does not exist or is padding, and for an ambiguous part; NotNumbers for weights
    that are NaN. Source: Chen et al. 2024 (arXiv 2403.06764), section 3: attention allocation to kinds of tokens.

    >>> import torch
    >>> from attnwidget import Trace
    >>> row = torch.tensor([[[1.0, 0.0, 0.0], [0.5, 0.5, 0.0], [0.5, 0.25, 0.25]]])
    >>> allocation(Trace.from_weights([row], ["a", "cat", "[SEP]"]), -1)
    Allocation(picture 0.000 (0), first 0.500 (1), special 0.250 (1), text 0.250 (1); share of attention of query 2)
    """
    queries, keys = trace.tokens(part)
    number = None if query is None else fit_index("query", query, len(queries))
    if number is not None and queries.padding[number]:
        raise AttnWidgetError(
            f"Query {number} attends to nothing: padding, or a row of NaN. Choose a token of the text."
        )
    rows = read_rows(queries) if number is None else indices(number, len(queries), "query")
    kinds = _kinds_of(keys)
    marks = torch.stack(list(kinds.values()), -1).double()
    counts = trace.heads(part)
    sums = np.zeros((len(kinds), len(counts), max(counts)))
    numbers = np.zeros(sums.shape[1:])
    for portion in portions(trace, part, rows):
        given = portion.maps.double() @ marks  # head query kind
        sums[:, portion.block.layer, portion.heads] += (given * portion.reads[..., None]).sum(1).T.numpy()
        numbers[portion.block.layer, portion.heads] += portion.reads.sum(1).numpy()
    means = sums / np.where(numbers > 0, numbers, np.nan)
    asked = f"query {number}" if number is not None else "queries that are not padding, their mean"
    recipe = f"share of attention of {asked}{said_setting(trace, part)}"
    shares = {
        kind: HeadScores(own.astype(np.float32), f"{recipe}, on {kind}") for kind, own in zip(kinds, means, strict=True)
    }
    return Allocation(shares, {kind: int(own.sum()) for kind, own in kinds.items()}, recipe)


def _kinds_of(keys: Tokens) -> dict[str, Bool[Tensor, " key"]]:
    pictured = [isinstance(place, PatchPlace) for place in keys.places] or [False] * len(keys)
    first, padding = kind_of_keys(keys, "first"), kind_of_keys(keys, "padding")
    picture = torch.tensor(pictured, dtype=torch.bool, device="cpu") & ~first & ~padding
    special = kind_of_keys(keys, "special") & ~first & ~picture
    return {
        "picture": picture,
        "first": first,
        "special": special,
        "text": ~(picture | first | special | padding),
    }
