"""The shadow: a second module tree over the same weights, with its own config and in eval mode.

The user's module is never switched, hooked or locked; what runs here is a copy of its structure that shares its
parameters and buffers.
"""

import copy
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from types import FunctionType, MethodType
from typing import Any
from weakref import WeakKeyDictionary

from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset
from transformers import PreTrainedConfig, PreTrainedModel

from attnwidget.engine.capture import attention_function as capture
from attnwidget.engine.capture.random_draws import draws
from attnwidget.engine.capture.registered_function import implementation, is_own, mark, own_attention
from attnwidget.errors import AttnWidgetError, reason_of


@dataclass(frozen=True, eq=False)
class Shadow:
    """A runnable copy. `names` maps every module (by id) to its path; `lock` is held during a forward pass.

    `path` says where attention comes from: "interface", "eager" for custom code that returns its maps, "function" for
    modules outside transformers. `draws` says that a pass may draw random numbers.
    """

    module: Any
    names: dict[int, str]
    signature: int
    lock: threading.RLock
    path: str
    draws: bool = False


KEPT_HOOKS = ("transformers.", "torch.nn.utils.")
"""Packages whose hooks the copy keeps: they collect the outputs of eager attention, and make pruned and normalised
weights."""

PLAIN_TYPES = {bool, int, float, str}

DATA = (DataLoader, Dataset)
"""Not copied although possible: these may be large, and no forward pass writes to them."""

NOT_SETTINGS = frozenset(vars(nn.Module()))
"""The attributes that every module has, including its training flag."""

OWN = "own"
"""Stands for: the user's own functions where there are some, and eager attention everywhere else."""

MIXED = {"git"}
"""Families whose file uses the interface for one tower and custom code for another."""

READS_MASKS = {"doge"}
"""Families that derive their own mask from the causal one: if it is omitted (transformers 5.0), they see later
tokens."""

_shadows: "WeakKeyDictionary[nn.Module, Shadow]" = WeakKeyDictionary()
_making = threading.Lock()


def shadow_of(model: nn.Module) -> Shadow:
    """The one shadow of a module, remade when its tree or its tensors have changed (adapters added, moved, cast)."""
    signature = _signature(model)
    with _making:
        known = _shadows.get(model)
        if known is not None and known.signature == signature:
            return known
        lock = threading.RLock() if known is None else known.lock
        return _keep(model, _path(model), signature, lock)


def eager_shadow_of(model: nn.Module) -> Shadow:
    """The shadow of a module whose attention the interface did not see after all, remade on eager maps."""
    with _making:
        known = _shadows[model]
        return known if known.path == "eager" else _keep(model, "eager", known.signature, known.lock)


def _keep(model: nn.Module, path: str, signature: int, lock: threading.RLock) -> Shadow:
    attention = {"interface": _attention, "eager": attention_with_maps, "function": lambda _model: None}[path]
    module = twin(model, attention(model))
    for name, part in module.named_modules():
        if isinstance(part, nn.ModuleList | nn.Sequential):
            _tell_layers(name, part)
    names = {id(part): name for name, part in module.named_modules()}
    made = Shadow(module, names, signature, lock, path, draws(model))
    _shadows[model] = made
    return made


def _path(model: Any) -> str:
    if not isinstance(model, PreTrainedModel):
        return "function"
    return "interface" if follows_interface(model) and own_attention(model) is None else "eager"


def attention_with_maps(model: nn.Module) -> str:
    """The attention implementation that returns maps: eager, unless a user's function computes attention."""
    return OWN if own_attention(model) is not None else "eager"


def follows_interface(model: Any) -> bool:
    """Whether all of the model's code uses transformers' attention interface, as far as its source tells."""
    if getattr(model.config, "model_type", "") in MIXED:
        return False
    # The switch only warns on models that do not support it.
    return all(part._can_set_attn_implementation() for part in _models(model))  # noqa: SLF001  the only place with this information


