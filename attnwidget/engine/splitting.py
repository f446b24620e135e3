"""One row of the residual stream as the sum that it is: the embedding, and what each attention and each MLP adds.

No table of families says where they are. In one pass with hooks on the shadow, a layer's input and output give what it
added, its output projection what its attention added; the rest must be what one other module of the layer gave, or the
layer is no such sum.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from attnwidget.engine.capture.replay import layer_outputs
from attnwidget.engine.capture.shadow import Shadow
from attnwidget.engine.layers import layer_states
from attnwidget.engine.model import AttentionModel
from attnwidget.engine.trace.records import Block
from attnwidget.engine.trace.residual import Norm, norm_of
from attnwidget.engine.trace.trace import Trace
from attnwidget.errors import AttnWidgetError


@dataclass(frozen=True, eq=False)
class Additions:
    """A row of the residual stream, in fp32 on the CPU.

    `stream` (layer dim) has one row more than there are layers: before each, and after the last. `attention` (layer dim)
    is what attention added, its bias included; `heads` what its heads gave before the output projection (head dim), None
    for a layer without attention. `direction` (dim) and `constant` read the answer from a row of the stream: their product
    plus the constant is its logit (of a pair: the difference), the division by the final norm's deviation as it was in
    this pass.
    """

    stream: Tensor
    attention: Tensor
    heads: tuple[Tensor | None, ...]
    direction: Tensor
    constant: float


def additions(model: AttentionModel, trace: Trace, position: int, ids: Sequence[int]) -> Additions:
    """The row of the stream at a position, and how the logit of one token is read from it (of two: the difference).

    Runs the model twice. Raises AttnWidgetError for a model whose residual stream is no sum of what its layers' attentions
    and MLPs give, or whose head does not read it linearly, and what `layer_states` raises.
    """
    states = layer_states(model, trace)
    shadow, layers = states.shadow, states.kept.layers
    listener = _Listener(position, len(trace.text), {id(layer): number for number, layer in enumerate(layers)})
    path = shadow.names[id(layers)]
    blocks = {block.layer: block for block in trace.blocks}
    if len(trace.parts) > 1:
        raise _not_a_sum(trace, f"it has attention of several parts ({', '.join(trace.parts)})")
    if any(block.projection is None for block in trace.blocks):
        raise _not_a_sum(trace, "its heads are not followed by a plain output projection")
    with listener.hearing(shadow, path, {block.projection.path: block for block in trace.blocks if block.projection}):
        kept = layer_outputs(shadow, trace.forward, path, model.edited_pass(trace))
    if kept is None or len(listener.stream) != len(layers) + 1:
        raise _not_a_sum(trace, "its layers do not hand a stream on to each other")
    _refuse_other_sums(trace, listener)
    found = kept.hidden[position]
    norm = listener.final_norm(shadow, found)
    if norm is None and not torch.equal(found, listener.last):
        raise _not_a_sum(trace, "what stands between its last layer and its head is no norm that can be frozen")
    slope, constant = _read_linearly(trace, found, ids)
    stream = torch.stack(listener.stream)
    if norm is None:
        direction = slope
    else:
        # The norm is linear once its deviation is fixed, and its matrix is symmetric up to its weight.
        weighted = slope * norm.weight.float().cpu()
        centred = weighted - weighted.mean() if norm.centred else weighted
        direction = centred / norm.deviations(stream[-1])
        constant += 0.0 if norm.bias is None else float(slope @ norm.bias.float().cpu())
    return Additions(
        stream,
        torch.stack([listener.attention.get(number, torch.zeros_like(stream[0])) for number in range(len(layers))]),
        tuple(_by_head(listener.given.get(number), blocks.get(number)) for number in range(len(layers))),
        direction,
        constant,
    )


@dataclass(eq=False)
class _Listener:
    """What the modules of a shadow read and gave at one position, during one pass."""

    position: int
    tokens: int
    number: dict[int, int]  # by the id of a layer
    stream: list[Tensor] = field(default_factory=list)
    attention: dict[int, Tensor] = field(default_factory=dict)
    given: dict[int, Tensor] = field(default_factory=dict)
    others: list[Tensor] = field(default_factory=list)  # what modules of the running layer gave
    added: list[tuple[Tensor, list[Tensor]]] = field(default_factory=list)  # by layer: besides attention; candidates
    after: list[tuple[nn.Module, Tensor, Tensor]] = field(default_factory=list)
    last: Tensor = field(default_factory=lambda: torch.zeros(0, dtype=torch.float32, device="cpu"))
    eps: float = 0.0

    def hearing(self, shadow: Shadow, path: str, projections: dict[str, Block]) -> "_Hooks":
        """Hooks on the shadow, for a `with`."""
        hooks = _Hooks()
        for name, module in shadow.module.named_modules():
            if id(module) in self.number:
                hooks.add(module.register_forward_pre_hook(self._begins, with_kwargs=True))
                hooks.add(module.register_forward_hook(self._ends))
            elif name.startswith(f"{path}."):
                block = projections.get(name)
                if block is not None:
                    hooks.add(module.register_forward_hook(self._projects(block.layer)))
                hooks.add(module.register_forward_hook(self._gives))
            else:
                hooks.add(module.register_forward_hook(self._follows))
        return hooks

    def final_norm(self, shadow: Shadow, found: Tensor) -> Norm | None:
        """The norm that made the final hidden row of the last layer's."""
        for module, given, result in self.after:
            if torch.equal(given, self.last) and torch.equal(result, found):
                norm = norm_of(module, shadow.names.get(id(module), ""), given[None], result[None])
                if norm is not None:
                    return norm
        return None

    def _row(self, tensor: Any) -> Tensor | None:
        tensor = tensor[0] if isinstance(tensor, tuple | list) and tensor else tensor
        whole = isinstance(tensor, Tensor) and tensor.is_floating_point() and tensor.ndim > 1
        if not whole or tensor.numel() != self.tokens * tensor.shape[-1]:
            return None
        own: Tensor = tensor.detach().reshape(self.tokens, -1)[self.position]
        return own.clone()

    def _begins(self, module: nn.Module, given: tuple[Any, ...], named: dict[str, Any]) -> None:
        row = next((row for one in (*given, *named.values()) if (row := self._row(one)) is not None), None)
        number = self.number[id(module)]
        self.others = []
        if row is None or (number > 0 and not torch.equal(row, self.last)):
            self.stream = []  # something stands between the layers
        elif number == 0:
            self.eps = torch.finfo(row.dtype).eps
            self.stream.append(row.float().cpu())

    def _ends(self, module: nn.Module, _given: Any, result: Any) -> None:
        row, number = self._row(result), self.number[id(module)]
        attention = self.attention.get(number)
        if row is None or len(self.stream) != number + 1 or row.shape != self.stream[-1].shape:
            return
        if attention is not None and attention.shape != row.shape:
            return
        self.last = row
        self.stream.append(row.float().cpu())
        rest = self.stream[-1] - self.stream[-2]
        rest = rest if attention is None else rest - attention
        self.added.append((rest, [one.float().cpu() for one in self.others if one.shape == row.shape]))
        self.others, self.after = [], []

    def _projects(self, layer: int) -> Any:
        def projected(_module: nn.Module, given: Any, result: Any) -> None:
            read, wrote = self._row(given), self._row(result)
            if read is not None and wrote is not None:
                self.given[layer], self.attention[layer] = read.float().cpu(), wrote.float().cpu()

        return projected

    def _gives(self, _module: nn.Module, _given: Any, result: Any) -> None:
        row = self._row(result)
        if row is not None:
            self.others.append(row)

    def _follows(self, module: nn.Module, given: Any, result: Any) -> None:
        read, wrote = self._row(given), self._row(result)
        if read is not None and wrote is not None and read.shape == wrote.shape:
            self.after.append((module, read, wrote))


