"""Where the output of an attention layer goes: the linear layer that takes it, found by equality of numbers.

No table of families says which module that is. In the first pass in which a layer's attention is seen, hooks compare
the input of every module with a matrix; one whose input is exactly the heads' outputs, one head after the other, and
whose output is its matrix applied to them, is the output projection. If a gate, a norm or anything else lies between,
there is none.

The result is remembered until the shadow or one of its weights changes, and later passes need no hooks.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

from attnwidget.engine.capture.attention_function import Call, Watch, current, ignore
from attnwidget.engine.capture.shadow import Shadow
from attnwidget.engine.trace.affine import writes
from attnwidget.engine.trace.projection import Projection, matrix_of, projection_of

Projections: TypeAlias = Mapping[str, Projection | None]
"""By the path of the attention module; None if its output goes through something else first."""


@dataclass(frozen=True, eq=False)
class _Known:
    """What was found, and how often the parameters had been written to by then."""

    written: int
    projections: dict[str, Projection | None]


_known: "WeakKeyDictionary[nn.Module, _Known]" = WeakKeyDictionary()
"""By shadow."""


@dataclass(eq=False)
class _Output:
    """The output of one call, kept until the next one: `readers` are the modules that took it as input, by path."""

    path: str
    numbers: Tensor | None  # batch query head dim
    lasting: bool
    readers: dict[str, Projection | None] = field(default_factory=dict)


@dataclass(eq=False)
class Follower:
    """Follows the outputs of one watch. Its hooks are on the shadow only, and only while something is unknown."""

    shadow: Shadow
    watch: Watch
    _written: int = field(init=False)
    _found: dict[str, Projection | None] = field(init=False)
    _outputs: list[_Output] = field(default_factory=list)
    _hooks: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        module = self.shadow.module
        self._written = sum(writes(parameter) for parameter in module.parameters())
        known = _known.get(module)
        self._found = known.projections if known is not None and known.written == self._written else {}

    def hear(self, call: Call, output: Tensor) -> None:
        """An attention layer has returned."""
        self._drop()
        if call.path == "" or call.path in self._found:
            return
        if not self._hooks:
            self._listen()
        # A copy: modules in between may write in place. With a single token the numbers do not tell whether heads or
        # tokens come first, so it says nothing about longer texts.
        self._outputs.append(_Output(call.path, output.clone(), lasting=output.shape[1] > 1))

    def learn(self) -> Projections:
        """Remember what was found, at the end of a pass; without this call nothing is remembered."""
        self.rest()
        outputs, self._outputs = self._outputs, []
        found: dict[str, Projection | None] = {}
        for path in dict.fromkeys(output.path for output in outputs):
            own = [output for output in outputs if output.path == path]
            found[path] = _same([output.readers for output in own])
            if all(output.lasting for output in own):
                self._found = {**self._found, path: found[path]}
        if outputs:
            _known[self.shadow.module] = _Known(self._written, self._found)
        return {**self._found, **found}

    def rest(self) -> None:
        """Remove all hooks until the next unknown output."""
        self._drop()
        for hook in self._hooks:
            hook.remove()
        self._hooks.clear()

    def _drop(self) -> None:
        if self._outputs:
            self._outputs[-1].numbers = None

    def _listen(self) -> None:
        for module in self.shadow.module.modules():
            if matrix_of(module) is not None:
                self._hooks.append(module.register_forward_hook(self._reads, with_kwargs=True))

    def _reads(self, module: nn.Module, given: Any, named: dict[str, Any], result: Any) -> None:
        # A user's callback may trace another text meanwhile, with its own watch.
        output = self._outputs[-1] if self._outputs else None
        if output is None or output.numbers is None or current() is not self.watch:
            return
        read = next(iter((*given, *named.values())), None)
        if not isinstance(read, Tensor) or not reads_heads(read, output.numbers):
            return
        if not bool(output.numbers.any()):
            output.lasting = False  # any gate maps zeros to zeros
            return
        path = self.shadow.names.get(id(module), "")
        right = isinstance(result, Tensor) and not self._poses(path, module)
        output.readers[path] = projection_of(module, path, read, result) if right else None

    def _poses(self, path: str, module: nn.Module) -> bool:
        """Whether a module around this one stands in for it, as adapters do that add something to its result."""
        names = path.split(".")[:-1]
        around = [".".join(names[: end + 1]) for end in range(len(names))]
        return any(
            getattr(self.shadow.module.get_submodule(other), "weight", None) is matrix_of(module) for other in around
        )


@contextmanager
def follow_outputs(shadow: Shadow, watch: Watch) -> Iterator[Follower]:
    """Inside the block, the outputs that `watch` sees are followed; afterwards no hook is left."""
    follower = Follower(shadow, watch)
    watch.answered = follower.hear
    try:
        yield follower
    finally:
        follower.rest()
        watch.answered = ignore


def reads_heads(read: Tensor, numbers: Tensor) -> bool:
    """Whether a module's input is exactly these outputs, the heads of each token one after the other."""
    _, _, heads, width = numbers.shape
    if not read.is_floating_point() or read.ndim < 2:
        return False
    if read.shape[-1] != heads * width or read.numel() != numbers.numel():
        return False
    return torch.equal(read.reshape(-1), numbers.to(read).reshape(-1))


def _same(readers: list[dict[str, Projection | None]]) -> Projection | None:
    """The one module that takes every output; None if there are several or none, or it is not a linear layer."""
    first = readers[0]
    if len(first) != 1 or any(other.keys() != first.keys() for other in readers):
        return None
    found = [projection for one in readers for projection in one.values()]
    return None if None in found else found[0]
