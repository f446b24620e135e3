"""Exact attention weights for any heads x rows x columns, in fp32 and bounded memory, from q and k alone."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import torch
from einops import rearrange
from jaxtyping import Bool, Float
from torch import Tensor

from attnwidget.engine.exact import exactly
from attnwidget.engine.stopping import go_on
from attnwidget.engine.trace.records import Block
from attnwidget.errors import AttnWidgetError
from attnwidget.shapes import Indices, LayerMaps

AxisIndex: TypeAlias = int | slice | Sequence[int] | Tensor | None

TILE = 2**20
"""Entries (head x query x key) that are computed together: 4 MiB of fp32, in several buffers."""


def fit_together(entries: int) -> bool:
    """Whether this many entries may be computed together.

    >>> fit_together(12 * 128 * 128), fit_together(12 * 4096 * 4096)
    (True, False)
    """
    return entries <= TILE


def rows_together(entries: int) -> int:
    """How many rows of this many entries each may be computed together: at least one.

    >>> rows_together(12 * 4096)
    21
    """
    return max(1, TILE // max(1, entries))


MASKED = 0.5
"""A float mask entry below this share of its type's minimum means "never": models add finfo.min, never -inf."""


@torch.no_grad()
def weights(
    block: Block, heads: list[int] | None = None, queries: AxisIndex = None, keys: AxisIndex = None
) -> LayerMaps:
    """softmax(q k^T * scale [soft cap] [+ bias] [+ mask]) of the chosen heads, rows and columns, on the CPU.

    The softmax runs over all keys, and over the sink logits if the model has any. Rows that may attend to nothing are
    zero. Apart from the result, only a few tiles are in memory at a time, however long the text. Raises Cancelled
    inside `stopping_when`.
    """
    go_on()
    if block.dense is not None:
        return select(block.dense if heads is None else block.dense[_together(heads)], queries, keys)
    if block.q is None or block.k is None:
        raise AttnWidgetError(f"{block!r} has neither q and k nor weights.")
    _, length, width = block.shape
    rows = indices(queries, length, "query")
    columns = None if keys is None else indices(keys, width, "key")
    counts = block.heads if heads is None else len(heads), len(rows), width if columns is None else len(columns)
    # Regardless of the user's torch defaults.
    out = torch.zeros(counts, dtype=torch.float32, device="cpu")
    with exactly(block.q.device.type):
        for place, run, shared in _runs(block, heads, len(rows)):
            query, key = block.q[0, run], block.k[0, shared].float()
            step = rows_together((run.stop - run.start) * width)
            for start in range(0, len(rows), step):
                go_on()
                portion = slice(start, start + step)
                _fill(out[place, portion], block, run, query, key, rows[portion], columns)
    return out


def reach_of(block: Block, rows: Indices) -> slice:
    """The range of keys that these rows may attend to in any head: at least one key."""
    mask = _allowed_in(block, slice(0, block.heads), rows)
    found = _reach(block, mask, rows, block.shape[2])
    return found if found.start < found.stop else slice(0, 1)


def strip(block: Block, rows: Indices, keys: slice) -> Iterator[tuple[slice, LayerMaps]]:
    """(heads, weights) of a few rows, for as many heads at a time as fit, on the CPU: read-only.

    `keys` is their `reach_of`, or more. Raises as `weights`, which holds the whole result at once.
    """
    if block.dense is None and (block.q is None or block.k is None):
        raise AttnWidgetError(f"{block!r} carries neither q and k nor weights.")
    for run, shared in _neighbours(block, len(rows) * (keys.stop - keys.start)):
        go_on()
        yield run, _within(block, run, shared, rows, keys)


