"""The words beside a map: its title, its recipe and the caution that fits it."""

from attnwidget.engine.trace import Trace
from attnwidget.frames.frame import Selection

CAUTIONS = {
    "head": "Attention says where this head looks, not what the output rests on: equal weights can carry very "
    "different values.",
    "layer": "A mean hides heads: heads that each read one word look, on average, like one head that reads them all.",
    "rollout": "Rollout leaves out values and MLPs. In a model that reads from left to right it drifts to the first "
    "token whatever the text says.",
}


def title(trace: Trace, selection: Selection) -> str:
    """What is shown, in three words.

    >>> from attnwidget import Trace
    >>> import torch
    >>> title(Trace.from_weights([torch.eye(2)[None]], ["a", "b"]), Selection(layer=0, head=0))
    'Layer 0 · Head 0'
    """
    blocks = trace.part_blocks(selection.part)
    if selection.source == "rollout":
        return f"Rollout · layers 0 to {len(blocks) - 1}"
    if selection.source == "layer":
        return f"Layer {selection.layer} · mean of {blocks[selection.layer].heads} heads"
    return f"Layer {selection.layer} · Head {selection.head}"


def recipe(selection: Selection, sums: tuple[float, float], pooling: int, text_recipe: str = "") -> str:
    """How the numbers were made, as a figure's caption says it. `sums` are the least and the largest row sum."""
    made = {
        "head": "softmax weights of one head, fp32, no renormalisation",
        "layer": "softmax weights, mean of the layer's heads, fp32, no renormalisation",
        "rollout": text_recipe,
    }[selection.source]
    low, high = (f"{total:.3f}" for total in sums)
    rows = f"rows sum to {low}" if low == high else f"rows sum to {low} to {high}"
    pooled = "" if pooling == 1 else f" · a cell is the maximum over {pooling} x {pooling} tokens"
    return f"{made} · {rows}{pooled}"


def caution(selection: Selection) -> str:
    """The sentence to keep in mind with this kind of map."""
    return CAUTIONS[selection.source]
