"""How differently any two heads of a model attend on the same text."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from attnwidget.arguments import share_or_none, whole_number
from attnwidget.engine import Block, Trace, go_on, head_named, rows_together, weights
from attnwidget.errors import AttnWidgetError, NotNumbers
from attnwidget.measures.given_trace import said_setting
from attnwidget.measures.measure import measure
from attnwidget.measures.results import _Result
from attnwidget.measures.rows import read_rows
from attnwidget.shapes import Indices, LayerMaps

SAMPLED_QUERIES = 64
"""The queries used for a longer text: distances between heads converge well before that."""

PAIRS = 2**17
"""Entries (head x (query, key)) that are compared together: they stay in the processor's cache."""

NEARLY_NOTHING = 1e-30
"""Replaces 0 in x log x: it changes no fp32 weight above 1e-22."""


@dataclass(frozen=True, eq=False, repr=False)
class HeadDistances(_Result):
    """One number per pair of heads: `values` is (head head), symmetric, with a diagonal of 0.

    `heads` has the (layer, head) of every row, `names` the same as text, `layers` the number of layers of the part,
    including those without attention.
    """

    heads: tuple[tuple[int, int], ...] = ()
    layers: int = 0

    @property
    def names(self) -> tuple[str, ...]:
        """The heads in order, as text: ("L0H0", "L0H1", ...)."""
        return tuple(f"L{layer}H{head}" for layer, head in self.heads)

    def at(self, head: Any) -> int:
        """The row of a head, named "L5H3" or (5, 3); negative numbers count from the end.

        Raises AttnWidgetError for a head that does not exist.
        """
        layer, number = head_named(head)
        layer += self.layers if layer < 0 else 0
        number += sum(of == layer for of, _ in self.heads) if number < 0 else 0
        if (layer, number) not in self.heads:
            known = f"{len(self.heads)} heads, {self.names[0]} to {self.names[-1]}"
            raise AttnWidgetError(f"There is no head {head!r} here. These are the distances of {known}.")
        return self.heads.index((layer, number))

    def between(self, first: Any, second: Any) -> float:
        """The distance of two heads, each named "L5H3" or (5, 3). Raises AttnWidgetError for a head that does not
        exist.

        >>> HeadDistances(np.array([[0, 0.2], [0.2, 0]]), "an example", ((0, 0), (1, 0)), 2).between("L0H0", "L1H0")
        0.2
        """
        return float(self.values[self.at(first), self.at(second)])


NO_QUERY = (
    "These distances are NaN, as there was no query to compare heads by. Give a text with other tokens than padding."
)


@measure
def head_distances(
    trace: Trace, *, part: str | None = None, rows: Any = SAMPLED_QUERIES, smoothing: Any = 0.0
) -> HeadDistances:
    """Jensen-Shannon divergence of every two heads of all layers, (head head) in nats: the mean over queries.

    0 for identical heads, log 2 for heads that never attend to the same key; it is the divergence, not its root. For
    texts with more than `rows` queries, that many evenly spaced ones are used; None uses all. Padding queries do not
    count. If a row sums to less than 1, as with attention sinks outside the text, the rest is one more outcome,
    "outside": nothing is renormalised, and an empty row lies outside entirely. `smoothing` is the share of uniform
    attention mixed into every row. Memory is bounded; time grows with heads^2 x rows x keys.

    Raises AttnWidgetError for an ambiguous part, `rows` below 1, `smoothing` outside [0, 1) and layers with different
    numbers of keys; NotNumbers for weights that are NaN.
    Source: Clark et al. 2019 (W19-4828), who smooth by .001 and sum over rows instead of taking their mean.

    >>> from attnwidget import Trace
    >>> one = [[1.0, 0.0], [1.0, 0.0]]
    >>> other = [[1.0, 0.0], [0.0, 1.0]]
    >>> found = head_distances(Trace.from_weights([[one, other]], ["a", "b"]))
    >>> round(found.between("L0H0", "L0H1"), 4)                # the first rows agree, the second cost log 2
    0.3466
    """
    chosen, sampled = sampled_rows(trace, part, rows)
    mixed = share_or_none(smoothing)
    if mixed is None or mixed == 1:
        raise AttnWidgetError(f"smoothing={smoothing!r} is not valid: give a number from 0 (none) to below 1.")
    blocks = trace.part_blocks(part)
    heads = tuple((block.layer, head) for block in blocks for head in range(block.heads))
    total = torch.zeros(len(heads), len(heads), dtype=torch.float64, device="cpu")
    for stack in _stacks(blocks, chosen):
        _add_divergences(total, _outcomes(stack, mixed))
    values = (total / max(1, len(chosen))).clamp_min(0).float()
    values = torch.maximum(values, values.T).fill_diagonal_(0)
    if not len(chosen):
        values.fill_(torch.nan)
    smoothed = f"smoothed by {mixed:g}" if mixed else "unsmoothed"
    recipe = _recipe(smoothed, sampled) + said_setting(trace, part)
    return HeadDistances(values.numpy(), recipe, heads, trace.layers(part))


