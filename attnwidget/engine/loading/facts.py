"""What a model's configuration says, before any forward pass."""

from typing import Any

from torch import nn

from attnwidget.engine.capture.roles import towers_of
from attnwidget.engine.loading.preparation import Preparation
from attnwidget.engine.loading.refusals import HEAD_COUNTS
from attnwidget.engine.prediction_head import labels, predicts
from attnwidget.engine.trace.records import ModelFacts

ATTENDING = {"attention", "full_attention", "sliding_attention", "chunked_attention", "hybrid", "full", "sliding"}
"""The names of attention layers in the layer types of hybrid models."""


def facts_of(
    model: Any,
    tokenizer: Any | None,
    name: str,
    path: str,
    *,
    teaching: bool,
    preparation: Preparation | None = None,
) -> ModelFacts:
    """The facts of a model as plain data: a trace keeps these, never the model."""
    return ModelFacts(
        name=name,
        architecture=type(model).__name__,
        kind=_kind(model),
        limit=limit_of(model, tokenizer, preparation),
        predicts=predicts(model),
        labels=labels(model),
        heads=heads_by_layer(model),
        path=path,
        teaching=teaching,
        alignment_heads=_alignment_heads(model),
    )


def _alignment_heads(model: Any) -> tuple[tuple[int, int], ...]:
    named = getattr(getattr(model, "generation_config", None), "alignment_heads", None)
    pairs = [tuple(one) for one in named] if isinstance(named, list | tuple) else []
    return tuple((pair[0], pair[1]) for pair in pairs if len(pair) == 2 and all(type(one) is int for one in pair))


def heads_by_layer(model: Any) -> tuple[int, ...]:
    """Heads of every layer over the text, 0 for layers without attention; () if the config does not say."""
    config = _reading_config(model)
    layers = _first(config, "num_hidden_layers", "encoder_layers", "num_layers", "n_layer", "n_layers")
    heads = _first(config, *HEAD_COUNTS)
    if not isinstance(layers, int) or heads is None:
        return ()
    counts = list(heads) if isinstance(heads, list | tuple) else [heads] * layers
    kinds = getattr(config, "layers_block_type", None) or getattr(config, "layer_types", None)
    attending = getattr(config, "attn_layer_indices", None)
    if isinstance(kinds, list | tuple) and len(kinds) == layers and set(kinds) & ATTENDING:
        counts = [count if kind in ATTENDING else 0 for count, kind in zip(counts, kinds, strict=True)]
    elif isinstance(attending, list | tuple):
        counts = [count if layer in attending else 0 for layer, count in enumerate(counts)]
    return tuple(int(count or 0) for count in counts)


def _reading_config(model: Any) -> Any:
    config = model.config
    if getattr(config, "is_encoder_decoder", False):
        return getattr(config, "encoder", None) or config.get_text_config(encoder=True)
    return config.get_text_config()


def config_value(config: Any, name: str) -> Any:
    """A configuration value by name; None if it is missing, or differs from layer to layer."""
    try:
        return getattr(config, name, None)
    except Exception:  # noqa: BLE001  transformers raises another error than AttributeError here
        return None


def _first(config: Any, *names: str) -> Any:
    return next((value for name in names if (value := config_value(config, name)) is not None), None)


def _kind(model: Any) -> str:
    if getattr(model.config, "is_encoder_decoder", False):
        return "encoder-decoder"
    if "vision" in towers_of(model) and hasattr(model, "text_model") and hasattr(model, "vision_model"):
        return "two towers"
    causal = [part.is_causal for part in model.modules() if isinstance(getattr(part, "is_causal", None), bool)]
    if any(causal):
        return "decoder"
    # Families with attention of their own do not mark their modules.
    name = type(model).__name__
    return "decoder" if name.endswith(("ForCausalLM", "LMHeadModel")) and not causal else "encoder"


def limit_of(model: Any, tokenizer: Any | None, preparation: Preparation | None = None) -> int | None:
    """The largest number of tokens that the model accepts; None if unknown."""
    config = _reading_config(model)
    known = [getattr(config, "max_position_embeddings", None), getattr(tokenizer, "model_max_length", None)]
    known += [] if preparation is None else [preparation.limit]
    # RoBERTa-like models count positions from after the padding index.
    tables = [part for name, part in model.named_modules() if name.endswith("position_embeddings")]
    known += [
        table.num_embeddings - table.padding_idx - 1
        for table in tables
        if isinstance(table, nn.Embedding) and table.padding_idx is not None
    ]
    # Tokenizers without a limit have 1e30 here; the position table sets the limit.
    real = [int(size) for size in known if isinstance(size, int | float) and 0 < size < 10**9]
    return min(real) if real else None
