"""One query through all layers: for every layer, one vector over its keys, or over the queries that attend to it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from weakref import WeakKeyDictionary

import numpy as np
import torch
from jaxtyping import Float

from attnwidget.engine import Block, Trace, kept_whole, rows_together
from attnwidget.errors import BadRequest, NotNumbers
from attnwidget.frames.axes import Axes, axes_of
from attnwidget.frames.frame import Question, Selection
from attnwidget.frames.maps.shown_map import ShownMap, readers_of_units, received_by, shown_maps, sinks_of, units_seen
from attnwidget.frames.selection_checks import check_query
from attnwidget.frames.units import sides_of
from attnwidget.frames.words import strip_recipe
from attnwidget.measures.rows import read_rows, spread_rows
from attnwidget.shapes import TokenVector

SAMPLED = 64
"""The number of queries by which the sinks of a long text are found."""


@dataclass(frozen=True, eq=False)
class Strip:
    """`values` is NaN in layers without attention, or without that head; `sinks` are those of each layer.

    `query` counts the shown units, tokens or words, as does everything here.
    """

    values: Float[np.ndarray, "layer token"]
    sinks: tuple[tuple[int, ...], ...]
    recipe: str
    query: tuple[int, int]


@torch.no_grad()
def compose_strip(trace: Trace, question: Question, before: Trace | None = None) -> Strip:
    """The query's row (the mean over its span) or column (the sum), in every layer of a part.

    Each layer is that of a frame of it. The sinks of a long text are told by some of its rows, except where they are
    hidden; what is read by is not about them. With `before`, the same text without the trace's edits, the values are what
    the edits change. Raises BadRequest for a query, head or part that is not there, NotNumbers
    for weights that are NaN, and Cancelled.

    >>> from attnwidget import Trace
    >>> heads = torch.stack([torch.eye(2), torch.ones(2, 2) / 2])
    >>> compose_strip(Trace.from_weights([heads, heads[:1]], ["a", "b"]), Question((1, 2))).values.tolist()
    [[0.25, 0.75], [0.0, 1.0]]
    """
    axes = axes_of(trace, question.part)
    counts = trace.heads(question.part)
    _check(question, counts, axes)
    sides = sides_of(axes, words=question.words)
    query = sides.asked(question.direction).around(question.query)
    out = np.full((len(counts), len(sides.others(question.direction))), np.nan, np.float32)
    found: list[tuple[int, ...]] = [()] * len(counts)
    hidden = []
    for block in trace.part_blocks(question.part):
        if question.fusion == "single" and question.head >= block.heads:
            continue
        selection = question.of_layer(block.layer)
        shown, earlier = shown_maps(trace, before, selection, axes)
        vector = _vector(shown, query, question.direction, causal=block.causal)
        if earlier is not None:
            vector -= _vector(replace(shown, read=earlier), query, question.direction, causal=block.causal)
        out[block.layer] = vector.numpy()
        hidden.append(shown.hidden)
        if question.direction == "reads":
            found[block.layer] = _sinks(trace, block, selection, shown)
    sampled = not kept_whole(len(axes.queries)) and question.sinks == "show"
    resting = float(np.mean(hidden)) if hidden else 0.0
    recipe = strip_recipe(trace, question, sampled=sampled, hidden=resting, changes=before is not None)
    return Strip(out, tuple(found), recipe, query)


def _check(question: Question, counts: Sequence[int], axes: Axes) -> None:
    check_query(question.query, len(axes.asked(question.direction)))
    if question.fusion == "single" and not 0 <= question.head < max(counts):
        raise BadRequest(f"There is no head {question.head}: these layers have heads 0 to {max(counts) - 1}.")


def _vector(shown: ShownMap, query: tuple[int, int], direction: str, *, causal: bool) -> TokenVector:
    start, stop = query
    # In a causal text nothing earlier attends to the span.
    rows = (start, stop) if direction == "reads" else (start if causal else 0, len(shown.sides.queries))
    found = torch.zeros(len(shown.sides.others(direction)), dtype=torch.float32, device="cpu")
    for portion in torch.arange(*rows, device="cpu").split(rows_together(len(shown.sides.keys))):
        maps = shown.read(portion)
        if not bool(maps.isfinite().all()):
            raise NotNumbers
        if direction == "reads":
            found += maps.sum(0) / (stop - start)
        else:
            found[portion] = maps[:, start:stop].sum(-1)
    return found


_known: "WeakKeyDictionary[Trace, dict[Selection, tuple[int, ...]]]" = WeakKeyDictionary()


def _sinks(trace: Trace, block: Block, selection: Selection, shown: ShownMap) -> tuple[int, ...]:
    """Computed once per trace, as every move of the caret needs them."""
    if selection.sinks != "show":
        return shown.sinks
    known = _known.setdefault(trace, {})
    name = replace(selection, query=(0, 1), direction="reads")
    if name not in known:
        rows = read_rows(shown.sides.queries.tokens)
        if kept_whole(len(rows)):
            received, _ = received_by(shown, rows)
        else:
            received = _reckoned(trace, block, selection, shown)
        known[name] = sinks_of(trace, selection, shown.sides, received)
    return known[name]


def _reckoned(trace: Trace, block: Block, selection: Selection, shown: ShownMap) -> TokenVector:
    """The total that each key gets from the other queries, estimated from some rows of a long text."""
    rows = read_rows(shown.sides.queries.tokens)
    rows = rows[spread_rows(len(rows), SAMPLED)]
    received, _ = received_by(shown, rows)
    seen = units_seen((block,), shown.sides, rows)
    asked = seen.sum(0)
    if shown.sides.square:
        asked[rows] -= seen.gather(1, rows[:, None])[:, 0].long()
    return received * readers_of_units(trace, selection, shown.sides) / asked.clamp_min(1)
