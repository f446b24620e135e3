"""The output of an attention layer under edits: what one mask can say stays fused, touched heads are written out."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from attnwidget.engine.edits.changes import Changes, refuse_absent_runs
from attnwidget.engine.edits.records import Patch, Silence, name_of
from attnwidget.engine.trace import recompute
from attnwidget.engine.trace.records import Block
from attnwidget.errors import AttnWidgetError


def mask_of_runs(
    mask: Tensor | None,
    runs: Sequence[Changes | None],
    heads: int,
    size: tuple[int, int],
    *,
    causal: bool,
    device: torch.device,
) -> Tensor | None:
    """The mask (batch head query key) of a batch of runs, in each of which other pairs are not read.

    Only edges that are cut before the softmax can be said so. Raises AttnWidgetError if a query is left without any key.
    """
    rows = torch.arange(size[0], device=device)
    each = [None if changes is None else changes.hidden(slice(0, heads), rows, size[1]) for changes in runs]
    apart = max((len(one) for one in each if one is not None), default=0)
    if apart == 0:
        return mask
    nothing = torch.zeros(1, *size, dtype=torch.bool, device=device)
    hidden = torch.stack([(nothing if one is None else one).expand(apart, *size) for one in each])
    return _without(mask, hidden, causal=causal)


def _without(mask: Tensor | None, hidden: Tensor, *, causal: bool) -> Tensor:
    """A mask that leaves out these pairs too (batch head query key)."""
    queries, keys = hidden.shape[-2:]
    if mask is None:
        rows = torch.arange(queries, device=hidden.device)[:, None]
        last = rows + keys - queries if causal else torch.full_like(rows, keys)
        mask = (torch.arange(keys, device=hidden.device)[None] <= last)[None, None]
    mask = mask.expand(-1, -1, queries, keys)
    if mask.dtype == torch.bool:
        found = mask & ~hidden
        refuse_empty_rows(mask, found)
        return found
    found = mask.masked_fill(hidden, torch.finfo(mask.dtype).min)
    refuse_empty_rows(recompute.allowed(mask), recompute.allowed(found))
    return found


def refuse_empty_rows(before: Tensor, after: Tensor) -> None:
    """Raise AttnWidgetError if a query that could read something can read nothing any more."""
    lost = before.any(-1) & ~after.any(-1)
    if bool(lost.any()):
        query = int(lost.flatten(0, -2).any(0).nonzero()[0])
        raise AttnWidgetError(
            f"These edits leave query {query} without a key to read. Leave it one, or cut 'without renormalising'."
        )


def edited_output(output: Tensor, block: Block, changes: Changes, kept: Any, call: Any) -> Tensor:
    """The output (batch query head dim) with the touched heads as the edits leave them.

    `block` has the arguments of the call. `kept` is a mutable mapping in which means last for the passes of one run, by
    the name `call`: differential attention is called twice in a layer.
    """
    if block.q is None or block.v is None:
        raise AttnWidgetError(f"{block!r} has neither q nor v, so its output cannot be changed.")
    queries = block.q.shape[2]
    group = block.heads // block.kv_heads
    found = output.clone()
    for head in changes.repainted(block.heads):
        if head in changes.silenced:
            continue
        value = block.v[0, head // group]
        if torch.is_grad_enabled():
            found[0, :, head] = recompute.weights_in_graph(block, slice(head, head + 1))[0].to(value) @ value
            continue
        step = recompute.rows_together(block.k.shape[2] if block.k is not None else 1)
        for start in range(0, queries, step):
            rows = slice(start, min(start + step, queries))
            weights = recompute.weights(block, [head], queries=rows)[0]
            found[0, rows, head] = weights.to(value) @ value
    for head in changes.silenced.keys() | changes.patched.keys():
        found[0, :, head] = _replaced(found[0, :, head], block, changes, head, kept, call)
    return found


def head_output(block: Block, head: int) -> Tensor:
    """What a head of a finished pass gave (query dim), its edits included, in fp32 on the CPU.

    Raises AttnWidgetError for a block without values.
    """
    if block.v is None:
        raise AttnWidgetError(f"{block!r} has no values, so the outputs of its heads are unknown.")
    value = block.v[0, head // (block.heads // block.kv_heads)].float().cpu()
    own = recompute.weights(block, [head])[0] @ value
    return own if block.changes is None else _replaced(own, block, block.changes, head, {}, None)


def _replaced(own: Tensor, block: Block, changes: Changes, head: int, kept: Any, call: Any) -> Tensor:
    """The output of one head (query dim), with what edits put in its place."""
    edit = changes.silenced.get(head)
    found = own if edit is None else _instead(own, edit, block, head, changes.offset, kept, call)
    for patch in changes.patched.get(head, ()):
        name = (call, head, patch)
        if name not in kept:
            kept[name] = outputs_of(patch, block, head)
        found = with_rows(found, kept[name], patch, changes.offset)
    return found


def with_rows(own: Tensor, other: Tensor, edit: Silence | Patch, offset: int) -> Tensor:
    """Rows of a pass (... position dim), from number `offset` on, with those of another run in their place.

    Raises AttnWidgetError if the other run has fewer.
    """
    end = offset + own.shape[-2]
    at = range(offset, end) if isinstance(edit, Silence) or edit.at is None else edit.at
    here = [number for number in at if offset <= number < end]
    if here and here[-1] >= len(other):
        raise AttnWidgetError(
            f"{str(edit)!r}: the other run has {len(other)} tokens, and this text has more. Give two texts of the same "
            f"length{'' if isinstance(edit, Silence) else ', or the positions as at='}."
        )
    found = own.clone()
    found[..., [number - offset for number in here], :] = other[here].to(own)
    return found


def _instead(own: Tensor, edit: Silence, block: Block, head: int, offset: int, kept: Any, call: Any) -> Tensor:
    """What a silenced head gives (query dim)."""
    if edit.by == "zero":
        return torch.zeros_like(own)
    name = (call, head, edit)
    if edit.by == "mean":
        if name not in kept:
            kept[name] = (own if edit.of is None else outputs_of(edit, block, head)).float().mean(0)
        return kept[name].to(own).expand_as(own)
    if name not in kept:
        kept[name] = outputs_of(edit, block, head)
    return with_rows(own, kept[name], edit, offset)


def outputs_of(edit: Silence | Patch, block: Block, head: int) -> Tensor:
    """The output (query dim) of the same head in another trace. Raises AttnWidgetError if that trace lacks it."""
    refuse_absent_runs([edit])
    other: Block = edit.of.block(block.layer, block.part if len(edit.of.parts) > 1 else None)
    if other.v is None or (other.heads, other.v.shape[-1]) != (
        block.heads,
        block.v.shape[-1] if block.v is not None else 0,
    ):
        raise AttnWidgetError(
            f"{str(edit)!r}: the other trace has no values for {name_of(block.layer, head)}, or is of another model."
        )
    return head_output(other, head)
