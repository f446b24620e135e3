"""One forward pass of a shadow, watched -> Trace."""

from collections.abc import Callable
from typing import Any

import torch

from attnwidget.engine.capture import Call, Watch, watching
from attnwidget.engine.head import prediction_head
from attnwidget.engine.shadow import Shadow
from attnwidget.engine.tokens import Tokens
from attnwidget.engine.trace import Block, ModelFacts, Trace
from attnwidget.errors import AttnWidgetError, Cancelled


def read(
    shadow: Shadow,
    tokens: Tokens,
    facts: ModelFacts,
    cancelled: Callable[[], bool],
    progress: Callable[[int], None],
) -> Trace:
    """Run the body of the model once over the tokens and keep what its attention was computed from."""
    watch = Watch(cancelled, progress)
    with shadow.lock, torch.no_grad(), watching(watch):
        hidden = _run(shadow.module, tokens)
    if not watch.calls:
        raise AttnWidgetError(
            f"{facts.architecture} computed no attention that could be seen, so there is nothing to show. "
            "Models of the GPT-2, Llama and BERT kind work; for others, give weights to Trace.from_weights."
        )
    blocks = tuple(_block(call, number, shadow.names) for number, call in enumerate(watch.calls))
    return Trace(blocks, tokens, "interface", facts, hidden=hidden, head=prediction_head(shadow.module))


def inputs(module: Any, tokens: Tokens) -> dict[str, torch.Tensor]:
    """Forward inputs of one text, on the device of the embeddings."""
    device = module.get_input_embeddings().weight.device
    given = {"input_ids": torch.tensor([tokens.ids], device=device)}
    if getattr(module.config, "type_vocab_size", 0) > 1:
        given["token_type_ids"] = torch.tensor([tokens.segment], device=device)
    return given


def _run(module: Any, tokens: Tokens) -> torch.Tensor:
    # The body alone: logits over all positions would cost more than the attention on small models.
    module.config.use_cache = False
    try:
        result = module.base_model(**inputs(module, tokens))
    except Cancelled:
        raise
    except torch.OutOfMemoryError:
        raise AttnWidgetError(
            f"There is not enough memory to read {len(tokens):,} tokens with this model. Give a shorter text."
        ) from None
    except (RuntimeError, IndexError, ValueError) as error:
        raise AttnWidgetError(f"The model could not read this text: {str(error).splitlines()[0]}") from error
    hidden: torch.Tensor = result.last_hidden_state[0]
    return hidden


def _block(call: Call, number: int, names: dict[int, str]) -> Block:
    return Block(
        part="self",
        layer=number,
        path=names.get(id(call.module), ""),
        heads=call.q.shape[1],
        kv_heads=call.k.shape[1],
        q=call.q,
        k=call.k,
        v=call.v,
        scale=call.scale,
        softcap=call.softcap,
        sinks=call.sinks,
        mask=call.mask,
        bias=call.bias,
        causal=call.causal,
    )
