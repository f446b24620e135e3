"""How much a token's value changes what the others become."""

from functools import partial
from typing import Any

import torch
from torch import Tensor

from attnwidget.engine import zeroed_values
from attnwidget.experiments.effects.answers import refuse_what_cannot_run
from attnwidget.experiments.progress import ToldStep, shown_progress
from attnwidget.measures.given_trace import own_blocks, said_setting
from attnwidget.measures.results import TokenMap


def value_zeroing(
    model: Any, trace: Any, layer: Any = None, *, part: str | None = None, progress: Any = None
) -> TokenMap:
    """How far a layer's output moves without each token's value: (query key), rows sum to 1. Without a layer, through all.

    Token j's value is zero in all heads of one layer, the pattern stays, and the rest of that layer (projection, norms,
    MLP) is computed anew on its own input; the number is the cosine distance of what it then hands on at query i from what
    it did. Rows that nothing moves are zero. Without `layer`, the layers' maps are multiplied, the last one first, with no
    residual added: it is in each of them.

    Costs one run of the layer for every token, several as one batch: a pass for every token through all layers. `progress`
    as in `token_effects`. A zero is not a neutral value, and the distance says nothing of any answer. Raises AttnWidgetError
    for a model whose layers cannot be run alone, and for a layer that does not exist; Cancelled inside `stopping_when`.
    Source: Mohebbi et al. 2023 (2023.eacl-main.245, arXiv 2301.12971).

    >>> import attnwidget as aw
    >>> model = aw.load()
    >>> aw.value_zeroing(model, model.trace("The cat sat on the mat."), 1).shape
    (7, 7)
    """
    refuse_what_cannot_run(model, trace)
    if layer is None:
        blocks, where = own_blocks(trace, part, "value_zeroing"), "through all layers"
    else:
        blocks = (trace.block(layer, part),)
        where = f"L{blocks[0].layer}"
    queries, keys = trace.tokens(part)
    found: Tensor | None = None
    with shown_progress(progress, "value zeroing") as told:
        for number, block in enumerate(blocks):
            step = partial(_step, told, number * len(keys), len(blocks) * len(keys))
            own = _rows_of_one(zeroed_values(model, trace, block).compared(_cosine_distance, step))
            found = own if found is None else own @ found
    values = torch.zeros(0, dtype=torch.float64, device="cpu") if found is None else found
    recipe = f"value zeroing, cosine distance of {where}, rows sum to 1{said_setting(trace, part)}"
    return TokenMap(values.numpy(), recipe, queries.pieces, keys.pieces)


def _step(told: ToldStep, before: int, of: int, done: int) -> None:
    told(before + done, of)


def _cosine_distance(without: Tensor, rows: Tensor) -> Tensor:
    without, rows = without.double().cpu(), rows.double().cpu()
    return (1 - torch.cosine_similarity(without, rows[None], dim=-1)).clamp(min=0)


def _rows_of_one(moved: Tensor) -> Tensor:
    sums = moved.sum(-1, keepdim=True)
    return torch.where(sums == 0, 0.0, moved / torch.where(sums == 0, 1.0, sums))
