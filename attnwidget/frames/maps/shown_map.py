"""The shown map: exact rows of the source, by words or without sinks if requested. Frames, tiles and strips use it."""

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from attnwidget.engine import Block, Trace, rows_together, visible
from attnwidget.errors import NotNumbers
from attnwidget.frames.axes import Axes, axes_of
from attnwidget.frames.frame import Selection
from attnwidget.frames.maps.readers import Reader, blocks_read, shares, token_rows
from attnwidget.frames.units import Sides, by_words, sides_of, tokens_in
from attnwidget.measures.heads.sinks import all_readers, sink_tokens, unmasked_readers
from attnwidget.measures.rows import read_rows
from attnwidget.shapes import AttentionMap, Indices, TokenVector


@dataclass(frozen=True, eq=False)
class ShownMap:
    """`read` returns rows by unit; `sinks` are the hidden keys, and `hidden` is their mean mass in a row."""

    read: Reader
    sides: Sides
    sinks: tuple[int, ...] = ()
    hidden: float = 0.0


def shown_map(trace: Trace, selection: Selection, axes: Axes) -> ShownMap:
    """The map that a selection looks at, rows on demand. Raises Cancelled as it reads."""
    whole = unhidden(trace, selection, axes)
    if selection.sinks == "show":
        return whole
    sinks, hidden = resting_in(trace, selection, whole)
    columns = torch.tensor(sinks, dtype=torch.long, device="cpu")

    def read(rows: Indices) -> AttentionMap:
        return without(whole.read(rows), columns, again=selection.sinks == "renormalise")

    return ShownMap(read, whole.sides, sinks, hidden)


def shown_maps(trace: Trace, before: Trace | None, selection: Selection, axes: Axes) -> tuple[ShownMap, Reader | None]:
    """The map that a selection looks at, and the rows of the same map before an edit, where there is one.

    Where sinks are hidden, both are without those of the map after it, so that a key is in both or in neither.
    """
    shown = shown_map(trace, selection, axes)
    if before is None:
        return shown, None
    whole = unhidden(before, selection, axes_of(before, selection.part))
    if selection.sinks == "show":
        return shown, whole.read
    columns = torch.tensor(shown.sinks, dtype=torch.long, device="cpu")
    return shown, lambda rows: without(whole.read(rows), columns, again=selection.sinks == "renormalise")


def unhidden(trace: Trace, selection: Selection, axes: Axes) -> ShownMap:
    """The map with its sinks."""
    sides = sides_of(axes, words=selection.words)
    queries, keys = sides.queries, sides.keys
    of_tokens = token_rows(trace, selection)
    if not selection.words:
        return ShownMap(of_tokens, sides)
    return ShownMap(lambda rows: by_words(of_tokens(tokens_in(queries, rows)), queries, keys, rows), sides)


def without(
    maps: Float[Tensor, "*stack query key"], columns: Indices, *, again: bool
) -> Float[Tensor, "*stack query key"]:
    """Maps without some keys; `again` divides the rest of each row by its sum.

    >>> without(torch.tensor([[0.5, 0.25, 0.25]]), torch.tensor([0]), again=True).tolist()
    [[0.0, 0.5, 0.5]]
    """
    left = maps.clone()
    left[..., columns] = 0.0
    return shares(left) if again else left


_known: "WeakKeyDictionary[Trace, dict[tuple[object, ...], tuple[tuple[int, ...], float]]]" = WeakKeyDictionary()


def resting_in(trace: Trace, selection: Selection, whole: ShownMap) -> tuple[tuple[int, ...], float]:
    """The sinks of a map and their mean mass in a row, from all its rows; once per trace and map."""
    known = _known.setdefault(trace, {})
    name = _name(selection)
    if name not in known:
        rows = read_rows(whole.sides.queries.tokens)
        received, mass = received_by(whole, rows)
        found = sinks_of(trace, selection, whole.sides, received)
        known[name] = found, float(mass[list(found)].sum()) / max(1, len(rows))
    return known[name]


def _name(selection: Selection) -> tuple[object, ...]:
    heads = {"head": selection.chosen, "layer": (selection.layer,), "rollout": ()}[selection.source]
    return selection.part, selection.source, tuple(heads), selection.fusion, selection.weight, selection.words


def received_by(whole: ShownMap, rows: Indices) -> tuple[TokenVector, TokenVector]:
    """The total that each key gets from the other queries, and from all queries."""
    mass, own = torch.zeros(2, len(whole.sides.keys), dtype=torch.float32, device="cpu").unbind()
    for portion in rows.split(rows_together(len(whole.sides.keys))):
        maps = whole.read(portion)
        if not bool(maps.sum(-1).isfinite().all()):
            raise NotNumbers
        mass += maps.sum(0)
        if whole.sides.square:
            own[portion] = maps.gather(1, portion[:, None])[:, 0]
    return mass - own, mass


def sinks_of(trace: Trace, selection: Selection, sides: Sides, received: TokenVector) -> tuple[int, ...]:
    """The keys that are sinks of a map, by what each gets from the other queries."""
    readers = readers_of_units(trace, selection, sides)
    return sink_tokens(received, sides.keys.tokens, readers, crossed=not sides.square)


def is_causal(trace: Trace, selection: Selection) -> bool:
    """Whether no query of the part attends to later keys."""
    return all(block.causal for block in trace.part_blocks(selection.part))


def readers_of_units(trace: Trace, selection: Selection, sides: Sides) -> Int[Tensor, " unit"]:
    """How many other queries can see each key, including windows and masks; 0 for padding.

    Rollout reaches through all layers, past any window.
    """
    queries, keys = sides.queries, sides.keys
    masked = [block for block in blocks_read(trace, selection) if block.mask is not None]
    if selection.source == "rollout" or not masked:
        if sides.square:
            return unmasked_readers(keys.tokens, causal=is_causal(trace, selection))
        return all_readers(queries.tokens, keys.tokens)
    real = read_rows(queries.tokens)
    found = torch.zeros(len(keys), dtype=torch.long, device="cpu")
    for rows in real.split(rows_together(keys.ranges[-1][1])):
        seen = units_seen(tuple(blocks_read(trace, selection)), sides, rows)
        found += seen.sum(0)
        if sides.square:
            found[rows] -= seen.gather(1, rows[:, None])[:, 0].long()
    return found * ~torch.tensor(keys.tokens.padding, dtype=torch.bool, device="cpu")


def units_seen(blocks: tuple[Block, ...], sides: Sides, rows: Indices) -> Bool[Tensor, "query key"]:
    """Which keys each of these can see in any of the blocks: from a word's last token to another word's first."""
    first = torch.tensor([start for start, _ in sides.keys.ranges], dtype=torch.long, device="cpu")
    last = torch.tensor([stop - 1 for _, stop in sides.queries.ranges], dtype=torch.long, device="cpu")[rows]
    return torch.stack([visible(block, last)[:, first] for block in blocks]).any(0)
