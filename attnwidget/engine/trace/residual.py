"""The residual stream around one attention layer: what is added to its output, and the norm that the sum goes through."""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor, nn

from attnwidget.engine.trace.affine import Affine
from attnwidget.engine.trace.projection import nearly_equal


@dataclass(frozen=True, eq=False, repr=False)
class Norm(Affine):
    """A layer norm, or an RMS norm if not `centred`: (x - mean x) / sqrt(var x + eps) * weight + bias.

    `weight` and `bias` are references to the model's own tensors, and raise AttnWidgetError once written to.

    >>> import torch
    >>> layer = torch.nn.LayerNorm(4)
    >>> norm, stream = Norm("ln", layer.weight.detach(), layer.bias.detach(), eps=layer.eps), torch.randn(3, 4)
    >>> whole = norm.linear(stream) / norm.deviations(stream) + norm.bias
    >>> bool(torch.allclose(whole, layer(stream), atol=1e-6))
    True
    """

    eps: float = 0.0
    centred: bool = True

    @property
    def weight(self) -> Float[Tensor, " dim"]:
        """Gamma. Raises AttnWidgetError if the model has been trained since."""
        self._refuse_changed()
        return self._weight

    @property
    def bias(self) -> Float[Tensor, " dim"] | None:
        """Beta, or None. Raises AttnWidgetError if the model has been trained since."""
        self._refuse_changed()
        return self._bias

    def linear(self, vectors: Float[Tensor, "*stack dim"]) -> Float[Tensor, "*stack dim"]:
        """What the norm does to parts of its input, without the division by the deviation of the whole: fp32."""
        parts = vectors.float()
        return (parts - parts.mean(-1, keepdim=True) if self.centred else parts) * self.weight.to(parts)

    def deviations(self, wholes: Float[Tensor, "*stack dim"]) -> Float[Tensor, "*stack 1"]:
        """sqrt(var + eps), or the root of the mean square + eps, of each vector: fp32."""
        own = wholes.float()
        squares = own.var(-1, correction=0, keepdim=True) if self.centred else own.square().mean(-1, keepdim=True)
        return (squares + self.eps).sqrt()

    def __repr__(self) -> str:
        return f"Norm({self.path}, {'layer' if self.centred else 'RMS'} norm, eps {self.eps:g})"


@dataclass(frozen=True, eq=False, repr=False)
class Stream:
    """The residual stream around one attention layer, as kept by `keep=("inputs",)`.

    `residual` (query dim) is what is added to the output of the projection, as a reference. `norm` is applied to the
    sum before the stream continues (post-norm models such as BERT); None if the sum itself continues (pre-norm).
    """

    residual: Tensor
    norm: Norm | None = None

    def __repr__(self) -> str:
        rows, width = self.residual.shape
        return f"Stream({rows} x {width}, {'pre-norm' if self.norm is None else f'post-norm by {self.norm.path}'})"


def norm_of(module: nn.Module, path: str, given: Tensor, result: Tensor) -> Norm | None:
    """The norm that a module has just computed; None if its result is not a norm of its input.

    This is tested on the numbers: with a vector as its weight, and any small number among the module's attributes as
    eps.
    """
    weight, bias = (module._parameters.get(name) for name in ("weight", "bias"))  # noqa: SLF001  may be computed anew
    vectors = [tensor for tensor in (weight, bias) if tensor is not None]
    if weight is None or given.shape != result.shape:
        return None
    if any(tensor.shape != given.shape[-1:] or tensor.device != given.device for tensor in vectors):
        return None
    for eps in {own for own in vars(module).values() if type(own) is float and 0 <= own < 1}:
        for centred in (True, False):
            norm = Norm(path, weight.detach(), None if bias is None else bias.detach(), eps=eps, centred=centred)
            found = norm.linear(given) / norm.deviations(given)
            if nearly_equal(found if bias is None else found + bias.float(), result):
                return norm
    return None
