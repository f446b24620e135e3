"""Two texts in one model -> how one head's map changed from the first to the second, over the tokens with a partner."""

from dataclasses import dataclass, fields
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import torch
from jaxtyping import Float

from attnwidget.engine import Trace
from attnwidget.errors import AttnWidgetError, BadRequest
from attnwidget.measures.comparison.aligned_tokens import AlignedTokens
from attnwidget.measures.comparison.compare import Comparison, compare, said_pairing
from attnwidget.measures.comparison.replacements import Replacement
from attnwidget.measures.results import HeadScores


@dataclass(frozen=True, eq=False)
class Difference:
    """`values` is the second map minus the first, (query key) over the tokens that have a partner in the other text.

    `queries` and `keys` are their positions in the first and the second text. `replaced` is what was changed in the
    text. `dropped` is the mean weight of a row on keys without a partner, for each text. `changed` is the largest
    difference of every head, (layer head).
    """

    values: Float[np.ndarray, "query key"]
    queries: AlignedTokens
    keys: AlignedTokens
    replaced: tuple[Replacement, ...]
    dropped: tuple[float, float]
    changed: HeadScores
    recipe: str


_known: "WeakKeyDictionary[Trace, WeakKeyDictionary[Trace, dict[str, dict[str, Any]]]]" = WeakKeyDictionary()


@torch.no_grad()
def compose_difference(first: Trace, second: Trace, part: str, layer: int, head: int) -> Difference:
    """How one head's weights changed from one text to another.

    All heads are compared once per pair of traces; after that a head costs only its own rows. Raises BadRequest for a
    head that does not exist, and AttnWidgetError for texts without a common token and for models of different shapes.

    >>> import attnwidget as aw
    >>> model = aw.load()
    >>> found = compose_difference(model.trace("The cat sat."), model.trace("The dog sat."), "self", 1, 2)
    >>> found.replaced, found.values.shape, found.changed.shape
    (('cat' -> 'dog',), (4, 4), (4, 4))
    """
    counts = second.heads(part)
    if not 0 <= layer < len(counts) or not 0 <= head < counts[layer]:
        raise BadRequest(f"There is no head L{layer}H{head} to compare. Choose another one.")
    found = _compared(first, second, part)
    shown = found.map(layer, head)
    return Difference(
        np.asarray(shown.values, np.float32),
        found.queries,
        found.keys,
        found.replaced,
        found.unaligned_mass,
        found.largest_difference,
        _recipe(found, layer, head),
    )


def _recipe(found: Comparison, layer: int, head: int) -> str:
    held, shown = (f"{mass:.1%}" for mass in found.unaligned_mass)
    left = f"; keys without a partner are left out ({held} of a row there, {shown} here), not renormalised"
    return (
        f"weights of L{layer}H{head} in this text minus those in the held text, over {len(found.queries)} queries x "
        f"{len(found.keys)} keys, {said_pairing(found.queries, found.keys)}{left if any(found.unaligned_mass) else ''}"
    )


def _compared(first: Trace, second: Trace, part: str) -> Comparison:
    kept = _known.setdefault(second, WeakKeyDictionary()).setdefault(first, {})
    if part not in kept:
        if part not in first.parts:
            raise AttnWidgetError(f"The held text has no part {part!r}; it has {', '.join(first.parts)}.")
        found = compare(first, second, part=part)
        # Without its traces: a cache keyed by a trace must not keep it alive.
        kept[part] = {one.name: getattr(found, one.name) for one in fields(found) if one.name not in {"a", "b"}}
    return Comparison(a=first, b=second, **kept[part])
