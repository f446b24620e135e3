"""The residual streams of one pass, found by equality of numbers while it runs, and only when they are asked for.

No table of families says where they are. Every module of the shadow tells what it reads and what it answers. After the
output projection of an attention layer has answered p, a module that reads r + p, r being something that was read
before, has told the residual r. The stream goes on with this sum, or with a norm of it: whichever, with the answer of
a later module added, is read or answered after that. Sums are compared bit for bit. Where the output of the projection
is scaled or normed before it is added, where something else is added at the same time (an MLP beside the attention),
or where the stream goes on in another way, nothing is found.
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
"""How many layers later the stream must have gone on: some layers hold attention alone."""


@dataclass(frozen=True, eq=False)
class _Heard:
    """What a module has read or answered. `mark` is its last number: most tensors differ there."""

    tensor: Tensor
    mark: float
    layer: int
    written: int

    def same_memory(self, other: "_Heard") -> bool:
        return self.tensor.data_ptr() == other.tensor.data_ptr() and self.tensor.numel() == other.tensor.numel()


@dataclass(eq=False)
class _Sublayer:
    """One attention call and what was heard since, as it becomes known."""

    call: Call
    layer: int
    numbers: Tensor | None  # batch query head dim: the output of the heads, until it was read
    before: list[_Heard] = field(default_factory=list)
    projected: _Heard | None = None  # what the projection has answered
    path: str = ""
    residual: _Heard | None = None
    sum: _Heard | None = None
    norms: list[tuple[Norm, _Heard]] = field(default_factory=list)
    since: list[_Heard] = field(default_factory=list)
    stream: Stream | None = None


@dataclass(eq=False)
class Listener:
    """Hears every module of a shadow during one pass of one watch."""

    shadow: Shadow
    watch: Watch
    _open: list[_Sublayer] = field(default_factory=list)
    _before: list[_Heard] = field(default_factory=list)
    _found: dict[int, _Sublayer] = field(default_factory=dict)  # by the id of the call, which the watch keeps
    _layer: int = 0
    _serial: int = 0

    def stream(self, call: Call, projection: Projection | None) -> Stream | None:
        """The stream around the layer of a call; None where it was not found, or was written to since."""
        own = self._found.get(id(call))
        if own is None or own.residual is None or own.stream is None:
            return None
        same = projection is not None and projection.path == own.path
        return own.stream if same and writes(own.residual.tensor) == own.residual.written else None

    def hear(self, call: Call, output: Tensor) -> None:
        """An attention layer has answered."""
        self._count_layers()
        for own in self._open:
            own.numbers = None
        # A copy: what lies between may be written in place.
        self._open.append(_Sublayer(call, self._layer, output.clone()))

    def reads(self, _module: nn.Module, given: Any, named: dict[str, Any]) -> None:
        """A module begins."""
        if current() is not self.watch:  # a callback of the user's may read another text meanwhile
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
    """The streams of the pass inside the block; its hooks are on the shadow only, and afterwards none is left."""
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
    """Whether what a module reads is the output of the projection added to something that was read before it."""
    if own.projected is None or own.projected.same_memory(heard):
        return
    for residual in own.before:
        # What is read on unchanged is no sum, though it equals itself and zeros: a sum is a tensor of its own.
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
    # One number first: nearly all that is asked ends here. It is rounded as the model's numbers are.
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