def weights_in_graph(block: Block, heads: slice) -> LayerMaps:
    """The weights of neighbouring heads over all rows and columns at once, on the device of q, as a part of the graph.

    Raises AttnWidgetError for a block without q and k.
    """
    if block.q is None or block.k is None:
        raise AttnWidgetError(f"{block!r} has no q and k, so its weights have no gradient.")
    group = block.heads // block.kv_heads
    rows, keys = torch.arange(block.shape[1], device="cpu"), slice(0, block.shape[2])
    shared = torch.arange(heads.start, heads.stop, device=block.k.device) // group
    key = block.k[0, shared].float()
    with torch.autocast(block.q.device.type, enabled=False):
        scores = _scores(block, heads, block.q[0, heads].float(), key, rows, keys)
        mask = _allowed_in(block, heads, rows)
        _hide(scores, block, mask, rows, keys)
        if mask is not None:
            scores = scores.masked_fill(~mask.any(-1, keepdim=True).to(scores.device), 0.0)  # NaN would spread
        return _effective(_softmax(scores, block, heads, rows, mask), block, heads, mask, rows, keys)


@dataclass(frozen=True, repr=False, eq=False)
class Steps:
    """How the weights of one query are computed: one number per key and step; None for steps that the model does not
    take.

    `dot` is q.k, `scaled` is dot times the scale, `capped` is after the soft cap, `bias` is what a bias or an additive
    mask adds; `logit` is the input of the softmax, -inf for masked keys. `sink` is a logit in the softmax that belongs
    to no key, or to all keys that are left out.
    """

    dot: Float[Tensor, " key"]
    scaled: Float[Tensor, " key"]
    capped: Float[Tensor, " key"] | None
    bias: Float[Tensor, " key"] | None
    logit: Float[Tensor, " key"]
    sink: float | None
    weight: Float[Tensor, " key"]


def steps(block: Block, head: int, query: int) -> Steps:
    """The steps from q and k to the weights of one head and query, over all keys, on the CPU.

    Raises AttnWidgetError for a block without q and k.
    """
    if block.q is None or block.k is None or block.dense is not None:
        raise AttnWidgetError(f"{block!r} has no q and k.")
    _, _, width = block.shape
    group = head // (block.heads // block.kv_heads)
    own, shared, reach = slice(head, head + 1), slice(group, group + 1), slice(0, width)
    rows = torch.tensor([query], dtype=torch.long, device="cpu")
    with exactly(block.q.device.type):
        q, k = block.q[0, own][:, rows.to(block.q.device)].float(), block.k[0, shared].float()
        scaled = _products(q, k, block.scale)
        capped = None if block.softcap is None else _cap(scaled.clone(), block.softcap)
        logit = (scaled if capped is None else capped).clone()
        bias = torch.zeros_like(logit)
        for added in _additions(block, own, rows, reach, logit.device):
            logit += added
            bias += added
        mask = _allowed_in(block, own, rows)
        _hide(logit, block, mask, rows, reach)
        weight = _effective(_softmax(logit, block, own, rows, mask), block, own, mask, rows, reach)
        dot = _products(q, k, 1.0)
    return Steps(
        dot=dot[0, 0].cpu(),
        scaled=scaled[0, 0].cpu(),
        capped=None if capped is None else capped[0, 0].cpu(),
        bias=bias[0, 0].cpu() if bool(bias.any()) else None,
        logit=logit[0, 0].cpu(),
        sink=_without_a_key(block, head, query),
        weight=weight[0, 0].cpu(),
    )


def _without_a_key(block: Block, head: int, query: int) -> float | None:
    others = [] if block.sinks is None else [float(block.sinks[head])]
    others += [] if block.beyond is None else [float(block.beyond[head, query])]
    return float(torch.tensor(others, dtype=torch.float32, device="cpu").logsumexp(0)) if others else None


