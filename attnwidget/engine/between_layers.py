"""The residual stream of many texts between the layers of a model, as the model itself tells it."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import torch
from jaxtyping import Float
from torch import Tensor
from transformers import PreTrainedModel

from attnwidget.engine.batches import in_batches
from attnwidget.engine.capture.attention_function import Watch, watching
from attnwidget.engine.capture.forward import run
from attnwidget.engine.capture.random_draws import own_draws
from attnwidget.engine.capture.shadow import shadow_of
from attnwidget.engine.inputs.inputs import Inputs
from attnwidget.engine.model import AttentionModel
from attnwidget.engine.stopping import go_on
from attnwidget.engine.text.tokens import Tokens
from attnwidget.errors import AttnWidgetError, Cancelled

STATE_FIELDS = ("hidden_states", "encoder_hidden_states")
"""Where a model's output has them: of an encoder-decoder, those of the text that it reads."""


@dataclass(frozen=True, eq=False)
class HiddenStates:
    """What stands at every token of a text: (layer token dim), fp32 on the CPU.

    Layer 0 is the embedding, layer l what layer l - 1 gives; the last has gone through the final norm, if there is one.
    """

    tokens: Tokens
    values: Float[Tensor, "layer token dim"]


Forward: TypeAlias = Mapping[str, Tensor]
"""What a forward pass is given."""


def hidden_states(
    model: AttentionModel,
    texts: Sequence[Any],
    known: Callable[[Forward], Tensor | None] = lambda _forward: None,
    keep: Callable[[Forward, Tensor], None] = lambda _forward, _values: None,
) -> Iterator[HiddenStates | AttnWidgetError]:
    """The hidden states of some texts, or (text, pair), in their order; for one that cannot be read, the error.

    Texts of as many tokens run as one batch: nothing is padded, so each gives what it gives alone. What is `known` of the
    inputs of a text is not run; what was run is handed to `keep`. Raises AttnWidgetError for a model that gives no hidden
    states, and Cancelled inside `stopping_when`.
    """
    if not isinstance(model.model, PreTrainedModel):
        raise AttnWidgetError(
            f"{model.name} is not a model of transformers, so its hidden states are not known. Probes need one that "
            "takes output_hidden_states."
        )
    given = [_read(model, text) for text in texts]
    alike: dict[Any, list[int]] = defaultdict(list)
    found: dict[int, Tensor] = {}
    for number, one in enumerate(given):
        if not isinstance(one, Inputs):
            continue
        if (values := known(one.forward)) is not None:
            found[number] = values
        else:
            alike[tuple((name, tensor.shape) for name, tensor in one.forward.items())].append(number)
    for numbers in alike.values():
        own = [one for number in numbers if isinstance(one := given[number], Inputs)]
        together = in_batches(own, len(own), lambda some: _run(model, some))
        for number, one, values in zip(numbers, own, together, strict=True):
            found[number] = values
            keep(one.forward, values)
    for number, one in enumerate(given):
        yield HiddenStates(one.tokens["text"], found[number]) if isinstance(one, Inputs) else one


def _read(model: AttentionModel, text: Any) -> Inputs | AttnWidgetError:
    go_on()
    try:
        return model.inputs(*text) if isinstance(text, tuple) else model.inputs(text)
    except Cancelled:
        raise
    except AttnWidgetError as error:
        return error


def _run(model: AttentionModel, given: Sequence[Inputs]) -> Tensor:
    """(text layer token dim)."""
    shadow = shadow_of(model.model)
    forward = {name: torch.cat([one.forward[name] for one in given]) for name in given[0].forward}
    with shadow.lock, torch.no_grad(), own_draws(shadow.draws), watching(Watch(shadow.names, keeps=False)):
        output = run(shadow.module.base_model, forward, {"output_hidden_states": True})
    states = next((own for name in STATE_FIELDS if isinstance(own := getattr(output, name, None), tuple)), None)
    if states is None or any(one.shape != states[0].shape for one in states):
        raise AttnWidgetError(
            f"{model.name} does not give the hidden states of all its layers, one vector for every token of the text, so "
            "there is nothing to probe."
        )
    return torch.stack([one.float().cpu() for one in states], dim=1)
