"""How widely each head spreads its attention."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from attnwidget.arguments import truth_of
from attnwidget.engine import Trace
from attnwidget.measures.given_trace import said_setting
from attnwidget.measures.measure import measure
from attnwidget.measures.portions import Portion, head_means
from attnwidget.measures.results import HeadScores


@measure
def entropy(trace: Trace, *, part: str | None = None, normalised: Any = False) -> HeadScores:
    """Shannon entropy -sum_j A log A of every head's rows, (layer head), unsmoothed: the mean over queries.

    In nats: 0 for a head that attends to one key, log n for one that attends to n keys equally. `normalised` divides
    each row by the log of the number of visible keys, so that 1 is uniform and texts of different lengths are
    comparable; rows with a single visible key are left out. Padding queries do not count. Layers without attention are
    NaN.

    With attention sinks outside the text, weights sum to less than 1 and are used as they are. For given weights, masks
    are inferred from zeros (see `Trace.from_weights`): causality and sliding windows are recognised; other masks, for
    example chunks, are not, and the keys that they hide count as visible. Raises AttnWidgetError for an ambiguous part;
    NotNumbers for weights that are NaN.
    Source: Clark et al. 2019 (W19-4828), without their smoothing.

    >>> import torch
    >>> from attnwidget import Trace
    >>> uniform = Trace.from_weights([torch.full((1, 4, 4), 0.25)], ["a", "b", "c", "d"])
    >>> round(float(entropy(uniform)[0, 0]), 4)                # log 4
    1.3863
    >>> round(float(entropy(uniform, normalised=True)[0, 0]), 4)
    1.0
    """
    normalised = truth_of("normalised", normalised)
    statistic = normalised_entropy if normalised else plain_entropy
    unit = "as a share of the log of the number of visible keys" if normalised else "in nats"
    found = head_means(trace, part, {"entropy": statistic})["entropy"]
    recipe = f"entropy {unit}, unsmoothed, mean over queries that are not padding"
    return HeadScores(found, recipe + said_setting(trace, part))


def plain_entropy(portion: Portion) -> Float[Tensor, "head query"]:
    """Entropy of every row, in nats."""
    return row_entropy(portion.maps)


def normalised_entropy(portion: Portion) -> Float[Tensor, "head query"]:
    """Entropy of every row as a share of the largest it could have; NaN for a row with a single key."""
    most = portion.visible.sum(-1).float().log()
    return row_entropy(portion.maps) / torch.where(most > 0, most, torch.nan)


def row_entropy(maps: Float[Tensor, "*stack query key"]) -> Float[Tensor, "*stack query"]:
    """Entropy in nats of every row of a map, or of a stack of maps.

    >>> row_entropy(torch.eye(2)).tolist()
    [0.0, 0.0]
    """
    return entropy_terms(maps).sum(-1) + 0.0


def entropy_terms(maps: Float[Tensor, "*stack query key"]) -> Float[Tensor, "*stack query key"]:
    """-A log A of every weight, 0 for 0: what an entropy is the sum of."""
    # torch.special.entr says the same, one number at a time.
    return maps.clamp_min(torch.finfo(maps.dtype).tiny).log_().mul_(maps).neg_()
