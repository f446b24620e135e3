"""Attention calls seen in a plain module -> blocks: the part and layer of each."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from attnwidget.engine.capture.attention_function import Call, Place
from attnwidget.engine.capture.blocks import block_of
from attnwidget.engine.capture.roles import Role
from attnwidget.engine.text.tokens import Tokens
from attnwidget.engine.trace.from_weights import masked
from attnwidget.engine.trace.records import Block
from attnwidget.errors import AttnWidgetError

LAYER_LISTS = {"layer", "layers", "block", "blocks", "h"}
"""Usual names of layer lists: their entries are never the heads of one layer."""


@dataclass(frozen=True, eq=False)
class Seen:
    """One attention call: with q and k as a `Call`, or its maps alone (batch head query key, or fewer axes).

    `crossed` is None if it is unknown whether the keys belong to another sequence.
    """

    place: tuple[Place, ...]
    call: Call | None = None
    maps: Tensor | None = None
    crossed: bool | None = None

    @property
    def shape(self) -> tuple[int, int, int]:
        """(head, query, key)."""
        if self.call is not None:
            return self.call.q.shape[1], self.call.q.shape[2], self.call.k.shape[2]
        assert self.maps is not None  # noqa: S101  for the type checker
        return self.maps.shape[:-2].numel(), self.maps.shape[-2], self.maps.shape[-1]

    @property
    def reads_another(self) -> bool:
        """Whether the keys belong to another sequence, as far as can be told."""
        return self.shape[1] != self.shape[2] or bool(self.crossed)


def seen_blocks(seen: Sequence[Seen], name: str) -> tuple[Block, ...]:
    """Blocks of everything that was seen, numbered from 0 within each part.

    Heads that were computed one by one within a layer are joined. A single list of layers is part "self", several keep
    the names that their author chose, and cross-attention is "cross". `name` is the model's. Raises AttnWidgetError if
    one layer attends several times and the sequences are unknown.
    """
    return masked([_block(group, part, layer) for part, layer, group in _numbered(seen, name)])


@dataclass(frozen=True)
class SeenPlace:
    """Where an attention call belongs: its layer has `heads`, of which the call computes those from `first` on.

    `alone` says that it computes one of several.
    """

    part: str
    layer: int
    heads: int
    first: int
    alone: bool


def seen_places(seen: Sequence[Seen], name: str) -> tuple[SeenPlace, ...]:
    """The place of every call, in their order. Raises as `seen_blocks`."""
    found: dict[int, SeenPlace] = {}
    for part, layer, group in _numbered(seen, name):
        heads = sum(one.shape[0] for one in group)
        for first, one in enumerate(group):
            found[id(one)] = SeenPlace(part, layer, heads, first, alone=len(group) > 1)
    return tuple(found[id(one)] for one in seen)


def _numbered(seen: Sequence[Seen], name: str) -> list[tuple[str, int, list[Seen]]]:
    """(part, layer, its calls) of every layer."""
    layers: dict[Any, list[Seen]] = {}
    for order, one in enumerate(seen):
        layers.setdefault((_layer(one) or order, one.reads_another), []).append(one)
    groups = [part for group in layers.values() for part in _whole_layers(group, name)]
    stacks = _stacks([_layer(group[0]) for group in groups])
    names = _names([stack for stack, group in zip(stacks, groups, strict=True) if not group[0].reads_another])
    counts: dict[str, int] = {}
    found: list[tuple[str, int, list[Seen]]] = []
    for stack, group in zip(stacks, groups, strict=True):
        part = "cross" if group[0].reads_another else names[stack]
        found.append((part, counts.get(part, 0), group))
        counts[part] = found[-1][1] + 1
    return found


def seen_sequences(
    blocks: Sequence[Block], text: Tokens | None, name: str
) -> tuple[Tokens, dict[str, tuple[Tokens, Tokens]]]:
    """The tokens of the text, and the (query, key) tokens of every part; plain positions if no text has their length.

    Raises AttnWidgetError for a part whose layers attend over sequences of different lengths.
    """
    sizes = {block.part: block.shape[1:] for block in blocks}
    if any(block.shape[1:] != sizes[block.part] for block in blocks):
        raise AttnWidgetError(
            f"{name} attends over maps of different sizes, so its layers share no axes. Windowed and pooled attention "
            "of plain modules cannot be shown."
        )
    found: dict[str, tuple[Tokens, Tokens]] = {}
    for part, (queries, _) in sizes.items():
        if part != "cross":
            own = _fitting([text], queries)
            found[part] = own, own
    if "cross" in sizes:
        queries, keys = sizes["cross"]
        asking = [own for part, (own, _) in found.items() if part != "encoder"]
        read = [own for part, (own, _) in found.items() if part == "encoder"]
        found["cross"] = _fitting(asking, queries), _fitting([*read, text], keys)
    return text or found[blocks[0].part][0], found


def _fitting(known: Iterable[Tokens | None], count: int) -> Tokens:
    return next((text for text in known if text is not None and len(text) == count), None) or Tokens.frames(count)


def _layer(one: Seen) -> tuple[Place, ...]:
    """The place of the layer: a single head in a list of heads belongs to the layer around the list."""
    if _is_head(one) and len(one.place) > 1 and one.place[-1].path.split(".")[-1] not in LAYER_LISTS:
        return one.place[:-1]
    return one.place


def _is_head(one: Seen) -> bool:
    # torch's MultiheadAttention, which says what it crosses, is a layer even with one head.
    return one.shape[0] == 1 and one.crossed is None


def _whole_layers(group: list[Seen], name: str) -> list[list[Seen]]:
    if len(group) == 1 or all(one.crossed is not None for one in group):
        return [[one] for one in group]
    if all(_is_head(one) for one in group) and len({_terms(one) for one in group}) == 1:
        return [group]
    raise AttnWidgetError(
        f"{name} attends {len(group)} times within one layer ({group[0].place[0].path or 'its outermost list'}), and "
        "the sequences that it attends to are unknown. Pass weights to Trace.from_weights, with each kind as a part."
    )


def _terms(one: Seen) -> Any:
    if one.call is None:
        return one.shape
    mask = one.call.mask
    return one.call.q.shape, one.call.k.shape, one.call.scale, one.call.causal, mask is None or mask.dtype


def _stacks(places: Sequence[tuple[Place, ...]]) -> list[str]:
    """The list of layers that each place is in: the outermost list where several entries attend, else its own."""
    entries: dict[str, set[int]] = {}
    for place in places:
        for step in place:
            entries.setdefault(step.path, set()).add(step.index)
    return [
        next((step.path for step in place if len(entries[step.path]) > 1), place[-1].path if place else "")
        for place in places
    ]


def _names(stacks: Sequence[str]) -> dict[str, str]:
    """Stack -> what its part is called.

    >>> _names(["encoder.layers", "decoder.layers"]), _names(["blocks"]), _names(["net.down", "net.up"])
    ({'encoder.layers': 'encoder', 'decoder.layers': 'decoder'}, {'blocks': 'self'}, {'net.down': 'down', 'net.up': 'up'})
    """
    paths = list(dict.fromkeys(stacks))
    if len(paths) < 2:
        return dict.fromkeys(paths, "self")
    cut = [path.split(".") for path in paths]
    sides = [match[0] if (match := re.search("encoder|decoder", path)) else "" for path in paths]
    first = [next((step for step in steps if any(step not in other for other in cut)), "") for steps in cut]
    # "cross" is the name of cross-attention.
    for names in (sides, first):
        if len(set(names)) == len(paths) and not {"", "cross"} & set(names):
            return dict(zip(paths, names, strict=True))
    return {path: path if path not in {"", "cross"} else f"self {path}".strip() for path in paths}


def _block(group: list[Seen], part: str, layer: int) -> Block:
    calls = [one.call for one in group if one.call is not None]
    if calls:
        return block_of(calls[0] if len(calls) == 1 else _joined(calls), Role(part, layer, 0))
    maps = torch.cat([_stack(one.maps) for one in group if one.maps is not None])
    return Block(part, layer, "", len(maps), len(maps), dense=maps)


def _joined(calls: list[Call]) -> Call:
    """Single heads joined into one call."""
    first = calls[0]
    size = (first.q.shape[2], first.k.shape[2])
    masks = [call.mask.expand(1, 1, *size) for call in calls if call.mask is not None]
    q, k, v = (torch.cat([getattr(call, name) for call in calls], 1) for name in "qkv")
    return replace(first, q=q, k=k, v=v, mask=torch.cat(masks, 1) if masks else None)


def _stack(maps: Tensor) -> Tensor:
    return maps.reshape(-1, *maps.shape[-2:]).detach().float().cpu()
