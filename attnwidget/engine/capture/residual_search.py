"""The residual streams of one pass, found by equality of numbers while it runs, and only on request.

No table of families says where they are. Hooks see the input and output of every module of the shadow. After the output
projection of an attention layer returns p, a module with the input r + p, where r was an input before, reveals the
residual r. The stream continues with this sum, or with a norm of it: whichever appears later, with the output of
another module added, as an input or output.

Sums are compared bit for bit. Nothing is found if the output of the projection is scaled or normed before it is added,
if something else is added at the same time (a parallel MLP), or if the stream continues in another way.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from attnwidget.engine.capture.attention_function import Call, Watch, current
from attnwidget.engine.capture.projection_search import reads_heads
from attnwidget.engine.capture.shadow import Shadow
from attnwidget.engine.trace.affine import writes
from attnwidget.engine.trace.projection import Projection, matrix_of
from attnwidget.engine.trace.residual import Norm, Stream, norm_of

LAYERS_LATER = 2
"""Within how many layers the stream must continue: some layers contain attention alone."""


@dataclass(frozen=True, eq=False)
class _Heard:
    """An input or output of a module. `mark` is its last number: most tensors differ there."""

    tensor: Tensor
    mark: float
    layer: int
    written: int

    def same_memory(self, other: "_Heard") -> bool:
        return self.tensor.data_ptr() == other.tensor.data_ptr() and self.tensor.numel() == other.tensor.numel()


@dataclass(eq=False)
class _Sublayer:
    """One attention call, and what was seen since."""

    call: Call
    layer: int
    numbers: Tensor | None  # batch query head dim: the output of the heads, until the projection took it
    before: list[_Heard] = field(default_factory=list)
    projected: _Heard | None = None  # the output of the projection
    path: str = ""
    residual: _Heard | None = None
    sum: _Heard | None = None
    norms: list[tuple[Norm, _Heard]] = field(default_factory=list)
    since: list[_Heard] = field(default_factory=list)
    stream: Stream | None = None


@dataclass(eq=False)
class Listener:
    """Sees every module of a shadow during one pass of one watch."""

    shadow: Shadow
    watch: Watch
    _open: list[_Sublayer] = field(default_factory=list)
    _before: list[_Heard] = field(default_factory=list)
    _found: dict[int, _Sublayer] = field(default_factory=dict)  # by the id of the call, which the watch keeps
    _layer: int = 0
    _serial: int = 0

    def stream(self, call: Call, projection: Projection | None) -> Stream | None:
        """The stream around the layer of a call; None if it was not found, or has been written to since."""
        own = self._found.get(id(call))
        if own is None or own.residual is None or own.stream is None:
            return None
        same = projection is not None and projection.path == own.path
        return own.stream if same and writes(own.residual.tensor) == own.residual.written else None

    def hear(self, call: Call, output: Tensor) -> None:
        """An attention layer has returned."""
        self._count_layers()
        for own in self._open:
            own.numbers = None
        # A copy: modules in between may write in place.
        self._open.append(_Sublayer(call, self._layer, output.clone()))

    def reads(self, _module: nn.Module, given: Any, named: dict[str, Any]) -> None:
        """A module begins."""
        if current() is not self.watch:  # a user's callback may trace another text meanwhile
            return
        self._count_layers()
        for tensor in _tensors((*given, *named.values())):
            heard = self._heard(tensor)
            for own in self._open:
                _goes_on(own, heard) if own.sum is not None else _adds_up(own, heard)
            self._before.append(heard)
        self._close()

    def answers(self, module: nn.Module, given: Any, named: dict[str, Any], result: Any) -> None:
        """A module has ended."""
        if current() is not self.watch:
            return
        read = next(_tensors((*given, *named.values())), None)
        answered = result if isinstance(result, tuple | list) else (result,)
        for heard in map(self._heard, _tensors(answered)):
            for own in self._open:
                if own.sum is not None:
                    _goes_on(own, heard)
                    self._norm(own, module, read, heard)
                    own.since.append(heard)
                elif own.projected is None:
                    self._projection(own, module, read, heard)
        self._close()

    def _projection(self, own: _Sublayer, module: nn.Module, read: Tensor | None, heard: _Heard) -> None:
        if own.numbers is None or read is None or matrix_of(module) is None or not reads_heads(read, own.numbers):
            return
        rows = own.call.q.shape[2]
        if heard.tensor.numel() == rows * heard.tensor.shape[-1]:
            own.projected, own.path = heard, self.shadow.names.get(id(module), "")
            own.before = [one for one in self._before if one.tensor.numel() == heard.tensor.numel()]
        own.numbers = None
        self._before = []

    def _norm(self, own: _Sublayer, module: nn.Module, read: Tensor | None, heard: _Heard) -> None:
        if own.sum is None or read is None or read.data_ptr() != own.sum.tensor.data_ptr():
            return
        norm = norm_of(module, self.shadow.names.get(id(module), ""), read, heard.tensor)
        if norm is not None:
            own.norms.append((norm, heard))

    def _heard(self, tensor: Tensor) -> _Heard:
        mark = float(tensor[(-1,) * tensor.ndim])
        return _Heard(tensor, mark, self._layer, writes(tensor))

    def _count_layers(self) -> None:
        serial = self.watch.place[0].serial if self.watch.place else 0
        if serial == self._serial:
            return
        self._serial, self._layer = serial, self._layer + 1
        self._open = [own for own in self._open if own.layer >= self._layer - LAYERS_LATER]
        self._before = [one for one in self._before if one.layer >= self._layer - LAYERS_LATER]

    def _close(self) -> None:
        for own in self._open:
            if own.stream is not None:
                self._found[id(own.call)] = own
                own.before, own.since, own.norms = [], [], []
        self._open = [own for own in self._open if own.stream is None]


@contextmanager
def hear_streams(shadow: Shadow, watch: Watch) -> Iterator[Listener]:
    """The streams of the pass inside the block; hooks are on the shadow only, and removed afterwards."""
    listener, others = Listener(shadow, watch), watch.answered

    def answered(call: Call, output: Tensor) -> None:
        others(call, output)
        listener.hear(call, output)

    watch.answered = answered
    hooks: list[Any] = []
    try:
        for module in shadow.module.modules():
            hooks.append(module.register_forward_pre_hook(listener.reads, with_kwargs=True))
            hooks.append(module.register_forward_hook(listener.answers, with_kwargs=True))
        yield listener
    finally:
        watch.answered = others
        for hook in hooks:
            hook.remove()


def _adds_up(own: _Sublayer, heard: _Heard) -> None:
    """Whether a module's input is the output of the projection plus an earlier input."""
    if own.projected is None or own.projected.same_memory(heard):
        return
    for residual in own.before:
        # A tensor passed on unchanged is not a sum, though it equals itself plus zeros: a sum is a new tensor.
        alone = residual.same_memory(heard)
        if not alone and _is_sum(residual, own.projected, heard) and bool(residual.tensor.any()):
            own.residual, own.sum = residual, heard
            own.since = []
            return