def left_out(block: Block, first: int) -> Float[Tensor, "head query"]:
    """The logarithm of the summed exponentials of the logits of all keys from `first` on, on the CPU.

    Raises AttnWidgetError for a block without q and k.
    """
    if block.q is None or block.k is None:
        raise AttnWidgetError(f"{block!r} has no q and k.")
    _, length, width = block.shape
    out = torch.empty(block.heads, length, dtype=torch.float32, device="cpu")
    keys = slice(first, width)
    with exactly(block.q.device.type):
        for place, run, shared in _runs(block, None, length):
            query, key = block.q[0, run], block.k[0, shared, keys].float()
            step = rows_together((run.stop - run.start) * width)
            for rows in torch.arange(length, device="cpu").split(step):
                go_on()
                mask = _allowed_in(block, run, rows)
                scores = _scores(block, run, query[:, rows.to(query.device)].float(), key, rows, keys)
                _hide(scores, block, mask, rows, keys)
                out[place, rows] = scores.logsumexp(-1).cpu()
    return out


def visible(block: Block, queries: AxisIndex = None) -> Bool[Tensor, "query key"]:
    """Which keys each of the chosen queries may attend to, in any head; inferred from zeros for given weights."""
    _, length, width = block.shape
    rows = indices(queries, length, "query")
    mask = _allowed_in(block, slice(0, block.heads), rows)
    if mask is None:
        every = torch.ones(len(rows), width, dtype=torch.bool, device="cpu")
        return _earlier(block, rows, width) if block.causal else every
    return mask.any(0).cpu()


def select(maps: LayerMaps, queries: AxisIndex, keys: AxisIndex) -> Float[Tensor, "head row column"]:
    """Rows and columns of existing maps."""
    if queries is not None:
        maps = maps[:, indices(queries, maps.shape[1], "query")]
    if keys is not None:
        maps = maps[:, :, indices(keys, maps.shape[2], "key")]
    return maps


def indices(rows: Any, size: int, what: str) -> Indices:
    """Any selection of rows -> indices from 0. Raises AttnWidgetError for an index that does not exist.

    >>> indices(-1, 5, "query"), indices(slice(1, 3), 5, "key")
    (tensor([4]), tensor([1, 2]))
    """
    if rows is None:
        return torch.arange(size, device="cpu")
    found: Tensor | None = None
    try:
        if isinstance(rows, slice):
            return torch.tensor(range(*rows.indices(size)), dtype=torch.long, device="cpu")
        named = torch.as_tensor(rows, device="cpu")
        whole = not (named.is_floating_point() or named.is_complex() or named.dtype == torch.bool)
        if whole and named.ndim <= 1:
            found = named.reshape(-1).long()
    except (TypeError, ValueError, RuntimeError, OverflowError, NotImplementedError):
        found = None
    if found is None:
        raise AttnWidgetError(f"{rows!r} is not a valid {what}. Give an integer, a slice or a sequence of integers.")
    low, high = (int(end) for end in found.aminmax()) if len(found) else (0, -1)
    if low >= 0 and high < size:
        return found
    outside = found[(found < -size) | (found >= size)]
    if len(outside):
        raise AttnWidgetError(f"There is no {what} {int(outside[0])}: there are {size}, counted from 0.")
    return found % size


def _together(heads: list[int]) -> list[int] | slice:
    """Neighbouring heads as a slice: a view, where a list would copy whole maps before rows are chosen."""
    neighbours = heads == list(range(heads[0], heads[0] + len(heads))) if heads else False
    return slice(heads[0], heads[0] + len(heads)) if neighbours else heads


