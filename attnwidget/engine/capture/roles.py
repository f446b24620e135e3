"""Which part and layer an attention call belongs to: by the place of its module, never by `layer_idx`.

`layer_idx` is absent, None or repeated in many families, and ALBERT and Zamba run one module in several layers. What
counts is the list of layers that was running at the time of the call.
"""

import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from attnwidget.engine.capture.attention_function import Call

CROSS = {
    "encoder_attn",
    "EncDecAttention",
    "crossattention",
    "cross_attn",
    "cross_attention",
    "encoder_decoder_attention",
}
TOWERS = {
    "vision": {"vision_model", "vision_tower", "visual", "vision_encoder", "image_encoder", "visual_model", "vision"},
    "audio": {"audio_tower", "audio_model", "audio_encoder", "speech_encoder", "sound_tower"},
    "text": {"text_model", "language_model", "text_encoder", "text_decoder", "text"},
}


@dataclass(frozen=True)
class Role:
    """`depth` is how many layers the part has, including those without attention."""

    part: str
    layer: int
    depth: int


def calls_by_run(calls: Sequence[Call]) -> list[list[Call]]:
    """The calls, those together that one run of a layer made: most layers call their attention once."""
    found: dict[Any, list[Call]] = {}
    for order, call in enumerate(calls):
        found.setdefault(run_of(call, order), []).append(call)
    return list(found.values())


def run_of(call: Call, order: int) -> Any:
    """The same for two calls if one run of a layer made both. `order` counts the calls of the pass."""
    return (id(call.module), call.place[-1].serial) if call.place else order


def roles(calls: Sequence[Call], model: Any) -> list[Role]:
    """The role of every call of one forward pass, in order."""
    towers = towers_of(model)
    crossed = bool(getattr(model.config, "is_encoder_decoder", False))
    parts = [_part(call, towers, encoder_decoder=crossed) for call in calls]
    parts = _apart(calls, parts)
    sizes = {path: len(model.get_submodule(path)) for path in {call.place[0].path for call in calls if call.place}}
    found: list[Role | None] = [None] * len(calls)
    for part in dict.fromkeys(parts):
        own = [i for i, name in enumerate(parts) if name == part]
        numbers = [calls[i].place[0].index if calls[i].place else -1 for i in own]
        # With one call per layer, in layer order, these are the true layer numbers. Otherwise they are counted.
        true = min(numbers) >= 0 and all(a < b for a, b in itertools.pairwise(numbers))
        depth = sizes[calls[own[0]].place[0].path] if true else len(own)
        for order, i in enumerate(own):
            found[i] = Role(part, numbers[order] if true else order, depth)
    return [role for role in found if role is not None]


def towers_of(model: Any) -> set[str]:
    """Which of text, vision and audio have their own module in this model; a single one is not a tower."""
    names = {name.split(".")[-1] for name, _ in model.named_modules()}
    found = {tower for tower, known in TOWERS.items() if names & known}
    return found if found - {"text"} else set()


def tower_of(path: str) -> str | None:
    """The tower that a module's path leads into: the outermost named one."""
    for name in path.split("."):
        for tower, known in TOWERS.items():
            if name in known:
                return tower
    return None


def is_cross(module: Any, path: str) -> bool:
    """Whether this is cross-attention."""
    if CROSS & set(path.split(".")) or getattr(module, "is_cross_attention", False) is True:
        return True
    return "CrossAttention" in type(module).__name__


def _part(call: Call, towers: set[str], *, encoder_decoder: bool) -> str:
    tower = tower_of(call.path) if towers else None
    if tower in {"vision", "audio"}:
        return tower or ""
    if is_cross(call.module, call.path):
        return "cross"
    names = call.path.split(".")
    if encoder_decoder and "decoder" in names:
        return "decoder"
    if encoder_decoder and "encoder" in names:
        return "encoder"
    return "text" if towers else "self"


def _apart(calls: Sequence[Call], parts: list[str]) -> list[str]:
    # Two stacks of layers in one part become two parts (a querying transformer beside the language model): the deeper
    # one keeps the name, the other gets the name that its author chose.
    paths = [call.place[0].path if call.place else "" for call in calls]
    named = list(parts)
    for part in dict.fromkeys(parts):
        counts = Counter(path for path, own in zip(paths, parts, strict=True) if own == part)
        main = max(counts, key=lambda path: (tower_of(path) == part, counts[path]))
        for i, (path, own) in enumerate(zip(paths, parts, strict=True)):
            if own == part and path != main:
                named[i] = _difference(path, main) or part
    return named


def _difference(path: str, other: str) -> str:
    """The first name in which one path differs from the other.

    >>> _difference("model.vision_model.global_transformer.layers", "model.vision_model.transformer.layers")
    'global_transformer'
    """
    names, others = path.split("."), other.split(".")
    return next((name for name, known in zip(names, others, strict=False) if name != known), "")
