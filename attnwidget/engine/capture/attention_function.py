"""Watching attention: one function registered with transformers, active only inside `watching`.

The function returns scaled_dot_product_attention, as fast as the bare model, and keeps references to what the weights
are recomputed from. It is registered under a plain name: names that contain "sdpa" or "flash" are treated as those, and
an implementation without its own mask function silently loses every mask.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from torch import Tensor, nn
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.masking_utils import eager_mask, sdpa_mask

from attnwidget.engine.capture.attention_output import fused_attention, written_out
from attnwidget.engine.stopping import go_on
from attnwidget.errors import AttnWidgetError, Cancelled

NAME, WHOLE_MASKS, REFERENCE = "attnwidget", "attnwidget_masked", "attnwidget_eager"
"""Names of the function below, of its variant that never omits a mask, and of the eager attention in model files."""

SPARSE = ("indices", "block_indices", "sinks")
"""Arguments with which a few families choose or weigh keys in ways that our formula does not cover."""


@dataclass(frozen=True)
class Place:
    """Entry number `serial` of a forward pass into layer `index` of the list of layers at `path`."""

    path: str
    index: int
    serial: int


@dataclass(frozen=True, eq=False)
class Call:
    """The arguments of one attention call, unchanged. Shapes as in `Block`.

    `path` is the module's; `place` says within which layers it was called, outermost first: if one module serves
    several layers, only this tells them apart.
    """

    module: nn.Module
    path: str
    place: tuple[Place, ...]
    q: Tensor
    k: Tensor
    v: Tensor
    scale: float
    mask: Tensor | None
    bias: Tensor | None
    softcap: float | None
    sinks: Tensor | None
    causal: bool


def ignore(_call: Call, _output: Tensor) -> None:
    """The default listener for outputs: does nothing."""


@runtime_checkable
class Edited(Protocol):
    """What edits change in one call: see `edited_pass`."""

    def mask(self, mask: Tensor | None) -> Tensor | None:
        """The mask of the call, as the edits leave it."""

    def output(self, output: Tensor) -> Tensor:
        """The output of the call (batch query head dim), as the edits leave it."""


def unedited(_call: Call) -> Edited | None:
    """The default of a watch: nothing is changed."""


class NotOurs(Exception):
    """An error from a user's function while the model ran; raised again unchanged."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


@dataclass(eq=False)
class Watch:
    """The calls of one forward pass, in their order; it can be stopped before each of them.

    `names` maps modules (by id) to their paths. `progress` is called with the number of finished attention layers, or,
    with `counts_layers`, of layers of any kind: for models whose attention is not seen. `answered` is called with the
    output (batch query head dim) of each call. `edited` says what is changed in a call. Without `keeps`
    no call is kept.
    """

    names: Mapping[int, str] = field(default_factory=dict)
    progress: Callable[[int], None] = lambda _done: None
    counts_layers: bool = False
    answered: Callable[[Call, Tensor], None] = ignore
    edited: Callable[[Call], Edited | None] = unedited
    keeps: bool = True
    calls: list[Call] = field(default_factory=list)
    maps: list[tuple[str, Tensor]] = field(default_factory=list)  # (path, weights) of eager attention
    _entered: int = 0
    _passed: int = 0
    _inside: list[Place] = field(default_factory=list)

    def enter(self, path: str, index: int) -> None:
        """A layer begins. Raises Cancelled if the result is no longer wanted."""
        _go_on()
        self._entered += 1
        self._inside.append(Place(path, index, self._entered))

    def leave(self) -> None:
        """The last entered layer has ended."""
        self._inside.pop()
        if not self._inside and self.counts_layers:
            self._passed += 1
            self._tell(self._passed)

    def hear(self, call: Call) -> None:
        """An attention layer was called."""
        _go_on()
        if self.keeps:
            self.calls.append(call)
            self._tell(len(self.calls))

    def _tell(self, done: int) -> None:
        try:
            self.progress(done)
        except Exception as error:
            raise NotOurs(error) from error

    @property
    def place(self) -> tuple[Place, ...]:
        return tuple(self._inside)


def _go_on() -> None:
    try:
        go_on()
    except Cancelled:
        raise
    except Exception as error:
        raise NotOurs(error) from error


_active: ContextVar[Watch | None] = ContextVar("attnwidget_watch", default=None)


def current() -> Watch | None:
    """The watch of this thread, inside `watching`."""
    return _active.get()


@contextmanager
def watching(watch: Watch) -> Iterator[Watch]:
    """Inside the block, every attention call of this thread goes to `watch`."""
    token = _active.set(watch)
    try:
        yield watch
    finally:
        _active.reset(token)


