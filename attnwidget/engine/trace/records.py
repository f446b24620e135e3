"""What a trace is made of: one record for each layer, for the model, and for each token that was produced."""

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

from attnwidget.engine.text.tokens import Tokens
from attnwidget.engine.trace.projection import Projection
from attnwidget.engine.trace.residual import Stream
from attnwidget.errors import AttnWidgetError


@dataclass(frozen=True, repr=False, eq=False)
class Block:
    """One attention layer of one forward pass.

    `q` is (batch head query dim), `k` and `v` are (batch kv_head key dim): references, not copies. `mask` is boolean
    (True = may attend) or additive; `causal` says that no query reads a later key, which is all the mask there is when
    `mask` is None. `dense` holds given weights (head query key) where there is no q and k. `projection` is the linear
    layer that the heads' outputs go into at once; None where something lies between, or the model was not followed.
    `inputs` is the residual stream around the layer, where `keep=("inputs",)` asked for it and it was found.
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
    projection: Projection | None = None
    inputs: Stream | None = None

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
    kind: str = ""  # "decoder", "encoder", "encoder-decoder", "two towers", or "" when unknown
    limit: int | None = None
    predicts: str | None = None  # "next token", "this token", "class", "label", "answer span" or None
    labels: tuple[str, ...] = ()  # of classes and labels, in the order of the logits
    heads: tuple[int, ...] = ()  # of each layer that reads text, 0 without attention; () when unknown before a pass
    path: str = "given"
    teaching: bool = False


@dataclass(frozen=True)
class Candidate:
    """Something that could be predicted: a token of the vocabulary, a class, a label, or a span of the text.

    `id` is its number in the vocabulary or among the labels; of a span, its first token.
    """

    id: int
    piece: str
    probability: float


@dataclass(frozen=True)
class Step:
    """A token that was produced, at `position` among the tokens of the trace (of an encoder-decoder: the decoder's).

    `probability` and `rank` (1 is the likeliest) are those under the model's raw distribution, before temperature,
    top-k or penalties had their say; `runners` are the five likeliest others, best first.
    """

    position: int
    id: int
    piece: str
    probability: float
    rank: int
    runners: tuple[Candidate, ...]


@dataclass(frozen=True, eq=False)
class SavedTrace:
    """What a file has of a trace: everything but what hangs on the model. Fields as in Trace."""

    blocks: tuple[Block, ...]
    text: Tokens
    path: str
    model: ModelFacts
    sequences: Mapping[str, tuple[Tokens, Tokens]]
    depths: Mapping[str, int]
    scores: Tensor | None
    steps: tuple[Step, ...]
