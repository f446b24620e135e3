"""What each head would write for each key, before any attention: values times the output projection."""

from collections.abc import Iterator
from typing import Any

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor

from attnwidget.engine import Block, Projection, Trace, exactly, parse_head, rows_together
from attnwidget.errors import AttnWidgetError, NotNumbers
from attnwidget.measures.given_trace import said_setting
from attnwidget.measures.measure import measure
from attnwidget.measures.results import KeyScores


@measure
def value_norms(trace: Trace, layer: Any, *, part: str | None = None) -> KeyScores:
    """||f^h(x_j)|| of every head and key of a layer, (head key) in fp32: the length of W_O^h v_j^h.

    What a head writes into the residual stream at a query is the sum of these vectors, weighted by its attention; a key
    with a short vector adds little however much attention it gets. The bias of the values is part of v, that of the
    projection is left out. In units of the model's hidden states, not normalised. `layer` is a number or a name like
    "L1"; padding keys are NaN. Raises AttnWidgetError for a trace without values or output projections, and for a layer
    that does not exist or a name with a head; NotNumbers for values that are NaN.
    Source: Kobayashi et al. 2020 (2020.emnlp-main.574, arXiv 2004.10102), ||f(x)||.

    >>> import attnwidget as aw
    >>> trace = aw.load().trace("The cat sat on the mat.")
    >>> value_norms(trace, 0).shape                        # head key
    (4, 7)
    """
    if isinstance(layer, str):
        name, (layer, head) = layer, parse_head(layer)
        if head is not None:
            raise AttnWidgetError(
                f"{name!r} is a head, but value_norms gives all heads of a layer. Take that head's row: "
                f"value_norms(trace, {layer})[{head}]."
            )
    block, keys = trace.block(layer, part), trace.tokens(part)[1]
    found = lengths(block)
    found[:, torch.tensor(keys.padding, dtype=torch.bool, device="cpu")] = torch.nan
    recipe = (
        f"||f|| of the heads of layer {block.layer}, f = W_O v with the value's bias and without the projection's, not "
        f"normalised{', keys that are padding left out' if any(keys.padding) else ''}{said_setting(trace, part)}"
    )
    return KeyScores(found.numpy(), recipe, keys.pieces)


def lengths(block: Block, head: int | None = None) -> Float[Tensor, "head key"]:
    """||f^h(x_j)|| of all heads of a block, or of one. Raises what `value_norms` raises."""
    found = [torch.linalg.vector_norm(vectors, dim=-1).cpu() for vectors in written_values(block, head)]
    return torch.cat(found).T.contiguous()


def written_values(block: Block, head: int | None = None) -> Iterator[Float[Tensor, "key head out"]]:
    """f^h(x_j) = W_O^h v_j^h of all heads (or of one) in fp32, in portions of keys within one tile.

    Raises what `value_norms` raises.
    """
    given, projection = values_of(block)
    values = given[0]  # shared key dim
    weight = rearrange(
        projection.weight.T,
        "(shared group dim) out -> group shared dim out",
        shared=block.kv_heads,
        dim=values.shape[2],
    )
    if block.silenced:
        weight = weight.clone()
        for silent in block.silenced:
            shared, turn = divmod(silent, block.heads // block.kv_heads)
            weight[turn, shared] = 0
    if head is not None:
        shared, turn = divmod(head, block.heads // block.kv_heads)
        values, weight = values[shared : shared + 1], weight[turn : turn + 1, shared : shared + 1]
    weight = weight.float()
    turns, heads, _, out = weight.shape
    for portion in values.split(rows_together(turns * heads * out), dim=1):
        yield _written(portion.float(), weight)


def _written(
    values: Float[Tensor, "shared key dim"], weight: Float[Tensor, "group shared dim out"]
) -> Float[Tensor, "key head out"]:
    turns, heads, _, out = weight.shape
    found = values.new_empty(values.shape[1], heads, turns, out)
    with exactly(values.device.type):
        # Heads that share values are processed in turn: no value is copied.
        for turn, matrices in enumerate(weight):
            found[:, :, turn] = torch.bmm(values, matrices).transpose(0, 1)
    if not bool(torch.isfinite(found).all()):
        raise NotNumbers("values")
    return found.flatten(1, 2)


def values_of(block: Block) -> tuple[Tensor, Projection]:
    """The values (batch shared key dim) and W_O. Raises AttnWidgetError if either is missing, and names it."""
    if block.v is None:
        raise AttnWidgetError(
            f"{block!r} has no values (v), which this measure depends on. Trace the text with a model that follows "
            "transformers' attention interface, aw.load(model).trace(text); save traces with values=True."
        )
    if block.projection is None:
        raise AttnWidgetError(
            f"{block!r} has no output projection (projection): its heads' outputs go through something else first, or "
            "the saved trace has none. Trace a model whose attention ends in a linear layer, "
            "aw.load(model).trace(text)."
        )
    return block.v, block.projection