def attend(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float | None = None,
    dropout: float = 0.0,
    is_causal: bool | None = None,
    position_bias: Tensor | None = None,
    softcap: float | None = None,
    s_aux: Tensor | None = None,
    **kwargs: Any,
) -> tuple[Tensor, Tensor | None]:
    """The attention function: output (batch query head dim), and no weights."""
    watch = _active.get()
    if attention_mask is not None and attention_mask.shape[-1] > key.shape[-2]:
        attention_mask = attention_mask[..., : key.shape[-2]]  # hybrids of transformers 5.0 count one key too many
    if scaling is None:
        scaling = _unsaid_scale(module, query.shape[-1])
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    causal = getattr(module, "is_causal", True) if is_causal is None else is_causal
    call = Call(
        module,
        "" if watch is None else watch.names.get(id(module), ""),
        () if watch is None else watch.place,
        query,
        key,
        value,
        scale,
        attention_mask,
        position_bias,
        softcap,
        None if s_aux is None else s_aux.detach().clone(),  # a parameter: training must not change old traces
        causal=bool(causal) and query.shape[2] > 1,
    )
    edited = None
    if watch is not None:
        _refuse_unknown(call, kwargs)
        watch.hear(call)
        edited = watch.edited(call)
    if edited is not None:
        masked = edited.mask(attention_mask)
        if masked is not attention_mask:
            attention_mask, is_causal = masked, False
    if softcap is not None or s_aux is not None:
        output = written_out(
            query,
            key,
            value,
            attention_mask,
            scale,
            causal=call.causal,
            bias=position_bias,
            softcap=softcap,
            sinks=s_aux,
        )
    else:
        # Not passed on: output_attentions would only make the fused function warn.
        options = {name: given for name, given in kwargs.items() if name != "output_attentions"}
        output = fused_attention(
            module,
            query,
            key,
            value,
            attention_mask,
            dropout=dropout,
            scaling=scaling,
            is_causal=is_causal,
            position_bias=position_bias,
            **options,
        )
    if edited is not None:
        output = edited.output(output)
    if watch is not None:
        watch.answered(call, output)
    return output, None


def _unsaid_scale(module: Any, width: int) -> float | None:
    """The scale of GPT-2, which transformers 5.0 passes only to its own eager attention; None for the usual one."""
    if not hasattr(module, "scale_attn_by_inverse_layer_idx"):
        return None
    scale = width**-0.5 if getattr(module, "scale_attn_weights", True) else 1.0
    return float(scale / (module.layer_idx + 1) if module.scale_attn_by_inverse_layer_idx else scale)


def _refuse_unknown(call: Call, kwargs: Mapping[str, Any]) -> None:
    given = next((name for name in SPARSE if kwargs.get(name) is not None), None)
    if given is not None:
        raise AttnWidgetError(
            f"{type(call.module).__name__} chooses its keys by {given}, a sparse attention that attnwidget cannot "
            "recompute exactly. Pass weights to Trace.from_weights instead."
        )


def attend_masked(module: nn.Module, *args: Any, **kwargs: Any) -> tuple[Tensor, Tensor | None]:
    """The attention function of families that transformers does not run with sdpa: no mask means that every key is
    visible.

    Their modules do not declare causality reliably (Splinter, an encoder, declares nothing; NLLB's decoder claims not
    to be causal), so their masks are never omitted.
    """
    return attend(module, *args, **{**kwargs, "is_causal": False})


def attend_as_written(
    module: nn.Module, query: Tensor, key: Tensor, value: Tensor, attention_mask: Tensor | None, **kwargs: Any
) -> tuple[Tensor, Tensor | None]:
    """The eager attention of the model's own file; its weights go to the watch, with the path of the module."""
    written = getattr(sys.modules[type(module).__module__], "eager_attention_forward", None)
    if written is None:
        raise NotWritten
    output, weights = written(module, query, key, value, attention_mask, **kwargs)
    watch = _active.get()
    if watch is not None:
        watch.maps.append((watch.names.get(id(module), ""), weights))
    return output, weights


class NotWritten(Exception):
    """The model's file has no eager attention under its usual name. Never reaches a user."""


AttentionInterface.register(NAME, attend)
AttentionMaskInterface.register(NAME, sdpa_mask)
AttentionInterface.register(WHOLE_MASKS, attend_masked)
AttentionMaskInterface.register(WHOLE_MASKS, eager_mask)
AttentionInterface.register(REFERENCE, attend_as_written)
AttentionMaskInterface.register(REFERENCE, eager_mask)
