"""Model tensors that a trace refers to: available until the model writes to them."""

from dataclasses import dataclass, field

from torch import Tensor

from attnwidget.errors import AttnWidgetError


@dataclass(frozen=True, eq=False, repr=False)
class Affine:
    """The weight and bias of the module at `path`: references to the model's own tensors, not copies.

    Accessing either raises AttnWidgetError once it was written to, for example by training: it would no longer be what
    the trace was computed with.
    """

    path: str
    _weight: Tensor
    _bias: Tensor | None = None
    _written: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_written", self._writes())

    def _writes(self) -> int:
        return sum(writes(tensor) for tensor in (self._weight, self._bias) if tensor is not None)

    def _refuse_changed(self) -> None:
        if self._writes() != self._written:
            raise AttnWidgetError(
                f"The weights of {self.path} have changed since this text was traced, so they no longer belong to its "
                "attention. Trace the text again."
            )


def writes(tensor: Tensor) -> int:
    """A number that grows with every write to a tensor, or to one that shares its memory; not through `.data`."""
    return 0 if tensor.is_inference() else tensor._version  # noqa: SLF001  torch has no public way
