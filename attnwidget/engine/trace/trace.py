"""Trace: references to what attention was computed from, and the facts needed to compute it again."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from attnwidget.arguments import truth_of
from attnwidget.engine.edits.records import Edit
from attnwidget.engine.media.picture import Picture
from attnwidget.engine.media.sound import Sound
from attnwidget.engine.names import fit_index, parse_head
from attnwidget.engine.text.tokens import Tokens
from attnwidget.engine.trace import from_weights as given
from attnwidget.engine.trace import recompute
from attnwidget.engine.trace.from_edges import graph_maps
from attnwidget.engine.trace.recompute import AxisIndex
from attnwidget.engine.trace.records import Block, ModelFacts, SavedTrace, Step
from attnwidget.errors import AttnWidgetError
from attnwidget.shapes import AttentionMap, LayerMaps, Logits

WHOLE_BELOW = 192
"""Tokens. Up to this length all maps of a layer are kept once computed: they are smaller than q, k and v (3 x head
width)."""


def kept_whole(*sizes: int) -> bool:
    """Whether maps with this many queries and keys are small: kept once computed, and shown without sampling.

    >>> kept_whole(128), kept_whole(128, 512)
    (True, False)
    """
    return max(sizes) <= WHOLE_BELOW


@dataclass(frozen=True, repr=False, eq=False)
class Trace:
    """One forward pass over one text: everything that the attention of every layer is computed from, exactly, on
    demand.

    Above 192 tokens nothing of size head x query x key is kept; below, the maps of a layer are kept once computed, as
    they are smaller than q, k and v. `path` says where the weights come from: "interface" (recomputed from q and k),
    "eager" (the model's own maps), "function" (any torch module) or "given".

    `text` has the tokens of the first sequence; `sequences` has the (query, key) tokens of every part where either
    differs from it. `depths` counts the layers of each part, including those without attention. `hidden` and `head`
    give logits on demand, `scores` are stored logits; `steps` are the tokens that the model generated itself, with
    their alternatives. `edits` are what was changed in the computation: all of the above is as it was under them. `refused`
    says of a part that cannot be shown why not, in a sentence: a vision tower that attends within windows, for example.

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
    sequences: Mapping[str, tuple[Tokens, Tokens]] = field(default_factory=dict)
    depths: Mapping[str, int] = field(default_factory=dict)
    hidden: Tensor | None = None  # position dim: what the prediction head reads
    head: Callable[[Tensor], Tensor] | None = None
    scores: Tensor | None = None  # position vocabulary
    origin: int | None = None  # identifies the state of the model
    steps: tuple[Step, ...] = ()  # of the generated tokens
    cache: Sequence[tuple[Tensor, Tensor]] = ()  # for models that cache something other than k and v
    edits: tuple[Edit, ...] = ()  # what was changed in the computation
    forward: Mapping[str, Tensor] = field(default_factory=dict)  # what the model was given, to run it again
    pictures: tuple[Picture, ...] = ()  # what the model saw, where tokens stand in pictures
    sounds: tuple[Sound, ...] = ()  # what the model saw, where tokens stand in a sound
    whole: "Trace | None" = None  # the same with the positions of padding, where this one is without
    refused: Mapping[str, str] = field(
        default_factory=dict
    )  # parts that cannot be shown, each with a sentence that says why
    _whole: dict[tuple[str, int], Tensor] = field(default_factory=dict)  # (part, layer) -> kept maps

    @property
    def parts(self) -> tuple[str, ...]:
        """The kinds of attention there are, in the order of the forward pass."""
        return tuple(dict.fromkeys(block.part for block in self.blocks))

    def __repr__(self) -> str:
        sizes = [f"{self.layers(part)} layers x {max(self.heads(part))} heads" for part in self.parts]
        if len(sizes) > 1:
            sizes = [f"{part} {size}" for part, size in zip(self.parts, sizes, strict=True)]
        edits = f", {len(self.edits)} edit{'s' * (len(self.edits) > 1)}" if self.edits else ""
        refused = f", without {', '.join(self.refused)}" if self.refused else ""
        return f"Trace({self.model.name}, {', '.join(sizes)}, {len(self.text)} tokens, {self.path}{edits}{refused})"

    def layers(self, part: str | None = None) -> int:
        """How many layers a part has, including those without attention."""
        blocks = self.part_blocks(part)
        return max(self.depths.get(blocks[0].part, 0), 1 + max(block.layer for block in blocks))

    def heads(self, part: str | None = None) -> tuple[int, ...]:
        """The heads of every layer of a part; 0 for a layer without attention."""
        counts = [0] * self.layers(part)
        for block in self.part_blocks(part):
            counts[block.layer] = block.heads
        return tuple(counts)

    def block(self, layer: Any, part: str | None = None) -> Block:
        """The block of one layer, by its number in the model. Raises AttnWidgetError if that layer has no attention."""
        blocks = self.part_blocks(part)
        number = fit_index("layer", layer, self.layers(part))
        found = next((block for block in blocks if block.layer == number), None)
        if found is None:
            attending = ", ".join(str(block.layer) for block in blocks)
            raise AttnWidgetError(f"Layer {number} has no attention. Choose one of the layers {attending}.")
        return found

    def part_blocks(self, part: str | None = None) -> tuple[Block, ...]:
        """The layers of one part, first to last. `part` may be left out if there is only one."""
        if part is None and len(self.parts) == 1:
            return self.blocks
        if isinstance(part, str) and part in self.refused:
            raise AttnWidgetError(
                f"Part {part!r} of this trace cannot be shown: {self.refused[part]} It has {', '.join(self.parts)}."
            )
        if part not in self.parts:
            given_part = "No part was given" if part is None else f"There is no part {part!r}"
            raise AttnWidgetError(f"{given_part}; this trace has {', '.join(self.parts)}. Say part=...")
        return tuple(block for block in self.blocks if block.part == part)

    def tokens(self, part: str | None = None) -> tuple[Tokens, Tokens]:
        """(query Tokens, key Tokens) of a part; the same object twice for self-attention.

        Raises AttnWidgetError for a part that does not exist or is ambiguous.
        """
        return self.sequences.get(self.part_blocks(part)[0].part, (self.text, self.text))

    def weights(
        self,
        layer: Any,
        head: Any = None,
        part: str | None = None,
        *,
        queries: Any = None,
        keys: Any = None,
    ) -> AttentionMap | LayerMaps:
        """Exact attention weights in fp32 on the CPU: (query key) of one head, (head query key) without a head.

        Negative indices count from the end, `weights("L5H3")` names both. `queries` and `keys` (an index, a slice or a
        sequence) choose rows and columns; the softmax always runs over all keys. Raises AttnWidgetError for a layer or
        head that does not exist, or an ambiguous part.

        >>> import attnwidget as aw
        >>> trace = aw.load().trace("The cat sat on the mat.")
        >>> trace.weights(-1, 0, queries=-1).shape
        torch.Size([1, 7])
        """
        if isinstance(layer, str):
            layer, head = parse_head(layer, head)
        block = self.block(layer, part)
        heads = None if head is None else [fit_index("head", head, block.heads)]
        _, length, width = block.shape
        rows = None if queries is None else recompute.indices(queries, length, "query")
        columns = None if keys is None else recompute.indices(keys, width, "key")
        maps = self._maps(block, heads, rows, columns)
        return maps if heads is None else maps[0]

    def logits(self, positions: Any = -1) -> Logits:
        """Raw scores (position vocabulary) at the chosen positions only, in fp32.

        (one class) for a model that predicts a class; for labels there is one column per label, for answer spans one
        for start and one for end. The positions of an encoder-decoder are those of its decoder. Raises AttnWidgetError
        if the model or the trace has no prediction head.
        """
        if self.scores is not None:
            if self.model.predicts == "class":
                return self.scores.float().cpu()
            return self.scores[recompute.indices(positions, len(self.scores), "position")].float().cpu()
        if self.hidden is None or self.head is None:
            raise AttnWidgetError(
                "This trace has no final hidden states or no prediction head. To get logits, trace a model loaded with "
                "its head, for example AutoModelForCausalLM."
            )
        chosen = recompute.indices(positions, len(self.hidden), "position")
        with torch.no_grad():
            return self.head(self.hidden[chosen.to(self.hidden.device)]).float().cpu()

    def _maps(self, block: Block, heads: list[int] | None, queries: AxisIndex, keys: AxisIndex) -> Tensor:
        if block.dense is None and not kept_whole(*block.shape[1:]):
            return recompute.weights(block, heads, queries, keys)
        name = (block.part, block.layer)
        if name not in self._whole:
            self._whole[name] = recompute.weights(block)
        maps = self._whole[name]
        # A copy: changes that a user makes to a result must not reach the trace or the given weights.
        return recompute.select(maps if heads is None else maps[heads], queries, keys).clone()

    @staticmethod
    def from_weights(
        weights: Any,
        tokens: Any,
        key_tokens: Any = None,
        part: Any = "self",
        *,
        causal: Any = None,
    ) -> "Trace":
        """A trace of weights from anywhere: one (head, query, key) array per layer.

        `weights` are torch, numpy or JAX arrays of any real dtype, nested lists, one (layer, head, query, key) array,
        the tuples of Hugging Face models (batch of one) or of the steps of `generate`, a whole output of either, a
        TransformerLens ActivationCache, or a mapping part -> layers. `tokens` are Tokens or pieces of text; for an
        encoder-decoder they are the decoder's, and `key_tokens` the encoder's.

        A layer that is None among others has no attention. A query whose rows are NaN everywhere is padding. Rows may
        sum to less than 1, as with sinks. Masks are inferred from zeros, including sliding windows (see
        `from_weights.masked`); `causal` overrides this: all keys up to the query are open (True), or all keys (False).

        Raises AttnWidgetError for a tuple of None, an empty tuple, a batch of more than one, shapes that do not fit the
        tokens, invalid weights (NaN, negative, or rows that sum to more than 1), and `causal` weights on later keys.

        >>> import torch
        >>> Trace.from_weights([torch.eye(3).expand(2, 3, 3)], ["a", "b", "c"])
        Trace(given weights, 1 layers x 2 heads, 3 tokens, given)
        """
        found = given.given_maps(weights, tokens, key_tokens, part)
        blocks = [Block(name, number, "", len(dense), len(dense), dense=dense) for name, number, dense in found.maps]
        judged = given.masked(blocks, found.sequences, causal=causal)
        return Trace(judged, found.text, "given", ModelFacts(), found.sequences, found.depths)

    @staticmethod
    def from_edges(
        edge_index: Any, weights: Any, nodes: Any = None, *, positions: Any = None, part: Any = "self"
    ) -> "Trace":
        """A trace of what a graph network hands out: a weight for every edge, head and layer.

        `edge_index` is [2, edge], the nodes that are read and the nodes that read, as PyTorch Geometric has them; a list of
        these where layers have edges of their own, as those that add loops. `weights` is one array [edge, head] or [edge]
        per layer. `nodes` are their names, or how many there are; without them, those that have an edge. `positions` are x
        and y of every node, as in a chart; without them, the nodes are laid out by the springs of their edges.

        The nodes are the tokens: a node reads another one along an edge, and nothing where there is none. Several edges
        between two nodes are read together, and their weights are added.

        Raises AttnWidgetError for edges of nodes that are not there, weights that do not fit the edges, are negative, or
        sum to more than 1 at a node, and for more nodes than can be shown.

        >>> import torch
        >>> trace = Trace.from_edges([[0, 1, 2], [1, 2, 2]], torch.tensor([1.0, 0.25, 0.75]), ["a", "b", "c"])
        >>> trace.weights("L0H0", queries=2).tolist()
        [[0.0, 0.25, 0.75]]
        """
        if not isinstance(part, str):
            raise AttnWidgetError(
                f"part={type(part).__name__} is not valid: give the name of a part, for example 'self'."
            )
        found = graph_maps(edge_index, weights, nodes, positions, part)
        return Trace(found.blocks, found.nodes, "given", ModelFacts(name="given graph"))

    def save(self, path: Any, *, values: Any = False) -> Path:
        """Write the trace into one safetensors file and return its path; `.safetensors` is added to the name if
        missing.

        The file holds what the weights are computed from (q and k, about 2 x tokens x width numbers per layer, masks,
        biases, sinks, given weights), the tokens, the model's facts, the steps of a generation, and stored logits; the edits
        with their painted matrices, and of the runs that they take something from the names; with `values`, also v and the output projections, each once. It has no prediction head, so logits on demand are not
        available; it cannot be used for `reuse`, and what `keep` added is left out.

        Raises AttnWidgetError if the file cannot be written, there are no values, or the projections have changed
        since.

        >>> import attnwidget as aw, tempfile
        >>> trace = aw.load().trace("The cat sat on the mat.")
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     trace.save(folder + "/cat").name
        'cat.safetensors'
        """
        from attnwidget.engine.trace import storage  # needs a library that is only required for saving

        kept = self if self.whole is None else self.whole
        saved = SavedTrace(**{own.name: getattr(kept, own.name) for own in fields(SavedTrace)})
        return storage.save_trace(saved, path, values=truth_of("values", values))

    @staticmethod
    def load(path: Any) -> "Trace":
        """The trace that `save` wrote, its tensors on the CPU: the same weights, bit for bit, without the model.

        Logits are available only if they were stored in the trace. Nothing in the file is executed. Raises
        AttnWidgetError for a file that is missing, damaged, not a trace, or from a newer attnwidget.

        >>> import attnwidget as aw, tempfile
        >>> trace = aw.load().trace("The cat sat on the mat.")
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     again = aw.Trace.load(trace.save(folder + "/cat"))
        >>> bool((again.weights("L1H2") == trace.weights("L1H2")).all()), again.text.pieces[1]
        (True, 'cat')
        """
        from attnwidget.engine.trace import storage

        saved = storage.load_trace(path)
        return Trace(**{own.name: getattr(saved, own.name) for own in fields(saved)})
