"""The map on show: exact rows of the source, by words where asked, without sinks where asked. Frames, tiles and strips read it."""

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from attnwidget.engine.recompute import TILE, visible
from attnwidget.engine.tokens import Tokens
from attnwidget.engine.trace import Block, Trace
from attnwidget.errors import NotNumbers
from attnwidget.frames.frame import Selection
from attnwidget.frames.readers import Reader, Stopped, blocks_read, never, shares, token_rows
from attnwidget.frames.units import Units, by_words, token_units, tokens_of, word_units
from attnwidget.measures.rows import read_rows
from attnwidget.measures.sinks import sink_tokens, unmasked_readers
from attnwidget.shapes import HeadMap, Indices, TokenVector


@dataclass(frozen=True, eq=False)
class ShownMap:
    """`read` gives rows by unit; `sinks` are the units that are hidden, and `hidden` is their mean mass of a row."""

    read: Reader
    units: Units
    sinks: tuple[int, ...] = ()
    hidden: float = 0.0


def shown_map(trace: Trace, selection: Selection, text: Tokens, cancelled: Stopped = never) -> ShownMap:
    """The map that a selection looks at, rows on demand. Raises Cancelled as it reads, when `cancelled()` says so."""
    whole = unhidden(trace, selection, text, cancelled)
    if selection.sinks == "show":
        return whole
    sinks, hidden = resting_in(trace, selection, whole, text)
    columns = torch.tensor(sinks, dtype=torch.long, device="cpu")

    def read(rows: Indices) -> HeadMap:
        return without(whole.read(rows), columns, again=selection.sinks == "renormalise")

    return ShownMap(read, whole.units, sinks, hidden)


def units_shown(selection: Selection, text: Tokens) -> Units:
    """What the rows and columns of a selection's map stand for."""
    return word_units(text) if selection.words else token_units(text)


def unhidden(trace: Trace, selection: Selection, text: Tokens, cancelled: Stopped = never) -> ShownMap:
    """The map with its sinks."""
    units = units_shown(selection, text)
    of_tokens = token_rows(trace, selection, cancelled)
    if not selection.words:
        return ShownMap(of_tokens, units)
    return ShownMap(lambda rows: by_words(of_tokens(tokens_of(units, rows)), units, units, rows), units)


def without(
    maps: Float[Tensor, "*stack query key"], columns: Indices, *, again: bool
) -> Float[Tensor, "*stack query key"]:
    """Maps without some keys; `again` divides what is left of a row by its sum.

    >>> without(torch.tensor([[0.5, 0.25, 0.25]]), torch.tensor([0]), again=True).tolist()
    [[0.0, 0.5, 0.5]]
    """
    left = maps.clone()
    left[..., columns] = 0.0
    return shares(left) if again else left


_known: "WeakKeyDictionary[Trace, dict[tuple[object, ...], tuple[tuple[int, ...], float]]]" = WeakKeyDictionary()


def resting_in(trace: Trace, selection: Selection, whole: ShownMap, text: Tokens) -> tuple[tuple[int, ...], float]:
    """The sinks of a map and their mean mass of a row, told by all its rows; once per trace and map."""
    known = _known.setdefault(trace, {})
    name = _name(selection)
    if name not in known:
        rows = read_rows(whole.units.tokens)
        received, mass = received_by(whole, rows)
        found = sinks_of(trace, selection, whole.units, text, received)
        known[name] = found, float(mass[list(found)].sum()) / max(1, len(rows))
    return known[name]


def _name(selection: Selection) -> tuple[object, ...]:
    heads = {"head": selection.chosen, "layer": (selection.layer,), "rollout": ()}[selection.source]
    return selection.part, selection.source, tuple(heads), selection.fusion, selection.weight, selection.words


def received_by(whole: ShownMap, rows: Indices) -> tuple[TokenVector, TokenVector]:
    """What each unit gets from the other queries in all, and what it gets with its own."""
    mass = torch.zeros(len(whole.units), device="cpu")
    own = torch.zeros(len(whole.units), device="cpu")
    for portion in rows.split(max(1, TILE // len(whole.units.tokens))):
        maps = whole.read(portion)
        if not bool(maps.sum(-1).isfinite().all()):
            raise NotNumbers
        mass += maps.sum(0)
        own[portion] = maps.gather(1, portion[:, None])[:, 0]
    return mass - own, mass


def sinks_of(trace: Trace, selection: Selection, units: Units, text: Tokens, received: TokenVector) -> tuple[int, ...]:
    """The units that are sinks of a map, by what each gets from the other queries."""
    causal = is_causal(trace, selection)
    readers = readers_of_units(trace, selection, units, text)
    return sink_tokens(received, units.tokens, causal=causal, readers=readers)


def is_causal(trace: Trace, selection: Selection) -> bool:
    """Whether nothing of the part reads what comes later."""
    return all(block.causal for block in trace.part_blocks(selection.part))


def readers_of_units(trace: Trace, selection: Selection, units: Units, text: Tokens) -> Int[Tensor, " unit"]:
    """How many other queries can see each unit, windows and masks included; 0 for padding.

    Rollout reaches through all layers, past any window.
    """
    masked = [block for block in blocks_read(trace, selection) if block.mask is not None]
    if selection.source == "rollout" or not masked:
        return unmasked_readers(units.tokens, causal=is_causal(trace, selection))
    real = read_rows(units.tokens)
    found = torch.zeros(len(units), dtype=torch.long, device="cpu")
    for rows in real.split(max(1, TILE // len(text))):
        seen = units_seen(tuple(blocks_read(trace, selection)), units, rows)
        found[real] += seen.sum(0)[real]
        found[rows] -= seen.gather(1, rows[:, None])[:, 0].long()
    return found


def units_seen(blocks: tuple[Block, ...], units: Units, rows: Indices) -> Bool[Tensor, "query key"]:
    """Which units each of these may read in any of the blocks: a word's last token, and the first one of another word."""
    first = torch.tensor([start for start, _ in units.ranges], device="cpu")
    last = torch.tensor([stop - 1 for _, stop in units.ranges], device="cpu")[rows]
    return torch.stack([visible(block, last)[:, first] for block in blocks]).any(0)
