"""A pass through which an answer can be followed back, on the copy that is run: the user's model gets no gradient.

Inside `differentiable` the copy's parameters are plain tensors over the same numbers: nothing is saved for their
gradients, and none is worked out.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias

import torch
from torch import Tensor

from attnwidget.engine.batches import lacks_memory
from attnwidget.engine.capture.attention_function import Call, Edited, Watch, unedited, watching
from attnwidget.engine.capture.edited_pass import EditedPass, changing_layers
from attnwidget.engine.capture.forward import run, what_runs
from attnwidget.engine.capture.random_draws import own_draws
from attnwidget.engine.capture.shadow import Shadow, shadow_of
from attnwidget.engine.inputs.inputs import Inputs
from attnwidget.engine.memory import refuse_what_cannot_fit
from attnwidget.engine.model import AttentionModel
from attnwidget.engine.prediction_head import prediction_head, predicts
from attnwidget.engine.trace.trace import Trace
from attnwidget.errors import AttnWidgetError, NotEnoughMemory, reason_of
from attnwidget.shapes import Logits

Score: TypeAlias = Callable[[Tensor], Tensor]
"""Logits (vocabulary) on the CPU, in fp32 -> how much of the answer there is in them, with its gradient."""


@contextmanager
def differentiable(shadow: Shadow) -> Iterator[None]:
    """Inside, what the copy computes can be differentiated by anything but its parameters."""
    own: list[tuple[dict[str, Any], str, Any]] = []
    with shadow.lock, torch.inference_mode(mode=False), torch.enable_grad(), own_draws(shadow.draws):
        try:
            for module in shadow.module.modules():
                for name, parameter in module._parameters.items():  # noqa: SLF001  as functional_call does
                    if parameter is not None:
                        own.append((module._parameters, name, parameter))  # noqa: SLF001
                        module._parameters[name] = parameter.detach()  # noqa: SLF001
            yield
        finally:
            for parameters, name, parameter in own:
                parameters[name] = parameter


def refuse_what_has_no_gradient(model: AttentionModel, trace: Trace, instead: str) -> None:
    """Raise AttnWidgetError where no gradient can be had; `instead` says how to go on.

    That is a quantised model, one made for inference alone, a trace that does not hold what the model was given, and a text
    that is too long for the memory that is free.
    """
    module = model.model
    if getattr(module, "is_quantized", False) or getattr(module, "hf_quantizer", None) is not None:
        raise AttnWidgetError(
            f"{model.name} is quantised, and gradients do not pass through rounded weights. {instead}, or load it unquantised."
        )
    for tensor in (*module.parameters(), *module.buffers()):
        if tensor.is_inference() or tensor.is_meta:
            how = "inside torch.inference_mode" if tensor.is_inference() else "off the device until they are needed"
            raise AttnWidgetError(
                f"The weights of {model.name} are kept {how}, where gradients cannot pass. {instead}, or load it again "
                "as a plain model."
            )
    if not trace.forward:
        raise AttnWidgetError(
            "This trace does not hold what the model was given: it was saved, or made from weights. Trace the text "
            "itself again."
        )
    refuse_what_cannot_fit(
        module, max((one.shape[-1] for one in trace.forward.values() if one.ndim == 2), default=0), "gradients"
    )


def refuse_unseen_attention(model: AttentionModel, instead: str) -> None:
    """Raise AttnWidgetError for a model whose attention is computed in code of its own."""
    if shadow_of(model.model).path != "interface":
        raise AttnWidgetError(
            f"{model.name} computes its attention in code of its own, where no gradient can be taken up. {instead}."
        )


def logits_of(
    shadow: Shadow,
    forward: Mapping[str, Tensor],
    position: int | None,
    edited: EditedPass | None = None,
    heard: Callable[[Call], Edited | None] | None = None,
) -> Logits:
    """The logits (batch vocabulary) after a position, or of the class; inside `differentiable`, with their graph.

    `edited` has the edits of the pass, `heard` hears every call instead of it.
    Raises AttnWidgetError for what the model cannot compute.
    """
    module: Any = shadow.module
    # Tensors made in a user's inference mode cannot be kept for a gradient.
    given = {name: tensor.clone() for name, tensor in forward.items()}
    runs = what_runs(module, Inputs(given))
    watch = Watch(shadow.names, keeps=False, edited=heard or edited or unedited)
    with watching(watch), changing_layers(edited, shadow, watch):
        output = run(runs, given, {})
    head = prediction_head(module) if runs is module.base_model else None
    if head is not None:
        found = head(output.last_hidden_state[:, -1 if position is None else position])
    elif predicts(module) == "class":
        found = output.logits
    else:
        found = output.logits[:, -1 if position is None else position]
    return found.float().cpu()


def followed_back(model: AttentionModel, score: Tensor, leaves: Sequence[Tensor], instead: str) -> list[Tensor]:
    """The gradient of a score by each of the leaves, zero where it does not depend on one.

    Raises AttnWidgetError if the model computes something that has no gradient.
    """
    try:
        found = torch.autograd.grad(score, list(leaves), allow_unused=True, materialize_grads=True)
    except RuntimeError as error:
        if lacks_memory(error):
            raise NotEnoughMemory(
                f"There is not enough memory for gradients. Give a shorter text. {instead}."
            ) from None
        reason = reason_of(error).rstrip(".")
        raise AttnWidgetError(f"No gradient passes through {model.name}: {reason}. {instead}.") from error
    return [one.detach() for one in found]
