"""What one layer hands on when the value of one token is zero in it: the layer alone is run, several tokens as one batch."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from attnwidget.engine.batches import in_batches
from attnwidget.engine.capture.attention_function import Call, Edited, Watch, unedited, watching
from attnwidget.engine.capture.edited_pass import changing_layers
from attnwidget.engine.capture.forward import run, what_runs
from attnwidget.engine.capture.layer_outputs import hidden_of
from attnwidget.engine.capture.random_draws import own_draws
from attnwidget.engine.capture.shadow import Shadow, shadow_of
from attnwidget.engine.inputs.inputs import Inputs
from attnwidget.engine.model import AttentionModel
from attnwidget.engine.trace.recompute import weights
from attnwidget.engine.trace.records import Block
from attnwidget.engine.trace.trace import Trace
from attnwidget.errors import AttnWidgetError

ZEROED_TOGETHER = 4096
"""Tokens that are run at a time: more of them use more memory, and save nothing."""


@dataclass(frozen=True, eq=False)
class _Heard:
    """An attention call of the layer: what it gave (1 query head dim), and whether it is the one whose values are zeroed."""

    output: Tensor
    values: Tensor
    wanted: bool


@dataclass(frozen=True, eq=False)
class _Kept:
    """Passes a call on, and tells what it gave."""

    own: Edited | None
    tell: Callable[[Tensor], None]

    def mask(self, mask: Tensor | None) -> Tensor | None:
        return mask if self.own is None else self.own.mask(mask)

    def output(self, output: Tensor) -> Tensor:
        found = output if self.own is None else self.own.output(output)
        self.tell(found)
        return found


@dataclass(frozen=True, eq=False)
class _Replaced:
    """Gives other rows than the call's own."""

    rows: Tensor

    def mask(self, mask: Tensor | None) -> Tensor | None:
        return mask

    def output(self, _output: Tensor) -> Tensor:
        return self.rows


@dataclass(frozen=True, eq=False)
class ZeroedValues:
    """One layer of a text, ready to be run again."""

    shadow: Shadow
    layer: Any
    given: tuple[Any, ...]
    named: dict[str, Any]
    block: Block
    heard: tuple[_Heard, ...]

    def compared(
        self,
        distance: Callable[[Tensor, Tensor], Tensor],
        done: Callable[[int], None] = lambda _done: None,
    ) -> Float[Tensor, "query key"]:
        """`distance` of what the layer hands on without each token's value (key query dim) from what it does (query dim).

        `done` hears how many tokens are done. Raises Cancelled inside `stopping_when`.
        """
        at_most = ZEROED_TOGETHER // self.block.shape[1] - 1
        maps = weights(self.block)
        maps[list(self.block.silenced)] = 0
        keys = range(self.block.shape[2])
        return in_batches(keys, at_most, lambda some: distance(*self._without(some, maps)), done).T

    def _without(self, keys: Sequence[int], maps: Tensor) -> tuple[Tensor, Tensor]:
        """What the layer hands on without each of these values, and with all of them in the same batch: sums of larger
        batches round otherwise.
        """
        calls = iter(self.heard)
        group = self.block.heads // self.block.kv_heads

        def edited(_call: Call) -> Edited | None:
            heard = next(calls)
            if not heard.wanted:
                return None
            values = heard.values[:, list(keys)].repeat_interleave(group, 0)  # head key dim
            lost = torch.einsum("hqk,hkd->kqhd", maps[:, :, list(keys)].to(values), values)
            return _Replaced(torch.cat([heard.output - lost, heard.output]))

        count = len(keys) + 1
        watch = Watch(self.shadow.names, keeps=False, edited=edited)
        with self.shadow.lock, torch.no_grad(), own_draws(self.shadow.draws), watching(watch):
            result = self.layer(
                *(_repeated_for(one, count) for one in self.given),
                **{name: _repeated_for(one, count) for name, one in self.named.items()},
            )
        rows = hidden_of(result)
        return rows[:-1], rows[-1]


def zeroed_values(model: AttentionModel, trace: Trace, block: Block) -> ZeroedValues:
    """One pass over the inputs of a trace, under its edits, of which a layer's inputs and outputs are kept.

    Raises AttnWidgetError for a model whose layers cannot be run alone, or whose attention is computed in code of its own,
    and for a trace without inputs.
    """
    shadow = shadow_of(model.model)
    edited = model.edited_pass(trace)
    known = model.roles(trace)
    entry = next(
        (one.entry for one in known.values() if (one.role.part, one.role.layer) == (block.part, block.layer)), None
    )
    if entry is None:
        raise AttnWidgetError(
            f"{block!r} stands in no list of layers, so no layer can be run alone. Use aw.norm_weighted instead."
        )
    layer: Any = list(shadow.module.get_submodule(entry.path))[entry.index]
    calls: dict[str, int] = {}
    runs, inside, found = [0], [False], dict[str, Any]()
    heard: list[_Heard] = []

    def begins(_module: Any, given: Any, named: Any) -> None:
        inside[0] = runs[0] == entry.time
        if inside[0]:
            found.update(given=given, named=named)

    def ends(_module: Any, _given: Any, _result: Any) -> None:
        inside[0] = False
        runs[0] += 1

    def hear(call: Call) -> Edited | None:
        own = (edited or unedited)(call)
        name = (call.path, calls.get(call.path, 0))
        calls[call.path] = name[1] + 1
        if not inside[0]:
            return own
        role = known[name].role if name in known else None
        wanted = role is not None and (role.part, role.layer) == (block.part, block.layer)
        return _Kept(own, lambda output: heard.append(_Heard(output, call.v[0], wanted)))

    hooks = [layer.register_forward_pre_hook(begins, with_kwargs=True), layer.register_forward_hook(ends)]
    watch = Watch(shadow.names, keeps=False, edited=hear)
    forward = {name: one.clone() for name, one in trace.forward.items()}
    try:
        with (
            shadow.lock,
            torch.no_grad(),
            own_draws(shadow.draws),
            watching(watch),
            changing_layers(edited, shadow, watch),
        ):
            run(what_runs(shadow.module, Inputs(forward)), forward, {})
    finally:
        for hook in hooks:
            hook.remove()
    if trace.edits and not all(call.wanted for call in heard):
        raise AttnWidgetError(
            f"{block!r} attends twice in one layer, which cannot be run alone under edits. Trace the text without them."
        )
    return ZeroedValues(shadow, layer, found["given"], found["named"], block, tuple(heard))


def _repeated_for(given: Any, count: int) -> Any:
    """What a layer is given for one text, for several."""
    if isinstance(given, tuple | list):
        return type(given)(_repeated_for(one, count) for one in given)
    batch = isinstance(given, Tensor) and given.ndim > 1 and given.shape[0] == 1
    return given.expand(count, *given.shape[1:]) if batch else given
