"""Trace and Block: references to what attention was computed from, and the facts needed to compute it again."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from attnwidget.engine import given, recompute
from attnwidget.engine.recompute import Rows
from attnwidget.engine.tokens import Tokens
from attnwidget.errors import AttnWidgetError
from attnwidget.shapes import HeadMap, LayerMaps, Logits

WHOLE_BELOW = 192
"""Tokens. Up to here all maps of a layer are kept once computed: they are smaller than q, k and v (3 x head width)."""


@dataclass(frozen=True, repr=False, eq=False)
class Block:
    """One attention layer of one forward pass.

    `q` is (batch head query dim), `k` and `v` are (batch kv_head key dim): references, not copies. `mask` is boolean
    (True = may attend) or additive; `causal` says that no query reads a later key, which is all the mask there is when
    `mask` is None. `dense` holds given weights (head query key) where there is no q and k.
    """

    part: str
    layer: int
    path: str
    heads: int
    kv_heads: int
    q: Tensor | None = None
    k: Tensor | None = None
    v: Tensor | None = None
    scale: float = 1.0
    softcap: float | None = None
    sinks: Tensor | None = None
    mask: Tensor | None = None
    bias: Tensor | None = None
    causal: bool = False
    dense: Tensor | None = None

    @property
    def shape(self) -> tuple[int, int, int]:
        """(head, query, key)."""
        if self.dense is not None:
            heads, queries, keys = self.dense.shape
            return heads, queries, keys
        if self.q is None or self.k is None:
            raise AttnWidgetError(f"{self!r} carries neither q and k nor weights, so it has no map.")
        return self.heads, self.q.shape[-2], self.k.shape[-2]

    def __repr__(self) -> str:
        return f"Block({self.part} {self.layer}, {self.heads} heads, {self.path or 'given weights'})"


@dataclass(frozen=True)
class ModelFacts:
    """What is known of the model, as plain data: a trace keeps these, never the model."""

    name: str = "given weights"
    architecture: str = ""
    kind: str = ""  # "decoder", "encoder" or "" when unknown
    limit: int | None = None
    predicts: str | None = None  # "next token", "this token" or None
    teaching: bool = False


@dataclass(frozen=True, repr=False, eq=False)
class Trace:
    """One reading of one text: everything the attention of every layer can be computed from, exactly, on demand.

    Above 192 tokens nothing of size head x query x key is held; below, the maps of a layer are kept once they were asked
    for, as they are smaller than q, k and v. `path` says how the weights were come by: "interface"
    (recomputed from q and k) or "given".

    >>> import attnwidget as aw
    >>> trace = aw.load().trace("The cat sat on the mat.")
    >>> trace
    Trace(tiny-causal, 4 layers x 4 heads, 7 tokens, interface)
    >>> bool(torch.allclose(trace.weights("L1H2").sum(-1), torch.ones(7)))
    True
    """

    blocks: tuple[Block, ...]
    text: Tokens
    path: str
    model: ModelFacts
    key_text: Tokens | None = None
    hidden: Tensor | None = None  # position dim: what the prediction head reads
    head: Callable[[Tensor], Tensor] | None = None
    _whole: dict[tuple[str, int], Tensor] = field(default_factory=dict)  # (part, layer) -> kept maps

    @property
    def parts(self) -> tuple[str, ...]:
        """The kinds of attention there are, in the order of the forward pass."""
        return tuple(dict.fromkeys(block.part for block in self.blocks))

    def __repr__(self) -> str:
        layers = [self.part_blocks(part) for part in self.parts]
        sizes = ", ".join(f"{len(blocks)} layers x {blocks[0].heads} heads" for blocks in layers)
        return f"Trace({self.model.name}, {sizes}, {len(self.text)} tokens, {self.path})"

    def part_blocks(self, part: str | None = None) -> tuple[Block, ...]:
        """The layers of one part, first to last. Without a part there must be only one."""
        if part is None and len(self.parts) == 1:
            return self.blocks
        if part not in self.parts:
            given_part = "No part was given" if part is None else f"There is no part {part!r}"
            raise AttnWidgetError(f"{given_part}; this trace has {', '.join(self.parts)}. Say part=...")
        return tuple(block for block in self.blocks if block.part == part)

    def tokens(self, part: str | None = None) -> tuple[Tokens, Tokens]:
        """(query Tokens, key Tokens) of a part; the same object twice for self-attention."""
        self.part_blocks(part)
        return self.text, self.text if self.key_text is None else self.key_text

    def weights(
        self,
        layer: Any,
        head: Any = None,
        part: str | None = None,
        *,
        queries: Rows = None,
        keys: Rows = None,
    ) -> HeadMap | LayerMaps:
        """Exact attention weights in fp32 on the CPU: (query key) of one head, (head query key) without a head.

        Negative indices count from the end, `weights("L5H3")` names both. `queries` and `keys` (an index, a slice or a
        sequence) choose rows and columns; the softmax always runs over all keys. Raises AttnWidgetError for a layer or
        head that is not there, or an ambiguous part.

        >>> import attnwidget as aw
        >>> trace = aw.load().trace("The cat sat on the mat.")
        >>> trace.weights(-1, 0, queries=-1).shape
        torch.Size([1, 7])
        """
        if isinstance(layer, str):
            layer, head = parse_head(layer, head)
        blocks = self.part_blocks(part)
        block = blocks[fit_index("layer", layer, len(blocks))]
        heads = None if head is None else [fit_index("head", head, block.heads)]
        maps = self._maps(block, heads, queries, keys)
        return maps if heads is None else maps[0]

    def logits(self, positions: int | slice | Sequence[int] = -1) -> Logits:
        """Raw scores over the vocabulary (position vocabulary) at the asked positions only, in fp32.

        Raises AttnWidgetError when the model has no head that predicts tokens or the trace came without one.
        """
        if self.hidden is None or self.head is None:
            raise AttnWidgetError(
                "This trace carries no final hidden states or no prediction head. Trace a model that was loaded with "
                "its head, for example AutoModelForCausalLM, to get logits."
            )
        chosen = recompute.indices(positions, len(self.hidden), "position")
        with torch.no_grad():
            return self.head(self.hidden[chosen.to(self.hidden.device)]).float().cpu()

    def _maps(self, block: Block, heads: list[int] | None, queries: Rows, keys: Rows) -> Tensor:
        if block.dense is None and max(block.shape[1:]) > WHOLE_BELOW:
            return recompute.weights(block, heads, queries, keys)
        name = (block.part, block.layer)
        if name not in self._whole:
            self._whole[name] = recompute.weights(block)
        maps = self._whole[name]
        # A copy: what a user does to a result must reach neither the trace nor the weights that were given.
        return recompute.select(maps if heads is None else maps[heads], queries, keys).clone()

    @staticmethod
    def from_weights(
        weights: Any,
        tokens: Tokens | Sequence[str],
        key_tokens: Tokens | Sequence[str] | None = None,
        part: str = "self",
    ) -> "Trace":
        """A trace of weights from anywhere: one (head, query, key) array per layer.

        Takes torch and numpy arrays of any float type, and the tuples of Hugging Face (batch of one). A mapping part ->
        layers gives several parts. A query whose rows are NaN everywhere is padding. Raises AttnWidgetError for a tuple
        of None, an empty tuple, a batch of more than one, shapes that do not fit the tokens, and weights that are not
        numbers.

        >>> import torch
        >>> Trace.from_weights([torch.eye(3).expand(2, 3, 3)], ["a", "b", "c"])
        Trace(given weights, 1 layers x 2 heads, 3 tokens, given)
        """
        query_text = tokens if isinstance(tokens, Tokens) else Tokens.from_pieces(tokens)
        key_text = Tokens.from_pieces(key_tokens) if isinstance(key_tokens, Sequence) else key_tokens
        layers = dict(weights) if isinstance(weights, Mapping) else {part: weights}
        maps = given.all_maps(layers, len(query_text), len(key_text or query_text))
        blocks = [
            Block(name, number, "", len(dense), len(dense), causal=given.is_causal(dense), dense=dense.nan_to_num())
            for name, number, dense in maps
        ]
        padding = given.padding_rows([dense for _, _, dense in maps])
        marked = replace(query_text, padding=tuple(map(bool.__or__, query_text.padding, padding)))
        return Trace(tuple(blocks), marked, "given", ModelFacts(), key_text)


def parse_head(name: str, head: int | None = None) -> tuple[int, int | None]:
    """A head by its name: L5H3 is (5, 3), L5 alone is (5, None).

    >>> parse_head("L5H3"), parse_head("l2.h0")
    ((5, 3), (2, 0))
    """
    match = re.fullmatch(r"\s*L(-?\d+)[\s.,·]*(?:H(-?\d+))?\s*", name, re.IGNORECASE)
    if match is None:
        raise AttnWidgetError(f"{name!r} names no head. Write a layer and a head as in 'L5H3', both counted from 0.")
    return int(match[1]), head if match[2] is None else int(match[2])


def fit_index(what: str, value: Any, size: int) -> int:
    """A layer or head counted from 0; negative numbers count from the end. Raises AttnWidgetError for any other.

    >>> fit_index("layer", -1, 12)
    11
    """
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise AttnWidgetError(f"{value!r} is no {what}. Give an integer from 0 to {size - 1}.")
    number: int = value.__index__()
    if not -size <= number < size:
        raise AttnWidgetError(f"There is no {what} {number}: there are {what}s 0 to {size - 1}.")
    return number % size
