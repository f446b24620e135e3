"""How much of each head's attention lies on a few keys."""

from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from attnwidget.arguments import whole_from_one
from attnwidget.engine import Trace
from attnwidget.measures.given_trace import said_setting
from attnwidget.measures.measure import measure
from attnwidget.measures.portions import Portion, Statistic, head_means
from attnwidget.measures.results import HeadScores


@measure
def concentration(trace: Trace, *, part: str | None = None, count: Any = 5) -> HeadScores:
    """Mass on the `count` largest weights of every head's rows, (layer head), a share from 0 to 1: mean over queries.

    A row with fewer keys gives its sum: 1, or less if the model has sinks outside the text. The first rows of a causal
    text are therefore always concentrated. Padding queries do not count. Layers without attention are NaN. Raises
    AttnWidgetError for an ambiguous part and for a count that is not a positive integer; NotNumbers for weights that
    are NaN.
    Source: the sum of the `count` largest weights of a row; this statistic is ours, not from a paper.

    >>> import torch
    >>> from attnwidget import Trace
    >>> trace = Trace.from_weights([torch.full((1, 4, 4), 0.25)], ["a", "b", "c", "d"])
    >>> float(concentration(trace, count=3)[0, 0])
    0.75
    """
    number = whole_from_one("count", count)
    found = head_means(trace, part, {"concentration": of_largest(number)})["concentration"]
    recipe = f"mass on the {number} largest weights of a row, mean over queries that are not padding"
    return HeadScores(found, recipe + said_setting(trace, part))


def of_largest(count: int) -> Statistic:
    """The statistic: mass on the given number of largest weights of every row."""

    def mass(portion: Portion) -> Float[Tensor, "head query"]:
        rest = max(0, portion.maps.shape[-1] - count)
        if not rest:
            return portion.maps.sum(-1)
        # torch.topk says the same, in several times the time.
        parted = np.partition(portion.maps.numpy(), rest, axis=-1)
        return torch.from_numpy(parted[..., rest:]).sum(-1)

    return mass