def _goes_on(own: _Sublayer, heard: _Heard) -> None:
    """Whether something was added to the sum, or to a norm of it."""
    if own.sum is None or own.residual is None or own.stream is not None:
        return
    for norm, base in [(None, own.sum), *own.norms]:
        if base.same_memory(heard):
            return
        if any(_is_sum(base, more, heard) for more in own.since if not more.same_memory(base)):
            rows = own.call.q.shape[2]
            own.stream = Stream(own.residual.tensor.detach().reshape(rows, -1), norm)
            return


def _is_sum(one: _Heard, other: _Heard, total: _Heard) -> bool:
    # Compare one number first: nearly all cases end here. It is rounded as the model's numbers are.
    if not abs(one.mark + other.mark - total.mark) <= 0.01 * (abs(one.mark) + abs(other.mark)):
        return False
    width = total.tensor.shape[-1]
    if any(own.tensor.numel() != total.tensor.numel() or own.tensor.shape[-1] != width for own in (one, other)):
        return False
    added = one.tensor.reshape(-1, width) + other.tensor.reshape(-1, width)
    return torch.equal(added.to(total.tensor.dtype), total.tensor.reshape(-1, width))


def _tensors(values: Any) -> Iterator[Tensor]:
    for value in values:
        if isinstance(value, Tensor) and value.is_floating_point() and value.ndim > 1 and value.numel():
            yield value