def _attention(model: nn.Module) -> str:
    if getattr(model.config, "model_type", "") in READS_MASKS:
        return capture.WHOLE_MASKS
    # Fused kernels omit masks and trust a module's is_causal; we may do so wherever transformers does.
    fused = all(part._supports_sdpa or part._supports_flash_attn for part in _models(model))  # noqa: SLF001  as above
    return capture.NAME if fused else capture.WHOLE_MASKS


def _models(model: nn.Module) -> list[Any]:
    return [part for part in model.modules() if isinstance(part, PreTrainedModel)]


def twin(model: Any, attention: str | None) -> Any:
    """A copy of the module tree over the same tensors, in eval mode, set to one attention implementation if any."""
    module = _copied(model)
    module.eval()
    for part in module.modules():
        _drop_hooks_of_others(part)
        config: Any = getattr(part, "config", None)
        # A trace is one pass: generation keeps its own cache. Gemma 3n passes keys between layers through its cache in
        # transformers 5.0.
        if getattr(config, "use_cache", False) and not getattr(config, "num_kv_shared_layers", 0):
            config.use_cache = False
        if getattr(config, "return_dict", None) is False:
            config.return_dict = True
    if attention is not None:
        _attend_by(module, attention)
    return module


def _copied(model: Any) -> Any:
    _refuse_bound_forward(model)
    memo = _shared(model)
    compiled = _compiled_forwards(model)
    memo |= {id(forward): None for forward in compiled.values()}
    try:
        # Modules wrapped by torch.compile run as plain modules: no graph is compiled for our copy. Inner ones first.
        for part in reversed([part for part in model.modules() if _is_compiled(part)]):
            memo[id(part)] = copy.deepcopy(part._orig_mod, memo)  # noqa: SLF001  as its documentation says
        module = copy.deepcopy(model, memo)
    except Exception as error:
        raise _cannot_be_copied(model, error) from error
    for part, forward in compiled.items():
        _plain_forward(memo[id(part)], forward)
    return module


def independent_copy(model: Any) -> Any:
    """A copy with tensors of its own, without a user's hooks. Raises AttnWidgetError for a model that cannot be copied."""
    _refuse_bound_forward(model)
    hooks = {id(hook): hook for part in model.modules() for own in _hooks(part) for hook in own.values()}
    memo = hooks | _not_copied(model, hooks)
    try:
        module = copy.deepcopy(model, memo)
    except Exception as error:
        raise _cannot_be_copied(model, error) from error
    for part in module.modules():
        _drop_hooks_of_others(part)
    return module


def _cannot_be_copied(model: Any, error: Exception) -> AttnWidgetError:
    reason = reason_of(error)
    return AttnWidgetError(
        f"{type(model).__name__} cannot be copied, and attnwidget only runs a copy: {reason.rstrip('.')}. Remove "
        "the module that copy.deepcopy refuses, and load it again."
    )


def _attend_by(module: Any, attention: str) -> None:
    if follows_interface(module):
        # A layer copied from elsewhere has its own configuration.
        configs = {id(part.config): part.config for part in module.modules() if _has_config(part)}.values()
        named = {id(config): implementation(config) for config in configs}
        module.set_attn_implementation("eager" if attention == OWN else attention)
        for config in configs:  # outer ones first: they set those within
            name = named[id(config)]
            wanted = attention if attention != OWN else name if is_own(name) else "eager"
            if config._attn_implementation != wanted:  # noqa: SLF001  no public way for a configuration alone
                config._attn_implementation = wanted  # noqa: SLF001
    else:
        # These families have no public switch, and must be eager from the start: Falcon, built for sdpa and asked for
        # maps, omits its causal mask.
        module.config._attn_implementation = "eager"  # noqa: SLF001
        for part in module.modules():
            _make_eager(part)


def _has_config(part: Any) -> bool:
    return isinstance(getattr(part, "config", None), PreTrainedConfig)


def _make_eager(part: nn.Module) -> None:
    """Give a module built for sdpa or flash its eager class back: the others return no maps.

    Some files choose between classes with the same tensors when a model is built (in transformers 5.0 those of
    Nemotron, BEiT, DiffLlama).
    """
    kind = type(part)
    while "Sdpa" in kind.__name__ or "FlashAttention2" in kind.__name__:
        kind = kind.__bases__[0]
    if kind is not nn.Module:
        part.__class__ = kind


