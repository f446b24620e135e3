"""How much of a trace a saved page holds: all heads of a short text, less of a long one."""

from dataclasses import dataclass

from attnwidget.engine import Trace
from attnwidget.errors import AttnWidgetError

ALL = 2_400_000
"""The most cells, over all maps, to hold all of them: 12 x 12 heads of 128 tokens."""

LAYER = 3_300_000
"""The same for one layer: 12 heads of 512 tokens."""

EXACT = 512
"""Tokens up to which the pinned head's map is held exactly, and rollout at all."""

LONGEST_PAGE = 2_048
"""Tokens. More would make a file too large to share."""


@dataclass(frozen=True)
class Held:
    """`whole` are the (layer, head) pairs whose maps are held; `kind` says which: "all", "layer" or "head"."""

    kind: str
    whole: tuple[tuple[int, int], ...]


def held(trace: Trace, part: str, layer: int, head: int) -> Held:
    """The maps that a page of this trace holds. Raises AttnWidgetError for a text that is too long for a page.

    >>> import attnwidget as aw
    >>> held(aw.load().trace("The cat sat."), "self", 1, 2).kind
    'all'
    """
    size = len(trace.tokens(part)[0])
    if size > LONGEST_PAGE:
        raise AttnWidgetError(
            f"This text has {size:,} tokens; a saved page holds at most {LONGEST_PAGE:,}. Save a shorter text, or the trace "
            "itself: ex.trace.save(path)."
        )
    counts = trace.heads(part)
    every = tuple((number, one) for number, count in enumerate(counts) for one in range(count))
    if len(every) * size**2 <= ALL:
        return Held("all", every)
    if counts[layer] * size**2 <= LAYER:
        return Held("layer", tuple(pair for pair in every if pair[0] == layer))
    return Held("head", ((layer, head),))
