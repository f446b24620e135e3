"""Model families that are refused, because what they return is not a map over single positions."""

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
    "longformer": "returns a band around each query instead of a map",
    "led": "returns a band around each query instead of a map",
}
"""model_type -> why."""

READS_TWICE = "reads its picture twice, by its question and by its answer, and hands out neither's attention"
CLASSES_OF_FAMILIES = {
    "BlipForQuestionAnswering": READS_TWICE,
}
"""Name of the class -> why, where other classes of its family can be shown."""

HEAD_COUNTS = ("num_attention_heads", "encoder_attention_heads", "n_head", "n_heads", "num_heads", "attention_heads")
"""The names under which configurations count their heads."""


def refuse_what_cannot_work(model: Any) -> None:
    """Raise AttnWidgetError for a model without attention, or whose attention no map could show correctly."""
    config = model.config
    why = FAMILIES.get(getattr(config, "model_type", "")) or CLASSES_OF_FAMILIES.get(type(model).__name__)
    if getattr(config, "model_type", "") == "timesformer" and config.attention_type != "joint_space_time":
        why = "attends in time and space apart, so there is no map over the whole video"
    if getattr(config, "attention_type", None) == "block_sparse":
        why = "attends to randomly chosen blocks (load it with attention_type='original_full' to see all of it)"
    if why is None and not _says_heads(config):
        why = "has no attention heads, so there is no attention to show"
    if why is not None:
        raise AttnWidgetError(
            f"{type(model).__name__} {why}. attnwidget cannot show it correctly; pass your own weights to "
            "Trace.from_weights."
        )


def _says_heads(config: Any) -> bool:
    # For the model or any model inside it: a tower, an encoder, a decoder.
    inner = [getattr(config, name, None) for name in getattr(config, "sub_configs", {})]
    return any(getattr(config, name, None) is not None for name in HEAD_COUNTS) or any(
        _says_heads(part) for part in (*inner, getattr(config, "encoder", None)) if hasattr(part, "to_dict")
    )
