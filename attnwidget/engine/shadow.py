"""The shadow: a second module tree over the same weights, with its own config and in eval mode.

The user's module is never switched, hooked or locked; what runs here is a copy of its structure whose parameters and
buffers are the very same tensors.
"""

import copy
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from torch import Tensor, nn
from transformers import PreTrainedConfig, PreTrainedModel

from attnwidget.engine import capture
from attnwidget.engine.draws import draws
from attnwidget.errors import AttnWidgetError


@dataclass(frozen=True, eq=False)
class Shadow:
    """A runnable copy. `names` maps every module (by id) to its path; `lock` is held during a forward pass.

    `path` says how attention is come by: "interface", "eager" for code of its own that hands out its maps, "function"
    for modules that transformers knows nothing of. `draws` says that a pass may draw random numbers.
    """

    module: Any
    names: dict[int, str]
    signature: int
    lock: threading.RLock
    path: str
    draws: bool = False


KEPT_HOOKS = ("transformers.", "torch.nn.utils.")
"""Whose hooks the copy keeps: they collect the outputs of eager attention, and make pruned and normalised weights."""

PLAIN = {bool, int, float, str}

NOT_SETTINGS = frozenset(vars(nn.Module()))
"""What every module has, the mark of train mode included."""

MIXED = {"git"}
"""Families whose file uses the interface for one tower and code of its own for another."""

READS_MASKS = {"doge"}
"""Families that make a mask of their own from the causal one: left out (transformers 5.0), they see what comes later."""

_shadows: "WeakKeyDictionary[nn.Module, Shadow]" = WeakKeyDictionary()
_making = threading.Lock()


def shadow_of(model: nn.Module) -> Shadow:
    """The one shadow of a module, made anew when its tree or its tensors have changed (adapters added, moved, cast)."""
    signature = _signature(model)
    with _making:
        known = _shadows.get(model)
        if known is not None and known.signature == signature:
            return known
        lock = threading.RLock() if known is None else known.lock
        return _keep(model, _path(model), signature, lock)


def eager_shadow_of(model: nn.Module) -> Shadow:
    """The shadow of a module whose attention the interface did not see after all, made anew on eager maps."""
    with _making:
        known = _shadows[model]
        return known if known.path == "eager" else _keep(model, "eager", known.signature, known.lock)


def _keep(model: nn.Module, path: str, signature: int, lock: threading.RLock) -> Shadow:
    attention = {"interface": _attention, "eager": lambda _model: "eager", "function": lambda _model: None}[path]
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
    return "interface" if follows_interface(model) else "eager"


def follows_interface(model: Any) -> bool:
    """Whether all of the model's code takes its attention from transformers' interface, as far as its source tells."""
    if getattr(model.config, "model_type", "") in MIXED:
        return False
    # The switch itself only warns on models that cannot follow it.
    return all(part._can_set_attn_implementation() for part in _models(model))  # noqa: SLF001  the only place that knows


def _attention(model: nn.Module) -> str:
    if getattr(model.config, "model_type", "") in READS_MASKS:
        return capture.WHOLE_MASKS
    # Fused kernels leave masks out and trust what a module says of causality: so may we where transformers runs any.
    fused = all(part._supports_sdpa or part._supports_flash_attn for part in _models(model))  # noqa: SLF001  as above
    return capture.NAME if fused else capture.WHOLE_MASKS


def _models(model: nn.Module) -> list[Any]:
    return [part for part in model.modules() if isinstance(part, PreTrainedModel)]


def twin(model: Any, attention: str | None) -> Any:
    """A copy of the module tree over the same tensors, in eval mode, set to one attention implementation if any."""
    _refuse_bound_forward(model)
    try:
        module = copy.deepcopy(model, memo=_shared(model))
    except Exception as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise AttnWidgetError(
            f"{type(model).__name__} cannot be copied, and attnwidget only ever runs a copy: {reason} Take away what "
            "was stored in its modules (locks, files, generators) and load it again."
        ) from error
    module.eval()
    for part in module.modules():
        _drop_hooks_of_others(part)
        config: Any = getattr(part, "config", None)
        # A reading is one pass: what generates keeps a cache of its own. Gemma 3n hands keys from layer to layer through
        # its cache in transformers 5.0.
        if getattr(config, "use_cache", False) and not getattr(config, "num_kv_shared_layers", 0):
            config.use_cache = False
        if getattr(config, "return_dict", None) is False:
            config.return_dict = True
    if attention is None:
        return module
    if follows_interface(module):
        module.set_attn_implementation(attention)
        # A layer that was copied from elsewhere brings a configuration of its own.
        for config in {id(part.config): part.config for part in module.modules() if _has_config(part)}.values():
            if config._attn_implementation != attention:  # noqa: SLF001  no public way for a configuration alone
                config._attn_implementation = attention  # noqa: SLF001
    else:
        # These families have no public switch, and it must be eager from the start: Falcon, made for sdpa and asked
        # for maps, leaves its causal mask out.
        module.config._attn_implementation = "eager"  # noqa: SLF001
        for part in module.modules():
            _make_eager(part)
    return module


