"""ALTI: attention followed through all layers, by how close each token's vector comes to the layer's output."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from attnwidget.engine import Block, Norm, Trace, rows_together, weights
from attnwidget.errors import AttnWidgetError
from attnwidget.measures.given_trace import own_blocks, said_setting
from attnwidget.measures.measure import measure
from attnwidget.measures.paths.cross_rollout import crossing
from attnwidget.measures.paths.steps import asked_rows, refuse_padding, started, widened
from attnwidget.measures.results import TokenMap, TokenScores
from attnwidget.measures.rows import read_rows
from attnwidget.measures.values.sublayer import Vectors, norms_of, residual_of, stream_of, summed
from attnwidget.measures.values.value_norms import written_values
from attnwidget.shapes import AttentionMap, Indices


@measure
def alti(trace: Trace, *, query: Any = None, part: str | None = None) -> TokenMap | TokenScores:
    """Aggregation of layer-wise token-to-token interactions: how much of each input reaches each output.

    A layer's output of a query is y_i = sum_j L(T_ij + delta_ij x_i) + biases, with T_ij = sum_h A^h_ij W_O^h v_j^h and
    x_i the residual stream. Token j contributes by how close its vector comes to the whole: c_ij is max(0, ||y_i||_1 -
    ||y_i - L(T_ij + delta_ij x_i)||_1), each row divided by its sum; a row of zeros becomes the token itself. The maps
    of all layers are multiplied, the last layer on the left: rows sum to 1.

    No residual is added, as it is in x_i. If the sum goes through a norm before the stream continues (post-norm models
    such as BERT), L is that norm with its deviation sqrt(var + eps) frozen at the true sum's, and y_i its output;
    otherwise L is the identity. MLPs are ignored.

    Without `query`, the result is the whole (query key) matrix; with it, that token's row (key). Padding is left out:
    its rows and columns are 0. The cost is n^2 heads width for each layer (also for one row), and the vectors of all
    pairs are never held together. The trace must have its residual streams, `keep=("inputs",)`.

    Raises AttnWidgetError for a trace without streams, values or projections, for maps that are not square, a query
    that is padding, and decoders with cross-attention, whose other half comes from the source; NotNumbers for NaN.
    Source: Ferrando et al. 2022 (2022.emnlp-main.595, arXiv 2203.04212); a row of zeros as the token itself is ours.

    >>> import attnwidget as aw
    >>> trace = aw.load().trace("The cat sat on the mat.", keep=("inputs",))
    >>> reach = alti(trace, query=-1)
    >>> reach.shape, round(float(reach.values.sum()), 4)
    ((7,), 1.0)
    """
    if crossing(trace, part) is not None:
        raise AttnWidgetError(
            "ALTI follows one text through its layers, but this decoder also attends to a source. Use part='encoder' "
            "for the source; rollout(trace, part='cross') follows both."
        )
    blocks = own_blocks(trace, part, "ALTI")
    queries, keys = trace.tokens(part)
    counted = read_rows(keys)
    rows = asked_rows(query, len(queries), "alti")
    refuse_padding(query, rows, queries)
    found = started(rows, counted)
    for block in reversed(blocks):
        found = _below(found, Layer.of(block), counted)
    found = widened(found, counted, len(keys))
    recipe = "ALTI, L1 distances to each layer's output, rows divided by their sums, no residual added, MLPs ignored"
    recipe += f", {norms_of(blocks)}" + (", padding left out" if any(keys.padding) else "")
    recipe += said_setting(trace, part)
    if query is None:
        return TokenMap(found.numpy(), recipe, queries.pieces, keys.pieces)
    return TokenScores(found[0].numpy(), recipe, keys.pieces)


def closeness(parts: Float[Tensor, "query key dim"], wholes: Float[Tensor, "query dim"]) -> AttentionMap:
    """max(0, ||whole||_1 - ||whole - part||_1) of every part.

    >>> parts, whole = torch.tensor([[[3.0, 1], [1, 1], [-2, 1]]]), torch.tensor([[2.0, 3]])
    >>> closeness(parts, whole).tolist(), shares_or_itself(closeness(parts, whole), torch.tensor([0])).tolist()
    ([[2.0, 2.0, 0.0]], [[0.5, 0.5, 0.0]])
    """
    distances = (wholes[:, None] - parts).abs().sum(-1)
    return (wholes.abs().sum(-1, keepdim=True) - distances).clamp_min(0)


def shares_or_itself(near: AttentionMap, own: Indices) -> AttentionMap:
    """Rows divided by their sums; a row of zeros becomes the token itself, whose column is `own`."""
    sums = near.sum(-1, keepdim=True)
    itself = torch.nn.functional.one_hot(own, near.shape[1]).to(near)
    return torch.where(sums > 0, near / sums, itself)


@dataclass(frozen=True, eq=False)
class Layer:
    """The output of one layer, and the ingredients of its parts."""

    block: Block
    residual: Vectors  # L(x_i), not divided by the deviation
    output: Vectors
    deviations: Float[Tensor, "query 1"] | None
    norm: Norm | None

    @staticmethod
    def of(block: Block) -> "Layer":
        whole, residual, norm = summed(block), residual_of(block), stream_of(block).norm
        if norm is None:
            return Layer(block, residual, whole, None, None)
        deviations = norm.deviations(whole)
        output = norm.linear(whole) / deviations
        output = output if norm.bias is None else output + norm.bias.to(output)
        return Layer(block, norm.linear(residual), output, deviations, norm)


def _below(found: AttentionMap, layer: Layer, counted: Int[Tensor, " counted"]) -> Float[Tensor, "query counted"]:
    """These rows times the layer's contributions, of which only a few rows exist at a time."""
    below = torch.zeros_like(found)
    heads, _, width = layer.block.shape
    reached = found.any(0).nonzero()[:, 0]
    for chosen in reached.split(rows_together(heads * width)):
        near = _near(layer, counted[chosen])[:, counted]
        below += found[:, chosen] @ shares_or_itself(near, chosen)
    return below


def _near(layer: Layer, rows: Indices) -> AttentionMap:
    """Closeness of every key's part to the output, for some queries."""
    maps = weights(layer.block, queries=rows)
    found = torch.zeros(maps.shape[1:], dtype=torch.float32, device="cpu")
    for start, vectors in _vectors(layer):
        keys = slice(start, start + len(vectors))
        step = rows_together(len(vectors) * vectors.shape[2])
        for some in torch.arange(len(rows), device="cpu").split(step):
            parts = torch.bmm(maps[:, some, keys].permute(2, 1, 0), vectors).transpose(0, 1)  # query key dim
            mine = ((rows[some] >= keys.start) & (rows[some] < keys.stop)).nonzero()[:, 0]
            parts[mine, rows[some][mine] - start] += layer.residual[rows[some][mine]]
            if layer.deviations is not None:
                parts = parts / layer.deviations[rows[some]][:, None]
            found[some, keys] = closeness(parts, layer.output[rows[some]])
    return found


def _vectors(layer: Layer) -> Iterator[tuple[int, Float[Tensor, "key head out"]]]:
    """(first key, L f^h(x_j) of a portion of the keys), not divided by the deviation."""
    start = 0
    for portion in written_values(layer.block):
        vectors = portion.cpu()
        yield start, vectors if layer.norm is None else layer.norm.linear(vectors)
        start += len(vectors)
