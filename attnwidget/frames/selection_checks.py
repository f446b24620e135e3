"""Whether a trace has what a selection names."""

from attnwidget.engine import Trace
from attnwidget.errors import BadRequest
from attnwidget.frames.axes import Axes
from attnwidget.frames.frame import MOST_HEADS, Selection


def check_selection(trace: Trace, selection: Selection, axes: Axes) -> None:
    """Raise BadRequest for a layer, head or query that the trace does not have."""
    counts = trace.heads(selection.part)
    for layer, head in ((selection.layer, selection.head), *selection.heads):
        _check_head(counts, layer, head)
    if len(selection.heads) > MOST_HEADS:
        raise BadRequest(f"{len(selection.heads)} heads are too many to show together. Choose at most {MOST_HEADS}.")
    check_query(selection.query, len(axes.asked(selection.direction)))


def check_query(query: tuple[int, int], size: int) -> None:
    """Raise BadRequest for a span outside a text of this many tokens."""
    start, stop = query
    if not 0 <= start < stop <= size:
        raise BadRequest(f"There are no tokens {start} to {stop}: the text has {size}.")


def _check_head(counts: tuple[int, ...], layer: int, head: int) -> None:
    if not 0 <= layer < len(counts):
        raise BadRequest(f"There is no layer {layer}: this part has layers 0 to {len(counts) - 1}.")
    if counts[layer] == 0:
        raise BadRequest(f"Layer {layer} has no attention.")
    if not 0 <= head < counts[layer]:
        raise BadRequest(f"There is no head {head}: layer {layer} has heads 0 to {counts[layer] - 1}.")
