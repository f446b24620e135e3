"""The output of an attention layer under edits: what one mask can say stays fused, touched heads are written out."""

from typing import Any

import torch
from torch import Tensor

from attnwidget.engine.edits.changes import Changes
from attnwidget.engine.edits.records import Silence, name_of
from attnwidget.engine.trace import recompute
from attnwidget.engine.trace.records import Block
from attnwidget.errors import AttnWidgetError


def edited_mask(
    mask: Tensor | None, changes: Changes, size: tuple[int, int], *, causal: bool, device: torch.device
) -> Tensor | None:
    """The mask (batch head query key) with what no head may read; None where nothing is to be said in a mask.

    Raises AttnWidgetError if it leaves a query without any key.
    """
    shared = changes.of_every_head()
    queries, keys = size
    rows = torch.arange(queries, device=device)
    hidden = None if shared is None else shared.hidden(slice(0, 1), rows, keys)
    if hidden is None:
        return mask
    if mask is None:
        last = rows[:, None] + keys - queries if causal else torch.full_like(rows[:, None], keys)
        mask = (torch.arange(keys, device=device)[None] <= last)[None, None]
    mask = mask.expand(-1, -1, queries, keys)
    if mask.dtype == torch.bool:
        found = mask & ~hidden[None]
        refuse_empty_rows(mask, found)
        return found
    found = mask.masked_fill(hidden[None], torch.finfo(mask.dtype).min)
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
        step = recompute.rows_together(block.k.shape[2] if block.k is not None else 1)
        for start in range(0, queries, step):
            rows = slice(start, min(start + step, queries))
            weights = recompute.weights(block, [head], queries=rows)[0]
            found[0, rows, head] = weights.to(value) @ value
    for head, edit in changes.silenced.items():
        found[0, :, head] = _instead(output[0, :, head], edit, block, head, changes.offset, kept, call)
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
    rows = kept[name][offset : offset + len(own)]
    if len(rows) < len(own):
        raise AttnWidgetError(
            f"{str(edit)!r}: the other trace has {len(kept[name])} tokens, and this text has more. Give two texts of the same "
            "length, or silence by its mean."
        )
    return rows.to(own)


def outputs_of(edit: Silence, block: Block, head: int) -> Tensor:
    """The output (query dim) of the same head in another trace. Raises AttnWidgetError if that trace lacks it."""
    other: Block = edit.of.block(block.layer, block.part if len(edit.of.parts) > 1 else None)
    if other.v is None or (other.heads, other.v.shape[-1]) != (
        block.heads,
        block.v.shape[-1] if block.v is not None else 0,
    ):
        raise AttnWidgetError(
            f"{str(edit)!r}: the other trace has no values for {name_of(block.layer, head)}, or is of another model."
        )
    value = other.v[0, head // (other.heads // other.kv_heads)].float().cpu()
    return recompute.weights(other, [head])[0] @ value
