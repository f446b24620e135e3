"""What every layer of a model gave for the text of a trace, read as if the model ended there."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from attnwidget.engine.capture.replay import KeptLayers, ended_after, layer_outputs, near
from attnwidget.engine.capture.shadow import Shadow, shadow_of
from attnwidget.engine.model import AttentionModel
from attnwidget.engine.stopping import go_on
from attnwidget.engine.trace.trace import Trace
from attnwidget.errors import AttnWidgetError
from attnwidget.shapes import Indices, Logits

SAYS_TOKENS = {"next token", "this token"}
"""What a head predicts that is a token of the vocabulary."""


@dataclass(frozen=True, eq=False)
class LayerStates:
    """The outputs of all layers of one part, for one trace. `len()` counts them."""

    shadow: Shadow
    kept: KeptLayers
    head: Callable[[Tensor], Tensor]

    def __len__(self) -> int:
        return len(self.kept.layers)

    def final(self, layer: int, positions: Indices) -> Tensor:
        """What the prediction head would read (position dim) at some positions, if the model ended after this layer.

        What the model does after its layers, a final norm for example, is done once: by its own code.
        """
        go_on()
        found = ended_after(self.shadow, self.kept, layer)
        assert found is not None  # noqa: S101  for the type checker: the last layer has been tried
        return found[positions.to(found.device)]

    def logits(self, rows: Tensor) -> Logits:
        """What the prediction head makes of some rows (position dim) of `final`, in fp32 on the CPU."""
        with torch.no_grad():
            return self.head(rows).float().cpu()


def layer_states(model: AttentionModel, trace: Trace) -> LayerStates:
    """Run the model once over the inputs of a trace, under its edits, and keep what its layers give.

    Raises AttnWidgetError for a model that predicts no tokens, whose layers are not one list, or whose end cannot be
    run alone; Cancelled inside `stopping_when`.
    """
    if trace.model.predicts not in SAYS_TOKENS:
        raise AttnWidgetError(
            f"{trace.model.name} predicts no tokens, so its layers have nothing to say in words. Load it with a language "
            "model's head, for example with AutoModelForCausalLM."
        )
    if trace.scores is not None:
        raise AttnWidgetError(
            f"{trace.model.name} cannot be run without its prediction head, so the head cannot read what its other layers "
            "give."
        )
    if trace.head is None or trace.hidden is None or not trace.forward:
        raise AttnWidgetError(
            "This trace does not hold its model's prediction head, or what the model was given: it was saved, or "
            "generated. Trace the text itself."
        )
    shadow = shadow_of(model.model)
    for path in _lists(shadow, trace):
        kept = layer_outputs(shadow, trace.forward, path, model.edited_pass(trace))
        # Whether the model's end can be run alone shows on the last layer, which must give what the whole pass gave.
        whole = None if kept is None else ended_after(shadow, kept, len(kept.layers) - 1)
        if kept is not None and whole is not None and near(whole, kept.hidden) and near(kept.hidden, trace.hidden):
            return LayerStates(shadow, kept, trace.head)
    raise AttnWidgetError(
        f"The layers of {trace.model.name} are not one list that ends in its prediction head, so what each would say cannot "
        "be read."
    )


def _lists(shadow: Shadow, trace: Trace) -> Iterator[str]:
    """Paths of what may be the list of layers before the prediction head."""
    part = "decoder" if "decoder" in trace.parts else "text" if "text" in trace.parts else trace.parts[0]
    blocks = trace.part_blocks(part)
    named = {block.path.rpartition(f".{block.layer}.")[0] for block in blocks if block.path}
    if named:
        yield from (path for path in named if path and len(named) == 1)
        return
    module: Any = shadow.module
    for path, listed in module.named_modules():
        if isinstance(listed, nn.ModuleList | nn.Sequential) and len(listed) == trace.layers(part):
            yield path
