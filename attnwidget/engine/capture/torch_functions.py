"""Fallback 2: attention observed as it is computed, for any torch module, through TorchFunctionMode.

It sees scaled_dot_product_attention (q and k are kept, and weights recomputed from them), torch's own
MultiheadAttention, and softmaxes that are multiplied by values (the maps themselves are kept). Anything that a module
computes in other ways is not seen.
"""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode
from torch.utils.weak import WeakTensorKeyDictionary

from attnwidget.engine.capture.attention_function import Call, Edited, Watch
from attnwidget.engine.capture.plain_modules import Seen
from attnwidget.errors import AttnWidgetError

SOFTMAXES = {torch.softmax, functional.softmax, Tensor.softmax, torch.special.softmax}

PRODUCTS = {"matmul", "__matmul__", "bmm", "mm", "baddbmm", "einsum"}

SAME = {"dropout", "to", "type", "type_as", "float", "half", "bfloat16", "double", "contiguous", "clone", "detach"} | {
    "reshape",
    "view",
    "flatten",
    "unflatten",
    "squeeze",
    "unsqueeze",
    "expand",
}
"""Functions that keep weights what they are, in another dtype or shape."""

CHANGING = {
    "masked_fill",
    "masked_fill_",
    "nan_to_num",
    "where",
    "mul",
    "__mul__",
    "__rmul__",
    "div",
    "__truediv__",
} | {
    "add",
    "__add__",
    "__radd__",
    "sub",
    "__sub__",
    "add_",
    "__iadd__",
    "mul_",
    "__imul__",
    "div_",
    "__itruediv__",
    "clamp",
    "tanh",
    "select",
    "__getitem__",
}
"""Functions that turn weights into other weights, or scores into other scores."""


def unchanged(_order: int, _call: Call | None) -> Edited | None:
    """The default of a spy: nothing is changed."""


