"""Rollout of an encoder-decoder: how much of the source, and of the target itself, reaches each target token."""

from dataclasses import dataclass
from typing import TypeAlias

import torch
from jaxtyping import Float, Int
from torch import Tensor

from attnwidget.engine import Block, Tokens, Trace
from attnwidget.errors import AttnWidgetError
from attnwidget.measures.given_trace import own_blocks, same_text
from attnwidget.measures.paths.steps import BlockReader, RowsOnDemand, carried, portioned, started, stepped, widened
from attnwidget.measures.rows import read_rows
from attnwidget.shapes import AttentionMap, Indices

FromTarget: TypeAlias = Float[Tensor, "query target"]
FromSource: TypeAlias = Float[Tensor, "query source"]

_DECODERS = ("decoder", "text", "self")
_ENCODERS = ("encoder", "vision", "audio")


@dataclass(frozen=True, eq=False)
class Crossing:
    """The layers of a decoder with cross-attention: (self-attention, cross-attention), first to last.

    Either is None for a layer that lacks it. `encoder` is empty if the trace has none.
    """

    layers: tuple[tuple[Block | None, Block | None], ...]
    encoder: tuple[Block, ...]
    target: Tokens
    source: Tokens
    targets: Int[Tensor, " target"]
    sources: Int[Tensor, " source"]

    @property
    def recipe(self) -> str:
        """What is computed, in a phrase."""
        through = "" if self.encoder else ", the encoder taken as identity, as the trace has none"
        return f"encoder-decoder rollout{through}"

    def shares(self, residual: float) -> str:
        """What the rows sum to, in a phrase."""
        crossed = sum(cross is not None for _, cross in self.layers)
        return (
            "rows of source and target sum to 1 together; where weights sum to 1, the source's share is 1 - "
            f"{residual:g}^{crossed} for any text"
        )


def crossing(trace: Trace, part: str | None) -> Crossing | None:
    """The decoder that this part belongs to, if it has cross-attention; None for any other part.

    The layers of both parts are matched by their numbers. Raises AttnWidgetError for cross-attention without the
    decoder's self-attention maps, and for parts whose sizes do not fit.
    """
    asked = trace.part_blocks(part)[0].part
    if "cross" not in trace.parts:
        return None
    reads, source = trace.tokens("cross")
    own = _part_of(trace, reads, _DECODERS)
    if own is None and asked == "cross":
        raise AttnWidgetError(
            "This trace has cross-attention but no self-attention maps of the decoder, so nothing can be followed "
            "through its layers. Give both: Trace.from_weights({'decoder': ..., 'cross': ...}, ...)."
        )
    if own is None or asked not in {"cross", own}:
        return None
    target = trace.tokens(own)[1]
    selves = {block.layer: block for block in own_blocks(trace, own, "Rollout")}
    crosses = {block.layer: block for block in trace.part_blocks("cross")}
    strange = next((one for one in crosses.values() if one.shape[1:] != (len(target), len(source))), None)
    if strange is not None:
        raise AttnWidgetError(
            f"{strange!r} is {strange.shape[1]} x {strange.shape[2]}, but there are {len(target)} target and "
            f"{len(source)} source tokens. Rollout needs maps over all of them in every layer."
        )
    encoder = _part_of(trace, source, _ENCODERS)
    behind = source if encoder is None else trace.tokens(encoder)[1]
    both = [one or other for one, other in zip(source.padding, behind.padding, strict=True)]
    return Crossing(
        tuple((selves.get(number), crosses.get(number)) for number in sorted(selves | crosses)),
        () if encoder is None else own_blocks(trace, encoder, "Rollout"),
        target,
        source,
        read_rows(target),
        torch.tensor([i for i, padding in enumerate(both) if not padding], dtype=torch.long, device="cpu"),
    )


def followed(crossing: Crossing, part: str, rows: Indices, reading: BlockReader, residual: float) -> AttentionMap:
    """What reaches these rows (target query): (source key) for part "cross", else (target key)."""
    start = started(rows, crossing.targets)
    source, own = joint(start, crossing, reading, residual)
    if part != "cross":
        return widened(own, crossing.targets, len(crossing.target))
    source = carried(source, crossing.encoder, crossing.sources, reading, residual)
    return widened(source, crossing.sources, len(crossing.source))


def joint(
    start: FromTarget, crossing: Crossing, reading: BlockReader, residual: float
) -> tuple[FromSource, FromTarget]:
    """How much of each row comes from (the encoder's last layer, the target's input); together, all of it.

    Upwards, M_x = X R_enc (1 - residual) + residual S M_x and M_y = residual S M_y, with S the self-attention and X the
    cross-attention of a layer, each with its residual. Computed from the top down: each layer first passes on what
    comes from the source, then mixes the rest. A layer that lacks one of them skips that step.
    Source: Ferrando et al. 2022, arXiv 2205.11631, with a fixed residual in place of their contributions.
    """
    own, targets, sources = start, crossing.targets, crossing.sources
    source = torch.zeros(len(start), len(sources), dtype=torch.float32, device="cpu")
    for itself, cross in reversed(crossing.layers):
        if cross is not None:
            own = _handed_over(own, source, reading(cross, targets, sources), residual)
        if itself is not None:
            own = stepped(own, reading(itself, targets, targets), residual)
    return source, own


def _handed_over(own: FromTarget, source: FromSource, rows: RowsOnDemand, residual: float) -> FromTarget:
    """What stays with the target; what cross-attention takes from the source is added to `source`."""
    left = torch.zeros_like(own)
    for chosen in portioned(own.shape[1], source.shape[1]):
        reaching = own[:, chosen]
        if bool(reaching.any()):
            read = (1 - residual) * rows(chosen)
            # The rule of rollout: a row of weights and its residual sum to 1.
            total = (read.sum(-1) + residual).clamp_min(torch.finfo(torch.float32).tiny)
            source.addmm_(reaching / total, read)
            left[:, chosen] = reaching * (residual / total)
    return left


def _part_of(trace: Trace, text: Tokens, names: tuple[str, ...]) -> str | None:
    """The first of these parts in which this text attends to itself."""
    return next(
        (name for name in names if name in trace.parts and all(same_text(text, one) for one in trace.tokens(name))),
        None,
    )
