"""Random numbers that a model draws during a pass: from a separate generator, never from the user's.

torch's generators belong to the whole process. Resetting one after a pass would undo draws in other threads, so it is
never touched; only modules whose code draws outside of training run under a mode.
"""

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from types import CodeType, FunctionType, ModuleType
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

DRAWING = {"alpha_dropout", "bernoulli", "bernoulli_", "binomial", "cauchy_", "dropout", "dropout1d", "dropout2d"} | {
    "exponential_",
    "feature_alpha_dropout",
    "geometric_",
    "gumbel_softmax",
    "log_normal_",
    "multinomial",
    "normal",
    "normal_",
    "poisson",
    "rand",
    "rand_like",
    "randint",
    "randint_like",
    "randn",
    "randn_like",
    "random_",
    "randperm",
    "rrelu",
    "rsample",
    "sample",
    "scaled_dot_product_attention",
    "uniform_",
}
"""The names of torch functions that draw random numbers."""

INITIAL = ("__init__", "_init", "init_", "reset_")
"""The names of functions that initialise parameters: no pass runs them."""

TRUSTED = ("torch.", "transformers.modeling_", "transformers.generation.", "transformers.integrations.")
"""Modules of classes that draw only in training, on construction, or when `generate` samples."""


def own_draws(draws: bool) -> AbstractContextManager[Any]:
    """Inside this block, this thread draws from a separate generator if `draws`; other threads are not affected."""
    return _OwnDraws() if draws else nullcontext()


def draws(module: nn.Module) -> bool:
    """Whether the code of a module may draw random numbers in eval mode, as far as its source tells.

    Code under `if self.training` does not count. Code without source counts if it names a function that draws.

    >>> draws(nn.TransformerEncoderLayer(8, 2, 8))
    False
    """
    kinds: set[Any] = {type(part) for part in module.modules()}
    # Of this module alone, as accelerate and users may replace it.
    own = {_function(vars(part).get("forward")) for part in module.modules()}
    return any(map(_class_draws, kinds)) or any(_is_read(forward) and _draws(forward) for forward in own if forward)


class _OwnDraws(TorchDispatchMode):
    """Passes a generator to functions that draw, seeded like the user's: a text always gives the same result."""

    def __init__(self) -> None:
        super().__init__()
        self._generators: dict[torch.device, torch.Generator] = {}

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if torch.Tag.nondeterministic_seeded not in func.tags or kwargs.get("generator") is not None:
            return func(*args, **kwargs)
        kwargs = {name: value for name, value in kwargs.items() if name != "generator"}
        tensor = next((value for value in args if isinstance(value, Tensor)), None)
        device: torch.device = torch.device(kwargs.get("device") or ("cpu" if tensor is None else tensor.device))
        if device.type == "meta":
            return func(*args, **kwargs)
        generator = self._generator(device)
        name = func.overloadpacket.__name__
        if name == "native_dropout":
            return _dropout(generator, *args)
        if name in FILLED:
            fill = FILLED[name]
            return fill(torch.empty_like(args[0], **kwargs), *args[1:], generator=generator)
        drawing = _with_generator(func)
        return func(*args, **kwargs) if drawing is None else drawing(*args, **kwargs, generator=generator)

    def _generator(self, device: torch.device) -> torch.Generator:
        if device not in self._generators:
            self._generators[device] = torch.Generator(device).manual_seed(torch.initial_seed())
        return self._generators[device]


FILLED: dict[str, Callable[..., Tensor]] = {
    "rand_like": lambda empty, **own: empty.uniform_(**own),
    "randn_like": lambda empty, **own: empty.normal_(**own),
    "randint_like": lambda empty, *bounds, **own: empty.random_(*((0, *bounds) if len(bounds) == 1 else bounds), **own),
}
"""Functions without a generator argument in older releases of torch."""


def _dropout(generator: torch.Generator, given: Tensor, p: float, train: bool | None) -> tuple[Tensor, Tensor]:
    if train is False or not p:
        return given.clone(), torch.ones_like(given, dtype=torch.bool)
    kept = torch.empty_like(given).bernoulli_(1 - p, generator=generator)
    return given * kept / (1 - p or 1), kept.bool()