def distances_from(trace: Trace, head: Any, *, part: str | None = None, rows: Any = SAMPLED_QUERIES) -> HeadDistances:
    """`head_distances` of one head alone: its row of `values`, with NaN for the others, in a fraction of the time.

    The numbers are identical to the last bit. Raises AttnWidgetError for a head that does not exist, and as
    `head_distances`, and NotNumbers.
    """
    chosen, sampled = sampled_rows(trace, part, rows)
    blocks = trace.part_blocks(part)
    heads = tuple((block.layer, number) for block in blocks for number in range(block.heads))
    values = np.full((len(heads), len(heads)), np.nan, np.float32)
    found = HeadDistances(values, _recipe("unsmoothed", sampled) + said_setting(trace, part), heads, trace.layers(part))
    at = found.at(head)
    total = torch.zeros(len(heads), dtype=torch.float64, device="cpu")
    for stack in _stacks(blocks, chosen):
        _add_divergences_from(total, _outcomes(stack, 0.0), at)
    if len(chosen):
        values[at] = (total / len(chosen)).clamp_min(0).float().numpy()
        values[at, at] = 0
    return found


def sampled_rows(trace: Trace, part: str | None, rows: Any) -> tuple[Indices, str]:
    """At most this many queries that are not padding, evenly spaced, and a phrase that describes them.

    Raises AttnWidgetError for anything but a whole number of 1 or more, or None.
    """
    wanted = whole_number(rows)
    if rows is not None and (wanted is None or wanted < 1):
        raise AttnWidgetError(f"rows={rows!r} is not valid: give a whole number of 1 or more, or None for all queries.")
    every = read_rows(trace.tokens(part)[0])
    if wanted is None or len(every) <= wanted:
        return every, f"all {len(every)} queries that are not padding"
    places = np.linspace(0, len(every) - 1, wanted).round().astype(np.int64) if wanted > 1 else [len(every) - 1]
    return every[
        torch.as_tensor(places, device="cpu")
    ], f"{wanted} evenly spaced of {len(every)} queries that are not padding"


def _stacks(blocks: tuple[Block, ...], chosen: Indices) -> Iterator[LayerMaps]:
    """A few rows of all heads of all layers at a time, within one tile if a single row fits."""
    widths = {block.shape[-1] for block in blocks}
    if len(widths) > 1:
        raise AttnWidgetError(
            f"The layers of this part have {' and '.join(map(str, sorted(widths)))} keys, so their rows cannot be "
            "compared key by key."
        )
    width = widths.pop()
    count = sum(block.heads for block in blocks)
    for rows in chosen.split(rows_together(count * width)):
        stack = torch.cat([weights(block, queries=rows) for block in blocks])
        if not bool(torch.isfinite(stack).all()):
            raise NotNumbers
        yield stack


def _outcomes(stack: LayerMaps, smoothing: float) -> Float[Tensor, "head outcome"]:
    """For every head, the probabilities of all rows in sequence; outcomes without weight in any head are left out."""
    outside = (1 - stack.sum(-1, keepdim=True)).clamp_min(0)
    mixed = (1 - smoothing) * stack + smoothing / stack.shape[-1]
    every = torch.cat([mixed, (1 - smoothing) * outside], -1).flatten(1)
    return every[:, (every > 0).any(0)]


def _add_divergences(total: Float[Tensor, "head head"], outcomes: Float[Tensor, "head outcome"]) -> None:
    """Add the divergence of every two heads, summed over rows, to the upper triangle of `total`.

    JS(p, q) = H((p + q) / 2) - (H(p) + H(q)) / 2 = (f(p, p) + f(q, q)) / 4 - f(p, q) / 2 with f = sum of (p + q) log (p
    + q). As all three are computed in the same way, equal heads have a distance of exactly 0.
    """
    heads = len(outcomes)
    for part in outcomes.split(max(1, PAIRS // heads), 1):
        own = part.contiguous()
        sums, logs = torch.empty_like(own), torch.empty_like(own)
        alone = _sum_log(own, own, sums, logs)
        for head in range(heads - 1):
            go_on()
            after = slice(head + 1, None)
            both = _sum_log(own[after], own[head], sums[after], logs[after])
            total[head, after] += (alone[head] + alone[after]) / 4 - both / 2


def _add_divergences_from(total: Float[Tensor, " head"], outcomes: Float[Tensor, "head outcome"], at: int) -> None:
    """`_add_divergences` for the head at one index, with each pair in the same order."""
    for part in outcomes.split(max(1, PAIRS // len(outcomes)), 1):
        go_on()
        own = part.contiguous()
        sums, logs = torch.empty_like(own), torch.empty_like(own)
        alone = _sum_log(own, own, sums, logs)
        torch.add(own[at], own + NEARLY_NOTHING, out=sums)
        torch.add(own[at + 1 :], own[at] + NEARLY_NOTHING, out=sums[at + 1 :])
        both = torch.log(sums, out=logs).mul_(sums).sum(-1).double()
        total += (alone[at] + alone) / 4 - both / 2


def _recipe(smoothed: str, sampled: str) -> str:
    return f"Jensen-Shannon divergence in nats, {smoothed}, mass outside the text is one outcome, mean over {sampled}"


def _sum_log(
    many: Float[Tensor, "head outcome"], one: Float[Tensor, "*head outcome"], sums: Tensor, logs: Tensor
) -> Float[Tensor, " head"]:
    """The sum of s log s with s = many + one, in fp64; `sums` and `logs` are work buffers."""
    torch.add(many, one + NEARLY_NOTHING, out=sums)
    return torch.log(sums, out=logs).mul_(sums).sum(-1).double()
