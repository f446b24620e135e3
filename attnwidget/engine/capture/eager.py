"""Fallback 1: the maps that eager attention returns, for families outside transformers' attention interface."""

from collections.abc import Iterator, Mapping
from typing import Any

from torch import Tensor

from attnwidget.engine.capture.parts import whole_parts
from attnwidget.engine.capture.registered_function import own_attention
from attnwidget.engine.capture.roles import tower_of, towers_of
from attnwidget.engine.trace.from_weights import masked
from attnwidget.engine.trace.records import Block
from attnwidget.errors import AttnWidgetError

FIELDS = {
    "encoder_attentions": "encoder",
    "decoder_attentions": "decoder",
    "cross_attentions": "cross",
    "cross_encoder_attentions": "cross",
    "language_attentions": "text",
    "vision_attentions": "vision",
}
TOWER_OUTPUTS = {"text_model_output": "text", "vision_model_output": "vision"}
ROWS_SUM_TO_ONE = 1e-2
"""How far a row's sum may be from 1, or from 0 for a fully masked row: half precision needs this much."""


class NoWholeMap(AttnWidgetError):
    """A part has maps within pieces of its input; other parts may have whole ones."""


def blocks(
    output: Any, model: Any, ran: Any, inner: Mapping[str, tuple[Any, ...]]
) -> tuple[tuple[Block, ...], dict[str, str]]:
    """Blocks with their maps (head query key), and of each part that has none, why. Layers without attention are left out
    under their numbers. `inner` is what the model's parts returned to it, where it hands out less than all.

    Masks, including windows, are inferred from the zeros of the maps: configurations express them in many ways, and
    names mislead (XLNetLMHeadModel attends both ways).

    Raises AttnWidgetError for a model that returns no maps, for one that returns something else than weights anywhere, and
    where what a trace is about has maps that are not over single positions: over windows, or pooled, hashed or sampled keys.
    """
    found: list[Block] = []
    refused: dict[str, str] = {}
    for part, maps in inner.items() or parts(output, model, ran):
        try:
            found += [
                Block(part, layer, "", len(dense), len(dense), dense=dense)
                for layer, given in enumerate(maps)
                if (dense := _dense(given, part, layer, model)) is not None
            ]
        except NoWholeMap as error:
            refused[part] = str(error)
    if found or refused:
        return whole_parts(masked(found), refused)
    own = own_attention(model)
    if own is not None:
        raise AttnWidgetError(
            f"{type(model).__name__} runs your attention function {own!r}, which returns no weights, so there is "
            "nothing to show. Let it return (output, weights), or, if it computes plain attention, call "
            "model.set_attn_implementation('sdpa') and load the model again."
        )
    raise AttnWidgetError(
        f"{type(model).__name__} computes no attention that attnwidget can see, so there is nothing to show. State "
        "space and convolutional models have none; for others, pass weights to Trace.from_weights."
    )


def parts(output: Any, model: Any, ran: Any) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """(part, one entry per layer) of everything that an output calls attentions."""
    for name, tower in TOWER_OUTPUTS.items():
        inner: Any = getattr(output, name, None)
        if getattr(inner, "attentions", None):
            yield tower, tuple(inner.attentions)
    for name, part in FIELDS.items():
        if isinstance(maps := getattr(output, name, None), list | tuple) and maps:
            yield part, tuple(maps)
    if maps := getattr(output, "attentions", None):
        yield _lone(model, ran), tuple(maps)


def _lone(model: Any, ran: Any) -> str:
    if not towers_of(model):
        return "self"
    path = next((name for name, module in model.named_modules() if module is ran), "")
    return tower_of(path) or "text"


def _dense(given: Any, part: str, layer: int, model: Any) -> Tensor | None:
    if isinstance(given, tuple):
        given = given[0] if given else None
    if given is None:
        return None
    if not isinstance(given, Tensor) or given.ndim != 4 or given.shape[0] != 1:
        shape = tuple(getattr(given, "shape", ())) or type(given).__name__
        raise NoWholeMap(
            f"{type(model).__name__} returns attention of the shape {shape} in layer {layer} of part {part!r}, not one "
            "map (head query key) over the whole input. Windowed and banded attention cannot be shown."
        )
    dense = given[0].detach().float().cpu()
    total = dense.nan_to_num().sum(-1)
    if not bool((((total - 1).abs() < ROWS_SUM_TO_ONE) | (total.abs() < ROWS_SUM_TO_ONE)).all()):
        raise AttnWidgetError(
            f"{type(model).__name__} returns maps whose rows do not sum to 1 (layer {layer} of part {part!r}), so they "
            "are not attention weights and cannot be shown."
        )
    return dense
