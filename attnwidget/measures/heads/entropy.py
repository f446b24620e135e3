"""How widely each head spreads its attention."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from attnwidget.arguments import truth_of
from attnwidget.engine import Trace
from attnwidget.measures.given_trace import said_part
from attnwidget.measures.measure import measure
from attnwidget.measures.portions import Portion, head_means
from attnwidget.measures.results import HeadScores


@measure
def entropy(trace: Trace, *, part: str | None = None, normalised: Any = False) -> HeadScores:
    """Shannon entropy -sum_j A log A of every head's rows, (layer head), unsmoothed: the mean over queries.

    In nats: 0 for a head that reads one key, log n for one that reads n keys alike. `normalised` divides each row by
    the log of how many keys it may read, so that 1 is uniform and texts of different lengths compare; rows with one
    key to read are left out. Queries that are padding do not count. Layers without attention are NaN. Weights of a
    model with attention sinks outside the text sum to less than 1 and are taken as they are. Of weights
    that were given the zeros tell what may be read (see `Trace.from_weights`): causality and sliding windows are seen,
    other masks, such as chunks, are not, and what they hide counts as readable. Raises AttnWidgetError for an ambiguous
    part, and NotNumbers for weights that are NaN.
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
    unit = "as a share of the log of the keys that may be read" if normalised else "in nats"
    found = head_means(trace, part, {"entropy": statistic})["entropy"]
    recipe = f"entropy {unit}, unsmoothed, mean over queries that are not padding"
    return HeadScores(found, recipe + said_part(trace, part))


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
