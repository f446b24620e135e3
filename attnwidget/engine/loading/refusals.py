"""Families that are refused in one sentence, because what they hand out is no map over single positions."""

from typing import Any

from attnwidget.errors import AttnWidgetError

WINDOWS = "attends within windows, so there is no map over the whole input"
HASHED = "attends to hashed or approximated keys, so there are no exact weights"
FAMILIES = {
    "swin": WINDOWS,
    "swinv2": WINDOWS,
    "swin2sr": WINDOWS,
    "donut-swin": WINDOWS,
    "maskformer-swin": WINDOWS,
    "reformer": HASHED,
    "nystromformer": HASHED,
    "yoso": HASHED,
    "mra": HASHED,
    "longt5": "attends within blocks in its encoder, so there is no map over the whole source",
    "pegasus_x": "attends within blocks in its encoder, so there is no map over the whole source",
    "longformer": "hands out a band around each query instead of a map",
    "led": "hands out a band around each query instead of a map",
}
"""model_type -> why."""

HEAD_COUNTS = ("num_attention_heads", "encoder_attention_heads", "n_head", "n_heads", "num_heads", "attention_heads")
"""The names under which configurations count their heads."""


def refuse_what_cannot_work(model: Any) -> None:
    """Raise AttnWidgetError for a model that has no attention, or none that a map could show truly."""
    config = model.config
    why = FAMILIES.get(getattr(config, "model_type", ""))
    if getattr(config, "attention_type", None) == "block_sparse":
        why = "attends to blocks that are drawn at random (load it with attention_type='original_full' to see it whole)"
    if why is None and not _says_heads(config):
        why = "has no attention heads, so there is no attention to show"
    if why is not None:
        raise AttnWidgetError(
            f"{type(model).__name__} {why}. Nothing is drawn rather than something wrong; weights of your own go to "
            "Trace.from_weights."
        )


def _says_heads(config: Any) -> bool:
    # Of the model or of any model inside it: a tower, an encoder, a decoder.
    inner = [getattr(config, name, None) for name in getattr(config, "sub_configs", {})]
    return any(getattr(config, name, None) is not None for name in HEAD_COUNTS) or any(
        _says_heads(part) for part in (*inner, getattr(config, "encoder", None)) if hasattr(part, "to_dict")
    )
