"""Tokens that receive far more attention than the others."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from attnwidget.engine import Trace, fit_index, parse_head
from attnwidget.errors import AttnWidgetError
from attnwidget.measures.given_trace import said_setting
from attnwidget.measures.heads.sink_score import received
from attnwidget.measures.measure import measure
from attnwidget.measures.results import RankedToken, TokenScores
from attnwidget.measures.rows import read_rows

DEVIATIONS = 2

ROUNDING = 1e-5
"""Equal weights may differ by this share of their size through rounding: such differences do not make a sink."""


@dataclass(frozen=True, eq=False, repr=False)
class Sinks:
    """Tokens above a threshold, in text order; `len` counts them, and numpy.asarray gives what every token received."""

    positions: tuple[int, ...]
    pieces: tuple[str, ...]
    received: TokenScores
    threshold: float
    recipe: str

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return self.received.__array__(dtype, copy)

    def __len__(self) -> int:
        return len(self.positions)

    def __repr__(self) -> str:
        named = zip(self.positions, self.pieces, strict=True)
        found = [RankedToken(at, piece, float(self.received[at])) for at, piece in named]
        return f"Sinks({', '.join(map(repr, found)) or 'none'}; above {self.threshold:.4g}; {self.recipe})"

    def top(self, count: Any = 5, *, lowest: Any = False) -> tuple[RankedToken, ...]:
        """The tokens that received the most, sinks or not, best first; with `lowest`, the least."""
        return self.received.top(count, lowest=lowest)


@measure
def attention_sinks(trace: Trace, *, part: str | None = None, layer: Any = None, head: Any = None) -> Sinks:
    """Tokens whose mean received attention exceeds the mean over tokens by two standard deviations (population).

    `received` (key) is the mean weight, 0 to 1, that a key gets over all heads and layers, or the chosen ones, and all
    queries that are not padding; padding keys are NaN and left out. `layer` is a number or a name like "L5H3"; `head`
    alone means that head of every layer that has it.

    In a causal text more queries can attend to early tokens, so the first may pass even with uniform attention:
    `sink_score` corrects for that. With fewer than six tokens, none can be that far from the mean. Raises
    AttnWidgetError for an ambiguous part and for a layer or head that does not exist; NotNumbers for weights that are
    NaN.
    Source: the mean plus two standard deviations is our threshold; sinks: Xiao et al. 2023, arXiv 2309.17453.

    >>> import torch
    >>> from attnwidget import Trace
    >>> maps = torch.full((1, 8, 8), 0.0625)
    >>> maps[..., 0] = 0.5625
    >>> attention_sinks(Trace.from_weights([maps], ["<s>", *"abcdefg"]))
    Sinks(0 '<s>' 0.5625; above 0.4557; attention received, mean over all heads and layers and ...)
    """
    chosen, what = _chosen(trace, part, layer, head)
    queries, keys = trace.tokens(part)
    read = ~torch.tensor(keys.padding, dtype=torch.bool, device="cpu")
    whole = torch.zeros(len(keys), dtype=torch.float64, device="cpu")
    for found in received(trace, part, chosen):
        whole += found.sums.sum(0)
    mean = whole / (sum(map(len, chosen.values())) * len(read_rows(queries)))
    mean[~read] = torch.nan
    real = mean[read]
    threshold = float(real.mean() + DEVIATIONS * real.std(correction=0)) if len(real) else float("nan")
    positions = tuple((mean > threshold * (1 + ROUNDING)).nonzero().flatten().tolist())
    recipe = f"attention received, mean over {what} and queries that are not padding{said_setting(trace, part)}"
    return Sinks(
        positions,
        tuple(keys.pieces[at] for at in positions),
        TokenScores(mean.float().numpy(), recipe, keys.pieces),
        threshold,
        f"{recipe}; threshold: mean + {DEVIATIONS} standard deviations over tokens that are not padding",
    )


def _chosen(trace: Trace, part: str | None, layer: Any, head: Any) -> tuple[dict[int, Sequence[int]], str]:
    """Layer -> heads to use, and what to call them."""
    if isinstance(layer, str):
        layer, head = parse_head(layer, head)
    blocks = trace.part_blocks(part) if layer is None else (trace.block(layer, part),)
    if head is None:
        every = {block.layer: range(block.heads) for block in blocks}
        return dict(every), "all heads and layers" if layer is None else f"all heads of layer {blocks[0].layer}"
    number = fit_index("head", head, max(block.heads for block in blocks))
    one = {block.layer: (number,) for block in blocks if number < block.heads}
    if not one:
        raise AttnWidgetError(f"No attention layer has a head {number}. Choose a smaller number.")
    return dict(one), f"head {number} of {'all layers' if layer is None else f'layer {blocks[0].layer}'}"