def _is_compiled(part: nn.Module) -> bool:
    return isinstance(vars(part).get("_modules", {}).get("_orig_mod"), nn.Module)


def _compiled_forwards(model: nn.Module) -> dict[nn.Module, Any]:
    """Modules whose forward alone was compiled: `layer.forward = torch.compile(layer.forward)`."""
    own = {part: vars(part).get("forward") for part in model.modules() if not _is_compiled(part)}
    return {part: forward for part, forward in own.items() if hasattr(forward, "_torchdynamo_orig_callable")}


def _plain_forward(part: nn.Module, forward: Any) -> None:
    del part.forward
    plain = getattr(forward._torchdynamo_orig_callable, "__func__", None)  # noqa: SLF001  no public way
    if plain is not None and plain is not type(part).forward:
        part.forward = MethodType(plain, part)


def _shared(model: nn.Module) -> dict[int, Any]:
    """By id, what must not be copied, and what replaces it in the copy: mostly the same object.

    Modules, configurations, and what modules compute with are copied. Tensors are shared, including those kept outside
    a module's own. Hooks are dropped except those of `KEPT_HOOKS`: they would bring their owners with them. User
    attributes that cannot be copied (locks, files, loaders, a recorder with activations) are shared, since a forward
    pass may use them. Replaced forwards (accelerate) are not hooks, and are copied.
    """
    shared: dict[int, Any] = {id(tensor): tensor for tensor in [*model.parameters(), *model.buffers()]}
    for part in model.modules():
        # accelerate keeps weights on the CPU or on disk until their module runs.
        hook = getattr(part, "_hf_hook", None)
        stores = [getattr(one, "weights_map", None) for one in getattr(hook, "hooks", (hook,))]
        # bitsandbytes moves 8-bit weights from the parameter into the module on its first run. If the copy ran first,
        # it would take them away from the user's module.
        prepare: Any = getattr(part, "init_8bit_state", None)
        if getattr(getattr(part, "weight", None), "CB", None) is not None and prepare is not None:
            prepare()
        # What a hook has stored, for example the output of the last pass.
        shared |= {id(tensor): tensor for tensor in _tensors(list(vars(part).values()))}
        state = getattr(part, "state", None)
        stores += [getattr(state, name, None) for name in ("CB", "SCB")]
        shared |= {id(store): store for store in stores if store is not None}
        shared |= {id(hook): hook for hooks in _hooks(part) for hook in hooks.values() if not _is_kept(hook)}
    return shared | _not_copied(model, shared)


def _hooks(part: nn.Module) -> list[dict[int, Any]]:
    return [value for name, value in vars(part).items() if name.endswith("_hooks") and isinstance(value, dict)]


def _is_kept(hook: Any) -> bool:
    return bool((getattr(hook, "__module__", None) or type(hook).__module__).startswith(KEPT_HOOKS))


def _not_copied(model: nn.Module, shared: dict[int, Any]) -> dict[int, Any]:
    """By id, the attributes of modules that cannot be copied; each is tried alone, with modules shared."""
    memo = shared | {id(part): part for part in model.modules()}
    found: dict[int, Any] = {}
    for part in model.modules():
        for name, value in vars(part).items():
            if name in NOT_SETTINGS or type(value) in PLAIN_TYPES or isinstance(value, PreTrainedConfig | FunctionType):
                continue
            for one in _leaves(value):
                if isinstance(one, DATA) or not _can_be_copied(one, memo):
                    found[id(one)] = one
    return found


def _can_be_copied(value: Any, memo: dict[int, Any]) -> bool:
    try:
        copy.deepcopy(value, dict(memo))
    except Exception:  # noqa: BLE001  third-party objects may raise anything
        return False
    return True


def _leaves(value: Any, depth: int = 3) -> Iterator[Any]:
    if type(value) in {list, tuple, dict} and depth:
        for one in value.values() if isinstance(value, dict) else value:
            yield from _leaves(one, depth - 1)
    elif value is not None and type(value) not in PLAIN_TYPES and not isinstance(value, Tensor | nn.Module):
        yield value