class Spy(TorchFunctionMode):
    """Sees every attention call inside `with Spy(watch):`, in order. Raises AttnWidgetError for more than one input.

    `edited` says what is changed in a call, by its number; of calls whose q, k and v are not seen, whether nothing is.
    """

    def __init__(
        self,
        watch: Watch,
        *,
        unfused: bool = False,
        edited: Callable[[int, Call | None], Edited | None] = unchanged,
    ) -> None:
        super().__init__()
        self.watch = watch
        self.edited = edited
        self.unfused = unfused  # torch's own slow attention instead, which returns its weights
        self.seen: list[Seen] = []
        self._scores: Any = WeakTensorKeyDictionary()  # tensors that came from a product
        self._weights: Any = WeakTensorKeyDictionary()  # results of a softmax -> the weights that they stand for
        self._used: set[int] = set()

    def __torch_function__(
        self, func: Callable[..., Any], types: Iterable[type], args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        if func is functional.multi_head_attention_forward:
            return self._multi_head(func, args, kwargs)
        if func is functional.scaled_dot_product_attention:
            call = _call(self.watch, *args, **kwargs)
            if self.unfused:
                return self._slow(*args, **kwargs)
            changed = self.edited(len(self.seen), call)
            self.seen.append(Seen(self.watch.place, call=call))
            if changed is None:
                return func(*args, **kwargs)
            return _changed(func, call, changed).reshape(*(args or (kwargs["query"],))[0].shape[:-1], -1)
        name = getattr(func, "__name__", "")
        if name in PRODUCTS:
            self._multiplied(name, args, kwargs)
        result = func(*args, **kwargs)
        if isinstance(result, Tensor):
            self._follow(func, name, [*args, *kwargs.values()], result, _last(args, kwargs))
        return result

    def _follow(self, func: Callable[..., Any], name: str, given: list[Any], result: Tensor, dim: Any) -> None:
        if name in PRODUCTS:
            self._scores[result] = True
        elif func in SOFTMAXES and dim in {-1, result.ndim - 1} and result.ndim > 1:
            square = result.shape[-1] == result.shape[-2]
            # A softmax over channels or experts is not a map; one over products of queries and keys is.
            if square or _known(self._scores, given) is not None:
                self._weights[result] = result
        elif name in SAME or name in CHANGING:
            if _known(self._scores, given) is not None:
                self._scores[result] = True
            source = _known(self._weights, given)
            if source is not None and source.shape[-2:] == result.shape[-2:]:
                known = self._weights[source]
                kept = name in SAME and known.numel() == result.numel() and known.ndim <= 4
                self._weights[result] = known if kept else result

    def _multiplied(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        for weights in _left(name, [*args, *kwargs.values()]):
            if weights not in self._weights or id(self._weights[weights]) in self._used:
                continue
            maps = self._weights[weights]
            _refuse_batch(maps)
            self._used.add(id(maps))
            self.edited(len(self.seen), None)
            self.seen.append(Seen(self.watch.place, maps=maps))

    def _slow(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        attn_mask: Any = None,
        dropout_p: Any = 0.0,  # noqa: ARG002  weights are those before dropout
        *more: Any,
        **options: Any,
    ) -> Tensor:
        slow = torch.ops.aten._scaled_dot_product_attention_math  # noqa: SLF001  the only one that returns its weights
        is_causal = options.pop("is_causal", more[0] if more else False)
        if attn_mask is not None and attn_mask.dtype == torch.bool:
            # The slow one would add True and False as numbers.
            added = torch.zeros(attn_mask.shape, dtype=query.dtype, device=query.device)
            attn_mask = added.masked_fill(~attn_mask, float("-inf"))
        output, maps = slow(query, key, value, attn_mask, 0.0, is_causal, **options)
        self.seen.append(Seen(self.watch.place, maps=maps))
        found: Tensor = output
        return found

    def _multi_head(self, func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        # It hides its computation from other modes, but returns its weights on request.
        wanted, mean = kwargs.get("need_weights", True), kwargs.get("average_attn_weights", True)
        output, maps = func(*args, **{**kwargs, "need_weights": True, "average_attn_weights": False})
        _refuse_batch(maps)
        query, key = [*args, *(kwargs[name] for name in ("query", "key") if name in kwargs)][:2]
        same = query is key or (query.shape == key.shape and torch.equal(query, key))
        self.edited(len(self.seen), None)
        self.seen.append(Seen(self.watch.place, maps=maps, crossed=not same))
        if not wanted:
            return output, None
        return output, maps.mean(-3) if mean else maps


def _changed(func: Callable[..., Any], call: Call, edited: Edited) -> Tensor:
    """The output (batch head query dim) of a call of scaled_dot_product_attention, as the edits leave it."""
    mask = edited.mask(call.mask)
    given = {"attn_mask": mask, "is_causal": call.causal and mask is None, "scale": call.scale}
    output = func(call.q, call.k, call.v, enable_gqa=call.q.shape[1] != call.k.shape[1], **given)
    return edited.output(output.transpose(1, 2)).transpose(1, 2)


def _call(
    watch: Watch,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,  # noqa: ARG001  torch's signature
    is_causal: bool = False,  # noqa: FBT002  torch's signature
    *,
    scale: float | None = None,
    enable_gqa: bool = False,  # noqa: ARG001  the counts of heads say it
) -> Call:
    for tensor in (query, key):
        _refuse_batch(tensor)
    # With fewer axes there is no batch, or a batch of one folded into the heads.
    query, key, value = (tensor[(None,) * (4 - tensor.ndim)] for tensor in (query, key, value))
    mask = None if attn_mask is None else attn_mask.reshape((1,) * (4 - attn_mask.ndim) + attn_mask.shape)
    queries, keys = query.shape[2], key.shape[2]
    if is_causal and queries != keys:
        # torch aligns both at the first token, a Block at the last.
        mask = torch.ones(1, 1, queries, keys, dtype=torch.bool, device=query.device).tril()
        is_causal = False
    return Call(
        module=nn.Identity(),
        path="",
        place=watch.place,
        q=query,
        k=key,
        v=value,
        scale=query.shape[-1] ** -0.5 if scale is None else scale,
        mask=mask,
        bias=None,
        softcap=None,
        sinks=None,
        causal=is_causal,
    )


def _refuse_batch(tensor: Tensor) -> None:
    if tensor.ndim > 4 or (tensor.ndim == 4 and tensor.shape[0] != 1):
        raise AttnWidgetError(
            f"This module attends over tensors of shape {tuple(tensor.shape)}: several inputs, or several windows of "
            "one. A trace holds one whole input. Choose one."
        )


def _left(name: str, given: list[Any]) -> list[Tensor]:
    """The left operands of a product, whose rows weigh the rows of the right one."""
    if name != "einsum":
        left, right = given[:2] if name != "baddbmm" else given[1:3]
        # Values are computed: a parameter means a layer, or a table.
        return [] if isinstance(right, nn.Parameter) or not isinstance(left, Tensor) else [left]
    operands = given[1] if len(given) == 2 and isinstance(given[1], list | tuple) else given[1:]
    if not isinstance(given[0], str):
        return []
    inputs, arrow, output = given[0].replace(" ", "").partition("->")
    terms = inputs.split(",")
    found = []
    for number, (term, operand) in enumerate(zip(terms, operands, strict=False)):
        others = "".join(other for at, other in enumerate(terms) if at != number)
        if len(term) < 2:
            continue
        query, key = term[-2], term[-1]
        weighs = key in others and query not in others and not (arrow and (key in output or query not in output))
        if weighs and isinstance(operand, Tensor):
            found.append(operand)
    return found


def _known(tensors: Any, given: list[Any]) -> Any:
    return next((tensor for tensor in given if isinstance(tensor, Tensor) and tensor in tensors), None)


def _last(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return kwargs.get("dim", args[1] if len(args) > 1 and isinstance(args[1], int) else None)