def _has_config(part: Any) -> bool:
    return isinstance(getattr(part, "config", None), PreTrainedConfig)


def _make_eager(part: nn.Module) -> None:
    """Give a module that was made for sdpa or flash its eager class back: the others hand out no maps.

    Some files choose between classes of the same tensors when a model is made (in transformers 5.0 those of Nemotron,
    BEiT, DiffLlama).
    """
    kind = type(part)
    while "Sdpa" in kind.__name__ or "FlashAttention2" in kind.__name__:
        kind = kind.__bases__[0]
    if kind is not nn.Module:
        part.__class__ = kind


def _shared(model: nn.Module) -> dict[int, Any]:
    """By id, what a copy must not copy: tensors, also those that other packages keep beside a module's own."""
    shared: dict[int, Any] = {id(tensor): tensor for tensor in [*model.parameters(), *model.buffers()]}
    for part in model.modules():
        # accelerate keeps weights on the CPU or on disk until their module runs.
        hook = getattr(part, "_hf_hook", None)
        stores = [getattr(one, "weights_map", None) for one in getattr(hook, "hooks", (hook,))]
        # bitsandbytes moves 8-bit weights from the parameter into the module when it first runs. If the copy ran
        # first, it would take them from the user's module.
        prepare: Any = getattr(part, "init_8bit_state", None)
        if getattr(getattr(part, "weight", None), "CB", None) is not None and prepare is not None:
            prepare()
        # What a hook has put aside, such as the output of the last pass.
        shared |= {id(tensor): tensor for tensor in _tensors(list(vars(part).values()))}
        state = getattr(part, "state", None)
        stores += [getattr(state, name, None) for name in ("CB", "SCB")]
        shared |= {id(store): store for store in stores if store is not None}
    return shared


def _tensors(values: Any, depth: int = 3) -> Iterator[Tensor]:
    for value in values:
        if isinstance(value, Tensor):
            yield value
        elif isinstance(value, list | tuple | dict) and depth:
            yield from _tensors(value.values() if isinstance(value, dict) else value, depth - 1)


def _refuse_bound_forward(model: nn.Module) -> None:
    """Raise AttnWidgetError for a forward that was replaced by a function which calls the user's own module."""
    for name, part in model.named_modules():
        own = vars(part).get("forward")
        cells = getattr(own, "__closure__", None) or ()
        held = [_held(cell) for cell in cells] + [getattr(own, "__wrapped__", None)]
        if any(isinstance(getattr(one, "__self__", one), nn.Module) for one in held):
            raise AttnWidgetError(
                f"The forward of {name or type(model).__name__} was replaced by a function that calls this very module, so "
                "a copy of it would run yours. Bind the replacement with types.MethodType(function, module) instead."
            )


def _held(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not filled yet
        return None


def _tell_layers(path: str, layers: nn.ModuleList | nn.Sequential) -> None:
    """Let the watch know which layer of a list runs, so that one module in several layers can be told apart."""
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
    # What a user records of their model must not fill up with what is typed here. transformers' own hooks collect the
    # outputs that eager attention is asked for.
    for hooks in (part._forward_hooks, part._forward_pre_hooks):  # noqa: SLF001  torch has no public way
        for number, hook in list(hooks.items()):
            if not (getattr(hook, "__module__", None) or type(hook).__module__).startswith(KEPT_HOOKS):
                del hooks[number]


def state_of(model: nn.Module, shadow: Shadow) -> int:
    """A number that changes with the module tree, with its tensors, and with every training step or other write.

    Writes through `.data` are hidden from torch itself, and from this.
    """
    tensors = [*model.parameters(), *model.buffers()]
    written = sum(tensor._version for tensor in tensors if not tensor.is_inference())  # noqa: SLF001  no public way
    return hash((id(model), shadow.signature, written))


def _signature(model: nn.Module) -> int:
    tensors = [*model.named_parameters(), *model.named_buffers()]
    # Weights that accelerate keeps elsewhere are a new meta tensor after every pass of the user's.
    marks = tuple(
        (name, None if tensor.is_meta else (id(tensor), _address(tensor)), tensor.shape, tensor.dtype, tensor.device)
        for name, tensor in tensors
    )
    return hash((marks, tuple((type(part).__name__, _settings(part)) for part in model.modules())))


def _address(tensor: Tensor) -> int:
    try:
        return tensor.data_ptr()
    except RuntimeError:  # a wrapper without memory of its own
        return 0


def _settings(part: nn.Module) -> tuple[Any, ...]:
    # Scales, windows and the like are plain attributes of modules; adapters are chosen, switched off and merged by such.
    settings = vars(part).items()
    plain = tuple(value for name, value in settings if type(value) in PLAIN and name != "training")
    if not type(part).__module__.startswith("peft."):
        return plain
    return (*plain, repr([(name, value) for name, value in settings if name not in NOT_SETTINGS and _is_plain(value)]))


def _is_plain(value: Any) -> bool:
    if isinstance(value, dict):
        return all(_is_plain(each) for each in value.values())
    if isinstance(value, list | tuple):
        return all(_is_plain(each) for each in value)
    return value is None or isinstance(value, bool | int | float | str)
