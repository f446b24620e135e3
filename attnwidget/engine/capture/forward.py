"""One watched forward pass of a shadow -> Trace."""

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch import Tensor

from attnwidget.engine.batches import lacks_memory
from attnwidget.engine.capture import eager
from attnwidget.engine.capture.attention_function import Call, NotOurs, NotWritten, Watch, watching
from attnwidget.engine.capture.blocks import block_of
from attnwidget.engine.capture.edited_pass import EditedPass, changing_layers, remember
from attnwidget.engine.capture.inner_outputs import inner_outputs
from attnwidget.engine.capture.parts import heard_in, whole_parts
from attnwidget.engine.capture.projection_search import follow_outputs
from attnwidget.engine.capture.random_draws import own_draws
from attnwidget.engine.capture.residual_search import Listener, hear_streams
from attnwidget.engine.capture.sequences import sequences_of
from attnwidget.engine.capture.shadow import Shadow
from attnwidget.engine.edits.changes import refuse_edits_of
from attnwidget.engine.inputs.inputs import Inputs
from attnwidget.engine.inputs.recipient import forward_names
from attnwidget.engine.prediction_head import answers_at_once, prediction_head, predicts, scores
from attnwidget.engine.trace.records import Block, ModelFacts
from attnwidget.engine.trace.trace import Trace
from attnwidget.errors import AttnWidgetError, Cancelled, NotEnoughMemory, reason_of


def traced(
    shadow: Shadow,
    given: Inputs,
    facts: ModelFacts,
    progress: Callable[[int], None],
    cache: Any = None,
    *,
    keeps: bool = False,
    edited: EditedPass | None = None,
) -> Trace:
    """Run the model once over its inputs and keep what its attention was computed from.

    `cache` is filled where one is given; `keeps` keeps the residual stream around each layer; `edited` changes the
    computation. Raises NothingSeen when an
    interface shadow computed no attention that could be seen, Cancelled between two layers, and AttnWidgetError for what
    the model cannot read.
    """
    watch = Watch(shadow.names, progress, counts_layers=shadow.path == "eager")
    if edited is not None:
        watch.edited = edited
    module = shadow.module
    runs = what_runs(module, given)
    listening = partial(hear_streams, shadow, watch) if keeps and shadow.path == "interface" else nullcontext
    with (
        shadow.lock,
        torch.no_grad(),
        own_draws(shadow.draws),
        watching(watch),
        follow_outputs(shadow, watch) as follower,
        listening() as listener,
        changing_layers(edited, shadow, watch),
        inner_outputs(module) as inner,
    ):
        options: dict[str, Any] = {"output_attentions": True} if shadow.path == "eager" else {}
        if cache is not None:
            options = {"past_key_values": cache, "use_cache": True}
        output = run(runs, given.forward, options)
        projections = follower.learn()
    if shadow.path == "eager":
        blocks, refused = eager.blocks(output, module, runs, inner)
        depths = {block.part: 0 for block in blocks}
    else:
        if not watch.calls:
            raise NothingSeen
        heard = heard_in(watch.calls, module)
        seen = {role.part for role in heard.roles} | heard.refused.keys()
        if "input_ids" in given.forward and seen <= {"vision", "audio", "cross"}:
            raise NothingSeen  # a tower follows the interface, but the text model does not
        blocks = tuple(
            _with_stream(block_of(call, role, projections.get(call.path)), call, listener)
            for call, role in zip(heard.calls, heard.roles, strict=True)
        )
        depths = {role.part: role.depth for role in heard.roles}
        blocks, refused = whole_parts(blocks, heard.refused)
        refuse_unheard(blocks, facts)
        remember(module, watch.calls, heard, refused, given.forward)
        if edited is not None:
            refuse_edits_of(edited.edits, refused)
            blocks = edited.marked(blocks)
    text, sequences = sequences_of(blocks, given, module.config, refused)
    # A tower that ran alone has no head over it.
    whole = runs is module or runs is module.base_model
    hidden = getattr(output, "last_hidden_state", None)
    return Trace(
        blocks,
        text,
        shadow.path,
        facts,
        sequences,
        depths,
        hidden=hidden[0] if whole and isinstance(hidden, Tensor) else None,
        head=prediction_head(module) if runs is module.base_model else None,
        scores=scores(output, facts.predicts) if runs is module else None,
        edits=() if edited is None else edited.edits,
        pictures=given.pictures,
        sounds=given.sounds,
        refused=refused,
    )


def _with_stream(block: Block, call: Call, listener: Listener | None) -> Block:
    return block if listener is None else replace(block, inputs=listener.stream(call, block.projection))


def refuse_unheard(blocks: tuple[Block, ...], facts: ModelFacts) -> None:
    """Raise AttnWidgetError if fewer layers were seen than the configuration has with attention."""
    part = next((part for part in ("self", "encoder", "text") if any(block.part == part for block in blocks)), None)
    attending = sum(1 for heads in facts.heads if heads)
    heard = sum(1 for block in blocks if block.part in {part, "cross" if part == "text" else part})
    if part is not None and heard < attending:
        raise AttnWidgetError(
            f"attnwidget can see attention in only {heard} of {attending} attention layers of {facts.name}, and a "
            "trace without the others would mislead. Check whether the forward of a layer was replaced."
        )


class NothingSeen(Exception):
    """The model's source uses the attention interface, but no call was seen. Never reaches a user."""


def what_runs(module: Any, given: Inputs) -> Any:
    """The module whose forward pass runs all attention for these inputs, at the least cost."""
    # Logits over all positions would cost more than the attention on small models: the body alone.
    body = module if answers_at_once(module) or predicts(module) is None else module.base_model
    if (
        predicts(module) is None
        and module.base_model is not module
        and given.forward.keys() <= _names(module.base_model)
    ):
        body = module.base_model
    for tower, needed in (("text_model", "pixel_values"), ("vision_model", "input_ids")):
        other = {"text_model": "vision_model", "vision_model": "text_model"}[tower]
        if hasattr(module, tower) and hasattr(module, other) and needed not in given.forward:
            return getattr(module, tower)
    return body


def run(module: Any, forward: Mapping[str, Tensor], options: Mapping[str, Any]) -> Any:
    """A forward pass whose failures become one AttnWidgetError."""
    try:
        return module(**forward, **options)
    except (Cancelled, NotWritten, AttnWidgetError):
        raise
    except NotOurs as told:
        raise told.error from None
    except Exception as error:
        if lacks_memory(error):
            count = max(tensor.shape[-1] if tensor.ndim == 2 else 1 for tensor in forward.values())
            raise NotEnoughMemory(
                f"There is not enough memory to run {count:,} tokens through this model. Give a shorter text."
            ) from None
        # Models may raise anything.
        reason = reason_of(error)
        raise AttnWidgetError(f"The model failed on this input: {reason}") from error


def _names(module: Any) -> set[str]:
    return forward_names(module) or set()