class _Hooks:
    """Hooks that are removed at the end of a `with`."""

    def __init__(self) -> None:
        self._hooks: list[Any] = []

    def add(self, hook: Any) -> None:
        self._hooks.append(hook)

    def __enter__(self) -> None:
        return None

    def __exit__(self, *_error: object) -> None:
        for hook in self._hooks:
            hook.remove()


def _refuse_other_sums(trace: Trace, listener: _Listener) -> None:
    for number, (rest, candidates) in enumerate(listener.added):
        largest = max(float(listener.stream[number].abs().max()), float(listener.stream[number + 1].abs().max()))
        most = 64 * listener.eps * max(largest, float(rest.abs().max()))
        nothing = float(rest.abs().max()) <= most
        if not nothing and not any(float((one - rest).abs().max()) <= most for one in candidates):
            raise _not_a_sum(
                trace, f"layer {number} adds something else than one attention and one MLP, or scales or norms it"
            )


def _read_linearly(trace: Trace, row: Tensor, ids: Sequence[int]) -> tuple[Tensor, float]:
    """(slope, constant) of the answer's logit as the head reads it from the final hidden row."""
    assert trace.head is not None  # noqa: S101  for the type checker: `layer_states` has asked

    def logit(rows: Tensor) -> Tensor:
        scores = trace.head(rows[None])[0]  # type: ignore[misc]
        return scores[ids[0]] - scores[ids[1]] if len(ids) > 1 else scores[ids[0]]

    try:
        with torch.inference_mode(mode=False), torch.enable_grad():
            leaf = row.detach().clone().requires_grad_()
            value = logit(leaf)
            (slope,) = torch.autograd.grad(value, leaf)
    except RuntimeError as error:
        raise _not_a_sum(trace, "its head gives no slope (it was made for inference alone)") from error
    with torch.no_grad():
        constant = float(logit(torch.zeros_like(leaf)))
    expected, slope = float(value.detach()), slope.float().cpu()
    found = float(slope @ row.float().cpu()) + constant
    if abs(found - expected) > max(1e-5, 16 * torch.finfo(row.dtype).eps) * max(
        1.0, abs(expected), float(row.abs().max())
    ):
        raise _not_a_sum(trace, "its head is not linear: a soft cap, or layers of its own")
    return slope, constant


def _by_head(row: Tensor | None, block: Block | None) -> Tensor | None:
    return None if row is None or block is None else row.reshape(block.heads, -1)


def _not_a_sum(trace: Trace, why: str) -> AttnWidgetError:
    return AttnWidgetError(
        f"The logits of {trace.model.name} cannot be split into what each layer adds: {why}. head_effects measures what "
        "each head does."
    )
