"""Two texts in one model -> how one head's map changed from the first to the second, over the tokens with a partner."""

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
from jaxtyping import Float

from attnwidget.engine import Trace, exactly
from attnwidget.errors import AttnWidgetError, BadRequest
from attnwidget.frames.head_metrics import Choice, Metric, SoFar
from attnwidget.frames.words import with_edits
from attnwidget.measures.comparison.aligned_tokens import AlignedTokens
from attnwidget.measures.comparison.compare import Paired, changed_map, largest_changes, paired, said_pairing
from attnwidget.measures.comparison.replacements import Replacement


@dataclass(frozen=True, eq=False)
class Difference:
    """`values` is the second map minus the first, (query key) over the tokens that have a partner in the other text.

    `queries` and `keys` are their positions in the first and the second text. `replaced` is what was changed in the
    text. `dropped` is the mean weight of a row on keys without a partner, for each text.
    """

    values: Float[np.ndarray, "query key"]
    queries: AlignedTokens
    keys: AlignedTokens
    replaced: tuple[Replacement, ...]
    dropped: tuple[float, float]
    recipe: str


CHANGE = Choice("change", "change", "change", "The largest change of a weight since the text was held.", "measure")


class _Known:
    """What is kept of two traces, never these: which tokens are compared, and the layers that were."""

    def __init__(self, shared: Paired) -> None:
        self.shared = shared
        self.layers: dict[int, Float[np.ndarray, " head"]] = {}


_known: "WeakKeyDictionary[Trace, WeakKeyDictionary[Trace, dict[str, _Known]]]" = WeakKeyDictionary()


@exactly()
def compose_difference(first: Trace, second: Trace, part: str, layer: int, head: int) -> Difference:
    """How one head's weights changed from one text to another.

    Raises BadRequest for a head that does not exist, and AttnWidgetError for texts without a common token and for
    models of different shapes.

    >>> import attnwidget as aw
    >>> model = aw.load()
    >>> found = compose_difference(model.trace("The cat sat."), model.trace("The dog sat."), "self", 1, 2)
    >>> found.replaced, found.values.shape
    (('cat' -> 'dog',), (4, 4))
    """
    counts = second.heads(part)
    if not 0 <= layer < len(counts) or not 0 <= head < counts[layer]:
        raise BadRequest(f"There is no head L{layer}H{head} to compare. Choose another one.")
    shared = _compared(first, second, part).shared
    values, dropped = changed_map(first.block(layer, part), second.block(layer, part), shared, head)
    recipe = f"{_recipe(shared, dropped, f'L{layer}H{head}')}{_under(first, second)}"
    return Difference(values, shared.queries, shared.keys, shared.replaced, dropped, recipe)


@exactly()
def changes(first: Trace, second: Trace, part: str, so_far: SoFar = lambda _make: None) -> Metric:
    """The largest change of every head from one text to another: once per pair of traces, layer by layer.

    Between two layers `so_far` is given what makes it of the layers that are done; after a stop, the next call goes on.
    Raises AttnWidgetError as `compose_difference` does, and Cancelled.

    >>> import attnwidget as aw
    >>> model = aw.load()
    >>> changes(model.trace("The cat sat."), model.trace("The dog sat."), "self").values.shape
    (4, 4)
    """
    known = _compared(first, second, part)
    counts = second.heads(part)
    blocks = list(zip(first.part_blocks(part), second.part_blocks(part), strict=True))

    def found() -> Metric:
        values = np.full((len(counts), max(counts)), np.nan, np.float32)
        for layer, heads in known.layers.items():
            values[layer, : len(heads)] = heads
        recipe = f"{CHANGE.meaning[0].lower()}{CHANGE.meaning[1:-1]}, over the tokens with a partner"
        return Metric(CHANGE, values, recipe, measured=(len(known.layers), len(blocks)))

    for ours, theirs in blocks:
        if ours.layer not in known.layers:
            if known.layers:
                so_far(found)
            known.layers[ours.layer] = largest_changes(ours, theirs, known.shared)
    return found()


def _recipe(shared: Paired, dropped: tuple[float, float], name: str) -> str:
    queries, keys = shared.queries, shared.keys
    held, shown = (f"{mass:.1%}" for mass in dropped)
    left = f"; keys without a partner are left out ({held} of a row there, {shown} here), not renormalised"
    return (
        f"weights of {name} in this text minus those in the held text, over {len(queries)} queries x "
        f"{len(keys)} keys, {said_pairing(queries, keys)}{left if any(dropped) else ''}"
    )


def _under(first: Trace, second: Trace) -> str:
    """Which edits both texts are read under, or each."""
    if first.edits == second.edits:
        return with_edits(second)
    here, there = (with_edits(trace).removeprefix(" · ") or "without edits" for trace in (second, first))
    return f" · this text {here}, the held one {there}"


def _compared(first: Trace, second: Trace, part: str) -> _Known:
    kept = _known.setdefault(second, WeakKeyDictionary()).setdefault(first, {})
    if part not in kept:
        if part not in first.parts:
            raise AttnWidgetError(f"The held text has no part {part!r}; it has {', '.join(first.parts)}.")
        kept[part] = _Known(paired(first, second, part))
    return kept[part]
