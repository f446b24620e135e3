"""What one key receives from the queries that can attend to it, and how many heads rest there."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from attnwidget.arguments import share_or_none, whole_from_one
from attnwidget.engine import Block, Trace, fit_index
from attnwidget.errors import AttnWidgetError
from attnwidget.measures.given_trace import said_setting
from attnwidget.measures.heads.token_kinds import kind_of_keys
from attnwidget.measures.measure import measure
from attnwidget.measures.portions import portions
from attnwidget.measures.results import HeadScores, TokenScores


@dataclass(frozen=True, eq=False)
class Received:
    """The total that the keys of one layer received, and how many queries could attend to each."""

    block: Block
    sums: Float[Tensor, "head key"]
    readers: Int[Tensor, " key"]


def received(
    trace: Trace, part: str | None = None, chosen_heads: Mapping[int, Sequence[int]] | None = None
) -> Iterator[Received]:
    """Per layer, what each key received from all queries that are not padding; 0 from heads that were not chosen."""
    for block, own in groupby(portions(trace, part, chosen_heads=chosen_heads), key=lambda portion: portion.block):
        sums = torch.zeros(block.heads, block.shape[2], dtype=torch.float64, device="cpu")
        readers = torch.zeros(block.shape[2], dtype=torch.long, device="cpu")
        counted: list[int] = []
        for portion in own:
            counted = counted or portion.heads
            sums[portion.heads] += portion.maps.sum(1).double()
            if portion.heads == counted:  # the mask is the same in all heads
                readers += portion.visible.sum(0)
        yield Received(block, sums, readers)


@measure
def sink_score(trace: Trace, *, part: str | None = None, key: Any = 0, fewest: Any = 1) -> HeadScores:
    """Sink score alpha of one key in every head, (layer head): its mean weight, 0 to 1, over queries that can see it.

    On a full causal map of T tokens this is the paper's alpha_k = 1 / (T - k + 1) sum_{i >= k} A[i, k], k from 1; with
    sliding windows, queries that are too far away do not count, and without causality all queries do. Late keys average
    few queries, the last one only its own: a key with fewer than `fewest` queries is NaN.

    Padding queries do not count. Layers without attention are NaN. Raises AttnWidgetError for a key that does not exist
    or is padding, an ambiguous part and an invalid `fewest`; NotNumbers for weights that are NaN.
    Source: Gu et al. 2024, arXiv 2410.10781, section 2.2, with their threshold of 0.3 for a sink.

    >>> import torch
    >>> from attnwidget import Trace
    >>> trace = Trace.from_weights([torch.tensor([[[1.0, 0.0], [0.5, 0.5]]])], ["a", "b"])
    >>> float(sink_score(trace)[0, 0]), float(sink_score(trace, key=-1)[0, 0])
    (0.75, 0.5)
    """
    _, keys = trace.tokens(part)
    number, needed = fit_index("key", key, len(keys)), whole_from_one("fewest", fewest)
    if keys.padding[number]:
        first = kind_of_keys(keys, "first").nonzero()[:1].flatten().tolist()
        there = f"The first other token is key {first[0]}." if first else "All keys are padding."
        raise AttnWidgetError(f"Key {number} is padding, which no query attends to. {there}")
    counts = trace.heads(part)
    table = np.full((len(counts), max(counts)), np.nan, np.float32)
    for layer in received(trace, part):
        table[layer.block.layer, : layer.block.heads] = _scores(layer, needed)[:, number].numpy()
    recipe = f"sink score of key {number}: mean weight over queries that can see it and are not padding{_few(needed)}"
    return HeadScores(table, recipe + said_setting(trace, part))


@measure
def sink_rate(trace: Trace, *, part: str | None = None, threshold: Any = 0.3, fewest: Any = 1) -> TokenScores:
    """Sink rate of every key, (key): the share of heads of all layers whose sink score exceeds `threshold`.

    Late keys average few queries: the last key of a causal map is scored by its own diagonal alone, and often passes.
    `fewest` is how many queries a key needs in a layer for that layer to count; keys that count in no layer are NaN, as
    are padding keys. Raises AttnWidgetError for a threshold outside 0 to 1, an ambiguous part and an invalid `fewest`;
    NotNumbers for weights that are NaN.
    Source: Gu et al. 2024, arXiv 2410.10781, section 2.2; epsilon = 0.3 on texts of 64 tokens.

    >>> import torch
    >>> from attnwidget import Trace
    >>> trace = Trace.from_weights([torch.tensor([[[1.0, 0.0], [0.5, 0.5]]] * 2)], ["a", "b"])
    >>> sink_rate(trace, threshold=0.6).values.tolist()
    [1.0, 0.0]
    """
    limit, needed = share_number("threshold", threshold), whole_from_one("fewest", fewest)
    _, keys = trace.tokens(part)
    above = torch.zeros(len(keys), dtype=torch.float64, device="cpu")
    heads = torch.zeros_like(above)
    for layer in received(trace, part):
        scores = _scores(layer, needed)
        above += (scores > limit).sum(0)
        heads += (~scores.isnan()).sum(0)
    rate = (above / torch.where(heads > 0, heads, torch.nan)).float()
    recipe = f"sink rate: share of heads whose sink score exceeds {limit:g}, not normalised{_few(needed)}"
    return TokenScores(rate.numpy(), recipe + said_setting(trace, part), keys.pieces)


def share_number(name: str, value: Any) -> float:
    """The given value as a number from 0 to 1. Raises AttnWidgetError for anything else.

    >>> share_number("threshold", 0.3)
    0.3
    """
    number = share_or_none(value)
    if number is None:
        raise AttnWidgetError(f"{name}={value!r} is not valid: give a number from 0 to 1.")
    return number


def _scores(layer: Received, needed: int) -> Float[Tensor, "head key"]:
    enough = torch.where(layer.readers >= needed, layer.readers.double(), torch.nan)
    return (layer.sums / enough).float()


def _few(needed: int) -> str:
    return "" if needed == 1 else f", keys with fewer than {needed} queries left out"
