"""Heads that do nothing on a text: those that attend uniformly, and those that write almost nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from einops import einsum
from jaxtyping import Float
from torch import Tensor

from attnwidget.arguments import share_or_none
from attnwidget.engine import Block, Trace
from attnwidget.errors import AttnWidgetError
from attnwidget.measures.given_trace import said_setting
from attnwidget.measures.heads.entropy import normalised_entropy
from attnwidget.measures.measure import measure
from attnwidget.measures.portions import Portion, Statistic, head_means
from attnwidget.measures.results import HeadScores, RankedHead

NOT_JUDGED = "not judged, as this trace has no values (v); one made by attnwidget from a model has them"


@dataclass(frozen=True, eq=False, repr=False)
class DeadHeads:
    """Heads that are `uniform` or `silent` on a text, each with its number.

    `uniform` has the normalised entropy, `silent` how much a head writes, as a share of the layer's median head;
    `scores` has both numbers for all heads, as "uniform" and "written".
    """

    uniform: tuple[RankedHead, ...]
    silent: tuple[RankedHead, ...]
    scores: Mapping[str, HeadScores]
    recipe: str

    def __repr__(self) -> str:
        lines = [f"DeadHeads({len(self.uniform)} uniform, {len(self.silent)} silent; {self.recipe})"]
        for name, heads in (("uniform", self.uniform), ("silent", self.silent)):
            if heads:
                lines.append(f"{name}: {', '.join(map(repr, heads))}")
        return "\n".join(lines)


@measure
def dead_heads(trace: Trace, *, part: str | None = None, uniform: Any = 0.95, silent: Any = 0.05) -> DeadHeads:
    """Heads that attend uniformly, or write almost nothing into the residual stream, on this text; worst first.

    Uniform: the mean over queries of the entropy, as a share of the log of the number of visible keys, is above
    `uniform` (rows with a single key do not count). Silent: the mean over queries of ||sum_j A_ij v_j W_O||, what the
    head adds to the stream, is below `silent` times that of the layer's median head, or is 0.

    Without the output projection W_O the norm is taken before it; without values (given weights, the eager path) only
    uniform is judged and `silent` is empty: the recipe says which. Padding queries do not count. A head that is dead on
    one text may work on another. Raises AttnWidgetError for an ambiguous part and thresholds outside [0, 1]; NotNumbers
    for weights that are NaN.
    Source: the norm of what a head writes follows Kobayashi et al. 2020 (2004.10102), eq. 3, summed over keys; the
    thresholds are ours.

    >>> import torch
    >>> from attnwidget import Trace
    >>> heads = torch.stack([torch.eye(4), torch.full((4, 4), 0.25)])
    >>> dead_heads(Trace.from_weights([heads], ["a", "b", "c", "d"])).uniform
    (L0H1 1,)
    """
    for name, share in (("uniform", uniform), ("silent", silent)):
        if share_or_none(share) is None:
            raise AttnWidgetError(f"{name}={share!r} is not valid: give a number from 0 to 1.")
    uniform, silent = float(uniform), float(silent)
    statistics: dict[str, Statistic] = {"uniform": normalised_entropy, "written": written}
    found = head_means(trace, part, statistics, also_empty={"written"}, layers_apart=True)
    median = np.array([[np.nan if np.isnan(row).all() else np.nanmedian(row)] for row in found["written"]])
    # If half of a layer is 0 the share is undefined: heads that write anything are far above the median.
    zero = np.where(found["written"] > 0, np.inf, np.where(np.isnan(found["written"]), np.nan, 0))
    shares = np.divide(found["written"], median, out=zero.astype(np.float32), where=median > 0)
    measured, where = _measured(trace.part_blocks(part)), said_setting(trace, part)
    written_as = f"{measured}, as a share of the layer's median head" if measured else NOT_JUDGED
    scores = {
        "uniform": HeadScores(found["uniform"], f"entropy as a share of the log of the number of visible keys{where}"),
        "written": HeadScores(shares, f"{written_as}{where}"),
    }
    wide = tuple(ranked for ranked in scores["uniform"].top(shares.size) if ranked.value > uniform)
    lowest = scores["written"].top(shares.size, lowest=True)
    quiet = tuple(ranked for ranked in lowest if ranked.value < silent or ranked.value == 0)
    below = f"{measured}, below {silent:g} of the layer's median head" if measured else NOT_JUDGED
    recipe = f"uniform: normalised entropy above {uniform:g}; silent: {below}; means over queries that are not padding{where}"
    return DeadHeads(wide, quiet, scores, recipe)


def written(portion: Portion) -> Float[Tensor, "head query"]:
    """||sum_j A_ij v_j W_O|| of every row, or before W_O if the block has none; NaN without values."""
    block = portion.block
    if block.v is None:
        return torch.full(portion.maps.shape[:2], torch.nan, dtype=torch.float32, device="cpu")
    group = block.heads // block.kv_heads
    values = block.v[0, [head // group for head in portion.heads]].detach().float().cpu()
    mixed = einsum(portion.maps, values, "head query key, head key dim -> head query dim")
    mixed[[head in block.silenced for head in portion.heads]] = 0
    products = _products(block, portion.heads)
    if products is None:
        return mixed.norm(dim=-1)
    squared = einsum(mixed, products, mixed, "head query dim, head dim own, head query own -> head query")
    return squared.clamp_min(0).sqrt()


def _products(block: Block, heads: list[int]) -> Float[Tensor, "head dim dim"] | None:
    """W_O^T W_O of each head: it gives a norm in the stream's width from vectors of the head's width."""
    if block.projection is None:
        return None
    weight = block.projection.of_heads(block.heads)[:, heads].detach().float().cpu()
    return einsum(weight, weight, "out head dim, out head own -> head dim own")


def _measured(blocks: tuple[Block, ...]) -> str:
    """What is measured in which layers; "" if none has values."""
    lacking = [block.layer for block in blocks if block.v is None]
    if len(lacking) == len(blocks):
        return ""
    plain = [block.layer for block in blocks if block.projection is None]
    where = "before the output projection" if len(plain) == len(blocks) else "after the output projection"
    if 0 < len(plain) < len(blocks):
        where += f" (before it in layers {', '.join(map(str, plain))})"
    if lacking:
        where += f", not judged in layers {', '.join(map(str, lacking))} without values"
    return f"norm of what a head writes {where}"