def _runs(block: Block, heads: list[int] | None, rows: int) -> Iterator[tuple[slice, slice, slice]]:
    """(place in the result, heads, key heads) of each group that is computed together.

    For all heads, as many as fit a tile, with those that share a key head together; chosen heads one at a time.
    """
    group = block.heads // block.kv_heads
    if heads is not None and heads != list(range(block.heads)):
        for at, head in enumerate(heads):
            yield slice(at, at + 1), slice(head, head + 1), slice(head // group, head // group + 1)
        return
    for run, shared in _neighbours(block, block.shape[2] * rows):
        yield run, run, shared


def _neighbours(block: Block, entries: int) -> Iterator[tuple[slice, slice]]:
    """(which heads, which key heads) that fit a tile with so many entries each, those that share a key head together."""
    group = block.heads // block.kv_heads
    # Keys of half precision are copied as they become fp32, and so must fit as well.
    copied = 0 if block.k is None or block.k.dtype == torch.float32 else block.shape[2] * block.k.shape[-1]
    step = rows_together(max(1, group * entries, copied))
    for at in range(0, block.kv_heads, step):
        last = min(at + step, block.kv_heads)
        yield slice(at * group, last * group), slice(at, last)


def _within(block: Block, run: slice, shared: slice, rows: Indices, keys: slice) -> LayerMaps:
    """The weights of a run of heads over the reach of a few rows."""
    if block.dense is not None:
        return block.dense[run, :, keys][:, rows].cpu()
    assert block.q is not None  # noqa: S101  for the type checker
    assert block.k is not None  # noqa: S101  for the type checker
    with exactly(block.q.device.type):
        query, key = block.q[0, run][:, rows.to(block.q.device)].float(), block.k[0, shared, keys].float()
        mask = _allowed_in(block, run, rows)
        scores = _scores(block, run, query, key, rows, keys)
        _hide(scores, block, mask, rows, keys)
        return _effective(_softmax(scores, block, run, rows, mask), block, run, mask, rows, keys).cpu()


def _fill(
    out: Tensor, block: Block, heads: slice, query: Tensor, key: Tensor, rows: Tensor, columns: Tensor | None
) -> None:
    """Write the weights of a few rows into `out`, which is zero; keys that none of them may attend to are skipped."""
    mask = _allowed_in(block, heads, rows)
    reach = _reach(block, mask, rows, key.shape[1])
    inside = None if columns is None else (columns >= reach.start) & (columns < reach.stop)
    if reach.start >= reach.stop or (inside is not None and not bool(inside.any())):
        return
    scores = _scores(block, heads, query[:, rows.to(query.device)].float(), key[:, reach], rows, reach)
    _hide(scores, block, mask, rows, reach)
    found = _effective(_softmax(scores, block, heads, rows, mask), block, heads, mask, rows, reach)
    if columns is None or inside is None:
        out[..., reach] = found
    else:
        out[..., inside] = found[..., (columns[inside] - reach.start).to(found.device)].cpu()


def _scores(block: Block, heads: slice, query: Tensor, key: Tensor, rows: Indices, reach: slice) -> LayerMaps:
    """The input of the softmax: q k^T * scale [soft cap] [+ bias] [+ additive mask], in fp32."""
    scores = _products(query, key, block.scale)
    if block.softcap is not None:
        scores = _cap(scores, block.softcap)
    for added in _additions(block, heads, rows, reach, key.device):
        scores += added
    return scores


def _products(query: Tensor, key: Tensor, scale: float) -> LayerMaps:
    # Heads that share a key head become rows of one product: no key is copied.
    together = rearrange(query, "(shared head) query dim -> shared (head query) dim", shared=len(key))
    scores = torch.baddbmm(query.new_zeros(()), together, key.transpose(1, 2), beta=0, alpha=scale)
    return rearrange(scores, "shared (head query) key -> (shared head) query key", query=query.shape[1])


def _cap(scores: Tensor, limit: float) -> Tensor:
    return scores.div_(limit).tanh_() * limit  # the gradient of tanh needs what it gave


def _additions(block: Block, heads: slice, rows: Indices, reach: slice, device: torch.device) -> Iterator[Tensor]:
    """What is added to the scores: a bias, and the entries of an additive mask that do not say "never"."""
    if block.bias is not None:
        yield _of_heads(block.bias[0], heads)[:, rows.to(device), reach]
    if block.mask is not None and block.mask.dtype != torch.bool:
        added = _of_heads(block.mask[0], heads)[:, rows.to(device), reach]
        yield added.masked_fill(~allowed(added), 0.0)


def _hide(scores: Tensor, block: Block, mask: Tensor | None, rows: Indices, reach: slice) -> None:
    """Set masked entries to -inf."""
    if mask is not None:
        scores.masked_fill_(~mask[..., reach], float("-inf"))
    elif block.causal and len(rows):
        # Keys that all of these rows may attend to need no check.
        free = max(reach.start, min(reach.stop, int(rows.min()) + 1 + block.shape[2] - block.shape[1]))
        later = ~_earlier(block, rows, reach.stop)[:, free:]
        scores[..., free - reach.start :].masked_fill_(later.to(scores.device), float("-inf"))


def _softmax(scores: Tensor, block: Block, heads: slice, rows: Indices, mask: Tensor | None) -> Tensor:
    """Softmax over all keys, those that are left out and the sink logits, if any; rows that may attend to nothing are zero."""
    others = []
    if block.sinks is not None:
        others.append(rearrange(block.sinks[heads].float(), "head -> head 1 1").expand(-1, scores.shape[1], 1))
    if block.beyond is not None:
        others.append(block.beyond[heads][:, rows.to(block.beyond.device), None])
    if others:
        together = torch.cat([scores, *(other.to(scores.device) for other in others)], dim=-1)
        found = together.softmax(-1)[..., : scores.shape[-1]]
    else:
        found = scores.softmax(-1)
    blocked = None if mask is None else ~mask.any(-1, keepdim=True)
    if blocked is not None and bool(blocked.any()):
        found = found.masked_fill(blocked, 0.0)
    return found


def _allowed_in(block: Block, heads: slice, rows: Indices) -> Bool[Tensor, "head query key"] | None:
    """What these rows may attend to, by the mask and the edits; None where neither says anything."""
    mask = None if block.mask is None else allowed(_of_heads(block.mask[0], heads)[:, rows.to(block.mask.device)])
    hidden = None if block.changes is None else block.changes.hidden(heads, rows, block.shape[2])
    if hidden is None:
        return mask
    if mask is None and block.causal:
        mask = _earlier(block, rows, block.shape[2])[None]
    return ~hidden if mask is None else mask & ~hidden.to(mask.device)


def _effective(
    weights: LayerMaps, block: Block, heads: slice, mask: Tensor | None, rows: Indices, reach: slice
) -> LayerMaps:
    """The weights after the softmax as edits leave them."""
    if block.changes is None:
        return weights
    if mask is not None:
        may = mask[..., reach].to(weights.device)
    elif block.causal:
        may = _earlier(block, rows, reach.stop)[None, :, reach.start :].to(weights.device)
    else:
        may = torch.ones(1, *weights.shape[1:], dtype=torch.bool, device=weights.device)
    return block.changes.paint(weights, heads, rows, may, reach.start)


def allowed(mask: Tensor) -> Tensor:
    """Which entries of a mask, boolean or additive, let a query read a key."""
    return mask if mask.dtype == torch.bool else mask > torch.finfo(mask.dtype).min * MASKED


def _earlier(block: Block, rows: Indices, width: int) -> Bool[Tensor, "query key"]:
    # If a prefix came from a cache, the queries are the last of the keys.
    shift = block.shape[2] - block.shape[1]
    return torch.arange(width, device=rows.device) <= rearrange(rows + shift, "query -> query 1")


def _reach(block: Block, mask: Tensor | None, rows: Indices, width: int) -> slice:
    """The range of keys outside which none of these rows may attend."""
    if mask is not None:
        seen = mask.flatten(0, 1).any(0).nonzero()
        return slice(int(seen[0]), int(seen[-1]) + 1) if len(seen) else slice(0, 0)
    if block.causal and len(rows):
        return slice(0, min(width, int(rows.max()) + 1 + block.shape[2] - block.shape[1]))
    return slice(0, width)


def _of_heads(stack: Tensor, heads: slice) -> Tensor:
    return stack if stack.shape[0] == 1 else stack[heads]
