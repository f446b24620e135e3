"""How confident each head is in its choice."""

from jaxtyping import Float
from torch import Tensor

from attnwidget.engine import Trace
from attnwidget.measures.given_trace import said_setting
from attnwidget.measures.measure import measure
from attnwidget.measures.portions import Portion, head_means
from attnwidget.measures.results import HeadScores


@measure
def confidence(trace: Trace, *, part: str | None = None) -> HeadScores:
    """Largest weight max_j A of every head's rows, (layer head), a share from 0 to 1: the mean over queries.

    1 for a head that always attends to a single key. All tokens count, special ones too: the paper leaves the end token
    out. Padding queries do not count. Layers without attention are NaN. Raises AttnWidgetError for an ambiguous part;
    NotNumbers for weights that are NaN.
    Source: Voita et al. 2019 (P19-1580), section 4.

    >>> import torch
    >>> from attnwidget import Trace
    >>> trace = Trace.from_weights([torch.tensor([[[1.0, 0.0], [0.25, 0.75]]])], ["a", "b"])
    >>> float(confidence(trace)[0, 0])
    0.875
    """
    found = head_means(trace, part, {"confidence": largest})["confidence"]
    recipe = "confidence: largest weight of a row, all tokens, mean over queries that are not padding"
    return HeadScores(found, recipe + said_setting(trace, part))


def largest(portion: Portion) -> Float[Tensor, "head query"]:
    """The largest weight of every row."""
    return portion.maps.amax(-1)
