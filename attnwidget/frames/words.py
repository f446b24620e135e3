"""The words for a map: its title, its recipe, and the caution that fits it."""

from attnwidget.engine import Trace
from attnwidget.frames.frame import Question, Selection

CAUTIONS = {
    "head": "Attention shows where this head looks, not what the output depends on: equal weights can carry very "
    "different values.",
    "heads": "A mean of heads looks like one head that attends to everything that any of them does; heads of different "
    "layers see different vectors for the same words.",
    "max": (
        "The largest weight of several heads for each pair: no single head needs to look like this, and rows need not "
        "sum to 1."
    ),
    "layer": (
        "A mean hides individual heads: heads that each attend to one word look, on average, like one head that "
        "attends to all of them."
    ),
    "rollout": "Rollout ignores values and MLPs. In a causal model it drifts to the first token, whatever the text.",
}
EAGER = "the model's own eager maps"
BEHIND = " · softmax over all positions, those of padding behind the sound are not shown"


HEADS_IN_TITLE = 6
"""The most heads that a title names; for more it gives their number."""


def title(trace: Trace, selection: Selection, *, changes: bool = False) -> str:
    """What is shown, in a few words; includes the part if the model has several, and whether it is what edits change.

    >>> from attnwidget import Trace
    >>> import torch
    >>> trace = Trace.from_weights([torch.eye(2).expand(3, 2, 2)], ["a", "b"])
    >>> title(trace, Selection(layer=0, head=0)), title(trace, Selection(heads=((0, 0), (0, 2))))
    ('Layer 0 · Head 0', 'Mean of L0H0, L0H2')
    """
    shown = _title(trace, selection)
    return f"{shown} · after − before" if changes else shown


def _title(trace: Trace, selection: Selection) -> str:
    layer = "layer" if selection.part == "self" else f"{selection.part} layer"
    if selection.source == "rollout":
        return f"Rollout · {layer}s 0 to {trace.layers(selection.part) - 1}"
    if selection.source == "layer":
        heads = trace.block(selection.layer, selection.part).heads
        return f"{layer.capitalize()} {selection.layer} · {selection.fusion} of {heads} heads"
    if len(selection.chosen) > 1:
        names = [f"L{number}H{head}" for number, head in selection.chosen]
        listed = ", ".join(names) if len(names) <= HEADS_IN_TITLE else f"{len(names)} heads"
        of = "" if selection.part == "self" else f"{selection.part.capitalize()} · "
        return f"{of}{selection.fusion.capitalize() if not of else selection.fusion} of {listed}"
    return f"{layer.capitalize()} {selection.layer} · Head {selection.head}"


def recipe(
    trace: Trace,
    selection: Selection,
    sums: tuple[float, float],
    pooling: int,
    measured: str = "",
    hidden: float = 0.0,
    *,
    changes: bool = False,
) -> str:
    """How the numbers were computed, as in a figure's caption; `changes` if they are what the trace's edits change.

    `sums` are the smallest and the largest row sum, `measured` is the recipe of the measure behind the map, `hidden` is
    the mean weight of a row on the hidden sinks.
    """
    made = _read(trace, selection) if selection.source != "rollout" else _rolled_out(trace, selection, measured)
    low, high = (f"{total:.3f}" for total in sums)
    rows = f"rows sum to {low}" if low == high else f"rows sum to {low} to {high}"
    largest = "largest change in size" if changes else "maximum"
    pooled = "" if pooling == 1 else f" · a cell is the {largest} over {pooling} x {pooling} {_things(selection)}"
    edits = with_edits(trace, changes=changes)
    if trace.whole is not None and trace.tokens(selection.part)[1].sounded:
        pooled += BEHIND
    if selection.source == "rollout":  # whose own recipe has said them
        edits = " · minus the same without edits" if changes else ""
    return f"{made}{_changes(selection, hidden)}{edits}{'' if changes else f' · {rows}'}{pooled}"


def with_edits(trace: Trace, *, changes: bool = False) -> str:
    """What was changed in the computation, for the end of a recipe; nothing where nothing was.

    >>> from attnwidget import load
    >>> with_edits(load().trace("The cat sat.", edits="hide 1")), with_edits(load().trace("The cat sat."), changes=True)
    (' · with hide 1', '')
    """
    said = "; ".join(map(str, trace.edits))
    return said and (f" · with {said}, minus without" if changes else f" · with {said}")


def _things(selection: "Selection | Question") -> str:
    return "words" if selection.words else "tokens"


def _read(trace: Trace, selection: Selection) -> str:
    number = len(selection.chosen)
    fused = "mean" if selection.fusion == "mean" else "largest"
    one = selection.source == "head" and number == 1
    several = f"{number} heads" if selection.source == "head" else "the heads"
    if trace.path == "eager":
        return f"{EAGER}, {'one head' if one else f'{fused} of {several}'}, {_rows(selection)}"
    of_layer = f", {fused} of the layer's heads"
    heads = " of one head" if one else f", {fused} of {several}" if selection.source == "head" else of_layer
    return f"softmax weights{_weighted(selection)}{heads}, fp32, {_rows(selection)}"


def _weighted(selection: "Selection | Question") -> str:
    return " x value norms ||W_O v||" if selection.weight == "norm" else ""


def _rows(selection: "Selection | Question") -> str:
    """What was done to the rows of the source before any sink is hidden."""
    return "each row divided by its sum" if selection.weight == "norm" else "no renormalisation"


def _changes(selection: "Selection | Question", hidden: float) -> str:
    """What was done to the source, in order."""
    words = " · words: sum over their keys, mean over their queries" if selection.words else ""
    if selection.sinks == "show":
        return words
    if hidden == 0:
        return f"{words} · no sinks to hide"
    left = ", the rest of each row divided by its sum" if selection.sinks == "renormalise" else ""
    return f"{words} · sinks hidden, {hidden:.3f} of a row on average{left}"


def strip_recipe(trace: Trace, question: Question, *, sampled: bool, hidden: float = 0.0, changes: bool = False) -> str:
    """How one query's numbers through all layers were computed; `sampled` if its sinks come from some rows only."""
    made = EAGER if trace.path == "eager" else f"softmax weights{_weighted(question)}, fp32"
    heads = {"mean": "mean of the heads", "max": "largest of the heads", "single": f"head {question.head}"}[
        question.fusion
    ]
    tokens = question.query[1] - question.query[0]
    reads = question.direction == "reads"
    span = "" if tokens == 1 else f" · {'mean over' if reads else 'sum over'} {tokens} tokens"
    reckoned = " · sinks by 64 sampled queries" if sampled and reads else ""
    return f"{made}, {heads} in each layer, {_rows(question)}{_changes(question, hidden)}{with_edits(trace, changes=changes)}{span}{reckoned}"


def _rolled_out(trace: Trace, selection: Selection, measured: str) -> str:
    maps = f", from {EAGER}" if trace.path == "eager" else ""
    gaps = ", layers without attention left out" if 0 in trace.heads(selection.part) else ""
    norms = ", from attention alone: norms of values are not included" if selection.weight == "norm" else ""
    return f"{measured}{maps}{gaps}{norms}"


def caution(selection: Selection) -> str:
    """The sentence to keep in mind with this kind of map."""
    several = selection.source == "head" and len(selection.chosen) > 1
    if selection.fusion == "max" and (several or selection.source == "layer"):
        return CAUTIONS["max"]
    return CAUTIONS["heads" if several else selection.source]
