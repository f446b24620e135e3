"""What a trace is made of: one record for each layer, for the model, and for each generated token."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from torch import Tensor

from attnwidget.engine.edits.changes import Changes
from attnwidget.engine.edits.records import Edit
from attnwidget.engine.media.picture import Picture
from attnwidget.engine.media.sound import Sound
from attnwidget.engine.text.tokens import Tokens
from attnwidget.engine.trace.projection import Projection
from attnwidget.engine.trace.residual import Stream
from attnwidget.errors import AttnWidgetError

MOST_IN_REPR = 80
"""Characters of a text that its repr has."""


@dataclass(frozen=True, repr=False, eq=False)
class Block:
    """One attention layer of one forward pass.

    `q` is (batch head query dim), `k` and `v` are (batch kv_head key dim): references, not copies. `mask` is boolean
    (True = may attend) or additive; `causal` says that no query attends to a later key; with `mask` None it is the
    whole mask. `dense` holds given weights (head query key) if there are no q and k. `projection` is the linear layer
    that directly follows the heads' outputs; None if something lies between, or the model was not traced. `inputs` is
    the residual stream around the layer, if `keep=("inputs",)` asked for it and it was found. `changes` is what edits did
    to the layer: its weights are those that took effect. `beyond` (head query) is, where the last keys are left out, the logarithm of the sum of
    their exponentiated logits: they take part in the softmax all the same.
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
    changes: Changes | None = None
    beyond: Tensor | None = None

    @property
    def shape(self) -> tuple[int, int, int]:
        """(head, query, key)."""
        if self.dense is not None:
            heads, queries, keys = self.dense.shape
            return heads, queries, keys
        if self.q is None or self.k is None:
            raise AttnWidgetError(f"{self!r} has neither q and k nor weights, so it has no map.")
        return self.heads, self.q.shape[-2], self.k.shape[-2]

    @property
    def silenced(self) -> tuple[int, ...]:
        """The heads whose output an edit replaced: no token reaches the stream through them."""
        return () if self.changes is None else tuple(sorted(self.changes.replaced))

    def __repr__(self) -> str:
        return f"Block({self.part} {self.layer}, {self.heads} heads, {self.path or 'given weights'})"


@dataclass(frozen=True)
class ModelFacts:
    """What is known about the model, as plain data: a trace keeps this, never the model."""

    name: str = "given weights"
    architecture: str = ""
    kind: str = ""  # "decoder", "encoder", "encoder-decoder", "two towers", or "" when unknown
    limit: int | None = None
    predicts: str | None = None  # "next token", "this token", "class", "label", "answer span" or None
    labels: tuple[str, ...] = ()  # of classes and labels, in the order of the logits
    heads: tuple[int, ...] = ()  # of each layer over the text, 0 without attention; () if unknown before a pass
    path: str = "given"
    teaching: bool = False
    alignment_heads: tuple[tuple[int, int], ...] = ()  # (layer, head) whose cross-attention follows a sound in time


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
    """A generated token, at `position` among the tokens of the trace (for an encoder-decoder: the decoder's).

    `probability` and `rank` (1 is the likeliest) are under the model's raw distribution, before temperature, top-k or
    penalties; `runners` are the five likeliest others, best first.
    """

    position: int
    id: int
    piece: str
    probability: float
    rank: int
    runners: tuple[Candidate, ...]


@dataclass(frozen=True)
class Untraced:
    """A text of many that could not be traced: its `number` among them, from 0, and `reason`, a sentence that says why.

    >>> import attnwidget as aw
    >>> next(aw.load().traces([""]))
    Untraced(number=0, text='', reason='There is no text yet. Type a few words.')
    """

    number: int
    text: str
    reason: str

    def __repr__(self) -> str:
        text = self.text if len(self.text) <= MOST_IN_REPR else f"{self.text[:MOST_IN_REPR]}…"
        return f"Untraced(number={self.number}, text={text!r}, reason={self.reason!r})"


@dataclass(frozen=True, eq=False)
class SavedTrace:
    """What a file stores of a trace: everything except references to the model. Fields as in Trace."""

    blocks: tuple[Block, ...]
    text: Tokens
    path: str
    model: ModelFacts
    sequences: Mapping[str, tuple[Tokens, Tokens]]
    depths: Mapping[str, int]
    scores: Tensor | None
    steps: tuple[Step, ...]
    edits: tuple[Edit, ...] = ()
    pictures: tuple[Picture, ...] = ()
    sounds: tuple[Sound, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)
