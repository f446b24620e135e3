"""How far each head looks."""

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
def distance(trace: Trace, *, part: str | None = None, signed: Any = False) -> HeadScores:
    """Distance sum_j A |i - j| from query i to the keys it attends to, (layer head), in tokens: the mean over queries.

    `signed` takes i - j instead: positive for a head that looks back, negative for one that looks ahead. Weights that
    sum to less than 1 are used as they are. Padding queries do not count. A first token that acts as a sink makes
    distances large, and a sliding window bounds them. Layers without attention are NaN.

    Raises AttnWidgetError for an ambiguous part and for cross-attention, whose queries and keys are two sequences;
    NotNumbers for weights that are NaN.
    Source: Vig & Belinkov 2019 (W19-4808), section 4.2.

    >>> import torch
    >>> from attnwidget import Trace
    >>> trace = Trace.from_weights([torch.tensor([[[0.0, 1.0], [0.0, 1.0]]])], ["a", "b"])
    >>> float(distance(trace)[0, 0]), float(distance(trace, signed=True)[0, 0])
    (0.5, -0.5)
    """
    signed = truth_of("signed", signed)
    found = head_means(trace, part, {"distance": offset if signed else far})["distance"]
    what = "signed distance i - j, positive is back," if signed else "distance |i - j|"
    recipe = f"{what} in tokens, weighted by attention, mean over queries that are not padding"
    return HeadScores(found, recipe + said_setting(trace, part))


def far(portion: Portion) -> Float[Tensor, "head query"]:
    """Mean distance to the keys that each row attends to, in tokens."""
    return (portion.maps * _back(portion).abs()).sum(-1)


def offset(portion: Portion) -> Float[Tensor, "head query"]:
    """How many tokens back each row attends, on average; negative is ahead."""
    return (portion.maps * _back(portion)).sum(-1)


def _back(portion: Portion) -> Float[Tensor, "query key"]:
    return (portion.own[:, None] - torch.arange(portion.maps.shape[-1], device="cpu")).float()
