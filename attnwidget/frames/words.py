"""The words beside a map: its title, its recipe and the caution that fits it."""

from typing import TYPE_CHECKING

from attnwidget.engine.trace import Trace
from attnwidget.frames.frame import Selection

if TYPE_CHECKING:
    from attnwidget.frames.strip import Question

CAUTIONS = {
    "head": "Attention says where this head looks, not what the output rests on: equal weights can carry very "
    "different values.",
    "layer": "A mean hides heads: heads that each read one word look, on average, like one head that reads them all.",
    "rollout": "Rollout leaves out values and MLPs. In a model that reads from left to right it drifts to the first "
    "token whatever the text says.",
}
EAGER = "the model's own eager maps"


def title(trace: Trace, selection: Selection) -> str:
    """What is shown, in a few words; of a part that is not all of the model, which one.

    >>> from attnwidget import Trace
    >>> import torch
    >>> title(Trace.from_weights([torch.eye(2)[None]], ["a", "b"]), Selection(layer=0, head=0))
    'Layer 0 · Head 0'
    """
    layer = "layer" if selection.part == "self" else f"{selection.part} layer"
    if selection.source == "rollout":
        return f"Rollout · {layer}s 0 to {trace.layers(selection.part) - 1}"
    if selection.source == "layer":
        heads = trace.block(selection.layer, selection.part).heads
        return f"{layer.capitalize()} {selection.layer} · mean of {heads} heads"
    return f"{layer.capitalize()} {selection.layer} · Head {selection.head}"


def recipe(trace: Trace, selection: Selection, sums: tuple[float, float], pooling: int, measured: str = "") -> str:
    """How the numbers were made, as a figure's caption says it.

    `sums` are the least and the largest row sum, `measured` is the recipe of the measure that made the map.
    """
    made = _read(trace, selection) if selection.source != "rollout" else _rolled_out(trace, selection, measured)
    low, high = (f"{total:.3f}" for total in sums)
    rows = f"rows sum to {low}" if low == high else f"rows sum to {low} to {high}"
    pooled = "" if pooling == 1 else f" · a cell is the maximum over {pooling} x {pooling} tokens"
    return f"{made} · {rows}{pooled}"


def _read(trace: Trace, selection: Selection) -> str:
    one = selection.source == "head"
    if trace.path == "eager":
        return f"{EAGER}, {'one head' if one else 'mean of the heads'}, no renormalisation"
    heads = " of one head" if one else ", mean of the layer's heads"
    return f"softmax weights{heads}, fp32, no renormalisation"


def strip_recipe(trace: Trace, question: "Question", *, sampled: bool) -> str:
    """How the numbers of one query through all layers were made; `sampled` when its sinks were told by some rows."""
    made = EAGER if trace.path == "eager" else "softmax weights, fp32"
    heads = {"mean": "mean of the heads", "max": "largest of the heads", "single": f"head {question.head}"}[
        question.fusion
    ]
    tokens = question.query[1] - question.query[0]
    reads = question.direction == "reads"
    span = "" if tokens == 1 else f" · {'mean over' if reads else 'sum over'} {tokens} tokens"
    reckoned = " · sinks by 64 sampled queries" if sampled and reads else ""
    return f"{made}, {heads} in each layer, no renormalisation{span}{reckoned}"


def _rolled_out(trace: Trace, selection: Selection, measured: str) -> str:
    maps = f", from {EAGER}" if trace.path == "eager" else ""
    gaps = ", layers without attention left out" if 0 in trace.heads(selection.part) else ""
    return f"{measured}{maps}{gaps}"


def caution(selection: Selection) -> str:
    """The sentence to keep in mind with this kind of map."""
    return CAUTIONS[selection.source]