@cache
def _with_generator(func: Any) -> Any | None:
    """The overload of a function that also takes a generator; None if there is none."""
    others = [getattr(func.overloadpacket, name) for name in func.overloadpacket.overloads()]
    for other in (func, *others):
        if len(_arguments(other)) < len(other._schema.arguments) and _arguments(other) == _arguments(func):  # noqa: SLF001
            return other
    return None


def _arguments(func: Any) -> list[tuple[str, str]]:
    given = func._schema.arguments  # noqa: SLF001  no public way
    return [(one.name, str(one.type)) for one in given if one.name != "generator"]


@cache
def _class_draws(kind: Any) -> bool:
    for own in kind.__mro__:
        if own is object or own.__module__.startswith(TRUSTED):
            continue
        for name, found in vars(own).items():
            function = _function(getattr(found, "__func__", found))
            if function is not None and not name.startswith(INITIAL) and _draws(function):
                return True
    return False


def _draws(function: FunctionType) -> bool:
    # Names first: most files name no function that draws, and need not be parsed.
    return all(any(DRAWING & calls(step) for step in _reached(function, calls)) for calls in (_names, _called))


def _reached(function: FunctionType, calls: Callable[[FunctionType], set[str]]) -> list[FunctionType]:
    """A function and everything that it reaches by name, in model files."""
    reached = [function]
    for step in reached:
        for name in calls(step):
            found = _function(step.__globals__.get(name))
            if found is not None and found not in reached and _is_read(found):
                reached.append(found)
    return reached


def _is_read(function: FunctionType) -> bool:
    return not (function.__module__ or "").startswith(TRUSTED)


def _function(found: Any) -> FunctionType | None:
    plain = inspect.unwrap(found) if callable(found) else None
    plain = getattr(plain, "__func__", plain)  # of a bound method
    return plain if isinstance(plain, FunctionType) else None


def _names(function: FunctionType) -> set[str]:
    return set(_names_in(function.__code__))


def _names_in(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names_in(constant)


@cache
def _called(function: FunctionType) -> set[str]:
    """The names that a function calls outside of training; all its names if its source is not available."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        return _names(function)
    modules = {name for name, found in function.__globals__.items() if isinstance(found, ModuleType)}
    return set(_calls(tree.body, modules - {"torch", "nn", "F"}))


def _calls(body: Sequence[ast.AST], others: set[str]) -> Iterator[str]:
    for node in body:
        if isinstance(node, ast.If | ast.IfExp) and _is_training(node.test, needed=True):
            yield from _calls(node.orelse if isinstance(node, ast.If) else [node.orelse], others)
            continue
        if isinstance(node, ast.Call) and (name := _drawing_name(node, others)):
            yield name
        yield from _calls(list(ast.iter_child_nodes(node)), others)
        leaves = isinstance(node, ast.If) and isinstance(node.body[-1], ast.Return | ast.Raise)
        if isinstance(node, ast.If) and leaves and _is_training(node.test, needed=False):
            return  # the rest runs only in training


def _is_training(test: ast.AST, *, needed: bool) -> bool:
    """Whether a condition holds only in training (`needed`), or fails only in training."""
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And if needed else ast.Or):
        return any(_is_training(value, needed=needed) for value in test.values)
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return not needed and _is_training(test.operand, needed=True)
    return needed and _says_training(test)


def _says_training(node: ast.AST) -> bool:
    return (node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")) == "training"


def _drawing_name(call: ast.Call, others: set[str]) -> str:
    """The name of the called function; "" if it draws only in training, for modules, and for other packages' draws."""
    given = [*call.args, *(one.value for one in call.keywords)]
    if any(_says_training(step) for value in given for step in ast.walk(value)):
        return ""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    owner = call.func.value if isinstance(call.func, ast.Attribute) else None
    if "dropout" in name and isinstance(owner, ast.Name) and owner.id in {"self", "module"}:
        return ""  # a module, in eval mode
    if name == "scaled_dot_product_attention":
        chance = next((one.value for one in call.keywords if one.arg == "dropout_p"), None)
        return "" if len(call.args) < 5 and (chance is None or getattr(chance, "value", 1) == 0) else name
    root = owner
    while isinstance(root, ast.Attribute):
        root = root.value
    return "" if isinstance(root, ast.Name) and root.id in others else name
