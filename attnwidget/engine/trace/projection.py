"""The output projection of an attention layer: the linear map by which its heads write into the model."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import linear

from attnwidget.engine.trace.affine import Affine

PRECISE = 1e-5
"""How much two products of the same matrices may differ in fp32, as a share of the largest number."""

COMPARED_ROWS = 8
"""Tokens on which a layer is compared with its matrix: those with the largest numbers."""


@dataclass(frozen=True, eq=False, repr=False)
class Projection(Affine):
    """W_O and b_O of one attention layer: references to the model's own tensors, not copies.

    `weight` is (out, head dim), as in nn.Linear: its columns h * dim to (h + 1) * dim take the output of head h. `bias`
    is (out) or None; `path` is the module's. Accessing weight or bias raises AttnWidgetError once it was written to,
    for example by training: it would no longer be what the trace was computed with.

    >>> layer = torch.nn.Linear(6, 4)
    >>> projection = Projection("layers.0.o_proj", layer.weight.detach(), layer.bias.detach())
    >>> projection.of_heads(2).shape                       # out head dim
    torch.Size([4, 2, 3])
    >>> _ = torch.nn.init.zeros_(layer.weight)
    >>> projection.weight
    Traceback (most recent call last):
    attnwidget.errors.AttnWidgetError: The weights of layers.0.o_proj have changed since ... Trace the text again.
    """

    @property
    def weight(self) -> Float[Tensor, "out width"]:
        """W_O. Raises AttnWidgetError if the model has been trained since."""
        self._refuse_changed()
        return self._weight

    @property
    def bias(self) -> Float[Tensor, " out"] | None:
        """b_O, or None. Raises AttnWidgetError if the model has been trained since."""
        self._refuse_changed()
        return self._bias

    def of_heads(self, heads: int) -> Float[Tensor, "out head dim"]:
        """The weight with an axis for the heads: a view. Raises AttnWidgetError if the model has been trained since."""
        return self.weight.unflatten(1, (heads, -1))

    def __repr__(self) -> str:
        out, width = self._weight.shape
        return f"Projection({self.path}, {width} -> {out})"


def matrix_of(module: nn.Module) -> nn.Parameter | None:
    """The plain matrix that a module has as `weight`; None for packed, computed or offloaded ones."""
    weight = module._parameters.get("weight")  # noqa: SLF001  an attribute of that name may be computed anew each time
    plain = type(weight) is nn.Parameter and weight.ndim == 2 and not weight.is_meta
    return weight if plain and weight is not None else None


def projection_of(module: nn.Module, path: str, given: Tensor, result: Tensor) -> Projection | None:
    """The projection that a module has just computed; None if its result is not given @ weight + bias.

    This is tested on the numbers, so it works for any class of layer and also finds the orientation of its matrix.
    """
    matrix, bias = matrix_of(module), module._parameters.get("bias")  # noqa: SLF001  as above
    if matrix is None or matrix.device != given.device or not matrix.is_floating_point() or matrix.itemsize < 2:
        return None
    read, written = given.flatten(0, -2), result.flatten(0, -2)
    if len(read) != len(written):
        return None
    # Rows of padding may be zero, and zeros fit any matrix.
    rows = read.float().abs().sum(-1).topk(min(COMPARED_ROWS, len(read))).indices
    read, written = read[rows].to(matrix.dtype), written[rows]
    own_bias = None if bias is None else bias.detach()
    for weight in (matrix.detach(), matrix.detach().T):
        # GPT-2's Conv1D has its matrix transposed.
        fits = weight.shape == (written.shape[-1], read.shape[-1])
        if fits and nearly_equal(linear(read, weight, own_bias), written):
            return Projection(path, weight, own_bias)
    return None


def nearly_equal(expected: Tensor, result: Tensor) -> bool:
    """Whether two tensors are equal up to the rounding of their dtype."""
    share = PRECISE
    if result.dtype.itemsize < 4 or result.device.type != "cpu":
        # GPUs may round factors to ten bits (TF32) in some kernels and not in others.
        share = 4 * max(torch.finfo(result.dtype).eps, 2**-10)
    error = (expected.float() - result.float()).abs().max()
    return bool(error <= share * result.float().abs().max())  # False for NaN
