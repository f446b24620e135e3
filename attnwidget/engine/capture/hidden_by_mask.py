"""Hidden tokens where attention is computed in code of its own: by the mask that the model takes, which is then checked.

Whether a model follows a mask of (query, key), and changes nothing else with it, shows in its maps: in the first layer they
are those of before without the hidden keys, renormalised, and no layer reads what it could not.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from attnwidget.engine.capture.edited_output import refuse_empty_rows
from attnwidget.engine.edits.changes import changes_of
from attnwidget.engine.edits.records import Edit, Hide
from attnwidget.engine.trace.recompute import visible
from attnwidget.engine.trace.trace import Trace
from attnwidget.errors import AttnWidgetError

PLAIN = {"input_ids", "token_type_ids"}
"""Inputs beside which a mask can be given: others have masks of their own, or positions that follow from one."""

WHOLE_PRECISION = {torch.float32: 1e-4, torch.float64: 1e-4}
ROUNDED = 2e-2
"""How far apart two weights may be that stand for the same, by the dtype of the model; in half precision."""

SUMS_TO_ONE = 0.5
"""A row whose open keys had no weight at all does not sum to one when it is renormalised."""


def refuse_what_no_mask_says(plain: Trace, edits: Sequence[Edit]) -> None:
    """Raise AttnWidgetError for edits, and for traces, for which a mask would not do."""
    other = next((edit for edit in edits if not isinstance(edit, Hide)), None)
    if other is not None:
        raise AttnWidgetError(
            f"{plain.model.name} computes its attention in code of its own, where tokens can be hidden by its mask and nothing "
            f"else can be changed: {str(other)!r} is not possible."
        )
    if len(plain.parts) > 1 or not plain.forward or plain.forward.keys() - PLAIN:
        raise AttnWidgetError(
            f"{plain.model.name} computes its attention in code of its own, where tokens can be hidden in a plain text alone, "
            "by its mask. These inputs have several parts, or masks of their own."
        )


def hiding_mask(plain: Trace, edits: Sequence[Edit], dtype: torch.dtype) -> Tensor:
    """The additive mask (batch head query key) of a text some of whose tokens are hidden.

    `plain` is a trace of the text without edits. Raises AttnWidgetError if a query is left without a key.
    """
    _, queries, keys = plain.blocks[0].shape
    earlier = torch.ones(queries, keys, dtype=torch.bool, device="cpu").tril()
    causal = all(not bool((visible(block) & ~earlier).any()) for block in plain.blocks)
    before = earlier if causal else torch.ones_like(earlier)
    after = before & ~_hidden(plain, edits)
    refuse_empty_rows(before[None], after[None])
    mask = torch.zeros(1, 1, queries, keys, dtype=dtype, device="cpu")
    return mask.masked_fill(~after, torch.finfo(dtype).min)


def refuse_other_changes(plain: Trace, found: Trace, edits: Sequence[Edit], dtype: torch.dtype) -> None:
    """Raise AttnWidgetError if the model did not follow the mask, or changed something else with it."""
    hidden = _hidden(plain, edits)
    same = len(plain.blocks) == len(found.blocks)
    for before, after in zip(plain.blocks, found.blocks, strict=False):
        read = (found.weights(after.layer, part=after.part) > 0).any(0)
        same = same and not bool((read & ~(visible(before) & ~hidden)).any())
    first = plain.blocks[0]
    expected = plain.weights(first.layer, part=first.part).masked_fill(hidden, 0.0)
    expected /= expected.sum(-1, keepdim=True).clamp(min=torch.finfo(expected.dtype).tiny)
    weights = found.weights(first.layer, part=first.part)
    # A query all of whose weight was on hidden keys reads others now, and which is not known from before.
    known = expected.sum(-1) > SUMS_TO_ONE
    apart = (weights - expected).abs().amax(-1)[known]
    if not same or bool((apart > WHOLE_PRECISION.get(dtype, ROUNDED)).any()):
        raise takes_no_such_mask(plain, edits)


def takes_no_such_mask(plain: Trace, edits: Sequence[Edit]) -> AttnWidgetError:
    """What is said where the mask is not followed, or the model fails on it."""
    return AttnWidgetError(
        f"{plain.model.name} computes its attention in code of its own, which does not follow a mask of queries and keys, so "
        f"{str(edits[0])!r} is not possible."
    )


def _hidden(plain: Trace, edits: Sequence[Edit]) -> Tensor:
    block = plain.blocks[0]
    _, queries, keys = block.shape
    changes = changes_of(edits, block.part, block.layer, plain.layers(), block.heads, plain.parts)
    rows = torch.arange(queries, device="cpu")
    found = None if changes is None else changes.hidden(slice(0, block.heads), rows, keys)
    return torch.zeros(queries, keys, dtype=torch.bool, device="cpu") if found is None else found[0]