def _tensors(values: Any, depth: int = 3) -> Iterator[Tensor]:
    for value in values:
        if isinstance(value, Tensor):
            yield value
        elif isinstance(value, list | tuple | dict) and depth:
            yield from _tensors(value.values() if isinstance(value, dict) else value, depth - 1)


def _refuse_bound_forward(model: nn.Module) -> None:
    """Raise AttnWidgetError for a forward that was replaced by a function that calls the user's own module."""
    for name, part in model.named_modules():
        own = vars(part).get("forward")
        if _is_compiled(part) or hasattr(own, "_torchdynamo_orig_callable"):
            continue
        cells = getattr(own, "__closure__", None) or ()
        held = [_held(cell) for cell in cells] + [getattr(own, "__wrapped__", None)]
        if any(isinstance(getattr(one, "__self__", one), nn.Module) for one in held):
            raise AttnWidgetError(
                f"The forward of {name or type(model).__name__} was replaced by a function bound to this very module, "
                "so a copy would run the original. Bind the replacement with types.MethodType(function, module) "
                "instead."
            )


def _held(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not filled yet
        return None


def _tell_layers(path: str, layers: nn.ModuleList | nn.Sequential) -> None:
    """Tell the watch which layer of a list runs, so that calls of one module in several layers can be told apart."""
    for index, layer in enumerate(layers):

        def enter(_module: Any, _given: Any, index: int = index) -> None:
            watch = capture.current()
            if watch is not None:
                watch.enter(path, index)

        def leave(_module: Any, _given: Any, _result: Any) -> None:
            watch = capture.current()
            if watch is not None:
                watch.leave()

        layer.register_forward_pre_hook(enter)
        layer.register_forward_hook(leave)


def _drop_hooks_of_others(part: nn.Module) -> None:
    # A user's recordings of their model must not fill up with passes from here. transformers' own hooks collect the
    # outputs of eager attention.
    for hooks in (part._forward_hooks, part._forward_pre_hooks):  # noqa: SLF001  torch has no public way
        for number, hook in list(hooks.items()):
            if not _is_kept(hook):
                del hooks[number]


def state_of(model: nn.Module, shadow: Shadow) -> int:
    """A number that changes with the module tree, its tensors, and every training step or other write.

    Writes through `.data` are invisible to torch, and to this.
    """
    tensors = [*model.parameters(), *model.buffers()]
    written = sum(tensor._version for tensor in tensors if not tensor.is_inference())  # noqa: SLF001  no public way
    return hash((id(model), shadow.signature, written))


def _signature(model: nn.Module) -> int:
    tensors = [*model.named_parameters(), *model.named_buffers()]
    # Weights offloaded by accelerate are a new meta tensor after every pass of the user's model.
    marks = tuple(
        (name, None if tensor.is_meta else (id(tensor), _address(tensor)), tensor.shape, tensor.dtype, tensor.device)
        for name, tensor in tensors
    )
    return hash((marks, mark(model), tuple((type(part).__name__, _settings(part)) for part in model.modules())))


def _address(tensor: Tensor) -> int:
    try:
        return tensor.data_ptr()
    except RuntimeError:  # a wrapper without its own memory
        return 0


def _settings(part: nn.Module) -> tuple[Any, ...]:
    # Scales, windows and the like are plain attributes of modules, which also select, disable and merge adapters.
    settings = vars(part).items()
    plain = tuple(value for name, value in settings if type(value) in PLAIN_TYPES and name != "training")
    if not type(part).__module__.startswith("peft."):
        return plain
    return (*plain, repr([(name, value) for name, value in settings if name not in NOT_SETTINGS and _is_plain(value)]))


def _is_plain(value: Any) -> bool:
    if isinstance(value, dict):
        return all(_is_plain(each) for each in value.values())
    if isinstance(value, list | tuple):
        return all(_is_plain(each) for each in value)
    return value is None or isinstance(value, bool | int | float | str)
