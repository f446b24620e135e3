"""Runs that begin at a layer: the outputs of the layers before it are kept from one pass, and handed on.

No table of families says how a layer is called: its forward is replaced, on the shadow, by one that returns what it gave
before. Whether that gives what a whole pass gives is tried once per model.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

from attnwidget.engine.capture.attention_function import Call, Edited, Watch, watching
from attnwidget.engine.capture.edited_pass import changing_layers
from attnwidget.engine.capture.forward import run
from attnwidget.engine.capture.layer_outputs import with_hidden
from attnwidget.engine.capture.random_draws import own_draws
from attnwidget.engine.capture.shadow import Shadow
from attnwidget.engine.inputs.several_runs import for_several_runs

_replays: "WeakKeyDictionary[Any, bool]" = WeakKeyDictionary()
"""By the module of a shadow: whether a replay gave what a whole pass gives."""


@dataclass(frozen=True, eq=False)
class KeptLayers:
    """One pass over some inputs, and what every layer of one list of layers gave. `hidden` is (position dim)."""

    forward: Mapping[str, Tensor]
    layers: nn.ModuleList | nn.Sequential
    outputs: tuple[Any, ...]
    hidden: Tensor


def keep_layers(shadow: Shadow, forward: Mapping[str, Tensor], path: str) -> KeptLayers | None:
    """Run the body once and keep what its layers at `path` give; None if the model cannot be run from a layer on."""
    kept = layer_outputs(shadow, forward, path)
    if kept is None:
        return None
    with shadow.lock:
        if shadow.module not in _replays:
            _replays[shadow.module] = _agrees(shadow, kept)
    return kept if _replays[shadow.module] else None


def layer_outputs(
    shadow: Shadow,
    forward: Mapping[str, Tensor],
    path: str,
    edited: Callable[[Call], Edited | None] | None = None,
) -> KeptLayers | None:
    """As `keep_layers`, under edits if any, and without asking whether the model can be run from every layer on."""
    layers = shadow.module.get_submodule(path)
    outputs: list[Any] = []
    hooks = [layer.register_forward_hook(lambda _layer, _given, result: outputs.append(result)) for layer in layers]
    try:
        hidden = hidden_rows(shadow, forward, edited)
    finally:
        for hook in hooks:
            hook.remove()
    if hidden is None or len(outputs) != len(layers) or not all(map(_can_be_repeated, outputs)):
        return None
    return KeptLayers(forward, layers, tuple(outputs), hidden[0])


def ended_after(shadow: Shadow, kept: KeptLayers, layer: int) -> Tensor | None:
    """The final hidden rows (position dim) if the last layer gave what `layer` gave: what follows the layers is the
    model's own, a final norm included.
    """
    last = replace(kept, outputs=(*kept.outputs[:-1], kept.outputs[layer]))
    rows = run_from(shadow, last, len(kept.layers))
    return None if rows is None else rows[0]


def run_from(
    shadow: Shadow,
    kept: KeptLayers,
    layer: int,
    batch: int = 1,
    edited: Callable[[Call], Edited | None] | None = None,
    handed_on: Tensor | None = None,
) -> Tensor | None:
    """The final hidden rows (batch position dim) of `batch` runs that begin at a layer; None if there are none.

    `handed_on` (batch position dim) is what the layer before it hands on, instead of what it gave.
    """
    forward = dict(kept.forward) if batch == 1 else for_several_runs(kept.forward, batch)
    with skipping(kept, layer, batch, handed_on):
        return hidden_rows(shadow, forward, edited)


def _agrees(shadow: Shadow, kept: KeptLayers) -> bool:
    for layer, batch in ((len(kept.layers) // 2, 1), (len(kept.layers) - 1, 2)):
        try:
            found = run_from(shadow, kept, layer, batch)
        except Exception:  # noqa: BLE001  models may raise anything when their layers are skipped
            return False
        if found is None or not near(found, kept.hidden):
            return False
    return True


def near(found: Tensor, expected: Tensor) -> bool:
    """Whether two runs give the same: the same sums in another order, as larger batches are computed."""
    most = 256 * torch.finfo(expected.dtype).eps * max(1.0, float(expected.abs().max()))
    return bool(((found - expected).abs() <= most).all())


def hidden_rows(
    shadow: Shadow, forward: Mapping[str, Tensor], edited: Callable[[Call], Edited | None] | None = None
) -> Tensor | None:
    """The final hidden rows (batch position dim) of one pass over a batch; None if the body gives none."""
    watch = Watch(shadow.names, keeps=False)
    if edited is not None:
        watch.edited = edited
    with shadow.lock, torch.no_grad(), own_draws(shadow.draws), watching(watch), changing_layers(edited, shadow, watch):
        found = getattr(run(shadow.module.base_model, forward, {}), "last_hidden_state", None)
    return found if isinstance(found, Tensor) else None


@contextmanager
def skipping(kept: KeptLayers, layer: int, batch: int, handed_on: Tensor | None = None) -> Iterator[None]:
    """Inside, the layers before `layer` return what they gave in the kept pass, the last of them `handed_on` if given."""
    skipped = list(zip(kept.layers, kept.outputs, strict=True))[:layer]
    own = [vars(module).get("forward") for module, _ in skipped]
    try:
        for number, (module, output) in enumerate(skipped):
            result = _repeated(output, batch)
            if handed_on is not None and number == layer - 1:
                result = with_hidden(result, handed_on)
            module.__dict__["forward"] = lambda *_given, result=result, **_named: result
        yield
    finally:
        for (module, _), before in zip(skipped, own, strict=True):
            module.__dict__.pop("forward", None)
            if before is not None:
                module.__dict__["forward"] = before


def _can_be_repeated(output: Any) -> bool:
    return isinstance(output, Tensor) or (
        isinstance(output, tuple) and all(one is None or isinstance(one, Tensor) for one in output)
    )


def _repeated(output: Any, batch: int) -> Any:
    if isinstance(output, tuple):
        return tuple(_repeated(one, batch) for one in output)
    return output if output is None or output.shape[0] != 1 else output.expand(batch, *output.shape[1:])
