"""How much of each head's attention goes to keys of one kind."""

from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from attnwidget.engine import Tokens, Trace, indices
from attnwidget.errors import AttnWidgetError
from attnwidget.measures.given_trace import said_setting
from attnwidget.measures.heads.token_kinds import kind_of_keys
from attnwidget.measures.measure import measure
from attnwidget.measures.portions import Portion, Statistic, head_means
from attnwidget.measures.results import HeadScores

KINDS_OF_TOKENS = ("special", "punctuation", "padding")
NEIGHBOURS = {"self": 0, "previous": -1, "next": 1}
LISTED_KEYS = 8


@measure
def share(trace: Trace, of: Any, *, part: str | None = None) -> HeadScores:
    """Mass on keys of a kind in every head's rows, (layer head), a share from 0 to 1: the mean over queries.

    `of` is a kind of token, "special", "punctuation" or "padding"; a place, "self", "previous", "next" or "first" (the
    first token that is not padding); positions of keys; or a mask with True for every key that counts.

    Rows without such a place (the first token has no previous one, causal text no next) do not count, and a head
    without any other row is NaN; a kind of token that the text lacks gets 0. Compare the share with how many tokens are
    of that kind. Padding queries do not count, and nothing is renormalised. Layers without attention are NaN.

    Raises AttnWidgetError for an unknown kind, positions that do not exist, an ambiguous part, and for "self",
    "previous" and "next" in cross-attention; NotNumbers for weights that are NaN.
    Source: Clark et al. 2019 (W19-4828), section 3: attention to the current, neighbouring and separator tokens.

    >>> import torch
    >>> from attnwidget import Trace
    >>> trace = Trace.from_weights([torch.tensor([[[1.0, 0.0], [0.25, 0.75]]])], ["yes", "!"])
    >>> float(share(trace, "previous")[0, 0]), float(share(trace, "punctuation")[0, 0])
    (0.25, 0.375)
    """
    keys = trace.tokens(part)[1]
    found = head_means(trace, part, {"share": mass_on(of, keys)})["share"]
    recipe = f"share of attention on {_named(of, len(keys))}, mean over queries that are not padding"
    return HeadScores(found, recipe + said_setting(trace, part))


def mass_on(of: Any, keys: Tokens) -> Statistic:
    """The statistic: mass on these keys in every row; see `share` for what `of` may be."""
    if isinstance(of, str):
        if of in NEIGHBOURS:
            return _on_neighbour(NEIGHBOURS[of])
        if of == "first":
            return _on_first(keys)
        if of not in KINDS_OF_TOKENS:
            raise AttnWidgetError(
                f"There is no kind of key {of!r}. Give one of {', '.join((*KINDS_OF_TOKENS, *NEIGHBOURS))} and first, "
                "or positions of keys, or a mask."
            )
        return _on(kind_of_keys(keys, of))
    return _on(_chosen(of, len(keys)))


def _on(marks: Bool[Tensor, " key"]) -> Statistic:
    columns = marks.nonzero()[:, 0]

    def mass(portion: Portion) -> Float[Tensor, "head query"]:
        return portion.maps[..., columns].sum(-1)

    return mass


def _on_first(keys: Tokens) -> Statistic:
    first = int(kind_of_keys(keys, "first").int().argmax())

    def mass(portion: Portion) -> Float[Tensor, "head query"]:
        return torch.where(portion.visible[:, first], portion.maps[..., first], torch.nan)

    return mass


def _on_neighbour(offset: int) -> Statistic:
    def mass(portion: Portion) -> Float[Tensor, "head query"]:
        _, queries, width = portion.maps.shape
        places = portion.own + offset
        inside = (places >= 0) & (places < width)
        places = places.clamp(0, width - 1)
        row = torch.arange(queries, device="cpu")
        return torch.where(inside & portion.visible[row, places], portion.maps[:, row, places], torch.nan)

    return mass


def _chosen(of: Any, size: int) -> Bool[Tensor, " key"]:
    if of is None:
        raise AttnWidgetError(
            "None does not name any keys. Give a kind of token like 'special', a place like 'previous', positions, or "
            "a mask."
        )
    try:
        given = np.asarray(of.detach().cpu() if isinstance(of, Tensor) else of)
    except (TypeError, ValueError, RuntimeError):
        given = np.empty(0, dtype=object)
    if given.dtype != np.bool_ or given.ndim == 0:
        marks = torch.zeros(size, dtype=torch.bool, device="cpu")
        marks[indices(of, size, "key")] = True
        return marks
    if given.shape != (size,):
        raise AttnWidgetError(
            f"The mask has the shape {given.shape}, but there are {size} keys. Give one True or False per key."
        )
    return torch.tensor(given.tolist(), dtype=torch.bool, device="cpu")


def _named(of: Any, size: int) -> str:
    if isinstance(of, str):
        return {**dict.fromkeys(NEIGHBOURS, f"{of} token"), "first": "first token"}.get(of, f"{of} tokens")
    positions = _chosen(of, size).nonzero()[:, 0].tolist()
    shown = ", ".join(str(position) for position in positions[:LISTED_KEYS])
    return f"keys {shown}{' …' if len(positions) > LISTED_KEYS else ''}" if positions else "no keys"
