"""The prediction head alone: final hidden states -> logits, without running the model again."""

import copy
from collections.abc import Callable
from typing import Any

from torch import Tensor, nn
from transformers.modeling_outputs import BaseModelOutputWithPoolingAndCrossAttentions


def predicts(model: Any) -> str | None:
    """What the head predicts: "next token", "this token" (a masked language model), or None."""
    name = type(model).__name__
    if name.endswith(("ForCausalLM", "LMHeadModel")):
        return "next token"
    return "this token" if name.endswith("ForMaskedLM") else None


def prediction_head(model: Any) -> Callable[[Tensor], Tensor] | None:
    """A function from hidden rows (position dim) to logits (position vocabulary); None for a model without a head.

    The model's own code is run, with its body replaced by one that hands back the rows, so that whatever stands
    between body and logits (transforms, soft caps, scales) is the model's own. Only the head's weights are kept alive.
    """
    if predicts(model) is None or model.base_model is model:
        return None
    shell = copy.copy(model)
    parts = model.__dict__["_modules"].items()
    shell.__dict__["_modules"] = {name: _Stored() if part is model.base_model else part for name, part in parts}

    def logits(rows: Tensor) -> Tensor:
        found: Tensor = shell(inputs_embeds=rows[None]).logits[0]
        return found

    return logits


class _Stored(nn.Module):
    """Stands in for the body: gives back, as its result, the hidden states that were handed in as embeddings."""

    def forward(self, *_args: Any, inputs_embeds: Tensor, **_kwargs: Any) -> Any:
        return BaseModelOutputWithPoolingAndCrossAttentions(last_hidden_state=inputs_embeds)
